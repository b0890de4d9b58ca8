//! Pictures for training: decoding, resizing, augmentation, layouts and well-known networks.

mod error;
pub mod models;
pub mod packed;

pub use error::VisionError;
