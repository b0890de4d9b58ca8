//! Pictures of sound.
