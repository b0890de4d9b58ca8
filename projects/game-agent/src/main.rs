//! Learns to play games by playing, and plays against you: `cargo run -p game-agent`

mod a2c;
mod agent;
mod alpha_zero;
mod arena;
mod baselines;
mod data;
mod demonstrations;
mod dqn;
mod episode;
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

use std::{
    ops::Range,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Mutex, PoisonError},
    thread,
    time::Instant,
};

use anyhow::{Context, Error, Result, bail};
use clap::Parser;
use serde::{Deserialize, Serialize};
use training::{Interrupt, Run, RunArguments, RunFolder, TrainArguments, TrainingError, say, write_whole};

use data::Game;
use demonstrations::Demonstration;
use settings::{Algorithm, Settings};
use trial::{Plan, Trained, Trial, metrics_csv};

const NAME: &str = env!("CARGO_PKG_NAME");
/// Stands for the batch size that suits game and algorithm: nobody asks for so large a batch.
const USUAL: &str = "4294967295";

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
    .default_value(USUAL).hide_default_value(true).help("Steps in a batch [default: what suits the game and the algorithm]")))]
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
    /// Games in the file of `data` when the run began: those that are added later are not for it.
    #[arg(skip)]
    lessons: usize,
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

fn train(mut arguments: Train) -> Result<()> {
    if arguments.run.resume.is_none() {
        // What is not given and not fixed, for the run and for whoever goes on with it.
        if arguments.run.batch_size.to_string() == USUAL {
            arguments.run.batch_size = arguments.usual()?.batch_size();
        }
        arguments.lessons = usize::MAX;
        arguments.lessons = arguments.lessons()?.len();
    }
    let (arguments, mut run) = Run::start(NAME, arguments)?;
    let settings = arguments.settings()?;
    let lessons = arguments.lessons()?;
    if !lessons.is_empty() {
        say(format!("imitating {} games", lessons.len()));
    }
    run.data = arguments.game.name().to_string();
    if arguments.run.resume.is_none() {
        run.record("settings", &settings)?;
    }
    let seconds = (arguments.seeds()?)
        .filter_map(|seed| trial::seconds_of_run(&arguments.folder(&run, seed)))
        .fold(0.0, f64::max);
    run.set_seconds_before(seconds);
    let plan = Plan {
        game: arguments.game,
        settings,
        lessons,
        device: run.device.clone(),
        quick: arguments.run.quick,
        run_folder: run.folder.path().to_path_buf(),
        seconds_before: seconds,
        began: Instant::now(),
        interrupt: Interrupt::listen(),
    };
    let (trained, failed) = train_all(&arguments, &plan, &run)?;
    explain::finish(&mut run, arguments.game, trained)?;
    // What the others have learned is not lost by it.
    match failed.into_iter().next() {
        Some(error) => Err(error.context("not all agents could be trained; the report is of the others")),
        None => Ok(()),
    }
}

impl Train {
    /// The seeds of the agents.
    fn seeds(&self) -> Result<Range<u64>> {
        let (first, count) = (self.run.seed, self.seeds);
        if count == 0 {
            bail!("--seeds 0: at least one agent must be trained");
        }
        match first.checked_add(count) {
            Some(end) => Ok(first..end),
            None => bail!("--seed {first} leaves no room for {count} agents: choose a smaller one"),
        }
    }

    /// Where the agent of `seed` is kept: in the folder of the run, or in one of its own where there are several.
    fn folder(&self, run: &Run, seed: u64) -> PathBuf {
        match self.seeds {
            1 => run.folder.path().to_path_buf(),
            _ => run.folder.path().join(format!("seed-{seed}")),
        }
    }

    /// The games to begin with.
    fn lessons(&self) -> Result<Vec<Demonstration>> {
        let Some(path) = &self.data else {
            return Ok(Vec::new());
        };
        if let Settings::AlphaZero(_) | Settings::Td(_) = self.usual()? {
            bail!(
                "--data {}: this algorithm learns from its own games only; leave it out, or choose --algorithm ppo",
                path.display()
            );
        }
        let mut lessons = demonstrations::read(path, self.game)?;
        lessons.truncate(self.lessons);
        Ok(lessons)
    }

    /// The settings of the game, before any change.
    fn usual(&self) -> Result<Settings> {
        let settings = Settings::of(
            self.game,
            self.algorithm.unwrap_or(Algorithm::best_for(self.game)),
        )?;
        match self.run.quick {
            true => settings.quick(),
            false => Ok(settings),
        }
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
        let mut changes = Vec::new();
        if self.run.batch_size != self.usual()?.batch_size() {
            changes.push(format!("batch_size={}", self.run.batch_size));
        }
        changes.extend(self.steps.map(|steps| format!("steps={steps}")));
        changes.extend(self.learning_rate.map(|rate| format!("learning_rate={rate:?}")));
        changes.extend(self.set.iter().cloned());
        self.usual()?.with(&changes)
    }
}

/// Trains an agent for each seed: several at a time, each on one thread, for networks as small as these gain little from
/// more. Gives those that were trained and, if there are any, what went wrong with others.
fn train_all(arguments: &Train, plan: &Plan, run: &Run) -> Result<(Vec<Trained>, Vec<Error>)> {
    let seeds = arguments.seeds()?;
    let several = arguments.seeds > 1;
    let workers = if several {
        nn::threads().min(arguments.seeds as usize)
    } else {
        1
    };
    if workers > 1 || (arguments.run.threads.is_none() && plan.settings.on_one_thread()) {
        nn::use_threads(1);
    }
    if several && !run.folder.file(RunFolder::METRICS).exists() {
        // The rows come when all are done; that there is such a file says that the run has begun and can be resumed.
        write_whole(&run.folder.file(RunFolder::METRICS), metrics_csv(&[]).as_bytes())?;
    }
    let left = Mutex::new(seeds);
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || -> Vec<Result<Trained>> {
        let mut all = Vec::new();
        while let Some(seed) = next() {
            let trained = train_one(plan, seed, &arguments.folder(run, seed));
            if let (Err(error), true) = (&trained, several && !plan.interrupt.requested()) {
                say(format!("seed {seed}: {error:#}"));
            }
            all.push(trained.with_context(|| format!("seed {seed}")));
            if plan.interrupt.requested() {
                break;
            }
        }
        all
    };
    let all: Vec<Result<Trained>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined
            .flat_map(|all| all.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let (mut trained, mut failed) = (Vec::new(), Vec::new());
    for one in all {
        match one {
            Ok(one) => trained.push(one),
            Err(error) => failed.push(error),
        }
    }
    if (plan.interrupt.requested() || trained.is_empty()) && !failed.is_empty() {
        let stopped = |error: &Error| matches!(error.downcast_ref(), Some(TrainingError::Interrupted { .. }));
        let first = failed.iter().position(stopped).unwrap_or(0);
        return Err(failed.swap_remove(first));
    }
    trained.sort_by_key(|trained| trained.seed);
    say("");
    Ok((trained, failed))
}

/// Trains the agent of `seed`, or goes on with it.
fn train_one(plan: &Plan, seed: u64, folder: &Path) -> Result<Trained> {
    let mut trial = Trial::new(plan, seed, folder);
    match &plan.settings {
        Settings::Dqn(settings) => dqn::train(&mut trial, settings)?,
        Settings::Ppo(settings) => ppo::train(&mut trial, settings)?,
        Settings::A2c(settings) => a2c::train(&mut trial, settings)?,
        Settings::AlphaZero(settings) => alpha_zero::train(&mut trial, settings)?,
        Settings::Td(settings) => td::train(&mut trial, settings)?,
    }
    trial.finish()
}
