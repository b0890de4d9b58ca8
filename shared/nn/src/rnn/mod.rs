//! Recurrent networks over sequences of (batch, steps, features).
//!
//! The input projections of all steps are one matrix product. The recurrence itself is one kernel on the CPU,
//! forward and backward; elsewhere it is candle's operations, step by step.

mod cells;
mod gru;
mod kernel;
mod lstm;
mod panels;
mod stack;
mod weight;

pub use gru::{GRU, GRUState, gru};
pub use lstm::{LSTM, LSTMState, lstm};
pub use stack::RecurrentConfig;

/// How a [`GRU`] is built.
pub type GRUConfig = RecurrentConfig;
/// How an [`LSTM`] is built.
pub type LSTMConfig = RecurrentConfig;
