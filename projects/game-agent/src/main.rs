//! Learns to play games by playing, and plays against you: `cargo run -p game-agent`

#![allow(dead_code)]
mod a2c;
mod agent;
mod data;
mod demonstrations;
mod dqn;
mod evaluate;
mod film;
mod model;
mod opponents;
mod play;
mod player;
mod ppo;
mod predict;
mod replay;
mod rollout;
mod screen;
mod settings;
mod thoughts;
mod trial;
mod watch;

use std::process::ExitCode;

use clap::Parser;

const NAME: &str = env!("CARGO_PKG_NAME");

/// The memory that a training step frees is kept for the next one.
#[global_allocator]
static MEMORY: nn::Pool = nn::Pool::new();

/// Learns to play games by playing, and plays against you
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Watch(watch::Watch),
    Play(play::Play),
    Predict(predict::Predict),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    training::exit_code(match arguments.command {
        Command::Watch(arguments) => watch::watch(&arguments),
        Command::Play(arguments) => play::play(&arguments),
        Command::Predict(arguments) => predict::predict(&arguments),
    })
}
