//! From samples to a log-mel spectrogram.

use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

use crate::Spectrogram;

/// What the logarithm sees at least: about 13 dB above the noise of 16-bit samples, so that digital silence, dither and
/// what an mp3 makes of silence all look alike to a network. Its logarithm, -18.4, is the smallest value of a
/// spectrogram.
pub const LOG_FLOOR: f32 = 1e-8;

/// The sizes of a log-mel spectrogram. The default (16 kHz, 1024, 256, 64 bands from 30 Hz to 8 kHz) suits music;
/// for speech see [`speech`](Self::speech).
#[derive(Clone, Debug, PartialEq)]
pub struct LogMelConfig {
    /// Samples per second of the sound, in Hz.
    pub sample_rate: u32,
    /// Samples in one window, and points of its Fourier transform.
    pub fft_size: usize,
    /// Samples from one frame to the next.
    pub hop: usize,
    /// Number of mel bands.
    pub bands: usize,
    /// Lower edge of the lowest band, in Hz.
    pub low_hz: f32,
    /// Upper edge of the highest band, in Hz; at most half the sample rate.
    pub high_hz: f32,
}

impl Default for LogMelConfig {
    fn default() -> Self {
        Self {
            sample_rate: 16_000,
            fft_size: 1024,
            hop: 256,
            bands: 64,
            low_hz: 30.0,
            high_hz: 8_000.0,
        }
    }
}

impl LogMelConfig {
    /// Sizes that suit speech: 16 kHz, windows of 32 ms (512 points) every 10 ms, 40 bands from 60 Hz, below which no
    /// voice goes and hum does, to 7.6 kHz, above which resampled sound fades out.
    ///
    /// ```
    /// let config = audio::LogMelConfig::speech();
    /// assert_eq!((config.frame_rate(), config.frames(16_000)), (100.0, 101));
    /// ```
    pub fn speech() -> Self {
        Self {
            sample_rate: 16_000,
            fft_size: 512,
            hop: 160,
            bands: 40,
            low_hz: 60.0,
            high_hz: 7_600.0,
        }
    }

    /// Frames that a sound of `samples` samples gives: `1 + ⌊samples / hop⌋`.
    pub fn frames(&self, samples: usize) -> usize {
        1 + samples / self.hop
    }

    /// Frames per second.
    pub fn frame_rate(&self) -> f64 {
        f64::from(self.sample_rate) / self.hop as f64
    }
}

/// Computes log-mel spectrograms, with the plan of the Fourier transform and the filters made once. Share it between
/// threads by reference.
///
/// The conventions are librosa's `feature.melspectrogram` with its defaults: periodic Hann window, frame `t`
/// centred on sample `t · hop` with zeros beyond both ends, power spectrum, mel scale and area-normalised triangles of
/// Slaney's Auditory Toolbox (1998). Then the natural logarithm of the power or [`LOG_FLOOR`], whichever is more.
pub struct LogMel {
    config: LogMelConfig,
    window: Vec<f32>,
    fft: Arc<dyn RealToComplex<f32>>,
    /// For each band its first bin, and the weights from there on.
    filters: Vec<(usize, Vec<f32>)>,
}

impl LogMel {
    /// Plans the transform for `config`.
    ///
    /// # Panics
    /// When a size is 0, `hop` exceeds `fft_size` (samples would go unseen), or the band edges are not
    /// `0 ≤ low < high ≤ sample_rate / 2`: mistakes in code, not in data.
    pub fn new(config: &LogMelConfig) -> Self {
        let LogMelConfig {
            sample_rate,
            fft_size,
            hop,
            bands,
            low_hz,
            high_hz,
        } = *config;
        assert!(
            fft_size >= 2 && (1..=fft_size).contains(&hop) && bands >= 1,
            "fft_size {fft_size} must be at least 2, hop {hop} from 1 to fft_size, bands {bands} at least 1"
        );
        assert!(
            0.0 <= low_hz && low_hz < high_hz && high_hz <= sample_rate as f32 / 2.0,
            "mel bands from {low_hz} to {high_hz} Hz do not fit into 0 to {} Hz, half the sample rate",
            sample_rate / 2
        );
        let hann = |n| 0.5 - 0.5 * (2.0 * std::f64::consts::PI * n as f64 / fft_size as f64).cos();
        Self {
            config: config.clone(),
            window: (0..fft_size).map(|n| hann(n) as f32).collect(),
            fft: RealFftPlanner::new().plan_fft_forward(fft_size),
            filters: filters(config),
        }
    }

    /// The sizes it was made with.
    pub fn config(&self) -> &LogMelConfig {
        &self.config
    }

    /// The spectrogram of a whole clip: `bands` × [`frames(samples.len())`](LogMelConfig::frames).
    pub fn compute(&self, samples: &[f32]) -> Spectrogram {
        let mut stream = self.stream();
        let mut frames = Vec::with_capacity(self.config.frames(samples.len()) * self.config.bands);
        stream.push(samples, &mut frames);
        stream.finish(&mut frames);
        Spectrogram::from_frames(self.config.bands, &frames)
    }

