//! One seed's training: where it stands, how it is watched, what is kept. The algorithms hold the loop, this holds the rest.

use std::{
    ops::Range,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use candle_core::Device;
use games::Environment;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use training::{
    Interrupt, RunFolder, Tensors, TrainingError, read_header, read_tensors, say, with_prefix,
    without_prefix, write_tensors, write_whole,
};

use crate::{
    NAME,
    agent::About,
    data::{Game, VALIDATION},
    demonstrations::Demonstration,
    episode::{Episode, mean, play},
    player::Player,
    settings::Settings,
};

/// Seconds between checkpoints, if nobody asks for one.
const CHECKPOINT_EVERY: f64 = 30.0;

/// What a trial has seen so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Log {
    /// What it is learned with, to the end.
    settings: Settings,
    /// Steps in the game so far.
    step: u64,
    rows: Vec<Row>,
    best: Option<Best>,
    /// Validation episodes to look at later: the first of all, and the first after half of the training.
    films: Vec<Stage>,
    /// Seconds of this training, and of the run, in which there may be others.
    seconds: f64,
    run_seconds: f64,
}

/// The best evaluation so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Best {
    /// The mean return of the validation games.
    #[serde(with = "training::exact")]
    returns: f64,
    /// Steps in the game before.
    step: u64,
}

/// How many seconds the run in `folder` had taken when the checkpoint there was written; none where there is none.
pub fn seconds_of_run(folder: &Path) -> Option<f64> {
    let path = folder.join(RunFolder::CHECKPOINT);
    let header = read_header::<(Log, serde_json::Value)>(&path, "checkpoint", NAME);
    header.ok().map(|(log, _)| log.run_seconds)
}

/// The seeds of the validation games: a few of them with `--quick`.
pub fn validation(quick: bool) -> Range<u64> {
    let games = if quick {
        4
    } else {
        VALIDATION.end - VALIDATION.start
    };
    VALIDATION.start..VALIDATION.start + games
}

/// An episode, and how many steps its player had learned from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stage {
    /// Steps in the game before.
    pub step: u64,
    /// What was played.
    pub episode: Episode,
}

/// A row of `metrics.csv`: an evaluation, and how the learning went since the one before.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Row {
    /// Steps in the game so far.
    pub step: u64,
    /// Seconds of training so far, interruptions left out.
    pub seconds: f64,
    /// The mean return, length and score of the validation games, played without exploring.
    pub returns: f64,
    /// See `returns`.
    pub length: f64,
    /// See `returns`.
    pub score: f64,
    /// What the algorithm says: losses, epsilon, entropy.
    pub values: Vec<(String, f64)>,
}

/// What an agent is trained for, and with what.
pub struct Plan {
    /// What is played.
    pub game: Game,
    /// What it is learned with.
    pub settings: Settings,
    /// Games that a person played, to begin with.
    pub lessons: Vec<Demonstration>,
    /// Where tensors live.
    pub device: Device,
    /// Only a little of everything.
    pub quick: bool,
    /// The folder of the run: `--resume` names it.
    pub run_folder: PathBuf,
    /// Seconds of the run before it was interrupted.
    pub seconds_before: f64,
    /// When it began, or went on.
    pub began: Instant,
    /// Whether the user asked to stop.
    pub interrupt: Interrupt,
}

/// The training of one agent.
pub struct Trial<'a> {
    /// What is played.
    pub game: Game,
    /// The seed of the weights, of the games and of the exploration.
    pub seed: u64,
    /// Where tensors live.
    pub device: Device,
    /// Games that a person played, to begin with.
    pub lessons: &'a [Demonstration],
    plan: &'a Plan,
    folder: PathBuf,
    log: Log,
    best: Tensors,
    started: Instant,
    seconds_before: f64,
    saved: f64,
    /// Whether a line is to be printed for each evaluation.
    told: bool,
}

