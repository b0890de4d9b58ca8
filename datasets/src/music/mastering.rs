//! Mastering: every track gets the same long-term spectrum but for its artist's own equaliser, so that a
//! genre is told by its music and not by its average colour.

use nn::Random;
use rand::Rng;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::sync::{Arc, OnceLock};

use super::artist::Artist;
use super::synthesis::{Noise, gain};

/// Samples in a frame of the equaliser (frames overlap by half), and its bands.
const FRAME: usize = 1024;
const BANDS: usize = 32;
/// The equaliser moves no band by more than this.
const MOST: f32 = 16.0;
/// What is averaged over time to tell a band's level: its energy to this power.
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

/// Turns a performance into a finished track: hiss, equaliser, loudness, limiter, fades. The peak is at most
/// 0.98.
///
/// The equaliser brings the mean **logarithm** of each of 32 mel bands to a common curve that falls by 4 dB an
/// octave. (The mean power would leave a difference that a linear model reads: sparse drums have the same power
/// as a steady pad at a far lower mean logarithm.) On top come the artist's equaliser, which bends all 20 or so
/// coefficients that such a model sees, a smaller bend of the track's own, and the artist's loudness.
pub fn master(samples: &mut [f32], artist: &Artist, random: &mut Random, rate: f32) {
    let hiss = gain(artist.habit("hiss", -52.0, -42.0));
    let power = samples.iter().map(|x| x * x).sum::<f32>() / samples.len().max(1) as f32;
    let mut noise = Noise::new(random);
    let level = hiss * power.sqrt().max(1e-6);
    for x in samples.iter_mut() {
        *x += level * noise.sample();
    }

    let mut frames = analyse(samples);
    let bands = Bands::new(rate);
    let mut own = artist.random("equaliser");
    let curve: Vec<f32> = bend(&mut own, 2.6)
        .iter()
        .zip(bend(random, 1.2))
        .map(|(a, b)| a + b)
        .collect();
    let powers: Vec<Vec<f32>> = frames
        .iter()
        .map(|frame| frame.iter().map(|x| x.norm_sqr()).collect())
        .collect();
    let mut gains = vec![0f32; BANDS];
    // Bands overlap, so one round misses the curve by a decibel or two.
    for _ in 0..3 {
        let levels = bands.levels(&powers, &bands.spread(&gains));
        let wanted: Vec<f32> = bands
            .centres
            .iter()
            .zip(&curve)
            .map(|(hertz, bend)| slope(*hertz) + bend)
            .collect();
        let offset = (levels.iter().sum::<f32>() - wanted.iter().sum::<f32>()) / BANDS as f32;
        for band in 0..BANDS {
            gains[band] = (gains[band] + wanted[band] + offset - levels[band]).clamp(-MOST, MOST);
        }
    }
    let mut factors = bands.spread(&gains);
    // Nothing below 20 Hz is music.
    let inaudible = (20.0 * FRAME as f32 / rate) as usize;
    factors[..=inaudible].fill(-100.0);
    for frame in &mut frames {
        for (x, decibels) in frame.iter_mut().zip(&factors) {
            *x *= gain(*decibels);
        }
    }
    synthesise(&mut frames, samples);

    let loud = artist.habit("loudness", -20.0, -14.5) + random.random_range(-0.8..0.8);
    let power = samples.iter().map(|x| x * x).sum::<f32>() / samples.len().max(1) as f32;
    let scale = gain(loud) / power.sqrt().max(1e-6);
    let fade = (0.005 * rate) as usize;
    let length = samples.len();
    for (n, x) in samples.iter_mut().enumerate() {
        let edge = (n.min(length - 1 - n) as f32 / fade as f32).min(1.0);
        *x = edge * limit(scale * *x);
    }
}

/// Straight up to 0.7, then bent so that the peak stays below 0.98.
fn limit(x: f32) -> f32 {
    let over = x.abs() - 0.7;
    if over <= 0.0 {
        x
    } else {
        x.signum() * (0.7 + 0.28 * over / (over + 0.28))
    }
}

/// The common curve in decibels: flat to 150 Hz, then down by 4 dB an octave.
fn slope(hertz: f32) -> f32 {
    -4.0 * (hertz / 150.0).max(1.0).log2()
}

/// A random equaliser: a level for every third band of about `decibels` (standard deviation), joined smoothly.
fn bend(random: &mut Random, decibels: f32) -> Vec<f32> {
    let knots: Vec<f32> = (0..BANDS / 2 + 2)
        .map(|_| decibels * (0..6).map(|_| random.random_range(-0.707f32..0.707)).sum::<f32>())
        .collect();
    (0..BANDS)
        .map(|band| {
            let at = band as f32 / 2.0;
            let (knot, part) = (at as usize, at.fract());
            knots[knot] + part * (knots[knot + 1] - knots[knot])
        })
        .collect()
}

/// Triangular bands, evenly spaced on the mel scale.
struct Bands {
    /// Hertz of the middle of each band.
    centres: Vec<f32>,
    /// For every bin of the spectrum: the band below it and how far on towards the next it is.
    places: Vec<(usize, f32)>,
}

impl Bands {
    fn new(rate: f32) -> Self {
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
    fn spread(&self, gains: &[f32]) -> Vec<f32> {
        self.places
            .iter()
            .map(|&(band, part)| gains[band] + part * (gains[band + 1] - gains[band]))
            .collect()
    }

    /// The mean over time of each band's decibels per bin, were every bin amplified by `gains` decibels.
    fn levels(&self, powers: &[Vec<f32>], gains: &[f32]) -> Vec<f32> {
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
fn analyse(samples: &[f32]) -> Vec<Vec<Complex<f32>>> {
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
fn synthesise(frames: &mut [Vec<Complex<f32>>], samples: &mut [f32]) {
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

    #[test]
    fn dark_and_bright_sounds_leave_with_one_colour() {
        let rate = 16_000.0;
        let mut noise = Noise::new(&mut nn::random(1, "noise"));
        let bright: Vec<f32> = (0..64_000).map(|_| 0.3 * noise.sample()).collect();
        let mut low = 0.0;
        let dark: Vec<f32> = bright
            .iter()
            .map(|x| {
                low += 0.3 * (x - low);
                low
            })
            .collect();
        let artist = Artist::new(1, "blues", 0);
        let colours = [bright, dark].map(|mut samples| {
            let before = colour(&samples, rate);
            master(&mut samples, &artist, &mut nn::random(1, "track"), rate);
            (before, colour(&samples, rate))
        });
        let apart = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart(&colours[0].0, &colours[1].0) > 8.0);
        assert!(apart(&colours[0].1, &colours[1].1) < 1.5);
    }

    /// Decibels of each band against their mean.
    fn colour(samples: &[f32], rate: f32) -> Vec<f32> {
        let powers: Vec<Vec<f32>> = analyse(samples)
            .iter()
            .map(|frame| frame.iter().map(|x| x.norm_sqr()).collect())
            .collect();
        let bands = Bands::new(rate);
        let levels = bands.levels(&powers, &bands.spread(&[0.0; BANDS]));
        let mean = levels.iter().sum::<f32>() / BANDS as f32;
        levels.iter().map(|level| level - mean).collect()
    }
}