    /// Begins the spectrogram of a sound that comes in blocks.
    pub fn stream(&self) -> LogMelStream<'_> {
        LogMelStream {
            mel: self,
            // The first frame is centred on the first sample.
            waiting: vec![0.0; self.config.fft_size / 2],
            taken: 0,
            given: 0,
            windowed: vec![0.0; self.config.fft_size],
            spectrum: self.fft.make_output_vec(),
            power: vec![0.0; self.config.fft_size / 2 + 1],
            scratch: self.fft.make_scratch_vec(),
        }
    }
}

/// A log-mel spectrogram in the making; see [`LogMel::stream`]. Frame after frame it gives exactly what
/// [`LogMel::compute`] gives for the whole sound.
///
/// ```
/// let mel = audio::LogMel::new(&audio::LogMelConfig::default());
/// let (mut stream, mut frames) = (mel.stream(), Vec::new());
/// for block in vec![0.1; 20_000].chunks(777) {
///     stream.push(block, &mut frames); // appends whole frames of 64 bands
/// }
/// stream.finish(&mut frames);
/// assert_eq!(audio::Spectrogram::from_frames(64, &frames), mel.compute(&vec![0.1; 20_000]));
/// ```
pub struct LogMelStream<'a> {
    mel: &'a LogMel,
    /// Samples that later frames still need.
    waiting: Vec<f32>,
    taken: usize,
    given: usize,
    windowed: Vec<f32>,
    spectrum: Vec<Complex32>,
    power: Vec<f32>,
    scratch: Vec<Complex32>,
}

impl LogMelStream<'_> {
    /// Takes the next samples in and appends the frames they complete to `frames`, `bands` values each.
    pub fn push(&mut self, samples: &[f32], frames: &mut Vec<f32>) {
        self.taken += samples.len();
        self.waiting.extend_from_slice(samples);
        self.drain(usize::MAX, frames);
    }

    /// Ends the sound and appends the last frames, those that reach beyond its end.
    pub fn finish(mut self, frames: &mut Vec<f32>) {
        let total = self.mel.config.frames(self.taken);
        let padded = self.waiting.len() + self.mel.config.fft_size;
        self.waiting.resize(padded, 0.0);
        self.drain(total, frames);
    }

    fn drain(&mut self, limit: usize, frames: &mut Vec<f32>) {
        let LogMelConfig { fft_size, hop, .. } = self.mel.config;
        let mut start = 0;
        while start + fft_size <= self.waiting.len() && self.given < limit {
            let samples = &self.waiting[start..start + fft_size];
            for ((windowed, sample), weight) in self.windowed.iter_mut().zip(samples).zip(&self.mel.window) {
                *windowed = sample * weight;
            }
            self.mel
                .fft
                .process_with_scratch(&mut self.windowed, &mut self.spectrum, &mut self.scratch)
                .expect("the buffers were made by this plan");
            for (power, bin) in self.power.iter_mut().zip(&self.spectrum) {
                *power = bin.norm_sqr();
            }
            frames.extend(self.mel.filters.iter().map(|(first, weights)| {
                let bins = &self.power[*first..*first + weights.len()];
                let energy: f32 = bins
                    .iter()
                    .zip(weights)
                    .map(|(power, weight)| power * weight)
                    .sum();
                energy.max(LOG_FLOOR).ln()
            }));
            start += hop;
            self.given += 1;
        }
        self.waiting.drain(..start);
    }
}

/// Slaney's mel scale: linear up to 1 kHz (15 mel), logarithmic above (27 mel for a factor of 6.4).
pub(crate) fn hz_to_mel(hz: f64) -> f64 {
    if hz < 1000.0 {
        hz * 3.0 / 200.0
    } else {
        15.0 + 27.0 * (hz / 1000.0).ln() / 6.4f64.ln()
    }
}

pub(crate) fn mel_to_hz(mel: f64) -> f64 {
    if mel < 15.0 {
        mel * 200.0 / 3.0
    } else {
        1000.0 * 6.4f64.powf((mel - 15.0) / 27.0)
    }
}

/// Triangles between neighbouring edges that lie evenly on the mel scale, each of area 1 over Hz. With more bands than
/// the lowest bins can tell apart a triangle may fall between two bins: that band stays at the floor.
fn filters(config: &LogMelConfig) -> Vec<(usize, Vec<f32>)> {
    let (low, high) = (hz_to_mel(config.low_hz.into()), hz_to_mel(config.high_hz.into()));
    let edge = |i: usize| mel_to_hz(low + (high - low) * i as f64 / (config.bands + 1) as f64);
    let bin_hz = f64::from(config.sample_rate) / config.fft_size as f64;
    let triangle = |band: usize| {
        let (left, centre, right) = (edge(band), edge(band + 1), edge(band + 2));
        let first = (left / bin_hz).ceil() as usize;
        let last = ((right / bin_hz).floor() as usize).min(config.fft_size / 2);
        let weight = |bin: usize| {
            let hz = bin as f64 * bin_hz;
            let height = ((hz - left) / (centre - left)).min((right - hz) / (right - centre));
            (height.max(0.0) * 2.0 / (right - left)) as f32
        };
        (first, (first..=last).map(weight).collect())
    };
    (0..config.bands).map(triangle).collect()
}
