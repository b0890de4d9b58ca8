//! How one note sounds: plucked strings, bowed and blown sounds and synthesisers, electric pianos, organs
//! and voices.

mod bell;
mod organ;
mod plucked;
mod singer;
mod synth;

use nn::Random;

use super::synthesis::sine;
pub use bell::Bell;
pub use organ::Organ;
pub use plucked::Plucked;
pub use singer::Singer;
pub use synth::Synth;

/// One note as an instrument gets it.
#[derive(Clone, Copy, Debug)]
pub struct Tone {
    /// Frequency.
    pub hertz: f32,
    /// From how many semitones off the pitch slides into place.
    pub slide: f32,
    /// How long the key is held or the string left alone.
    pub seconds: f32,
    /// How hard it is struck, 0..1.
    pub velocity: f32,
    /// Samples per second.
    pub rate: f32,
}

/// An instrument: everything that shapes its notes.
#[derive(Clone, Debug)]
pub enum Instrument {
    /// A plucked or struck string.
    String(Plucked),
    /// Oscillators through a filter: strings, brass, reeds, synthesisers.
    Synth(Synth),
    /// Frequency modulation: electric pianos, bells, mallets.
    Bell(Bell),
    /// Drawbars.
    Organ(Organ),
    /// A voice.
    Singer(Singer),
}

impl Instrument {
    /// Adds a note to `out`, which begins where the note does; what does not fit is cut off.
    pub fn play(&self, tone: &Tone, random: &mut Random, out: &mut [f32]) {
        match self {
            Self::String(string) => string.play(tone, random, out),
            Self::Synth(synth) => synth.play(tone, random, out),
            Self::Bell(bell) => bell.play(tone, out),
            Self::Organ(organ) => organ.play(tone, random, out),
            Self::Singer(singer) => singer.play(tone, random, out),
        }
    }
}

/// The factor on the frequency `time` seconds into a note: the slide into it, then the vibrato.
fn bend(tone: &Tone, time: f32, vibrato: f32, speed: f32) -> f32 {
    let slide = tone.slide * (1.0 - time / 0.13).max(0.0);
    let depth = vibrato / 100.0 * ((time - 0.15) / 0.25).clamp(0.0, 1.0);
    ((slide + depth * sine(time * speed)) / 12.0).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::music::synthesis::{Envelope, Filter, Wave};

    /// How often `samples` crosses zero upwards per second, after all but the fundamental is filtered away.
    fn pitch(samples: &[f32], near: f32, rate: f32) -> f32 {
        let mut filters = [Filter::new(near, 0.9, rate), Filter::new(near, 0.9, rate)];
        let smooth: Vec<f32> = samples
            .iter()
            .map(|x| {
                let [first, second] = &mut filters;
                second.band(first.band(*x))
            })
            .collect();
        let crossings: Vec<f32> = smooth
            .windows(2)
            .enumerate()
            .filter(|(n, pair)| *n > 2000 && pair[0] < 0.0 && pair[1] >= 0.0)
            .map(|(n, pair)| n as f32 - pair[0] / (pair[1] - pair[0]))
            .collect();
        rate * (crossings.len() - 1) as f32 / (crossings[crossings.len() - 1] - crossings[0])
    }

    #[test]
    fn strings_organs_and_synthesisers_are_in_tune() {
        let (rate, envelope) = (
            16_000.0,
            Envelope {
                attack: 0.01,
                decay: 0.1,
                sustain: 1.0,
                release: 0.1,
            },
        );
        let string = Plucked {
            brightness: 0.5,
            ring: 4.0,
            position: 0.2,
            damping: 0.3,
            course: 0.0,
        };
        let synth = Synth {
            wave: Wave::Saw,
            voices: 1,
            detune: 0.0,
            envelope,
            cutoff: 4.0,
            sweep: 0.0,
            close: 0.1,
            resonance: 0.0,
            vibrato: 0.0,
            breath: 0.0,
        };
        let bell = Bell {
            ratio: 1.0,
            index: 0.1,
            strike: 0.1,
            envelope,
            tremolo: 0.0,
        };
        for hertz in [82.4f32, 196.0, 440.0, 659.3] {
            let tone = Tone {
                hertz,
                slide: 0.0,
                seconds: 1.0,
                velocity: 0.8,
                rate,
            };
            for instrument in [
                Instrument::String(string.clone()),
                Instrument::Synth(synth.clone()),
                Instrument::Bell(bell.clone()),
            ] {
                let mut sound = vec![0.0; 16_000];
                instrument.play(&tone, &mut nn::random(1, "in tune"), &mut sound);
                let cents = 1200.0 * (pitch(&sound, hertz, rate) / hertz).log2();
                assert!(
                    cents.abs() < 8.0,
                    "{hertz} Hz is {cents} cents off: {instrument:?}"
                );
            }
        }
    }
}
