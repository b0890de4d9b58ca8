//! Subtractive synthesis: bowed, blown and electronic sounds.

use nn::Random;
use rand::Rng;

use super::{Tone, bend};
use crate::music::synthesis::{BLOCK, Envelope, Filter, Noise, Oscillator, Wave};

/// One to three oscillators a little out of tune, a filter that opens and closes, an envelope.
#[derive(Clone, Debug)]
pub struct Synth {
    /// The oscillators' waveform.
    pub wave: Wave,
    /// How many oscillators.
    pub voices: usize,
    /// How far apart they are, in cents.
    pub detune: f32,
    /// The level over time.
    pub envelope: Envelope,
    /// The filter at rest, in multiples of the note's frequency.
    pub cutoff: f32,
    /// By how many octaves the filter opens at the start.
    pub sweep: f32,
    /// How fast it closes, in seconds.
    pub close: f32,
    /// How much the filter rings, 0..1.
    pub resonance: f32,
    /// Depth of the vibrato in cents; it sets in after a fifth of a second.
    pub vibrato: f32,
    /// Breath or bow noise, 0..1.
    pub breath: f32,
}

impl Synth {
    pub(super) fn play(&self, tone: &Tone, random: &mut Random, out: &mut [f32]) {
        let mut noise = Noise::new(random);
        let mut oscillators: Vec<(Oscillator, f32)> = (0..self.voices)
            .map(|voice| {
                let place = voice as f32 - (self.voices - 1) as f32 / 2.0;
                let oscillator = Oscillator {
                    wave: self.wave,
                    phase: random.random(),
                };
                (oscillator, (place * self.detune / 1200.0).exp2())
            })
            .collect();
        let speed = random.random_range(4.8..5.8);
        let scale = tone.velocity / (self.voices as f32).sqrt();
        let mut filter = Filter::default();
        let mut level = 0.0;
        let length = self.envelope.samples(tone.seconds, tone.rate).min(out.len());
        for (block, out) in out[..length].chunks_mut(BLOCK).enumerate() {
            let time = (block * BLOCK) as f32 / tone.rate;
            let hertz = tone.hertz * bend(tone, time, self.vibrato, speed);
            let open = self.sweep * tone.velocity * (-time / self.close).exp();
            filter.tune(self.cutoff * tone.hertz * open.exp2(), self.resonance, tone.rate);
            let next = scale * self.envelope.level(time + BLOCK as f32 / tone.rate, tone.seconds);
            let slope = (next - level) / BLOCK as f32;
            let step = hertz / tone.rate;
            for out in out {
                let mut x = self.breath * noise.sample();
                for (oscillator, detune) in &mut oscillators {
                    x += oscillator.sample(step * *detune);
                }
                level += slope;
                *out += level * filter.low(x);
            }
        }
    }
}
