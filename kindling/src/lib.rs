//! The front door of the workspace: which projects there are, what they teach and reach, and how one of them becomes
//! a workspace of your own.
//!
//! The program is `cargo run` at the root. It knows the projects from their own manifests and result files only, so a
//! project that is added needs no line here.

pub mod house;
pub mod leave;
pub mod list;
pub mod machine;
pub mod menu;
pub mod new;
pub mod results;
pub mod table;
