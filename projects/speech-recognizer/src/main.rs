//! Hears words and digit strings, from speakers it has never heard: `cargo run -p speech-recognizer`

mod baseline;
mod data;
mod detector;
mod explain;
#[cfg(feature = "microphone")]
mod microphone;
mod model;
mod predict;
mod strings;
mod words;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use serde::{Deserialize, Serialize};
use training::{Classification, Learner, Run, RunArguments, TrainArguments, report};

use detector::CAUTIOUS;
use model::{StringNet, WordNet};
use predict::{About, Kind, Predict};
use strings::Transcription;

const NAME: &str = env!("CARGO_PKG_NAME");

/// The memory that a training step frees is kept for the next one.
#[global_allocator]
static MEMORY: nn::Pool = nn::Pool::new();

/// Hears words and digit strings, from speakers it has never heard
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
    #[cfg(feature = "microphone")]
    Listen(microphone::Listen),
}

/// Train a network, test it once and write a report (what happens without a command)
#[derive(clap::Args, Clone, Serialize, Deserialize)]
struct Train {
    /// A folder that holds a folder of recordings for each word, or the name of a set: made-speech, speech-commands,
    /// free-spoken-digit-dataset. With --strings, a folder with transcripts (*.trans.txt), or made-digit-strings [default: what is
    /// made here]
    #[arg(long, value_name = "DIR|NAME")]
    data: Option<String>,
    /// Learn to write down whole utterances, instead of single words
    #[arg(long)]
    strings: bool,
    /// The words to listen for; all others count as unknown [default: of speech-commands ten, of made-speech thirty, else all]
    #[arg(
        long,
        value_name = "WORD,…",
        value_delimiter = ',',
        conflicts_with = "strings"
    )]
    words: Vec<String>,
    /// What can be written: digits, letters, or the characters themselves [default: digits if the transcripts are, else letters]
    #[arg(long, value_name = "CHARACTERS", requires = "strings")]
    alphabet: Option<String>,
    /// Test on this speaker, and train on all others
    #[arg(long, value_name = "NAME")]
    hold_out_speaker: Option<String>,
    /// Passes over the training recordings
    #[arg(long, default_value_t = 25, value_name = "N")]
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
        #[cfg(feature = "microphone")]
        Some(Command::Listen(arguments)) => microphone::listen(&arguments),
        Some(Command::Train(arguments)) => train(arguments),
        None => train(arguments.train),
    })
}

fn train(arguments: Train) -> Result<()> {
    let (arguments, run) = Run::start(NAME, arguments)?;
    match arguments.strings {
        true => train_strings(&arguments, run),
        false => train_words(&arguments, run),
    }
}

fn train_words(arguments: &Train, run: Run) -> Result<()> {
    let data = arguments.data.as_deref().unwrap_or("made-speech");
    let (spoken, classes, words) = words::open(data, &arguments.words, arguments.hold_out_speaker.clone())?;
    let task = Classification::new(&classes).label_smoothing(0.1).mixup(0.2);
    let mut learner = Learner::new(run, &spoken.name, words, task, |weights| {
        WordNet::new(classes.len(), weights)
    })?;
    if learner.only_checks()? {
        return Ok(());
    }
    // The validation part of many sets has speakers whom the network knows: it would choose an epoch for them.
    learner.settings.keep_best = false;
    learner.fit_one_cycle(arguments.epochs, arguments.learning_rate)?;
    let threshold = detector::threshold(&learner.validate()?.outputs, classes.len() - 2);
    learner.save_model(&About::new(Kind::Words {
        classes: classes.clone(),
        threshold: threshold.unwrap_or(CAUTIOUS),
    }))?;

    let mut test = learner.test()?;
    let noisy = explain::in_noise(&learner)?;
    for (decibels, outputs) in &noisy {
        test.scores.push((
            format!("accuracy_at_{decibels}_db"),
            learner.task.confusion_matrix(outputs).accuracy(),
        ));
    }
    let tables = explain::tables(&learner);
    let baselines = [
        (
            "linear",
            training::baseline::linear(&tables, classes.len(), learner.run.seed())?,
        ),
        (
            "majority",
            training::baseline::majority(&tables.train.classes, &tables.test.classes),
        ),
    ];
    let mut sections = explain::words(&learner, &test.outputs, &noisy, threshold)?;
    sections.push(report::notes(
        "About the data",
        &data::about(&spoken.name, &spoken.to_string(), spoken.report()),
    ));
    learner.finish("Speech recognizer", &test, &baselines, &sections)
}

fn train_strings(arguments: &Train, run: Run) -> Result<()> {
    let data = arguments.data.as_deref().unwrap_or("made-digit-strings");
    let (spoken, alphabet, strings) = strings::open(
        data,
        arguments.alphabet.as_deref(),
        arguments.hold_out_speaker.clone(),
        arguments.run.batch_size,
    )?;
    let task = Transcription {
        alphabet: alphabet.clone(),
        beam: 1,
    };
    let mut learner = Learner::new(run, &spoken.name, strings, task, |weights| {
        StringNet::new(alphabet.symbols(), weights)
    })?;
    if learner.only_checks()? {
        return Ok(());
    }
    learner.fit_one_cycle(arguments.epochs, arguments.learning_rate)?;
    learner.save_model(&About::new(Kind::Strings {
        alphabet: alphabet.clone(),
    }))?;

    learner.task.beam = strings::BEAM;
    let test = learner.test()?;
    let (seed, limit) = (learner.run.seed(), learner.run.batch_limit());
    let baselines = [
        (
            "linear",
            baseline::linear(&learner.data.train, &learner.data.test, &alphabet, seed, limit)?,
        ),
        (
            "majority",
            baseline::majority(&learner.data.train, &learner.data.test),
        ),
    ];
    let mut sections = explain::strings(&learner, &test.outputs)?;
    sections.push(report::notes(
        "About the data",
        &data::about(&spoken.name, &spoken.to_string(), spoken.report()),
    ));
    learner.finish("Speech recognizer: strings", &test, &baselines, &sections)
}
