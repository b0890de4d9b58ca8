//! What can be wrong with sound, said so that one knows what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why a sound could not be read, written or measured. Every message names the file, what is wrong with it and
/// what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// Nothing lies at the path.
    #[error(
        "{path}: no such file; check the spelling, and that the path is relative to the folder you run in"
    )]
    Missing {
        /// The file asked for.
        path: PathBuf,
    },
    /// The path is a folder, a pipe or a device.
    #[error("{path}: not a file but {what}; name one audio file")]
    NotAFile {
        /// The path asked for.
        path: PathBuf,
        /// What lies there instead.
        what: &'static str,
    },
    /// The operating system does not let this user read or write here.
    #[error("{path}: permission denied; make it accessible to you (on Unix: chmod u+rw)")]
    PermissionDenied {
        /// The file asked for.
        path: PathBuf,
    },
    /// Any other failure of the operating system.
    #[error("{path}: {source}")]
    Io {
        /// The file being read.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file could not be written; the path is in the message.
    #[error(transparent)]
    Write(#[from] io::Error),
    /// The file has no bytes at all.
    #[error("{path}: the file is empty (0 bytes); copy or download it again")]
    EmptyFile {
        /// The file asked for.
        path: PathBuf,
    },
    /// The header is that of an audio file, but no sample follows it.
    #[error("{path}: holds no sound (0 samples); record or export it again, or leave it out")]
    NoSamples {
        /// The file asked for.
        path: PathBuf,
    },
    /// The first bytes are not those of any audio format known here, whatever the file is called.
    #[error(
        "{path}: not an audio file: it looks like {looks_like}; expected wav, flac, mp3, ogg, m4a, aac, aiff or au"
    )]
    NotAudio {
        /// The file asked for.
        path: PathBuf,
        /// A guess at what it is, from its first bytes.
        looks_like: &'static str,
    },
    /// An audio file, in an encoding that cannot be decoded here.
    #[error("{path}: {what} cannot be read; convert it, for example: ffmpeg -i IN out.flac")]
    Unsupported {
        /// The file asked for.
        path: PathBuf,
        /// The encoding.
        what: String,
    },
    /// An audio file of which nothing at all could be decoded.
    #[error("{path}: damaged: {what}; copy or download it again")]
    Damaged {
        /// The file asked for.
        path: PathBuf,
        /// What contradicts the format.
        what: String,
    },
    /// A sample is NaN, infinite, or more than 40 dB above full scale.
    #[error(
        "{path}: sample {index} ({seconds:.3} s) is {value}, not a sound between -1 and 1; \
         repair or rescale the file (integers written as floats need dividing by 32768)"
    )]
    BadSample {
        /// The file being read or written.
        path: PathBuf,
        /// Its place in the file, counted from 0 per channel.
        index: u64,
        /// The same place as a time.
        seconds: f64,
        /// Its value.
        value: f32,
    },
    /// A sample rate that no sound has.
    #[error("a sample rate of {rate} Hz makes no sense; give one from 100 to 1000000, such as 16000")]
    SampleRate {
        /// The rate asked for, in Hz.
        rate: u32,
    },
}

impl AudioError {
    /// The variant that fits what the operating system said about `path`.
    pub(crate) fn from_io(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            io::ErrorKind::PermissionDenied => Self::PermissionDenied { path },
            _ => Self::Io { path, source },
        }
    }

    /// [`Damaged`](Self::Damaged), with its reason.
    pub(crate) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_path_buf(),
            what: what.into(),
        }
    }

    /// [`Unsupported`](Self::Unsupported), with the encoding's name.
    pub(crate) fn unsupported(path: &Path, what: impl Into<String>) -> Self {
        Self::Unsupported {
            path: path.to_path_buf(),
            what: what.into(),
        }
    }
}

/// Refuses sample rates outside 100 Hz … 1 MHz: zero would divide, and a huge one (a damaged header) would
/// make resampling ask for gigabytes.
pub(crate) fn check_rate(rate: u32) -> Result<(), AudioError> {
    if (100..=1_000_000).contains(&rate) {
        Ok(())
    } else {
        Err(AudioError::SampleRate { rate })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permission_is_told_from_other_failures() {
        let error = AudioError::from_io(
            Path::new("a.wav"),
            io::Error::from(io::ErrorKind::PermissionDenied),
        );
        assert_eq!(
            error.to_string(),
            "a.wav: permission denied; make it accessible to you (on Unix: chmod u+rw)"
        );
    }
}
