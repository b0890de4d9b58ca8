//! Pictures for training: decoding, resizing, augmentation, layouts and well-known networks.

pub mod models;
