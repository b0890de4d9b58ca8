//! Changing the sample rate.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler as _, WindowFunction};

use crate::AudioError;
use crate::error::check_rate;

/// Streaming conversion from one sample rate to another: feed it blocks of any size, and what comes out is the
/// same as if all had come at once. A sine up to 0.9 of the lower Nyquist frequency stays that sine and what lies above
/// the new Nyquist frequency is removed, not folded back: both to -100 dB, and to -75 dB between rates without a
/// common divisor.
///
/// The filter's delay is cut off, so sample `n` of the output belongs to the time `n / to`, and `n` samples in give
/// `⌈n · to / from⌉` out.
pub struct Resampler {
    from: u64,
    to: u64,
    /// `None` when the rates are equal.
    fft: Option<Fft<f32>>,
    /// Input that does not fill a block of the filter yet.
    waiting: Vec<f32>,
    /// Output samples of the filter's delay still to be dropped.
    delay: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// A converter from `from` Hz to `to` Hz, both 100 Hz … 1 MHz ([`AudioError::SampleRate`] otherwise).
    pub fn new(from: u32, to: u32) -> Result<Self, AudioError> {
        check_rate(from)?;
        check_rate(to)?;
        // The block is also the length of the filter: shorter is duller near the Nyquist frequency, longer
        // rings longer around a click. It counts samples at the lower of the two rates.
        const BLOCK: u32 = 1024;
        let smallest = from / greatest_common_divisor(from, to);
        // An even multiple: the filter of a block of odd length delays by half a sample, which no cut makes up for.
        let multiple = (BLOCK * from.div_ceil(to)).div_ceil(smallest).next_multiple_of(2);
        let (input, output) = (from as usize, to as usize);
        let block = (multiple * smallest) as usize;
        let window = WindowFunction::BlackmanHarris2;
        let fft = (from != to).then(|| Fft::new_custom(input, output, block, 1, 1, window, FixedSync::Both));
        let fft = fft
            .transpose()
            .map_err(|_| AudioError::SampleRate { rate: from })?;
        Ok(Self {
            from: from.into(),
            to: to.into(),
            delay: fft.as_ref().map_or(0, |fft| fft.output_delay()),
            fft,
            waiting: Vec::new(),
            taken: 0,
            given: 0,
        })
    }

    /// Takes the next samples in and appends what is ready to `output`.
    pub fn push(&mut self, samples: &[f32], output: &mut Vec<f32>) {
        self.taken += samples.len() as u64;
        let Some(fft) = &self.fft else {
            output.extend_from_slice(samples);
            return;
        };
        let block = fft.input_frames_next();
        self.waiting.extend_from_slice(samples);
        let waiting = std::mem::take(&mut self.waiting);
        let mut blocks = waiting.chunks_exact(block);
        for block in &mut blocks {
            self.convert(block, output);
        }
        self.waiting.extend_from_slice(blocks.remainder());
    }

    /// Ends the stream: appends what the filter still holds. The resampler is empty afterwards.
    pub fn finish(mut self, output: &mut Vec<f32>) {
        let Some(fft) = &self.fft else { return };
        let block = fft.input_frames_next();
        let total = (self.taken * self.to).div_ceil(self.from);
        let mut last = std::mem::take(&mut self.waiting);
        while self.given < total {
            last.resize(block, 0.0);
            let before = output.len();
            self.convert(&last, output);
            last.clear();
            let extra = self.given.saturating_sub(total) as usize;
            output.truncate(output.len().saturating_sub(extra).max(before));
        }
    }

    /// Filters exactly one block.
    fn convert(&mut self, block: &[f32], output: &mut Vec<f32>) {
        let Some(fft) = &mut self.fft else { return };
        let length = fft.output_frames_next();
        let start = output.len();
        output.resize(start + length, 0.0);
        let (Ok(input), Ok(mut filtered)) = (
            SequentialSlice::new(block, 1, block.len()),
            SequentialSlice::new_mut(&mut output[start..], 1, length),
        ) else {
            unreachable!("one channel of its own length always fits");
        };
        fft.process_into_buffer(&input, &mut filtered, Some(&Indexing::new()))
            .expect("the block has the size that the filter asked for");
        let dropped = self.delay.min(length);
        self.delay -= dropped;
        output.drain(start..start + dropped);
        self.given += (length - dropped) as u64;
    }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

/// Converts a whole clip; see [`Resampler`] for the quality and the length.
///
/// ```
/// let second: Vec<f32> = (0..44_100).map(|n| (n as f32 * 0.05).sin()).collect();
/// assert_eq!(audio::resample(&second, 44_100, 16_000)?.len(), 16_000);
/// # Ok::<(), audio::AudioError>(())
/// ```
pub fn resample(samples: &[f32], from: u32, to: u32) -> Result<Vec<f32>, AudioError> {
    let mut resampler = Resampler::new(from, to)?;
    let mut output = Vec::new();
    resampler.push(samples, &mut output);
    resampler.finish(&mut output);
    Ok(output)
}
