//! Knows what a customer wants, and says when it does not know: `cargo run -p intent-chatbot`

mod answers;
mod baseline;
mod chat;
mod data;
mod dialogue;
mod explain;
mod model;
mod predict;
mod refusal;
mod task;

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;
use serde::{Deserialize, Serialize};
use training::{Learner, Run, RunArguments, Splits, TrainArguments, baseline::majority, report, say};

use baseline::Linear;
use chat::Chat;
use data::{Code, Messages};
use model::{Network, Size};
use predict::{About, Predict, Reader};
use task::Understanding;

const NAME: &str = env!("CARGO_PKG_NAME");

/// The memory that a training step frees is kept for the next one.
#[global_allocator]
static MEMORY: nn::Pool = nn::Pool::new();

/// Knows what a customer wants, answers at once, and says when it does not know
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
    Chat(Chat),
}

/// Train a network, test it once and write a report (what happens without a command)
#[derive(clap::Args, Clone, Serialize, Deserialize)]
#[command(mut_arg("batch_size", |batch_size| batch_size.default_value("64")))]
struct Train {
    /// A file of intents (.txt), a file (.jsonl, .csv, .json) or folder of labelled messages, or the name of a set: made-bank,
    /// made-bank-chinese, snips, clinc150
    #[arg(long, default_value = "made-bank", value_name = "PATH|NAME")]
    data: String,
    /// Passes over the training messages
    #[arg(long, default_value_t = 18, value_name = "N")]
    epochs: usize,
    /// The highest learning rate of the one-cycle schedule
    #[arg(long, default_value_t = 1e-2, value_name = "RATE")]
    learning_rate: f64,
    /// The share of the messages in scope that may be refused: the more, the fewer others are answered
    #[arg(long, default_value_t = 0.05, value_name = "SHARE")]
    false_refusals: f64,
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
        Some(Command::Chat(arguments)) => chat::chat(&arguments),
        Some(Command::Train(arguments)) => train(arguments),
        None => train(arguments.train),
    })
}

fn train(arguments: Train) -> Result<()> {
    ensure!(
        (0.0..1.0).contains(&arguments.false_refusals),
        "--false-refusals {}: it is a share, from 0 to below 1",
        arguments.false_refusals
    );
    let (arguments, run) = Run::start(NAME, arguments)?;
    let (name, corpus, answers) = data::open(&arguments.data)?;
    let code = Code::learn(&corpus.train, &corpus.intents);
    let messages = |messages| Messages::new(messages, &code, arguments.run.batch_size);
    let mut parts = Splits {
        train: messages(corpus.train),
        valid: messages(corpus.valid),
        test: messages(corpus.test),
    };
    parts.train.hide_values_as_for(&parts.valid.messages);
    let task = Understanding {
        intents: code.intents.clone(),
        tags: code.tags.clone(),
    };
    let mut learner = Learner::new(run, &name, parts, task, |weights| {
        Network::new(&Size::of(&code), weights)
    })?;
    if learner.only_checks()? {
        return Ok(());
    }
    learner.settings.average = Some(0.99);
    learner.fit_one_cycle(arguments.epochs, arguments.learning_rate)?;
    let threshold = refusal::threshold(&learner.validate()?.outputs, arguments.false_refusals)?;
    learner.save_model(&About {
        code: code.clone(),
        threshold,
        answers,
    })?;

    let mut test = learner.test()?;
    let linear = Linear::measure(&learner.data.train, &learner.data.test, &code, learner.run.seed());
    for slice in learner.data.test.slices() {
        let counts = |message: &text::Message| message.slice.as_ref() == Some(&slice);
        let score = explain::accuracy(&learner.data.test, &test.outputs, counts);
        test.scores.push((format!("{slice}_accuracy"), score));
    }
    if learner.data.test.targets().any(|target| target.is_none()) {
        let (false_refusals, refused) = refusal::refused(&test.outputs, threshold);
        test.scores.push(("refused_in_scope".into(), false_refusals));
        test.scores.push(("refused_out_of_scope".into(), refused));
    }
    let reader = Reader::load(Some(learner.run.folder.path()), learner.run.device.clone())?;
    let milliseconds = explain::latency(&reader, &learner.data.test)?;
    let intents: Vec<u32> = learner.data.test.intents();
    let baselines = [
        ("linear", linear.accuracy(&learner.data.test, |_| true)),
        ("majority", majority(&learner.data.train.intents(), &intents)),
    ];
    let mut sections = explain::sections(&learner, &test.outputs, &linear, threshold)?;
    sections.push(report::notes("About the data", &corpus.notes));
    // Not a score: it is another one in every run.
    say(format!(
        "one message alone takes {milliseconds:.2} ms on one thread (the median of 200)"
    ));
    linear.tell(&learner.data.test);
    learner.finish("Intent chatbot", &test, &baselines, &sections)
}
