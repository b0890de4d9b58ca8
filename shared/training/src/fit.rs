//! The fit loop. Read it from top to bottom; every part it uses is public, so a project whose training is not
//! "batches in, loss out" writes its own loop from the same parts.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::{
    Batch, BatchPlan, Batches, Dataset, Gradients, Learner, Pass, Progress, RunFolder, Schedule, Scores,
    Task, TrainingError, epoch_table,
    guard::Guard,
    interrupt::Interrupt,
    optimiser::Optimiser,
    state::{Best, EpochRow, State},
    threads::ThreadTrial,
    write_whole,
};

/// How often a checkpoint is written inside a long epoch.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(120);

/// One phase of training: how long, how fast.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Plan {
    /// Passes over the training set.
    pub epochs: usize,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// How the rate changes.
    pub schedule: Schedule,
}

pub(crate) fn fit<T: Task, D: Dataset<Batch = T::Batch>>(
    learner: &mut Learner<T, D>,
    plan: Plan,
    optimiser: &mut dyn Optimiser,
) -> Result<()> {
    let interrupt = Interrupt::listen();
    let settings = learner.settings.clone();
    let device = learner.run.device.clone();
    let (seed, limit) = (learner.run.seed(), learner.run.batch_limit());
    let epochs = if learner.run.arguments.quick {
        plan.epochs.min(2)
    } else {
        plan.epochs
    };
    let examples = learner.training_examples();
    let cut = BatchPlan::new(examples.len(), settings.batch_size, true, limit);
    let batches = cut.count();
    let total_steps = (epochs * batches.div_ceil(settings.accumulate)) as u64;
    let frozen_buffers = learner.parameters.frozen_buffers()?;

    let mut guard = Guard::new(&device);
    let mut trial = ThreadTrial::new(learner.run.arguments.threads.is_none() && device.is_cpu());
    let mut clock = Clock::new(learner.state.seconds);
    let (mut header, mut starved) = (false, false);
    while learner.state.phase_epoch < epochs {
        let pass = Pass {
            seed,
            epoch: learner.state.epoch,
            train: true,
        };
        let mut progress = Progress::new(&format!("epoch {:>2}", learner.state.epoch + 1), batches);
        let mut accumulated: Option<Gradients> = None;
        let mut rate = 0.0;
        let begin = Instant::now();
        let mut ready = Batches::new(&examples, settings.batch_size, pass, learner.state.batch, limit);
        for batch in ready.by_ref() {
            let batch = batch?.to_device(&device)?;
            let state = &mut learner.state;

            // The gradient of a batch. Its mean loss counts in an accumulated step by its share of the examples.
            nn::begin_step(seed, state.batches);
            let share = share_of_step(&cut, state.batch, settings.accumulate);
            let (loss, mut gradients) = trial.step(|| {
                let loss = learner.task.loss(&learner.model, &batch)?;
                let gradients = Gradients::of(&(&loss * share)?, &learner.parameters)?;
                anyhow::Ok((loss, gradients))
            })?;
            for (buffer, value) in &frozen_buffers {
                buffer.set(value)?;
            }
            if state.phase_step == 0 {
                gradients.check_complete(&learner.parameters)?;
            }
            if let Some(before) = accumulated.take() {
                gradients.add(before)?;
            }

            // (Data-parallel training would reduce `gradients` over the machines here.)

            // Apply the step, unless more batches of the group follow.
            state.batch += 1;
            state.batches += 1;
            rate = plan.schedule.rate(
                state.phase_step,
                total_steps,
                plan.learning_rate,
                state.reductions,
            );
            let complete = state.batch.is_multiple_of(settings.accumulate) || state.batch == batches;
            let norm = match (complete, settings.clip_norm) {
                (false, _) => None,
                (true, Some(max_norm)) => Some(gradients.clip_norm(max_norm)?),
                (true, None) => Some(gradients.norm()?),
            };
            state.count(guard.watch(state.step, rate, batch.len(), &loss, norm.as_ref())?);
            if !complete {
                accumulated = Some(gradients);
                continue;
            }
            optimiser.step(&learner.parameters, &gradients, rate)?;
            if let Some(average) = &mut learner.average {
                average.update(&learner.parameters)?;
            }
            state.step += 1;
            state.phase_step += 1;

            let loss = guard
                .last_loss()
                .map_or(String::new(), |loss| format!("loss {loss:.3}"));
            progress.set(state.batch, &loss);
            if state.batch == batches {
                continue;
            }
            if interrupt.requested() || clock.checkpoint_due() {
                state.count(guard.read()?);
                state.seconds = clock.seconds();
                learner.save_checkpoint(optimiser)?;
                clock.saved();
            }
            if interrupt.requested() {
                return Err(stopped(learner));
            }
        }

        if !std::mem::replace(&mut starved, true) {
            starved = say_if_starved(ready.waited(), begin.elapsed());
        }

        // The epoch is over: measure on the validation set, keep the best weights, write everything down.
        learner.state.count(guard.read()?);
        let scores = learner.average_swapped(|learner| learner.validate())?.scores;
        let (better, kept) = learner.judge(&scores)?;
        let state = &mut learner.state;
        let row = EpochRow {
            epoch: state.epoch + 1,
            phase: state.phase + 1,
            step: state.step,
            learning_rate: rate,
            train_loss: state.loss_sum / state.examples.max(1) as f64,
            valid: scores,
            seconds: clock.seconds(),
        };
        if !std::mem::replace(&mut header, true) {
            progress.print(&epoch_table::header(&row));
        }
        progress.print(&epoch_table::line(&row, kept));
        drop(progress);
        state.end_epoch(row, better);
        learner.average_swapped(|learner| {
            learner
                .task
                .after_epoch(&learner.model, &learner.run, &learner.state)
        })?;
        let state = &mut learner.state;
        if let Schedule::ReduceOnPlateau { patience, .. } = plan.schedule
            && state.stale > patience
        {
            state.reductions += 1;
            state.stale = 0;
        }
        let waited = state.epoch - state.improved;
        let tired = settings.early_stopping.is_some_and(|patience| waited >= patience);
        if tired {
            crate::say(format!("no better for {waited} epochs: stopping early"));
        }
        let last = tired || state.phase_epoch == epochs;
        if !last {
            learner.save_checkpoint(optimiser)?;
            clock.saved();
        }
        let metrics = learner.state.metrics_csv();
        write_whole(&learner.run.folder.file(RunFolder::METRICS), metrics.as_bytes())?;
        if last {
            break;
        }
        if interrupt.requested() {
            return Err(stopped(learner));
        }
    }

    // The phase is over: the weights become those of its best epoch.
    learner.finish_phase(optimiser)?;
    match interrupt.requested() {
        true => Err(stopped(learner)),
        false => Ok(()),
    }
}

