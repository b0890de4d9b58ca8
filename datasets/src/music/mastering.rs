//! Mastering: every track gets the same long-term spectrum but for its artist's own equaliser, so that a
//! genre is told by its music and not by its average colour.

use nn::Random;
use rand::Rng;

use super::artist::Artist;
use super::spectrum::{BANDS, Bands, FRAME, analyse, synthesise};
use super::synthesis::{Noise, gain};

/// The equaliser moves no band by more than this.
const MOST: f32 = 16.0;

/// Turns a performance into a finished track: hiss, equaliser, loudness, limiter, fades. The peak is at most
/// 0.98.
///
/// The equaliser brings the long-term level of each of 32 mel bands to a common curve that falls by 4 dB an
/// octave. On top come the artist's equaliser, which bends all 20 or so coefficients that a linear model sees, a
/// smaller bend of the track's own, and the artist's loudness.
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

/// A random equaliser: a level for every second band of about `decibels` (standard deviation), joined smoothly.
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

#[cfg(test)]
mod tests {
    use super::*;

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
