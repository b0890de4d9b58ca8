//! How loud a sound is to the ear: integrated loudness by ITU-R BS.1770-4.

use std::f64::consts::PI;

use crate::AudioError;
use crate::error::check_rate;

/// Measures integrated loudness of mono sound that comes in blocks of any size. Memory: 8 bytes for each 0.1 s.
///
/// The sound is K-weighted (a shelf for the head, a high-pass for the ear), its power is taken over blocks of 0.4 s
/// every 0.1 s, and blocks are left out that lie below -70 LUFS or more than 10 LU below the mean of the others.
pub struct LoudnessMeter {
    shelf: Biquad,
    high_pass: Biquad,
    /// Samples in 0.1 s, the step between blocks.
    step: usize,
    /// Sum of squares and number of samples in the step being filled.
    filling: (f64, usize),
    /// Sums of squares of whole steps.
    steps: Vec<f64>,
}

impl LoudnessMeter {
    /// A meter for sound at `sample_rate` Hz.
    pub fn new(sample_rate: u32) -> Result<Self, AudioError> {
        check_rate(sample_rate)?;
        let rate = f64::from(sample_rate);
        Ok(Self {
            shelf: Biquad::shelf(rate),
            high_pass: Biquad::high_pass(rate),
            step: (sample_rate / 10) as usize,
            filling: (0.0, 0),
            steps: Vec::new(),
        })
    }

    /// Takes the next samples in.
    pub fn push(&mut self, samples: &[f32]) {
        for &sample in samples {
            let weighted = self.high_pass.next(self.shelf.next(sample.into()));
            self.filling.0 += weighted * weighted;
            self.filling.1 += 1;
            if self.filling.1 == self.step {
                self.steps.push(self.filling.0);
                self.filling = (0.0, 0);
            }
        }
    }

    /// Loudness so far in LUFS; `None` when nothing was louder than -70 LUFS, as in silence. A sound shorter than
    /// one block of 0.4 s, which the standard does not measure, counts as one block of its own length.
    pub fn loudness(&self) -> Option<f64> {
        let blocks: Vec<f64> = if self.steps.len() >= 4 {
            let per_block = (4 * self.step) as f64;
            self.steps
                .windows(4)
                .map(|four| four.iter().sum::<f64>() / per_block)
                .collect()
        } else {
            let samples = (self.steps.len() * self.step + self.filling.1).max(1);
            vec![(self.steps.iter().sum::<f64>() + self.filling.0) / samples as f64]
        };
        let absolute = gated_mean(&blocks, -70.0)?;
        gated_mean(&blocks, (lufs(absolute) - 10.0).max(-70.0)).map(lufs)
    }
}

/// Power of a K-weighted block in LUFS; the offset makes up for the weighting's gain at 997 Hz.
fn lufs(power: f64) -> f64 {
    -0.691 + 10.0 * power.log10()
}

/// Mean power of the blocks louder than `gate` LUFS.
fn gated_mean(blocks: &[f64], gate: f64) -> Option<f64> {
    let heard = || blocks.iter().filter(|&&power| lufs(power) > gate);
    let count = heard().count();
    (count > 0).then(|| heard().sum::<f64>() / count as f64)
}

/// Integrated loudness of a mono clip in LUFS, `None` for silence. See [`LoudnessMeter`].
///
/// ```
/// let tone: Vec<f32> = (0..48_000).map(|n| (n as f32 * 997.0 * std::f32::consts::TAU / 48_000.0).sin()).collect();
/// let loudness = audio::loudness(&tone, 48_000)?.expect("a tone is not silent");
/// assert!((loudness - -3.01).abs() < 0.02);
/// # Ok::<(), audio::AudioError>(())
/// ```
pub fn loudness(samples: &[f32], sample_rate: u32) -> Result<Option<f64>, AudioError> {
    let mut meter = LoudnessMeter::new(sample_rate)?;
    meter.push(samples);
    Ok(meter.loudness())
}

/// Scales a mono clip to `target` LUFS (-23 is broadcast's, -16 usual for speech and music on the net) and
/// returns the gain in dB. Silence stays as it is, with a gain of 0. Peaks are not limited: a clip of few loud clicks
/// may come out beyond full scale, which features do not mind and [`write_wav`](crate::write_wav) clips.
pub fn normalise_loudness(samples: &mut [f32], sample_rate: u32, target: f64) -> Result<f64, AudioError> {
    let gain = loudness(samples, sample_rate)?.map_or(0.0, |now| target - now);
    let factor = 10f64.powf(gain / 20.0) as f32;
    samples.iter_mut().for_each(|sample| *sample *= factor);
    Ok(gain)
}

