//! Frequency modulation: electric pianos, mallets, a drum machine's bass.

use super::Tone;
use crate::music::synthesis::{BLOCK, Envelope, sine};

/// A carrier whose phase a modulator pushes (Chowning, *The synthesis of complex audio spectra by means of
/// frequency modulation*, 1973).
#[derive(Clone, Debug)]
pub struct Bell {
    /// The modulator's frequency in multiples of the note's.
    pub ratio: f32,
    /// How far it pushes the phase at the start, in turns.
    pub index: f32,
    /// In how many seconds the push fades.
    pub strike: f32,
    /// The level over time.
    pub envelope: Envelope,
    /// Depth of the tremolo, 0..1.
    pub tremolo: f32,
}

impl Bell {
    pub(super) fn play(&self, tone: &Tone, out: &mut [f32]) {
        let length = self.envelope.samples(tone.seconds, tone.rate).min(out.len());
        let step = tone.hertz / tone.rate;
        let (mut carrier, mut modulator, mut level) = (0f32, 0f32, 0f32);
        for (block, out) in out[..length].chunks_mut(BLOCK).enumerate() {
            let time = (block * BLOCK) as f32 / tone.rate;
            let shake = 1.0 - self.tremolo * (0.5 + 0.5 * sine(time * 5.3));
            let index = self.index * tone.velocity * (-time / self.strike).exp();
            let next =
                tone.velocity * shake * self.envelope.level(time + BLOCK as f32 / tone.rate, tone.seconds);
            let slope = (next - level) / BLOCK as f32;
            for out in out {
                carrier += step;
                modulator += step * self.ratio;
                level += slope;
                *out += level * sine(carrier + index * sine(modulator));
            }
        }
    }
}
