//! Changes of a speech spectrogram that cost next to nothing, since they need no samples: another vocal tract, another
//! rate of speaking, noise and echo. Drawn anew for each epoch, they make many speakers of a few.

use crate::mel::{hz_to_mel, mel_to_hz};
use crate::{LOG_FLOOR, LogMelConfig, Spectrogram};

impl Spectrogram {
    /// The log-mel spectrogram of the same words from another mouth: what was at `factor` · f Hz comes to lie at f
    /// (vocal tract length perturbation, Jaitly and Hinton 2013, but linear over the whole range). Above 1 the vocal
    /// tract gets longer and its formants lower, a man's for a woman's; the pitch moves along. What would have to come from
    /// beyond the highest band is that band.
    ///
    /// ```
    /// let config = audio::LogMelConfig::default();
    /// let tone = |hertz: f32| (0..16_000).map(|n| (n as f32 * hertz * std::f32::consts::TAU / 16_000.0).sin()).collect();
    /// let mel = |hertz| audio::LogMel::new(&config).compute(&tone(hertz) as &Vec<f32>);
    /// let loudest = |s: &audio::Spectrogram| (0..64).max_by(|a, b| s.band(*a)[30].total_cmp(&s.band(*b)[30]));
    /// assert_eq!(loudest(&mel(1_500.0).warp_formants(1.5, &config)), loudest(&mel(1_000.0)));
    /// ```
    pub fn warp_formants(&self, factor: f32, config: &LogMelConfig) -> Self {
        let (low, high) = (hz_to_mel(config.low_hz.into()), hz_to_mel(config.high_hz.into()));
        let step = (high - low) / (self.bands + 1) as f64;
        let mut values = Vec::with_capacity(self.values.len());
        for band in 0..self.bands {
            let hertz = mel_to_hz(low + step * (band + 1) as f64) * f64::from(factor);
            let place = ((hz_to_mel(hertz) - low) / step - 1.0).clamp(0.0, (self.bands - 1) as f64);
            let (below, share) = (place as usize, place.fract() as f32);
            let above = (below + 1).min(self.bands - 1);
            let pairs = self.band(below).iter().zip(self.band(above));
            values.extend(pairs.map(|(a, b)| a + share * (b - a)));
        }
        Self { values, ..*self }
    }

    /// The same spoken `factor` times as fast, with its pitch and formants as they are.
    pub fn change_rate(&self, factor: f32) -> Self {
        let frames = match self.frames {
            0 => 0,
            frames => ((frames as f32 / factor).round() as usize).max(1),
        };
        let last = self.frames.saturating_sub(1);
        let mut values = Vec::with_capacity(self.bands * frames);
        for band in 0..self.bands {
            let row = self.band(band);
            for frame in 0..frames {
                let place = (frame as f32 * factor).min(last as f32);
                let (before, share) = (place as usize, place.fract());
                let after = (before + 1).min(last);
                values.push(row[before] + share * (row[after] - row[before]));
            }
        }
        Self {
            bands: self.bands,
            frames,
            values,
        }
    }

    /// The loudest frame's mean power over all bands, of a log-mel spectrogram: what noise is measured against.
    fn peak_power(&self) -> f32 {
        let power = |frame: usize| -> f32 {
            let column = self.values[frame..].iter().step_by(self.frames);
            column.map(|value| value.exp()).sum::<f32>() / self.bands as f32
        };
        (0..self.frames).map(power).fold(LOG_FLOOR, f32::max)
    }

    /// Adds the log-mel spectrogram of a noise, repeated where it ends, so that this
    /// sound's loudest frame stands `decibels` above the noise's loudest. Powers of sounds that know nothing of each
    /// other add up on average; what this leaves out is the interference, which a network cannot use.
    ///
    /// # Panics
    /// If the two have different numbers of bands.
    pub fn add_noise(&mut self, noise: &Self, decibels: f32) {
        assert_eq!(
            self.bands, noise.bands,
            "spectrograms of different numbers of bands"
        );
        if noise.frames == 0 || self.frames == 0 {
            return;
        }
        let gain = (self.peak_power() / noise.peak_power()).ln() - decibels * std::f32::consts::LN_10 / 10.0;
        for band in 0..self.bands {
            let other = noise.band(band);
            let row = &mut self.values[band * self.frames..(band + 1) * self.frames];
            for (frame, value) in row.iter_mut().enumerate() {
                let noise = other[frame % noise.frames] + gain;
                *value = log_of_sum(*value, noise);
            }
        }
    }

    /// Adds the echo of a room to a log-mel spectrogram: each frame's power dies away by 60 dB in `seconds`, and the
    /// echo of a steady sound is `decibels` below it (a room's reverberation without its first reflections; Lebart et
    /// al. 2001, section 2).
    pub fn add_echo(&mut self, seconds: f32, decibels: f32, config: &LogMelConfig) {
        let frames = seconds * config.frame_rate() as f32;
        let keep = 10f32.powf(-6.0 / frames.max(1.0));
        let share = 10f32.powf(-decibels / 10.0) * (1.0 - keep);
        for row in self.values.chunks_mut(self.frames.max(1)) {
            let mut echo = 0.0;
            for value in row {
                let power = value.exp();
                *value = (power + echo).max(LOG_FLOOR).ln();
                echo = keep * echo + share * power;
            }
        }
    }

