//! Writing files, straight to their place: it is the folder that gets its name only when it is whole.

use std::fs;
use std::path::Path;

use super::{Error, RATE};

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    |source| Error::Write { path, source }
}

pub(super) fn create_folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(failed(path))
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::write(path, bytes).map_err(failed(path))
}

/// 16 bits, mono.
pub(super) fn write_wav(path: &Path, samples: &[f32]) -> Result<(), Error> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = std::io::Cursor::new(Vec::with_capacity(44 + 2 * samples.len()));
    let mut encode = || -> Result<(), hound::Error> {
        let mut writer = hound::WavWriter::new(&mut bytes, spec)?;
        for x in samples {
            writer.write_sample((x * 32767.0).round() as i16)?;
        }
        writer.finalize()
    };
    encode().map_err(|error| failed(path)(std::io::Error::other(error)))?;
    write(path, bytes.get_ref())
}
