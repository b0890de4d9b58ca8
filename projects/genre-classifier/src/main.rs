//! Hears a piece of music and names its genre: `cargo run -p genre-classifier`

mod data;
mod model;
mod predict;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use serde::{Deserialize, Serialize};
use training::{
    ClassOutput, Classification, Dataset, Learner, Run, RunArguments, TrainArguments, baseline,
    report::{self, Section},
};

use data::Clips;
use model::GenreNet;
use predict::{About, Predict};

const NAME: &str = env!("CARGO_PKG_NAME");

/// The memory that a training step frees is kept for the next one.
#[global_allocator]
static MEMORY: nn::Pool = nn::Pool::new();

/// Hears a piece of music and names its genre
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
}

/// Train a network, test it once and write a report (what happens without a command)
#[derive(clap::Args, Clone, Serialize, Deserialize)]
struct Train {
    /// A folder that holds a folder of music for each genre, or the name of a set: made-music, gtzan
    #[arg(long, default_value = "made-music", value_name = "DIR|NAME")]
    data: String,
    /// Lists of the files to train, validate and test on: a folder of them, or a table (file,split)
    #[arg(long, value_name = "DIR|CSV")]
    split: Option<std::path::PathBuf>,
    /// Passes over the training clips
    #[arg(long, default_value_t = 30, value_name = "N")]
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

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    training::exit_code(match arguments.command {
        Some(Command::Predict(arguments)) => predict::predict(&arguments),
        Some(Command::Train(arguments)) => train(arguments),
        None => train(arguments.train),
    })
}

fn train(arguments: Train) -> Result<()> {
    let (arguments, run) = Run::start(NAME, arguments)?;
    let (music, clips) = data::open(&arguments.data, arguments.split)?;
    let genres = music.classes.clone();
    let tables = data::mean_mfccs(&clips);

    let task = Classification::new(&genres).label_smoothing(0.1).mixup(0.2);
    let mut learner = Learner::new(run, &music.name, clips, task, |weights| {
        GenreNet::new(genres.len(), weights)
    })?;
    if learner.only_checks()? {
        return Ok(());
    }
    learner.fit_one_cycle(arguments.epochs, arguments.learning_rate)?;
    learner.save_model(&About {
        genres: genres.clone(),
        preprocessing: data::preprocessing(),
    })?;

    let test = learner.test()?;
    let linear = baseline::linear(&tables, genres.len(), learner.run.seed())?;
    let majority = baseline::majority(&tables.train.classes, &tables.test.classes);
    let sections = [
        report::confusion_matrix(&genres, &learner.task.confusion_matrix(&test.outputs)),
        worst_mistakes(&learner.data.test, &genres, &test.outputs)?,
        report::notes("About the data", &data::about(&music)),
    ];
    learner.finish(
        "Genre classifier",
        &test,
        &[("linear", linear), ("majority", majority)],
        &sections,
    )
}

/// The mistakes in which the true genre got the least, to listen to.
fn worst_mistakes(clips: &Clips, genres: &[String], outputs: &[ClassOutput]) -> Result<Section> {
    let mistakes = training::worst_mistakes(outputs);
    let mut players = Vec::new();
    for &index in mistakes.iter().take(12) {
        let (output, predicted) = (&outputs[index], outputs[index].predicted());
        let (said, truth) = (&genres[predicted], &genres[output.target]);
        let caption = format!(
            "{}: {said} ({:.0} %), is {truth}",
            clips.name(index),
            100.0 * output.probabilities[predicted]
        );
        // A file that has gone meanwhile must not cost the report.
        if let Ok(sound) = clips.excerpt(index) {
            players.push((caption, sound));
        }
    }
    let words = match mistakes.len() {
        0 => "None: every test clip was named rightly.",
        _ => {
            "Here the network gave the true genre the least. Would you have known? Some may be labelled wrongly."
        }
    };
    Ok(report::players("Worst mistakes", words, &players))
}
