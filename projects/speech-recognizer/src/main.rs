//! Hears words and digit strings, from speakers it has never heard: `cargo run -p speech-recognizer`

mod data;
mod model;
mod words;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use serde::{Deserialize, Serialize};
use training::{Classification, Learner, Run, RunArguments, TrainArguments, baseline};

use model::WordNet;

const NAME: &str = env!("CARGO_PKG_NAME");

/// The memory that a training step frees is kept for the next one.
#[global_allocator]
static MEMORY: nn::Pool = nn::Pool::new();

/// Train
#[derive(Parser, Clone, Serialize, Deserialize)]
struct Train {
    #[arg(long, default_value = "made-speech", value_name = "DIR|NAME")]
    data: String,
    #[arg(long)]
    hold_out_speaker: Option<String>,
    #[arg(long, value_delimiter = ',')]
    words: Vec<String>,
    #[arg(long, default_value_t = 30, value_name = "N")]
    epochs: usize,
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
    training::exit_code(train(Train::parse()))
}

fn train(arguments: Train) -> Result<()> {
    let (arguments, run) = Run::start(NAME, arguments)?;
    let (spoken, classes, words) = words::open(
        &arguments.data,
        &arguments.words,
        arguments.hold_out_speaker.clone(),
    )?;
    let tables = training::Splits {
        train: words.train.mean_spectra(),
        valid: words.valid.mean_spectra(),
        test: words.test.mean_spectra(),
    };
    let task = Classification::new(&classes).label_smoothing(0.1).mixup(0.2);
    let mut learner = Learner::new(run, &spoken.name, words, task, |weights| {
        WordNet::new(classes.len(), weights)
    })?;
    if learner.only_checks()? {
        return Ok(());
    }
    let knob = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<f64>().ok());
    learner.settings.average = knob("EMA");
    learner.settings.keep_best = false;
    learner.fit_one_cycle(arguments.epochs, arguments.learning_rate)?;
    let test = learner.test()?;
    for db in [20.0, 10.0, 5.0, 0.0] {
        let noisy = std::sync::Arc::new(learner.data.test.in_noise(db));
        training::say(format!(
            "{db} dB {:.4}",
            learner.evaluate(&noisy)?.score("accuracy").unwrap_or(0.0)
        ));
    }
    training::say(format!(
        "LINEAR {:.4}",
        baseline::linear(&tables, classes.len(), 1)?
    ));
    training::say(format!(
        "RESULT {} {:.4}",
        arguments.hold_out_speaker.unwrap_or_default(),
        test.score("accuracy").unwrap_or(0.0)
    ));
    Ok(())
}
