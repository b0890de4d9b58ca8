//! Sound for training: decoding, resampling, loudness, features, augmentation and pictures.
//!
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("tone.wav");
//! # let tone: Vec<f32> = (0..44_100).map(|n| 0.5 * (n as f32 * 0.0627).sin()).collect();
//! # audio::write_wav(&path, &tone, 44_100)?;
//! // Any wav, flac, mp3, ogg, m4a, aiff or au file, as mono at 16 kHz.
//! let mut clip = audio::load(&path, 16_000)?;
//! audio::normalise_loudness(&mut clip.samples, clip.sample_rate, -23.0)?;
//!
//! // What a network looks at: 64 mel bands, 62.5 frames a second.
//! let mel = audio::LogMel::new(&audio::LogMelConfig::default());
//! let mut spectrogram = mel.compute(&clip.samples);
//! assert_eq!((spectrogram.bands, spectrogram.frames), (64, 63));
//!
//! // What it looks at in the third epoch: one second from anywhere, partly blotted out.
//! let mut random = nn::random(7, "augment/epoch 3/item 17");
//! let masks = audio::SpecAugment { time_masks: 2, time_width: 8, frequency_masks: 2, frequency_width: 8 };
//! spectrogram = audio::augment::random_crop_frames(&spectrogram, 62, &mut random);
//! masks.apply(&mut spectrogram, &mut random);
//! # Ok::<(), audio::AudioError>(())
//! ```

mod activity;
pub mod augment;
mod clip;
mod error;
mod guard;
mod headers;
mod lengths;
mod loudness;
mod mel;
mod packets;
mod pcm;
mod picture;
mod reader;
mod resample;
mod room;
mod scan;
mod spectrogram;
mod speech;

pub use activity::{trim, voice_activity};
pub use augment::SpecAugment;
pub use clip::{Clip, load, wav_bytes, write_wav};
pub use error::AudioError;
pub use loudness::{LoudnessMeter, loudness, normalise_loudness};
pub use mel::{LOG_FLOOR, LogMel, LogMelConfig, LogMelStream};
pub use picture::{Detection, DetectionPicture, PosteriorPicture, TimelinePicture, save_spectrogram};
pub use reader::{Reader, Warning};
pub use resample::{Resampler, resample};
pub use room::Rooms;
pub use scan::{Scan, Windows, scan};
pub use spectrogram::Spectrogram;

/// The extensions of files that can be decoded, in lower case: what counts as sound in a folder.
pub const EXTENSIONS: [&str; 12] = [
    "wav", "flac", "mp3", "ogg", "oga", "m4a", "mp4", "aac", "aif", "aiff", "au", "snd",
];
