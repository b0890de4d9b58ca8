//! A whole sound in memory.

use std::path::Path;

use crate::pcm::check_sample;
use crate::{AudioError, Reader};

/// A mono sound held in memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clip {
    /// The samples; full scale is -1 … 1.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub sample_rate: u32,
}

impl Clip {
    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.sample_rate.max(1))
    }
}

/// Reads a whole file as mono at `sample_rate` Hz: every format, rate and channel count of [`Reader`], which is the
/// better choice for what may be hours long, and the one that tells of damage that left something to hear.
///
/// # Errors
/// Those of [`AudioError`], each naming the file, what is wrong and what to do.
pub fn load(path: impl AsRef<Path>, sample_rate: u32) -> Result<Clip, AudioError> {
    let mut samples = Vec::new();
    for block in Reader::open(path, sample_rate)? {
        samples.append(&mut block?);
    }
    Ok(Clip { samples, sample_rate })
}

/// Writes mono 16-bit wav, whole or not at all: into a temporary file beside `path`, then renamed. Samples beyond
/// full scale are clipped; folders that are missing are made.
///
/// # Errors
/// [`AudioError::BadSample`] for NaN or infinity, the operating system's otherwise.
pub fn write_wav(path: impl AsRef<Path>, samples: &[f32], sample_rate: u32) -> Result<(), AudioError> {
    let path = path.as_ref();
    let bytes = encode(path, samples, sample_rate)?;
    Ok(training::write_whole(path, &bytes)?)
}

/// The bytes of a mono 16-bit wav file, for a player inside a page. See [`write_wav`].
///
/// # Errors
/// [`AudioError::BadSample`] for NaN or infinity.
pub fn wav_bytes(samples: &[f32], sample_rate: u32) -> Result<Vec<u8>, AudioError> {
    encode(Path::new("a sound in memory"), samples, sample_rate)
}

fn encode(path: &Path, samples: &[f32], sample_rate: u32) -> Result<Vec<u8>, AudioError> {
    crate::error::check_rate(sample_rate)?;
    for (index, &value) in samples.iter().enumerate() {
        // Loud is clipped below; only what is no number cannot be written.
        check_sample(path, value.clamp(-1.0, 1.0), index as u64, sample_rate)?;
    }
    let fail = |error: hound::Error| AudioError::from_io(path, std::io::Error::other(error));
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).map_err(fail)?;
    for &value in samples {
        // 32768 rather than 32767, so that reading gives back what was written; +1 is clipped by one step.
        let value = (value * 32768.0).round().clamp(-32768.0, 32767.0);
        writer.write_sample(value as i16).map_err(fail)?;
    }
    writer.finalize().map_err(fail)?;
    Ok(bytes.into_inner())
}