impl<T: Task, D: Dataset<Batch = T::Batch>> Learner<T, D> {
    /// Whether `scores` are better than all before them in this phase, and whether their weights are kept: of
    /// equals the later epoch is, because its learning rate was lower.
    fn judge(&mut self, scores: &[(String, f64)]) -> Result<(bool, bool)> {
        self.judge_epoch(self.state.epoch + 1, scores)
    }

    /// Takes the current weights as those of the best of some epochs (number, scores): what a phase that follows has
    /// to be better than.
    pub(crate) fn best_of(&mut self, epochs: &[(usize, Scores)]) -> Result<()> {
        for (epoch, scores) in epochs {
            self.judge_epoch(*epoch, scores)?;
        }
        Ok(())
    }

    fn judge_epoch(&mut self, epoch: usize, scores: &[(String, f64)]) -> Result<(bool, bool)> {
        let (goal, higher) = self.task.goal();
        let Some((_, score)) = scores.iter().find(|(name, _)| name == goal).cloned() else {
            let names: Vec<&str> = scores.iter().map(|(name, _)| name.as_str()).collect();
            return Err(TrainingError::Settings(format!(
                "the task's goal is {goal:?}, but its scores are {}: the best epoch cannot be chosen",
                names.join(", ")
            ))
            .into());
        };
        // What is not a number is worse than anything, so that it is never kept once there is a number.
        let rank = |score: f64| match (score.is_nan(), higher) {
            (true, _) => f64::NEG_INFINITY,
            (false, true) => score,
            (false, false) => -score,
        };
        let best = self.state.best.map(|best| rank(best.score));
        let better = best.is_none_or(|best| rank(score) > best);
        let kept = better || best == Some(rank(score));
        if kept {
            self.state.best = Some(Best { epoch, score });
            if self.settings.keep_best {
                self.best = self.average_swapped(|learner| Ok(learner.parameters.snapshot()?))?;
            }
        }
        Ok((better, kept))
    }
}

fn stopped<T: Task, D>(learner: &Learner<T, D>) -> anyhow::Error {
    let State { epoch, batch, .. } = learner.state;
    TrainingError::Interrupted {
        project: learner.run.project.clone(),
        after: format!("epoch {epoch}, batch {batch}"),
        folder: learner.run.folder.path().to_path_buf(),
    }
    .into()
}

/// Says once when training spends its time waiting for data: then it is the making of batches to look at.
fn say_if_starved(waited: Duration, epoch: Duration) -> bool {
    let share = waited.as_secs_f64() / epoch.as_secs_f64().max(1e-9);
    let starved = share > 0.3 && waited > Duration::from_secs(1);
    if starved {
        crate::say(format!(
            "the network waited for its batches {:.0} % of the epoch: make what repeats (decoding, features) once, \
             when the data set is opened",
            100.0 * share
        ));
    }
    starved
}

/// The share of batch `batch` among the examples of the `accumulate` batches that step together.
fn share_of_step(cut: &BatchPlan, batch: usize, accumulate: usize) -> f64 {
    let start = batch / accumulate * accumulate;
    let end = (start + accumulate).min(cut.count());
    let examples = cut.range(end - 1).end - cut.range(start).start;
    cut.range(batch).len() as f64 / examples as f64
}

/// Time spent training, interruptions left out, and when to write the next checkpoint.
struct Clock {
    before: f64,
    started: Instant,
    saved: Instant,
}

impl Clock {
    fn new(before: f64) -> Self {
        Clock {
            before,
            started: Instant::now(),
            saved: Instant::now(),
        }
    }

    fn seconds(&self) -> f64 {
        self.before + self.started.elapsed().as_secs_f64()
    }

    fn checkpoint_due(&self) -> bool {
        self.saved.elapsed() >= CHECKPOINT_EVERY
    }

    fn saved(&mut self) {
        self.saved = Instant::now();
    }
}
