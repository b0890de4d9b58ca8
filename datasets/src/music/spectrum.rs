//! Spectra over time: short Fourier transforms, their levels in mel bands, and back.

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::sync::{Arc, OnceLock};

/// Samples in a frame; frames overlap by half.
pub const FRAME: usize = 1024;
/// How many mel bands.
pub const BANDS: usize = 32;
/// What is averaged over time to tell a band's level: its energy to this power. Between the mean energy (1) and
/// the mean logarithm (towards 0): the first leaves a difference that a linear model reads, because sparse drums
/// have the energy of a steady pad at a far lower mean logarithm, and the second makes sparse music shrill.
const POWER: f32 = 0.4;

type Transforms = (Arc<dyn RealToComplex<f32>>, Arc<dyn ComplexToReal<f32>>);

/// The transforms are planned once: planning costs more than a track's equaliser.
fn transforms() -> &'static Transforms {
    static PLANNED: OnceLock<Transforms> = OnceLock::new();
    PLANNED.get_or_init(|| {
        let mut planner = RealFftPlanner::new();
        (planner.plan_fft_forward(FRAME), planner.plan_fft_inverse(FRAME))
    })
}

/// Triangular bands, evenly spaced on the mel scale.
pub struct Bands {
    /// Hertz of the middle of each band.
    pub centres: Vec<f32>,
    /// For every bin of the spectrum: the band below it and how far on towards the next it is.
    places: Vec<(usize, f32)>,
}

impl Bands {
    /// The bands for sound of `rate` samples per second.
    pub fn new(rate: f32) -> Self {
        let mel = |hertz: f32| 1127.0 * (1.0 + hertz / 700.0).ln();
        let (low, high) = (mel(40.0), mel(0.48 * rate));
        let step = (high - low) / (BANDS - 1) as f32;
        let centres = (0..BANDS)
            .map(|band| 700.0 * (((low + band as f32 * step) / 1127.0).exp() - 1.0))
            .collect();
        let places = (0..=FRAME / 2)
            .map(|bin| {
                let hertz = bin as f32 * rate / FRAME as f32;
                let at = ((mel(hertz) - low) / step).clamp(0.0, BANDS as f32 - 1.001);
                (at as usize, at.fract())
            })
            .collect();
        Self { centres, places }
    }

    /// Decibels per band to decibels per bin.
    pub fn spread(&self, gains: &[f32]) -> Vec<f32> {
        self.places
            .iter()
            .map(|&(band, part)| gains[band] + part * (gains[band + 1] - gains[band]))
            .collect()
    }

    /// The level over time of each band in decibels per bin, were every bin amplified by `gains` decibels.
    pub fn levels(&self, powers: &[Vec<f32>], gains: &[f32]) -> Vec<f32> {
        let factors: Vec<f32> = gains.iter().map(|decibels| 10f32.powf(decibels / 10.0)).collect();
        let mut weights = [1e-6f32; BANDS];
        for &(band, part) in &self.places {
            weights[band] += 1.0 - part;
            weights[band + 1] += part;
        }
        let mut sum = [0f32; BANDS];
        for frame in powers {
            let mut energy = [0f32; BANDS];
            for ((power, factor), &(band, part)) in frame.iter().zip(&factors).zip(&self.places) {
                energy[band] += (1.0 - part) * power * factor;
                energy[band + 1] += part * power * factor;
            }
            for band in 0..BANDS {
                sum[band] += (energy[band] / weights[band] + 1e-12).powf(POWER);
            }
        }
        sum.iter()
            .map(|x| 10.0 / POWER * (x / powers.len() as f32).log10())
            .collect()
    }
}

/// The root of a Hann window: applied before and after, overlapping halves add up to one.
fn window() -> Vec<f32> {
    (0..FRAME)
        .map(|n| (std::f32::consts::PI * (n as f32 + 0.5) / FRAME as f32).sin())
        .collect()
}

/// Half-overlapping frames of the spectrum; the first starts half a frame before the sound.
pub fn analyse(samples: &[f32]) -> Vec<Vec<Complex<f32>>> {
    let forward = &transforms().0;
    let window = window();
    let mut scratch = forward.make_scratch_vec();
    (0..samples.len().div_ceil(FRAME / 2) + 1)
        .map(|frame| {
            let start = (frame as isize - 1) * (FRAME / 2) as isize;
            let mut input: Vec<f32> = (0..FRAME)
                .map(|n| {
                    let at = usize::try_from(start + n as isize).ok();
                    at.and_then(|at| samples.get(at)).map_or(0.0, |x| window[n] * x)
                })
                .collect();
            let mut output = forward.make_output_vec();
            // Fails only on buffers of a wrong length, and these are the transform's own.
            let _ = forward.process_with_scratch(&mut input, &mut output, &mut scratch);
            output
        })
        .collect()
}

/// The inverse of [`analyse`].
pub fn synthesise(frames: &mut [Vec<Complex<f32>>], samples: &mut [f32]) {
    let inverse = &transforms().1;
    let window = window();
    let mut scratch = inverse.make_scratch_vec();
    let mut output = inverse.make_output_vec();
    samples.fill(0.0);
    for (frame, spectrum) in frames.iter_mut().enumerate() {
        spectrum[0].im = 0.0;
        spectrum[FRAME / 2].im = 0.0;
        let _ = inverse.process_with_scratch(spectrum, &mut output, &mut scratch);
        let start = (frame as isize - 1) * (FRAME / 2) as isize;
        for (n, x) in output.iter().enumerate() {
            if let Ok(at) = usize::try_from(start + n as isize)
                && let Some(sample) = samples.get_mut(at)
            {
                *sample += window[n] * x / FRAME as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::synthesis::Noise;
    use super::*;

    #[test]
    fn the_equaliser_without_a_curve_changes_nothing() {
        let mut noise = Noise::new(&mut nn::random(1, "noise"));
        let samples: Vec<f32> = (0..5000).map(|_| noise.sample()).collect();
        let mut copy = vec![0.0; samples.len()];
        synthesise(&mut analyse(&samples), &mut copy);
        for (a, b) in samples.iter().zip(&copy) {
            assert!((a - b).abs() < 1e-4);
        }
    }
}
