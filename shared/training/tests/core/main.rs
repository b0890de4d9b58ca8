//! Tests of the training core: its parts against independent arithmetic, and whole runs on small data.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

mod files;
mod learner;
mod parts;
mod problem;
mod resume;
mod transfer;
