//! Learns to play games by playing, and plays against you: `cargo run -p game-agent`

#![allow(dead_code)]
mod a2c;
mod agent;
mod baselines;
mod data;
mod dqn;
mod evaluate;
mod model;
mod player;
mod ppo;
mod replay;
mod rollout;
mod settings;
mod trial;

const NAME: &str = env!("CARGO_PKG_NAME");

/// The memory that a training step frees is kept for the next one.
#[global_allocator]
static MEMORY: nn::Pool = nn::Pool::new();

fn main() {}