impl<'a> Trial<'a> {
    /// A trial that has not begun; its files go into `folder`, the run's or one in it.
    pub fn new(plan: &'a Plan, seed: u64, folder: &Path) -> Self {
        Trial {
            game: plan.game,
            seed,
            device: plan.device.clone(),
            lessons: &plan.lessons,
            plan,
            folder: folder.to_path_buf(),
            log: Log {
                settings: plan.settings.clone(),
                step: 0,
                rows: Vec::new(),
                best: None,
                films: Vec::new(),
                seconds: 0.0,
                run_seconds: 0.0,
            },
            best: Vec::new(),
            started: Instant::now(),
            seconds_before: 0.0,
            saved: 0.0,
            told: false,
        }
    }

    /// What the checkpoint holds, if there is one: the algorithm's own state and its tensors. To be called once, first.
    pub fn resume<S: DeserializeOwned>(&mut self) -> Result<Option<(S, Tensors)>> {
        let path = self.folder.join(RunFolder::CHECKPOINT);
        if !path.exists() {
            return Ok(None);
        }
        let ((log, state), tensors) = read_tensors::<(Log, S)>(&path, "checkpoint", NAME)?;
        ensure!(
            log.settings == self.log.settings,
            "the settings have changed since the run in {} began: they were {:?}, now they are {:?}. Put them back, or start \
             a new run",
            self.plan.run_folder.display(),
            log.settings,
            self.log.settings
        );
        self.seconds_before = log.seconds;
        self.saved = log.seconds;
        self.log = log;
        self.best = without_prefix("best/", &tensors);
        say(format!(
            "seed {}: resuming after step {}",
            self.seed, self.log.step
        ));
        Ok(Some((state, tensors)))
    }

    /// Copies of the game, to be played side by side.
    pub fn copies(&self, count: usize) -> Vec<Box<dyn Environment>> {
        (0..count).map(|_| self.game.open()).collect()
    }

    /// Seconds of training so far, interruptions left out.
    pub fn seconds(&self) -> f64 {
        self.seconds_before + self.started.elapsed().as_secs_f64()
    }

    /// Whether the agent is to be evaluated after `step` steps: at the end (`over`) and whenever another
    /// `evaluate_every` steps are done, but not twice.
    pub fn is_due(&self, step: u64, over: bool) -> bool {
        let every = self.log.settings.evaluate_every();
        match self.log.rows.last() {
            None => true,
            Some(row) => row.step < step && (over || row.step / every < step / every),
        }
    }

    /// Lets `player`, who has learned from `step` steps, play the validation games, and writes a row of `metrics.csv` with
    /// `values`. Keeps `weights` if it plays at least as well as ever before.
    pub fn evaluate(
        &mut self,
        step: u64,
        values: &[(&str, f64)],
        player: &mut dyn Player,
        weights: impl FnOnce() -> Result<Tensors>,
    ) -> Result<()> {
        let episodes = play(self.game, player, validation(self.plan.quick))?;
        let of = |value: fn(&Episode) -> f64| mean(episodes.iter().map(value));
        let row = Row {
            step,
            seconds: self.seconds(),
            returns: of(|episode| episode.end.total_reward),
            length: of(|episode| episode.end.length as f64),
            score: of(|episode| episode.end.score),
            values: values
                .iter()
                .map(|(name, value)| (name.to_string(), *value))
                .collect(),
        };
        let better = self
            .log
            .best
            .as_ref()
            .is_none_or(|best| row.returns >= best.returns);
        if better {
            self.log.best = Some(Best {
                returns: row.returns,
                step,
            });
            self.best = weights()?;
            self.save_model()?;
        }
        let middle = self.log.films.len() == 1 && step * 2 >= self.log.settings.steps();
        if (self.log.films.is_empty() || middle)
            && let Some(episode) = episodes.into_iter().next()
        {
            self.log.films.push(Stage { step, episode });
        }
        self.tell(&row, better);
        self.log.rows.push(row);
        let csv = metrics_csv(&[(self.seed, &self.log.rows)]);
        Ok(write_whole(
            &self.folder.join(RunFolder::METRICS),
            csv.as_bytes(),
        )?)
    }

