//! Drawbar organs.

use nn::Random;
use rand::Rng;

use super::Tone;
use crate::music::synthesis::{BLOCK, Envelope, sine};

/// An electric organ: a sine for each drawbar, and a rotating speaker.
#[derive(Clone, Debug)]
pub struct Organ {
    /// Loudness of half, 1, 2, 3, 4, 6 and 8 times the note's frequency: 0..1 each.
    pub drawbars: [f32; 7],
    /// Turns per second of the speaker.
    pub rotor: f32,
}

impl Organ {
    pub(super) fn play(&self, tone: &Tone, random: &mut Random, out: &mut [f32]) {
        const HARMONICS: [f32; 7] = [0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0];
        let envelope = Envelope {
            attack: 0.004,
            decay: 1.0,
            sustain: 1.0,
            release: 0.012,
        };
        let length = envelope.samples(tone.seconds, tone.rate).min(out.len());
        let start: f32 = random.random();
        let (mut phase, mut level) = (0f32, 0f32);
        for (block, out) in out[..length].chunks_mut(BLOCK).enumerate() {
            let time = (block * BLOCK) as f32 / tone.rate;
            let turn = sine(start + time * self.rotor);
            let step = tone.hertz * (1.0 + 0.004 * turn) / tone.rate;
            let next = 0.5
                * tone.velocity
                * (1.0 + 0.2 * turn)
                * envelope.level(time + BLOCK as f32 / tone.rate, tone.seconds);
            let slope = (next - level) / BLOCK as f32;
            for out in out {
                phase += step;
                level += slope;
                let mut x = 0.0;
                for (harmonic, drawbar) in HARMONICS.iter().zip(self.drawbars) {
                    x += drawbar * sine(phase * harmonic);
                }
                *out += level * x;
            }
        }
    }
}
