//! Looks at a picture and says what is on it: `cargo run -p image-classifier`

mod curve;
mod data;
mod explain;
mod familiar;
mod model;
mod predict;
mod submit;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::Parser;
use serde::{Deserialize, Serialize};
use training::{Classification, Learner, Run, RunArguments, TrainArguments, baseline, report};

use model::{Network, Start};
use predict::Predict;
use submit::{Score, Submit};

const NAME: &str = env!("CARGO_PKG_NAME");

/// The memory that a training step frees is kept for the next one.
#[global_allocator]
static MEMORY: nn::Pool = nn::Pool::new();

/// Looks at a picture and says what is on it
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
    Submit(Submit),
    Score(Score),
}

/// Train a network, test it once and write a report (what happens without a command)
#[derive(clap::Args, Clone, Serialize, Deserialize)]
struct Train {
    /// A folder that holds a folder of pictures for each class, or the name of a set: made-cats-dogs, made-animals,
    /// fashion-mnist, cats-dogs
    #[arg(long, default_value = "made-cats-dogs", value_name = "DIR|NAME")]
    data: String,
    /// Lists of the files to train, validate and test on: a folder of them, or a table (file,split)
    #[arg(long, value_name = "DIR|CSV")]
    split: Option<PathBuf>,
    /// Which network; all but the small one start from weights that know a million photographs
    #[arg(long, value_enum, default_value_t = Network::Small)]
    network: Network,
    /// What to start from: none, drawn-animals (for the small network), or a safetensors file [default: the published
    /// weights of the network; of the small one drawn-animals, and none for tiny pictures]
    #[arg(long, value_name = "NAME|FILE")]
    weights: Option<String>,
    /// Passes over the training pictures [default: 30 from scratch, 20 of the small and 2 of a large network from weights]
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// The highest learning rate of the one-cycle schedule [default: 0.003 from scratch, 0.02 of the small and 0.002 of a
    /// large network from weights]
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// Pixels across and down that the network sees [default: 64, of well-known networks 224, of tiny pictures theirs]
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(16..=1024))]
    size: Option<u32>,
    /// How many of the last groups of layers are fine-tuned after the head was trained alone; 1 is the head itself
    /// [default: all of the small network, 4 of the others]
    #[arg(long, value_name = "N")]
    unfreeze: Option<usize>,
    /// Never mirror a picture: for letters, road signs, left and right hands
    #[arg(long)]
    no_flip: bool,
    /// Numbers of examples of a class at which learning from scratch and from weights are compared in the report
    /// [default: 10,20,40,80,160 for the small network on made-cats-dogs, else none]
    #[arg(long, value_delimiter = ',', value_name = "N,N,…")]
    curve: Option<Vec<usize>>,
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
        Some(Command::Submit(arguments)) => submit::submit(&arguments),
        Some(Command::Score(arguments)) => submit::score(&arguments),
        Some(Command::Train(arguments)) => train(arguments),
        None => train(arguments.train),
    })
}

fn train(arguments: Train) -> Result<()> {
    let (arguments, run) = Run::start(NAME, arguments)?;
    let network = arguments.network;
    let (about, pictures) = data::open(
        &arguments.data,
        arguments.split.clone(),
        arguments.size,
        !arguments.no_flip,
        network,
    )?;
    let (classes, side) = (about.classes.clone(), pictures.train.view.side);
    let start = Start::choose(network, arguments.weights.as_deref(), about.tiny)?;
    let sizes = curve::sizes(arguments.curve.as_deref(), &about.name, network)?;
    let curve_weights = match (&sizes, &start.weights) {
        (None, _) => None,
        (Some(_), Some(weights)) => Some(weights.clone()),
        (Some(_), None) => model::known(network)?,
    };
    let most = if run.arguments.quick { Some(256) } else { None };
    let tables = data::pixels(&pictures, most, run.seed())?;

    let task = Classification::new(&classes).label_smoothing(0.1);
    let mut learner = Learner::new(run, &about.name, pictures, task, |weights| {
        network.build(side, classes.len(), weights)
    })?;
    explain::show_batch(&learner.data.train, &classes, &learner.run)?;
    if let Some(weights) = &start.weights {
        learner = learner.with_weights(weights, "body")?;
    }
    if learner.only_checks()? {
        return Ok(());
    }
    let epochs = arguments.epochs.unwrap_or(start.epochs(network));
    let rate = arguments.learning_rate.unwrap_or(start.learning_rate(network));
    learner.settings.unfreeze = arguments.unfreeze.or(network.fine_tuned_groups());
    match start.weights.is_some() {
        true => learner.fine_tune(epochs, rate)?,
        false => {
            // From scratch the weights are tossed about until the end; their average is calmer.
            learner.settings.average = Some(0.99);
            learner.fit_one_cycle(epochs, rate)?;
        }
    }
    learner.save_model(&predict::About::of(&learner, &classes, network, about.tiny)?)?;

    let test = learner.test()?;
    let linear = baseline::linear(&tables, classes.len(), learner.run.seed())?;
    let majority = baseline::majority(&tables.train.classes, &tables.test.classes);
    let mut sections = Vec::new();
    if let (Some(sizes), Some(weights)) = (sizes, curve_weights) {
        sections.push(curve::section(&learner, network, &weights, &sizes)?);
    }
    sections.push(report::confusion_matrix(
        &classes,
        &learner.task.confusion_matrix(&test.outputs),
    ));
    sections.extend(explain::sections(&learner, &classes, &test.outputs)?);
    sections.push(report::notes("About the data", &about.notes));
    learner.finish(
        "Image classifier",
        &test,
        &[("linear", linear), ("majority", majority)],
        &sections,
    )
}
