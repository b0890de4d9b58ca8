//! Hears a piece of music and names its genre: `cargo run -p genre-classifier`

mod data;
mod model;

use anyhow::Result;
use clap::Parser;
use serde::{Deserialize, Serialize};
use training::{Classification, Learner, Run, RunArguments, TrainArguments, baseline};

use model::GenreNet;

const NAME: &str = env!("CARGO_PKG_NAME");

#[derive(Parser)]
#[command(about, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    train: Train,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Train a network, test it once and write a report (the default)
    Train(Train),
}

/// The flags of training.
#[derive(clap::Args, Clone, Serialize, Deserialize)]
struct Train {
    /// A folder with a folder of music for each genre, or the name of a set
    #[arg(long, default_value = "made-music", value_name = "DIR|NAME")]
    data: String,
    /// Passes over the training clips
    #[arg(long, default_value_t = 20, value_name = "N")]
    epochs: usize,
    /// The highest learning rate of the one-cycle schedule
    #[arg(long, default_value_t = 4e-3, value_name = "RATE")]
    learning_rate: f64,
    #[command(flatten)]
    #[serde(flatten)]
    run: RunArguments,
}

impl TrainArguments for Train {
    fn run(&mut self) -> &mut RunArguments {
        &mut self.run
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match arguments.command {
        None => train(arguments.train),
        Some(Command::Train(train_arguments)) => train(train_arguments),
    }
}

fn train(arguments: Train) -> Result<()> {
    let (arguments, run) = Run::start(NAME, arguments)?;
    let mut music = datasets::open(&arguments.data, &datasets::Options::new(&data::EXTENSIONS))?;
    let clips = data::load(&mut music)?;
    for note in music.report() {
        println!("note     {note}");
    }
    let tables = training::Splits { train: clips.train.mean_mfccs(), valid: clips.valid.mean_mfccs(), test: clips.test.mean_mfccs() };
    let genres = music.classes.clone();

    let task = Classification::new(&genres).label_smoothing(0.1).mixup(0.2);
    let mut learner = Learner::new(run, &music.name, clips, task, |weights| GenreNet::new(genres.len(), weights))?;
    if learner.only_checks()? {
        return Ok(());
    }
    learner.fit_one_cycle(arguments.epochs, arguments.learning_rate)?;

    let test = learner.test()?;
    let majority = baseline::majority(&tables.train.classes, &tables.test.classes);
    let linear = baseline::linear(&tables, genres.len(), learner.run.seed())?;
    println!("test {:?} majority {majority} linear {linear}", test.scores);
    println!("{:?}", learner.task.confusion_matrix(&test.outputs).most_confused().iter().take(8).map(|(a,b,c)| (&genres[*a], &genres[*b], *c)).collect::<Vec<_>>());
    learner.save_result(&test, &[("majority", majority), ("linear", linear)])?;
    Ok(())
}
