//! Learns to play games by playing, and plays against you: `cargo run -p game-agent`

mod a2c;
mod agent;
mod alpha_zero;
mod arena;
mod baselines;
mod data;
mod demonstrations;
mod dqn;
mod evaluate;
mod explain;
mod film;
mod imitate;
mod model;
mod opponents;
mod play;
mod player;
mod ppo;
mod predict;
mod replay;
mod rollout;
mod screen;
mod searcher;
mod settings;
mod td;
mod thoughts;
mod tree;
mod trial;
mod tuples;
mod value_map;
mod watch;

use std::{path::PathBuf, process::ExitCode, sync::Mutex, thread};

use anyhow::{Result, bail};
use clap::Parser;
use serde::{Deserialize, Serialize};
use training::{Interrupt, Run, RunArguments, TrainArguments, say};

use data::Game;
use demonstrations::Demonstration;
use settings::{Algorithm, Settings};
use trial::{Trained, Trial};

const NAME: &str = env!("CARGO_PKG_NAME");

/// The memory that a training step frees is kept for the next one.
#[global_allocator]
static MEMORY: nn::Pool = nn::Pool::new();

/// Learns to play games by playing, and plays against you
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
    Evaluate(evaluate::Evaluate),
    Watch(watch::Watch),
    Play(play::Play),
    Predict(predict::Predict),
}

/// Train an agent, let it play games that it has never seen and write a report (what happens without a command)
#[derive(clap::Args, Clone, Serialize, Deserialize)]
#[command(mut_arg("batch_size", |flag| flag
    .default_value_ifs([("game", "snake", "1024"), ("game", "breakout", "1024"), ("game", "connect-four", "256")])
    .default_value("128").help("Steps in a batch [default: 128; 1024 for snake and breakout, 256 for connect-four]").hide_default_value(true)))]
#[command(mut_arg("find_learning_rate", |flag| flag.hide(true)), mut_arg("overfit_one_batch", |flag| flag.hide(true)))]
struct Train {
    /// What to play
    #[arg(long, value_enum, default_value_t = Game::CartPole, value_name = "GAME")]
    game: Game,
    /// Games that you have played, for the agent to imitate before it plays itself: a file that `play` wrote
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// How to learn it [default: what learns the game best]
    #[arg(long, value_enum, value_name = "ALGORITHM")]
    algorithm: Option<Algorithm>,
    /// Agents to train, each from a seed of its own: --seed and those after it. One alone says little in this field
    #[arg(long, default_value_t = 1, value_name = "N")]
    seeds: u64,
    /// Steps in the game for each agent [default: what the game needs]
    #[arg(long, value_name = "N")]
    steps: Option<u64>,
    /// The optimiser's first step size [default: what suits the game]
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// Changes of other settings, by their names in config.json: --set discount=0.98 --set hidden=256
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
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
        Some(Command::Evaluate(arguments)) => evaluate::evaluate(&arguments),
        Some(Command::Watch(arguments)) => watch::watch(&arguments),
        Some(Command::Play(arguments)) => play::play(&arguments),
        Some(Command::Predict(arguments)) => predict::predict(&arguments),
        Some(Command::Train(arguments)) => train(arguments),
        None => train(arguments.train),
    })
}

fn train(arguments: Train) -> Result<()> {
    let (arguments, mut run) = Run::start(NAME, arguments)?;
    let settings = arguments.settings()?;
    let lessons = arguments.lessons(&settings)?;
    run.data = arguments.game.name().to_string();
    run.record("settings", &settings)?;
    let trained = train_all(&arguments, &settings, &lessons, &run)?;
    explain::finish(&mut run, arguments.game, trained)
}

impl Train {
    /// The games to begin with.
    fn lessons(&self, settings: &Settings) -> Result<Vec<Demonstration>> {
        let Some(path) = &self.data else {
            return Ok(Vec::new());
        };
        let lessons = demonstrations::read(path, self.game)?;
        if let Settings::AlphaZero(_) | Settings::Td(_) = settings {
            bail!(
                "--data {}: this algorithm learns from its own games only; leave it out, or choose --algorithm ppo",
                path.display()
            );
        }
        say(format!("imitating {} games of {}", lessons.len(), path.display()));
        Ok(lessons)
    }

    /// The settings of the run: the game's, with what the flags change.
    fn settings(&self) -> Result<Settings> {
        for (flag, given) in [
            ("--find-learning-rate", self.run.find_learning_rate),
            ("--overfit-one-batch", self.run.overfit_one_batch),
        ] {
            if given {
                bail!(
                    "{flag}: an agent makes its data while it learns, so there is no batch to try this on; leave it out"
                );
            }
        }
        if self.seeds == 0 {
            bail!("--seeds 0: at least one agent must be trained");
        }
        let algorithm = self.algorithm.unwrap_or(self.game.algorithm());
        let mut changes = Vec::new();
        // Tables learn from one slide after the other.
        if algorithm != Algorithm::Td {
            changes.push(format!("batch_size={}", self.run.batch_size));
        }
        changes.extend(self.steps.map(|steps| format!("steps={steps}")));
        changes.extend(self.learning_rate.map(|rate| format!("learning_rate={rate:?}")));
        changes.extend(self.set.iter().cloned());
        let settings = Settings::of(self.game, algorithm)?.with(&changes)?;
        match self.run.quick {
            true => settings.quick(),
            false => Ok(settings),
        }
    }
}

/// Trains an agent for each seed: several at a time, each on one thread, for networks as small as these gain little from
/// more.
fn train_all(
    arguments: &Train,
    settings: &Settings,
    lessons: &[Demonstration],
    run: &Run,
) -> Result<Vec<Trained>> {
    let interrupt = Interrupt::listen();
    let seeds = arguments.run.seed..arguments.run.seed + arguments.seeds;
    let several = arguments.seeds > 1;
    let workers = if several {
        nn::threads().min(arguments.seeds as usize)
    } else {
        1
    };
    if workers > 1 || (arguments.run.threads.is_none() && settings.on_one_thread(arguments.game)) {
        nn::use_threads(1);
    }
    let left = Mutex::new(seeds);
    let work = || -> Result<Vec<Trained>> {
        let mut trained = Vec::new();
        loop {
            let Some(seed) = left
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner())
                .next()
            else {
                return Ok(trained);
            };
            let folder = match several {
                true => run.folder.path().join(format!("seed-{seed}")),
                false => run.folder.path().to_path_buf(),
            };
            let mut trial = Trial::new(
                arguments.game,
                settings.clone(),
                seed,
                run.device.clone(),
                arguments.run.quick,
                &folder,
                run.folder.path(),
                &interrupt,
            );
            trial.lessons = lessons.to_vec();
            match settings {
                Settings::Dqn(settings) => dqn::train(&mut trial, settings)?,
                Settings::Ppo(settings) => ppo::train(&mut trial, settings)?,
                Settings::A2c(settings) => a2c::train(&mut trial, settings)?,
                Settings::AlphaZero(settings) => alpha_zero::train(&mut trial, settings)?,
                Settings::Td(settings) => td::train(&mut trial, settings)?,
            }
            trained.push(trial.finish()?);
        }
    };
    let mut all = thread::scope(|scope| -> Result<Vec<Trained>> {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let mut all = Vec::new();
        for worker in workers {
            match worker.join() {
                Ok(trained) => all.extend(trained?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(all)
    })?;
    all.sort_by_key(|trained| trained.seed);
    say("");
    Ok(all)
}
