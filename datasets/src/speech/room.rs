//! The way from a mouth into a file: a room, other sounds in it, a microphone.

use nn::Random;
use rand::Rng;

use super::RATE;
use super::noises::{Kind, render};
use super::speaker::Speaker;
use crate::music::synthesis::{Filter, gain, loudness, reverb};

/// A microphone and whatever is behind it. Each speaker has their own, so that colour tells nothing of the words.
#[derive(Clone, Debug)]
pub struct Microphone {
    /// Where two gentle equalisers split low from high, in hertz, and their low, middle and high gain.
    pub equalisers: [(f32, [f32; 3]); 2],
    /// What is below this many hertz is lost.
    pub low: f32,
    /// What is above this many hertz is lost.
    pub high: f32,
}

impl Microphone {
    /// The microphone of a speaker.
    pub fn of(speaker: &Speaker) -> Self {
        let random = &mut speaker.random("microphone");
        let equaliser = |random: &mut Random, low: f32, high: f32| {
            let hertz = low * (high / low).powf(random.random());
            (
                hertz,
                std::array::from_fn(|_| gain(random.random_range(-9.0..9.0))),
            )
        };
        let telephone = random.random::<f32>() < 0.12;
        Self {
            equalisers: [
                equaliser(random, 300.0, 1200.0),
                equaliser(random, 1500.0, 4500.0),
            ],
            low: if telephone {
                280.0
            } else {
                random.random_range(40.0..180.0)
            },
            high: if telephone {
                3500.0
            } else {
                random.random_range(5000.0..7700.0)
            },
        }
    }

    /// Records a sound.
    pub fn record(&self, samples: &mut [f32]) {
        let rate = RATE as f32;
        let mut low = Filter::new(self.low, 0.3, rate);
        let mut high = [0.1, 0.6].map(|resonance| Filter::new(self.high, resonance, rate));
        let mut equalisers = self
            .equalisers
            .map(|(hertz, gains)| (Filter::new(hertz, 0.0, rate), gains));
        for x in samples {
            let mut sound = low.high(*x);
            for (filter, gains) in &mut equalisers {
                let (low, band, high) = filter.split(sound);
                sound = gains[0] * low + gains[1] * band + gains[2] * high;
            }
            for filter in &mut high {
                sound = filter.low(sound);
            }
            *x = sound;
        }
    }
}

/// Puts clean speech into a small room with a noise in it, before the speaker's microphone. `padding` samples before
/// and after it are in the room as well. The answer is within ±0.95.
pub fn record(speech: &[f32], padding: [usize; 2], speaker: &Speaker, random: &mut Random) -> Vec<f32> {
    let mut samples = vec![0f32; padding[0]];
    samples.extend_from_slice(speech);
    samples.resize(samples.len() + padding[1], 0.0);
    let size = random.random_range(0.08..0.4);
    let seconds = 0.1 * 6f32.powf(random.random());
    let echo = reverb(
        &samples,
        size,
        seconds,
        random.random_range(0.1..0.6),
        RATE as f32,
    );
    // From close to the mouth to across the table.
    let distance = gain(random.random_range(-22.0..-3.0));
    for (x, echo) in samples.iter_mut().zip(echo) {
        *x += distance * echo;
    }
    let kind = Kind::ALL[random.random_range(0..Kind::ALL.len())];
    let signal_to_noise = random.random_range(10.0..40.0);
    let level = loudness(&samples) * gain(-signal_to_noise);
    let noise = render(kind, samples.len(), random);
    for (x, noise) in samples.iter_mut().zip(noise) {
        *x += level * noise;
    }
    Microphone::of(speaker).record(&mut samples);
    let peak = samples.iter().fold(1e-6f32, |peak, x| peak.max(x.abs()));
    let volume = gain(random.random_range(-20.0..-0.5)) / peak;
    samples.iter_mut().for_each(|x| *x *= volume);
    samples
}