/// A second-order filter, in direct form II transposed.
struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
    state: [f64; 2],
}

impl Biquad {
    fn next(&mut self, x: f64) -> f64 {
        let y = self.b[0] * x + self.state[0];
        self.state[0] = self.b[1] * x - self.a[0] * y + self.state[1];
        self.state[1] = self.b[2] * x - self.a[1] * y;
        y
    }

    /// The bilinear transform of (h·s² + m·(ω/Q)·s + l·ω²) / (s² + (ω/Q)·s + ω²). The standard gives its two
    /// filters as coefficients for 48 kHz; frequency and Q of the analogue filters behind them, below, carry
    /// them to any rate.
    fn bilinear(rate: f64, frequency: f64, q: f64, [high, middle, low]: [f64; 3]) -> Self {
        // At rates so low that the filter would lie beyond Nyquist, keep it just inside.
        let k = (PI * (frequency / rate).min(0.49)).tan();
        let scale = 1.0 + k / q + k * k;
        Self {
            b: [
                (high + middle * k / q + low * k * k) / scale,
                2.0 * (low * k * k - high) / scale,
                (high - middle * k / q + low * k * k) / scale,
            ],
            a: [2.0 * (k * k - 1.0) / scale, (1.0 - k / q + k * k) / scale],
            state: [0.0; 2],
        }
    }

    /// Stage 1: +4 dB above about 2 kHz, the head as a sphere.
    fn shelf(rate: f64) -> Self {
        let high = 10f64.powf(3.999_843_853_97 / 20.0);
        let middle = high.powf(0.499_666_774_155);
        Self::bilinear(rate, 1_681.974_450_955_53, 0.707_175_236_955, [high, middle, 1.0])
    }

    /// Stage 2: a high-pass at 38 Hz. The standard leaves its numerator unscaled (1, -2, 1).
    fn high_pass(rate: f64) -> Self {
        let mut filter = Self::bilinear(rate, 38.135_470_876_0, 0.500_327_037_324, [1.0, 0.0, 0.0]);
        filter.b = [1.0, -2.0, 1.0];
        filter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The coefficients printed in ITU-R BS.1770-4, tables 1 and 2.
    #[test]
    fn filters_are_those_of_the_standard_at_48_khz() {
        let close = |found: &[f64], printed: &[f64]| {
            for (found, printed) in found.iter().zip(printed) {
                assert!((found - printed).abs() < 1e-8, "{found} is not {printed}");
            }
        };
        let shelf = Biquad::shelf(48_000.0);
        close(&shelf.b, &[1.53512485958697, -2.69169618940638, 1.19839281085285]);
        close(&shelf.a, &[-1.69065929318241, 0.73248077421585]);
        close(
            &Biquad::high_pass(48_000.0).a,
            &[-1.99004745483398, 0.99007225036621],
        );
    }

    fn tone(seconds: f64, rate: u32, amplitude: f32) -> Vec<f32> {
        let count = (seconds * f64::from(rate)) as usize;
        let step = 2.0 * PI * 997.0 / f64::from(rate);
        (0..count)
            .map(|n| amplitude * (n as f64 * step).sin() as f32)
            .collect()
    }

    #[test]
    fn full_scale_tone_reads_minus_3_01_at_every_rate() {
        for rate in [8_000, 16_000, 22_050, 44_100, 48_000, 96_000] {
            let found = loudness(&tone(3.0, rate, 1.0), rate).unwrap().unwrap();
            assert!((found + 3.01).abs() < 0.05, "{found} LUFS at {rate} Hz");
        }
    }

    #[test]
    fn gates_leave_pauses_out() {
        let mut sound = tone(4.0, 48_000, 0.1);
        sound.extend(vec![0.0; 48_000 * 20]);
        sound.extend(tone(4.0, 48_000, 0.001));
        let found = loudness(&sound, 48_000).unwrap().unwrap();
        // The blocks that straddle an edge are quieter but pass the gate.
        assert!((found + 23.01).abs() < 0.3, "{found}");
    }

    #[test]
    fn normalising_reaches_the_target_and_leaves_silence_alone() {
        let mut sound = tone(0.2, 16_000, 0.02);
        normalise_loudness(&mut sound, 16_000, -20.0).unwrap();
        assert!((loudness(&sound, 16_000).unwrap().unwrap() + 20.0).abs() < 1e-3);
        let mut silence = vec![0.0; 16_000];
        assert_eq!(normalise_loudness(&mut silence, 16_000, -20.0).unwrap(), 0.0);
        assert_eq!(loudness(&[], 16_000).unwrap(), None);
        assert_eq!(silence, vec![0.0; 16_000]);
    }
}
