//! A spectrogram in memory, and the cepstrum made from it.

use std::f64::consts::PI;

/// Values over bands and time: log-mel energies, or cepstral coefficients.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrogram {
    /// Rows: mel bands from low to high, or coefficients.
    pub bands: usize,
    /// Columns, in time order.
    pub frames: usize,
    /// `values[band * frames + frame]`: the layout of a tensor of shape (bands, frames).
    pub values: Vec<f32>,
}

impl Spectrogram {
    /// Turns frames of `bands` values each, one after the other, into a spectrogram. Values that do not fill a
    /// frame are left out.
    pub fn from_frames(bands: usize, values: &[f32]) -> Self {
        let frames = values.len() / bands.max(1);
        let at = |i| values[i % frames * bands + i / frames];
        Self {
            bands,
            frames,
            values: (0..bands * frames).map(at).collect(),
        }
    }

    /// One band over time.
    pub fn band(&self, band: usize) -> &[f32] {
        &self.values[band * self.frames..(band + 1) * self.frames]
    }

    /// `frames` columns from `start`; a spectrogram that ends before is repeated from its beginning.
    pub fn crop(&self, start: usize, frames: usize) -> Self {
        let row = |band: usize| {
            self.band(band)
                .iter()
                .cycle()
                .skip(start % self.frames.max(1))
                .take(frames)
        };
        let values: Vec<f32> = (0..self.bands).flat_map(row).copied().collect();
        Self {
            bands: self.bands,
            frames: values.len() / self.bands.max(1),
            values,
        }
    }

    /// Mel-frequency cepstral coefficients: the first `count` of the orthonormal DCT-II of each frame (Davis and
    /// Mermelstein 1980). Of a log-mel spectrogram, which is in natural logarithms here; librosa's, in
    /// decibels, are 10 / ln 10 = 4.34 times as large.
    pub fn mfcc(&self, count: usize) -> Self {
        let bands = self.bands as f64;
        let mut values = vec![0.0; count * self.frames];
        for (k, row) in values.chunks_mut(self.frames.max(1)).enumerate() {
            let scale = (if k == 0 { 1.0 } else { 2.0 } / bands).sqrt();
            for band in 0..self.bands {
                let weight = (scale * (PI * k as f64 * (band as f64 + 0.5) / bands).cos()) as f32;
                for (sum, value) in row.iter_mut().zip(self.band(band)) {
                    *sum += weight * value;
                }
            }
        }
        Self {
            bands: count,
            frames: self.frames,
            values,
        }
    }

    /// The mean of each band over time, then the standard deviation (of the population) of each: a summary of
    /// 2 × `bands` numbers. Zeros when there is no frame.
    pub fn mean_and_deviation(&self) -> Vec<f32> {
        let count = self.frames.max(1) as f64;
        let (mut means, mut deviations) = (Vec::new(), Vec::new());
        for band in 0..self.bands {
            let mean = self.band(band).iter().map(|&v| f64::from(v)).sum::<f64>() / count;
            let square = |&v: &f32| (f64::from(v) - mean).powi(2);
            let variance = self.band(band).iter().map(square).sum::<f64>() / count;
            means.push(mean as f32);
            deviations.push(variance.sqrt() as f32);
        }
        means.append(&mut deviations);
        means
    }
}
