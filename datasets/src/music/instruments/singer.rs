//! Voices.

use nn::Random;
use rand::Rng;

use super::{Tone, bend};
use crate::music::synthesis::{BLOCK, Envelope, Filter, Noise, Oscillator, Wave};

/// A voice: a sawtooth from the throat and three resonances of the mouth, a vowel to a note.
#[derive(Clone, Debug)]
pub struct Singer {
    /// Factor on the resonances: 1 for a man, 1.2 for a woman.
    pub mouth: f32,
    /// Depth of the vibrato in cents.
    pub vibrato: f32,
    /// How much breath there is in the voice, 0..1.
    pub breath: f32,
    /// Whether the voice speaks: each syllable falls in pitch and opens with a consonant.
    pub speaks: bool,
}

/// First three formants in hertz of vowels as in *father, bed, see, saw, boot* (rounded averages of men).
const VOWELS: [[f32; 3]; 5] = [
    [730.0, 1090.0, 2440.0],
    [530.0, 1840.0, 2480.0],
    [270.0, 2290.0, 3010.0],
    [570.0, 840.0, 2410.0],
    [300.0, 870.0, 2240.0],
];

impl Singer {
    pub(super) fn play(&self, tone: &Tone, random: &mut Random, out: &mut [f32]) {
        let attack = if self.speaks { 0.012 } else { 0.05 };
        let envelope = Envelope {
            attack,
            decay: 0.3,
            sustain: 0.8,
            release: 0.025,
        };
        let length = envelope.samples(tone.seconds, tone.rate).min(out.len());
        let mut noise = Noise::new(random);
        let mut throat = Oscillator {
            wave: Wave::Saw,
            phase: random.random(),
        };
        let [from, to] = [0, 1].map(|_| VOWELS[random.random_range(0..VOWELS.len())]);
        let mut mouth: [Filter; 3] = Default::default();
        let speed = random.random_range(4.8..5.8);
        let consonant = if self.speaks {
            1.5 * random.random::<f32>()
        } else {
            0.3
        };
        let mut level = 0.0;
        for (block, out) in out[..length].chunks_mut(BLOCK).enumerate() {
            let time = (block * BLOCK) as f32 / tone.rate;
            let moved = (time / tone.seconds.max(0.05)).min(1.0);
            if block % 4 == 0 {
                for (formant, filter) in mouth.iter_mut().enumerate() {
                    let at = from[formant] + moved * (to[formant] - from[formant]);
                    filter.tune(at * self.mouth, 0.9, tone.rate);
                }
            }
            let fall = if self.speaks {
                (-3.0 * moved / 12.0).exp2()
            } else {
                1.0
            };
            let step = tone.hertz * fall * bend(tone, time, self.vibrato, speed) / tone.rate;
            let air = self.breath + consonant * (-time / 0.02).exp();
            let next = tone.velocity * envelope.level(time + BLOCK as f32 / tone.rate, tone.seconds);
            let slope = (next - level) / BLOCK as f32;
            for out in out {
                level += slope;
                let x = throat.sample(step) + air * noise.sample();
                let [first, second, third] = &mut mouth;
                let sound = first.band(x) + 0.6 * second.band(x) + 0.35 * third.band(x);
                *out += level * (sound + 0.05 * x);
            }
        }
    }
}
