//! Hears words and digit strings, from speakers it has never heard: `cargo run -p speech-recognizer`

mod data;
mod model;
mod strings;
mod words;

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;
use serde::{Deserialize, Serialize};
use training::{Classification, Learner, Run, RunArguments, Splits, TrainArguments, baseline};

use model::{StringNet, WordNet};
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
    #[arg(long, value_name = "WORD,…", value_delimiter = ',', conflicts_with = "strings")]
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
    let tables = Splits { train: words.train.mean_spectra(), valid: words.valid.mean_spectra(), test: words.test.mean_spectra() };
    let task = Classification::new(&classes).label_smoothing(0.1).mixup(0.2);
    let mut learner = Learner::new(run, &spoken.name, words, task, |weights| WordNet::new(classes.len(), weights))?;
    if learner.only_checks()? {
        return Ok(());
    }
    let knob = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<f64>().ok());
    learner.settings.average = knob("EMA");
    learner.fit_one_cycle(arguments.epochs, arguments.learning_rate)?;
    let test = learner.test()?;
    for db in [20.0, 10.0, 5.0, 0.0] {
        let noisy = std::sync::Arc::new(learner.data.test.in_noise(db));
        training::say(format!("{db} dB {:.4}", learner.evaluate(&noisy)?.score("accuracy").unwrap_or(0.0)));
    }
    training::say(format!("LINEAR {:.4}", baseline::linear(&tables, classes.len(), 1)?));
    training::say(format!("RESULT {} {:.4}", arguments.hold_out_speaker.clone().unwrap_or_default(), test.score("accuracy").unwrap_or(0.0)));
    Ok(())
}

fn train_strings(arguments: &Train, run: Run) -> Result<()> {
    let data = arguments.data.as_deref().unwrap_or("made-digit-strings");
    let (spoken, alphabet, strings) = strings::open(data, arguments.alphabet.as_deref(), arguments.hold_out_speaker.clone(), arguments.run.batch_size)?;
    ensure!(!strings.train.targets().is_empty(), "no utterance to train on");
    let task = Transcription { alphabet: alphabet.clone(), beam: 1 };
    let mut learner = Learner::new(run, &spoken.name, strings, task, |weights| StringNet::new(alphabet.symbols(), weights))?;
    if learner.only_checks()? {
        return Ok(());
    }
    learner.fit_one_cycle(arguments.epochs, arguments.learning_rate)?;
    let greedy = learner.test()?;
    learner.task.beam = strings::BEAM;
    let test = learner.test()?;
    training::say(format!("RESULT greedy {:?}", greedy.scores));
    training::say(format!("RESULT {:?}", test.scores));
    for (a, b) in test.outputs.iter().enumerate().take(10) { training::say(format!("{} {} {}", a, alphabet.decode(&b.target), alphabet.decode(&b.found))); }
    Ok(())
}
