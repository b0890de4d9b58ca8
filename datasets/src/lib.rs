#![doc = include_str!("../README.md")]

pub mod animals;
mod assemble;
mod card;
pub mod cards;
mod checksum;
mod collection;
mod door;
mod download;
mod error;
mod fetch;
mod flat;
mod folder;
mod install;
pub mod intents;
mod lists;
mod made;
pub mod music;
mod names;
pub mod speech;
mod split;
mod spoken;
mod text;
mod transcripts;
mod unpack;
mod walk;

pub use card::{Card, Contents, Maker, RemoteFile, Source};
pub use collection::{Collection, Example, Skipped};
pub use door::{OnProgress, Options, UNKNOWN, bytes, data_dir, open};
pub use error::{DataError, Result};
pub use fetch::fetch;
pub use folder::open_folder;
pub use made::{Recipe, made_once};
pub use spoken::background_noise;
pub use text::MARKER;
pub use transcripts::{Transcribed, Utterance, open_transcripts};
pub use walk::files_in;
