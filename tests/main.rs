//! Tests of the whole workspace: what no crate can see of itself.
//!
//! A new project is found by itself; what only it can show is tested in `projects/NAME/tests`.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

mod copies;
mod door;
mod pages;
mod structure;
mod workspace;
