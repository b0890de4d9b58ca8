//! Tests of the whole workspace: what no crate can see of itself.
//!
//! A new project is found by itself: [`every_project`] and [`readmes`] need no change for it; what only it can
//! show goes into a file of its own, as for [`game_agent`] (and [`game_agent_learning`]), [`genre_classifier`], [`image_classifier`],
//! [`intent_chatbot`], [`speech_recognizer`] and [`style_transfer`].

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]

mod every_project;
mod game_agent;
mod game_agent_learning;
mod genre_classifier;
mod image_classifier;
mod intent_chatbot;
mod program;
mod readmes;
mod speech_recognizer;
mod structure;
mod style_transfer;
