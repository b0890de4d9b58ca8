//! Paints your photograph with the brush of a painting: `cargo run -p style-transfer`

mod canvas;
mod colours;
mod comparison;
mod data;
mod descent;
mod exam;
mod explain;
mod features;
mod grain;
mod gram;
mod judge;
mod model;
mod optimise;
mod painting;
mod paintings;
mod palette;
mod photographs;
mod predict;
mod rows;
mod style;
mod tiles;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::Parser;
use serde::{Deserialize, Serialize};
use training::{Learner, Run, RunArguments, TrainArguments};
use vision::RgbImage;

use features::{Eye, Features};
use model::Painter;
use optimise::Optimise;
use painting::Painting;
use palette::Palette;
use predict::{About, Predict};
use style::{Importance, Styles};

const NAME: &str = env!("CARGO_PKG_NAME");

/// The memory that a training step frees is kept for the next one.
#[global_allocator]
static MEMORY: nn::Pool = nn::Pool::new();

/// Paints your photograph with the brush of a painting
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    train: Train,
}

#[derive(clap::Subcommand)]
enum Command {
    Train(Train),
    Predict(Predict),
    Optimise(Optimise),
}

/// Train a painter, test it on photographs that it has never seen and write a report (what happens without a command)
#[derive(clap::Args, Clone, Serialize, Deserialize)]
#[command(mut_arg("batch_size", |flag| flag.default_value("4")))]
struct Train {
    /// A folder of photographs, or made-scenes
    #[arg(long, default_value = "made-scenes", value_name = "DIR|NAME")]
    data: String,
    /// The painting to learn from: a file, a folder of paintings, or one that is made here (mosaic, flow-field, halftone,
    /// hatching, woodblock, pointillism; made-styles for all). Several, to learn all in one network
    #[arg(long, default_value = "flow-field", value_name = "FILE|DIR|NAME")]
    style: Vec<String>,
    /// Passes over the photographs
    #[arg(long, default_value_t = 6, value_name = "N")]
    epochs: usize,
    /// The highest learning rate of the one-cycle schedule
    #[arg(long, default_value_t = 4e-3, value_name = "RATE")]
    learning_rate: f64,
    /// Pixels across and down of the pieces that are painted in training
    #[arg(long, default_value_t = 96, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(64..=512))]
    size: u32,
    /// Pixels of the painting's shorter side: more for larger strokes
    #[arg(long, default_value_t = 256, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(32..=1024))]
    style_size: u32,
    #[command(flatten)]
    importance: Importance,
    /// Which network looks
    #[arg(long, value_enum, default_value_t = Eye::Made)]
    network: Eye,
    /// Its weights, if they are not fetched
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// How many photographs of the test are also painted by optimisation, to compare
    #[arg(long, default_value_t = 2, value_name = "N")]
    compare: usize,
    #[command(flatten)]
    #[serde(flatten)]
    run: RunArguments,
}

impl TrainArguments for Train {
    fn run(&mut self) -> &mut RunArguments {
        &mut self.run
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    training::exit_code(match arguments.command {
        Some(Command::Predict(arguments)) => predict::predict(&arguments),
        Some(Command::Optimise(arguments)) => optimise::optimise(&arguments),
        Some(Command::Train(arguments)) => train(arguments),
        None => train(arguments.train),
    })
}

fn train(arguments: Train) -> Result<()> {
    let (arguments, run) = Run::start(NAME, arguments)?;
    arguments.importance.check()?;
    let styles = paintings::open(&arguments.style, arguments.style_size)?;
    let palettes: Vec<Palette> = styles.iter().map(|style| Palette::of(&style.picture)).collect();
    let (name, notes, photographs) = data::open(&arguments.data, arguments.size, &palettes)?;

    let features = Features::open(arguments.network, arguments.weights.as_deref(), &run.device)?;
    let paintings: Vec<RgbImage> = styles.iter().map(|style| style.picture.clone()).collect();
    let tensors = paintings
        .iter()
        .map(|painting| canvas::tensor([painting], &run.device))
        .collect::<candle_core::Result<Vec<_>>>()?;
    let goals = Styles::of(&features, &tensors)?;
    let task = Painting {
        features,
        goals,
        names: styles.iter().map(|style| style.name.clone()).collect(),
        palettes,
        importance: arguments.importance,
        sample: explain::sample(&photographs.valid)?,
    };
    let mut learner = Learner::new(run, &name, photographs, task, |weights| {
        Painter::new(styles.len(), weights)
    })?;
    if learner.only_checks()? {
        return Ok(());
    }
    learner.fit_one_cycle(arguments.epochs, arguments.learning_rate)?;
    learner.save_model(&About {
        styles: learner.task.names.clone(),
        palettes: learner.task.palettes.clone(),
        network: arguments.network,
        importance: arguments.importance,
    })?;
    explain::finish(&learner, &paintings, arguments.compare, &notes)
}