    fn tell(&mut self, row: &Row, better: bool) {
        if !std::mem::replace(&mut self.told, true) {
            let names: Vec<String> = row.values.iter().map(|(name, _)| format!("{name:>12}")).collect();
            say(format!(
                "seed        step    return    length  seconds {}",
                names.join(" ")
            ));
        }
        let values: Vec<String> = row
            .values
            .iter()
            .map(|(_, value)| format!("{value:>12.4}"))
            .collect();
        say(format!(
            "{:>4}  {:>10}  {:>8.2}  {:>8.1}  {:>7.1} {}{}",
            self.seed,
            row.step,
            row.returns,
            row.length,
            row.seconds,
            values.join(" "),
            if better { " *" } else { "" }
        ));
    }

    /// Whether the checkpoint is old, or the user asked to stop.
    pub fn must_save(&self) -> bool {
        self.plan.interrupt.requested() || self.seconds() - self.saved > CHECKPOINT_EVERY
    }

    /// Writes the checkpoint: the algorithm's `state` and `tensors`, which [`resume`](Self::resume) gives back.
    ///
    /// # Errors
    /// When the file cannot be written and, after it is written, when the user asked to stop.
    pub fn save(&mut self, step: u64, state: &impl Serialize, mut tensors: Tensors) -> Result<()> {
        self.log.step = step;
        self.log.seconds = self.seconds();
        self.log.run_seconds = self.plan.seconds_before + self.plan.began.elapsed().as_secs_f64();
        tensors.extend(with_prefix("best/", &self.best));
        let path = self.folder.join(RunFolder::CHECKPOINT);
        write_tensors(&path, "checkpoint", NAME, &(&self.log, state), &tensors)?;
        self.saved = self.log.seconds;
        match self.plan.interrupt.requested() && step < self.log.settings.steps() {
            true => Err(TrainingError::Interrupted {
                project: NAME.to_string(),
                after: format!("step {step} of seed {}", self.seed),
                folder: self.plan.run_folder.clone(),
            }
            .into()),
            false => Ok(()),
        }
    }

    /// What the model file says of itself; there is none before the first evaluation.
    fn about(&self) -> Option<About> {
        let best = self.log.best.as_ref()?;
        Some(About {
            game: self.game,
            settings: self.log.settings.clone(),
            seed: self.seed,
            step: best.step,
            returns: best.returns,
        })
    }

    /// Writes the best weights so far, so that an agent can be watched while it learns, and whatever ends the training.
    fn save_model(&self) -> Result<()> {
        let Some(about) = self.about() else { return Ok(()) };
        let path = self.folder.join(RunFolder::MODEL);
        write_tensors(&path, "model", NAME, &about, &self.best)
    }

    /// Ends the trial, with the best weights of all evaluations in its model file. Gives what was seen.
    pub fn finish(self) -> Result<Trained> {
        let about = self
            .about()
            .context("the training ended before its first evaluation")?;
        let model = self.folder.join(RunFolder::MODEL);
        // A resumed trial whose best was before has not written it.
        self.save_model()?;
        Ok(Trained {
            seed: self.seed,
            model,
            about,
            seconds: self.seconds(),
            rows: self.log.rows,
            films: self.log.films,
        })
    }
}

/// What came of a trial.
pub struct Trained {
    /// Its seed.
    pub seed: u64,
    /// The model file.
    pub model: PathBuf,
    /// What the model file says of itself.
    pub about: About,
    /// Seconds of training.
    pub seconds: f64,
    /// The rows of its `metrics.csv`.
    pub rows: Vec<Row>,
    /// An early and a middle episode.
    pub films: Vec<Stage>,
}

/// The rows of one or several trials (seed, rows) as comma-separated values.
pub fn metrics_csv(trials: &[(u64, &[Row])]) -> String {
    let mut csv = String::from("seed,step,seconds,return,length,score");
    let first = trials.iter().flat_map(|(_, rows)| *rows).next();
    for (name, _) in first.map_or(&[][..], |row| &row.values) {
        csv += &format!(",{}", name.replace(' ', "_"));
    }
    csv.push('\n');
    for (seed, rows) in trials {
        for row in *rows {
            csv += &format!(
                "{seed},{},{:.2},{:.4},{:.2},{:.4}",
                row.step, row.seconds, row.returns, row.length, row.score
            );
            csv.extend(row.values.iter().map(|(_, value)| format!(",{value:.6}")));
            csv.push('\n');
        }
    }
    csv
}
