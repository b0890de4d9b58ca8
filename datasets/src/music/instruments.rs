//! How one note sounds: plucked strings, bowed and blown sounds and synthesisers, electric pianos, organs
//! and voices.

use nn::Random;
use rand::Rng;

use super::synthesis::{BLOCK, Envelope, Filter, Noise, Oscillator, Wave, sine};

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

/// A string as a delay line that loses its highs with every round (Karplus and Strong, *Digital synthesis of
/// plucked-string and drum timbres*, 1983; tuned as Jaffe and Smith do).
#[derive(Clone, Debug)]
pub struct Plucked {
    /// 0 a thumb or a felt hammer, 1 a hard plectrum near the bridge.
    pub brightness: f32,
    /// Seconds until the string has fallen by 60 dB.
    pub ring: f32,
    /// Where along the string it is plucked, 0..0.5: harmonics with a node there are missing.
    pub position: f32,
    /// How much of the highs a round costs, 0..0.5.
    pub damping: f32,
    /// A second string this many cents apart, as in a piano or a twelve-string; 0 for one string.
    pub course: f32,
}

impl Plucked {
    fn play(&self, tone: &Tone, random: &mut Random, out: &mut [f32]) {
        let mut noise = Noise::new(random);
        self.string(tone, tone.hertz, &mut noise, out);
        if self.course > 0.0 {
            self.string(tone, tone.hertz * (self.course / 1200.0).exp2(), &mut noise, out);
        }
    }

    fn string(&self, tone: &Tone, hertz: f32, noise: &mut Noise, out: &mut [f32]) {
        let period = tone.rate / hertz;
        // The loop filter delays by `damping` samples and the all-pass by 0.1..1.1: the line takes the rest.
        let whole = (period - self.damping - 0.1).floor().max(2.0);
        let rest = period - self.damping - whole;
        let tuning = (1.0 - rest) / (1.0 + rest);
        let mut line = self.pluck(whole as usize, tone.velocity, noise);
        let loss = 10f32.powf(-3.0 * period / (self.ring * tone.rate));
        let damp = (-1.0 / (0.03 * tone.rate)).exp();
        let held = (tone.seconds * tone.rate) as usize;
        let length = (held + (0.15 * tone.rate) as usize).min(out.len());
        let (mut at, mut before, mut input, mut output, mut level) = (0, 0f32, 0f32, 0f32, 1f32);
        for (n, out) in out[..length].iter_mut().enumerate() {
            let x = line[at];
            let filtered = loss * ((1.0 - self.damping) * x + self.damping * before);
            before = x;
            output = tuning * (filtered - output) + input;
            input = filtered;
            line[at] = output;
            at += 1;
            if at == line.len() {
                at = 0;
            }
            if n >= held {
                level *= damp;
            }
            *out += level * x;
        }
    }

    /// The shape of the string when it is let go: noise, softened by a soft finger or stroke.
    fn pluck(&self, length: usize, velocity: f32, noise: &mut Noise) -> Vec<f32> {
        let soften = 1.0 - (0.04 + 0.96 * self.brightness * (0.4 + 0.6 * velocity)).min(1.0);
        let raw: Vec<f32> = (0..length).map(|_| noise.sample()).collect();
        let mut smooth = raw[length - 1];
        // Twice round, so that the softened shape closes on itself.
        let shape: Vec<f32> = (0..2 * length)
            .map(|n| {
                smooth += (1.0 - soften) * (raw[n % length] - smooth);
                smooth
            })
            .skip(length)
            .collect();
        let picked = ((self.position * length as f32) as usize).clamp(1, length - 1);
        let plucked: Vec<f32> = (0..length)
            .map(|n| shape[n] - shape[(n + length - picked) % length])
            .collect();
        let power = plucked.iter().map(|x| x * x).sum::<f32>() / length as f32;
        let mean = plucked.iter().sum::<f32>() / length as f32;
        let scale = 0.5 * velocity / power.sqrt().max(1e-3);
        plucked.iter().map(|x| scale * (x - mean)).collect()
    }
}

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
    fn play(&self, tone: &Tone, random: &mut Random, out: &mut [f32]) {
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

/// The factor on the frequency `time` seconds into a note: the slide into it, then the vibrato.
fn bend(tone: &Tone, time: f32, vibrato: f32, speed: f32) -> f32 {
    let slide = tone.slide * (1.0 - time / 0.13).max(0.0);
    let depth = vibrato / 100.0 * ((time - 0.15) / 0.25).clamp(0.0, 1.0);
    ((slide + depth * sine(time * speed)) / 12.0).exp2()
}

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
    fn play(&self, tone: &Tone, out: &mut [f32]) {
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

/// An electric organ: a sine for each drawbar, and a rotating speaker.
#[derive(Clone, Debug)]
pub struct Organ {
    /// Loudness of half, 1, 2, 3, 4, 6 and 8 times the note's frequency: 0..1 each.
    pub drawbars: [f32; 7],
    /// Turns per second of the speaker.
    pub rotor: f32,
}

impl Organ {
    fn play(&self, tone: &Tone, random: &mut Random, out: &mut [f32]) {
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
    fn play(&self, tone: &Tone, random: &mut Random, out: &mut [f32]) {
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

#[cfg(test)]
mod tests {
    use super::*;

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
            wave: super::super::synthesis::Wave::Saw,
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
