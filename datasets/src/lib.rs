//! To be written.
pub mod music;
