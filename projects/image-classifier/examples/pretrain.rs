//! Makes `weights/drawn-animals.safetensors`, which this project starts from when little is to be learned from:
//! `cargo run -p image-classifier --example pretrain`
//!
//! The small network learns to tell the drawn animals apart that are neither cats nor dogs. Its body, which then knows
//! ears, eyes and snouts, is kept; the head, which knows the species, is not. Takes some minutes.

#[allow(dead_code, reason = "this page needs only a part of it")]
#[path = "../src/data.rs"]
mod data;
#[allow(dead_code, reason = "this page needs only a part of it")]
#[path = "../src/model.rs"]
mod model;

use std::{collections::HashMap, path::Path};

use anyhow::Result;
use clap::Parser;
use serde::{Deserialize, Serialize};
use training::{Classification, Learner, Run, RunArguments, TrainArguments};

use model::Network;

/// The memory that a training step frees is kept for the next one.
#[global_allocator]
static MEMORY: nn::Pool = nn::Pool::new();

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    pretrain: Pretrain,
}

/// Train on drawn animals and keep what the body has learned
#[derive(clap::Args, Clone, Serialize, Deserialize)]
struct Pretrain {
    /// Passes over the drawings
    #[arg(long, default_value_t = 40, value_name = "N")]
    epochs: usize,
    #[command(flatten)]
    #[serde(flatten)]
    run: RunArguments,
}

impl TrainArguments for Pretrain {
    fn run(&mut self) -> &mut RunArguments {
        &mut self.run
    }
}

fn main() -> Result<()> {
    let (arguments, run) = Run::start(
        concat!(env!("CARGO_PKG_NAME"), "-pretrain"),
        Arguments::parse().pretrain,
    )?;
    let (about, pictures) = data::open("made-animals", None, None, true, Network::Small)?;
    let task = Classification::new(&about.classes).label_smoothing(0.1);
    let mut learner = Learner::new(run, &about.name, pictures, task, |weights| {
        Network::Small.build(Network::Small.side(), about.classes.len(), weights)
    })?;
    learner.fit_one_cycle(arguments.epochs, 5e-3)?;
    let test = learner.test()?;
    training::say(format!(
        "accuracy on unseen drawings of the same species: {:.3?}",
        test.score("accuracy")
    ));

    let body: HashMap<String, candle_core::Tensor> = learner
        .parameters
        .snapshot()?
        .into_iter()
        .filter_map(|(name, tensor)| Some((name.strip_prefix("body.")?.to_string(), tensor)))
        .collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/drawn-animals.safetensors");
    std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
    candle_core::safetensors::save(&body, &path)?;
    training::say(format!("written: {}", path.display()));
    Ok(())
}
