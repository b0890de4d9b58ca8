//! Changes that leave a sound's meaning as it is, drawn anew for each epoch.
//!
//! Each takes its own random stream, `nn::random(seed, "augment/epoch 3/item 17")`, so that what happens to an
//! item does not depend on the order or thread in which items are made.

use std::ops::RangeInclusive;

use nn::Random;
use rand::Rng;

pub use crate::room::{impulse_response, random_reverb};
use crate::{AudioError, Spectrogram, resample};

/// `length` samples from `start`; a clip that ends before is repeated from its beginning, so that every crop is full of
/// sound. An empty clip gives silence.
pub fn crop(samples: &[f32], start: usize, length: usize) -> Vec<f32> {
    if samples.is_empty() {
        return vec![0.0; length];
    }
    let start = start % samples.len();
    samples.iter().cycle().skip(start).take(length).copied().collect()
}

/// Where a random crop of `length` out of `total` begins: anywhere that it fits, and anywhere at all in
/// something shorter, which [`crop`] then repeats.
pub fn random_start(total: usize, length: usize, random: &mut Random) -> usize {
    match total.checked_sub(length) {
        Some(room) => random.random_range(0..=room),
        None => random.random_range(0..total.max(1)),
    }
}

/// A random [`crop`] of samples.
pub fn random_crop(samples: &[f32], length: usize, random: &mut Random) -> Vec<f32> {
    crop(samples, random_start(samples.len(), length, random), length)
}

/// A random [`Spectrogram::crop`].
pub fn random_crop_frames(spectrogram: &Spectrogram, frames: usize, random: &mut Random) -> Spectrogram {
    spectrogram.crop(random_start(spectrogram.frames, frames, random), frames)
}

/// Makes the sound louder or softer by a gain drawn from `decibels`.
pub fn random_gain(samples: &mut [f32], decibels: RangeInclusive<f32>, random: &mut Random) {
    let factor = 10f32.powf(random.random_range(decibels) / 20.0);
    samples.iter_mut().for_each(|sample| *sample *= factor);
}

/// Moves the sound earlier or later by up to `most` samples; what leaves at one end is lost, silence enters at the
/// other.
pub fn random_shift(samples: &mut [f32], most: usize, random: &mut Random) {
    let most = most.min(samples.len());
    let shift = random.random_range(0..=2 * most);
    let length = samples.len();
    if shift >= most {
        samples.copy_within(..length - (shift - most), shift - most);
        samples[..shift - most].fill(0.0);
    } else {
        samples.copy_within(most - shift.., 0);
        samples[length - (most - shift)..].fill(0.0);
    }
}

/// Adds white Gaussian noise at a signal-to-noise ratio drawn from `decibels`. Silence stays silent.
pub fn random_noise(samples: &mut [f32], decibels: RangeInclusive<f32>, random: &mut Random) {
    let ratio = random.random_range(decibels);
    let noise: Vec<f32> = (0..samples.len()).map(|_| gaussian(random)).collect();
    mix(samples, &noise, ratio);
}

/// Adds `noise`, repeated or cut to length, so that the sound's power stands `decibels` above the noise's. Nothing is
/// added where either is silent.
pub fn mix(samples: &mut [f32], noise: &[f32], decibels: f32) {
    let power = |x: &[f32]| x.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / x.len().max(1) as f64;
    let noise = &noise[..noise.len().min(samples.len())];
    let (sound, disturbance) = (power(samples), power(noise));
    if sound == 0.0 || disturbance == 0.0 {
        return;
    }
    let factor = (sound / disturbance / 10f64.powf(f64::from(decibels) / 10.0)).sqrt() as f32;
    for (sample, noise) in samples.iter_mut().zip(noise.iter().cycle()) {
        *sample += factor * noise;
    }
}

/// A standard normal number (Box and Muller 1958).
pub(crate) fn gaussian(random: &mut Random) -> f32 {
    // 1 - u lies in (0, 1], whose logarithm is finite.
    let radius = (-2.0 * (1.0 - random.random::<f32>()).ln()).sqrt();
    radius * (std::f32::consts::TAU * random.random::<f32>()).cos()
}

/// Plays the sound faster or slower by a factor drawn from `factors`, in steps of 0.01, which changes its length and
/// pitch alike (Ko et al. 2015). Usual factors are 0.9 to 1.1.
///
/// # Errors
/// [`AudioError::SampleRate`] for a factor below 0.01.
pub fn random_speed(
    samples: &[f32],
    factors: RangeInclusive<f32>,
    random: &mut Random,
) -> Result<Vec<f32>, AudioError> {
    let percent = (random.random_range(factors) * 100.0).round() as u32;
    resample(samples, 100 * percent, 100 * 100)
}

/// The masks of SpecAugment (Park et al. 2019): how many, and how wide at most.
#[derive(Clone, Debug, PartialEq)]
pub struct SpecAugment {
    /// Number of stretches of time blotted out.
    pub time_masks: usize,
    /// Frames in the longest of them.
    pub time_width: usize,
    /// Number of bands of frequency blotted out.
    pub frequency_masks: usize,
    /// Mel bands in the widest of them.
    pub frequency_width: usize,
}

impl SpecAugment {
    /// Blots out random stretches of time and frequency. Widths are drawn evenly from 0 up, and no mask takes
    /// more than a fifth of the frames (the paper's *p*) or half the bands. Masked values become the spectrogram's mean, which
    /// is the paper's zero of a normalised one.
    pub fn apply(&self, spectrogram: &mut Spectrogram, random: &mut Random) {
        let Spectrogram { bands, frames, .. } = *spectrogram;
        let sum: f64 = spectrogram.values.iter().map(|&v| f64::from(v)).sum();
        let mean = (sum / spectrogram.values.len().max(1) as f64) as f32;
        let mut mask = |total: usize, widest: usize| {
            let width = random.random_range(0..=widest);
            let start = random.random_range(0..=total - width);
            start..start + width
        };
        for _ in 0..self.time_masks {
            let masked = mask(frames, self.time_width.min(frames / 5));
            for row in spectrogram.values.chunks_mut(frames.max(1)) {
                row[masked.clone()].fill(mean);
            }
        }
        for _ in 0..self.frequency_masks {
            let masked = mask(bands, self.frequency_width.min(bands / 2));
            spectrogram.values[masked.start * frames..masked.end * frames].fill(mean);
        }
    }
}