    /// Takes away what lies above `hertz`, as a telephone does.
    pub fn cut_above(&mut self, hertz: f32, config: &LogMelConfig) {
        let (low, high) = (hz_to_mel(config.low_hz.into()), hz_to_mel(config.high_hz.into()));
        let place = (hz_to_mel(hertz.into()) - low) / (high - low) * (self.bands + 1) as f64;
        let first = (place.max(0.0) as usize).min(self.bands);
        self.values[first * self.frames..].fill(LOG_FLOOR.ln());
    }
}

/// ln(eᵃ + eᵇ)
fn log_of_sum(a: f32, b: f32) -> f32 {
    let (high, low) = (a.max(b), a.min(b));
    high + (low - high).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LogMel;

    fn config() -> LogMelConfig {
        LogMelConfig::speech()
    }

    /// Half a second of a tone of 440 Hz with many harmonics, in the middle of a second.
    fn voice() -> Vec<f32> {
        let saw = |n: usize| (n as f32 * 440.0 / 16_000.0).fract() - 0.5;
        (0..16_000)
            .map(|n| {
                if (4_000..12_000).contains(&n) {
                    0.3 * saw(n)
                } else {
                    0.0
                }
            })
            .collect()
    }

    #[test]
    fn a_factor_of_one_changes_nothing() {
        let sound = LogMel::new(&config()).compute(&voice());
        assert_eq!(sound.change_rate(1.0), sound);
        let warped = sound.warp_formants(1.0, &config());
        for (a, b) in warped.values.iter().zip(&sound.values) {
            assert!((a - b).abs() < 1e-3, "{a} is not {b}");
        }
    }

    #[test]
    fn speech_at_another_rate_is_shorter_or_longer_and_keeps_its_ends() {
        let sound = LogMel::new(&config()).compute(&voice());
        for factor in [0.7, 1.4] {
            let changed = sound.change_rate(factor);
            assert_eq!(changed.frames, (101.0 / factor).round() as usize);
            for band in 0..sound.bands {
                assert_eq!(changed.band(band)[0], sound.band(band)[0]);
                let middle = changed.frames / 2;
                assert!((changed.band(band)[middle] - sound.band(band)[50]).abs() < 0.5);
            }
        }
        let nothing = Spectrogram {
            bands: 3,
            frames: 0,
            values: Vec::new(),
        };
        assert_eq!(nothing.change_rate(2.0).frames, 0);
    }

    /// The sum of two sounds has, in each band and on average over time, the sum of their powers.
    #[test]
    fn noise_is_as_if_it_had_been_added_to_the_samples() {
        let mel = LogMel::new(&config());
        let mut random = nn::random(3, "noise");
        let noise: Vec<f32> = (0..16_000)
            .map(|_| 0.02 * rand::Rng::random_range(&mut random, -1.0..1.0))
            .collect();
        let both: Vec<f32> = voice().iter().zip(&noise).map(|(a, b)| a + b).collect();
        let (sound, noise, both) = (mel.compute(&voice()), mel.compute(&noise), mel.compute(&both));
        let decibels = 10.0 * (sound.peak_power() / noise.peak_power()).log10();
        let mut mixed = sound.clone();
        mixed.add_noise(&noise, decibels);
        for band in 0..40 {
            let mean = |s: &Spectrogram| s.band(band).iter().sum::<f32>() / 101.0;
            let (a, b) = (mean(&mixed), mean(&both));
            assert!((a - b).abs() < 0.25, "band {band}: {a} instead of {b}");
        }
    }

    #[test]
    fn an_echo_dies_away_by_60_decibels_in_its_time() {
        let mut sound = Spectrogram {
            bands: 1,
            frames: 200,
            values: vec![LOG_FLOOR.ln(); 200],
        };
        sound.values[0] = 20.0;
        sound.add_echo(0.5, 6.0, &config());
        let fall = (sound.values[10] - sound.values[60]) * 10.0 / std::f32::consts::LN_10;
        assert!((fall - 60.0).abs() < 0.5, "{fall} dB in half a second");
        // The echo of a steady sound comes to lie 6 dB below it.
        let mut steady = Spectrogram {
            bands: 1,
            frames: 400,
            values: vec![2.0; 400],
        };
        steady.add_echo(0.3, 6.0, &config());
        let more = (steady.values[399] - 2.0).exp() - 1.0;
        assert!((10.0 * more.log10() + 6.0).abs() < 0.1, "{more}");
    }

    #[test]
    fn above_the_cut_is_nothing() {
        let mut sound = LogMel::new(&config()).compute(&voice());
        let before = sound.clone();
        sound.cut_above(3_400.0, &config());
        let silent = |band: &usize| sound.band(*band).iter().all(|value| *value == LOG_FLOOR.ln());
        let first = (0..40).find(silent).expect("some band lies above 3.4 kHz");
        assert!((20..36).contains(&first), "{first}");
        assert!((first..40).all(|band| silent(&band)));
        assert!((0..first).all(|band| sound.band(band) == before.band(band)));
    }
}
