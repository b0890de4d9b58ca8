//! The fit loop. Read it from top to bottom; every part it uses is public, so a project whose training is not
//! "batches in, loss out" writes its own loop from the same parts.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::{
    Batch, Batches, Dataset, Gradients, Learner, Pass, Progress, RunFolder, Schedule, Task, TrainingError,
    batches::batch_count,
    guard::Guard,
    interrupt::Interrupt,
    optimiser::Optimiser,
    state::{Best, EpochRow, State},
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
    let batches = batch_count(learner.data.train.len(), settings.batch_size, limit);
    let total_steps = (epochs * batches.div_ceil(settings.accumulate)) as u64;

    let mut guard = Guard::new(&device);
    let mut clock = Clock::new(learner.state.seconds);
    let mut header = false;
    while learner.state.phase_epoch < epochs {
        let pass = Pass {
            seed,
            epoch: learner.state.epoch,
            train: true,
        };
        let mut progress = Progress::new(&format!("epoch {:>2}", learner.state.epoch + 1), batches);
        let mut accumulated: Option<Gradients> = None;
        let mut rate = 0.0;
        for batch in Batches::new(
            &learner.data.train,
            settings.batch_size,
            pass,
            learner.state.batch,
            limit,
        ) {
            let batch = batch?.to_device(&device)?;
            let state = &mut learner.state;

            // The gradient of a batch. Its mean loss counts in an accumulated step by its share of the group.
            nn::begin_step(seed, state.batches);
            let loss = learner.task.loss(&learner.model, &batch)?;
            let group = group_size(state.batch, batches, settings.accumulate);
            let gradients = Gradients::of(&(&loss / group as f64)?, &learner.parameters)?;
            if state.phase_step == 0 {
                gradients.check_complete(&learner.parameters)?;
            }
            let mut gradients = match accumulated.take() {
                Some(mut sum) => {
                    sum.add(gradients)?;
                    sum
                }
                None => gradients,
            };

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
            let (loss_sum, examples) = guard.watch(state.step, rate, batch.len(), &loss, norm.as_ref())?;
            state.loss_sum += loss_sum;
            state.examples += examples;
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
            let epoch_done = state.batch == batches;
            if !epoch_done && (interrupt.requested() || clock.checkpoint_due()) {
                let (loss_sum, examples) = guard.read()?;
                learner.state.loss_sum += loss_sum;
                learner.state.examples += examples;
                learner.state.seconds = clock.seconds();
                learner.save_checkpoint(optimiser)?;
            }
            if interrupt.requested() && !epoch_done {
                return Err(stopped(learner));
            }
        }

        // The epoch is over: measure on the validation set, keep the best, write everything down.
        let (loss_sum, examples) = guard.read()?;
        let scores = learner.average_swapped(|learner| learner.validate())?.scores;
        let (goal, higher) = learner.task.goal();
        let score = scores
            .iter()
            .find(|(name, _)| name == goal)
            .map_or(f64::NAN, |(_, value)| *value);
        let state = &mut learner.state;
        let train_loss = (state.loss_sum + loss_sum) / (state.examples + examples).max(1) as f64;
        (state.loss_sum, state.examples, state.batch) = (0.0, 0, 0);
        state.epoch += 1;
        state.phase_epoch += 1;
        state.seconds = clock.seconds();
        state.history.push(EpochRow {
            epoch: state.epoch,
            phase: state.phase + 1,
            step: state.step,
            learning_rate: rate,
            train_loss,
            valid: scores,
            seconds: state.seconds,
        });
        let best = state.best.map(|best| best.score);
        let better = best.is_none_or(|best| if higher { score > best } else { score < best });
        if better {
            state.improved = state.epoch;
            state.stale = 0;
        } else {
            state.stale += 1;
        }
        // Of equals the later epoch is kept: its learning rate was lower.
        let kept = better || best == Some(score);
        if kept {
            state.best = Some(Best {
                epoch: state.epoch,
                score,
            });
            learner.average_swapped(|learner| learner.save_best())?;
        }
        if let Schedule::ReduceOnPlateau { patience, .. } = plan.schedule
            && learner.state.stale > patience
        {
            learner.state.reductions += 1;
            learner.state.stale = 0;
        }
        write_whole(
            &learner.run.folder.file(RunFolder::METRICS),
            learner.state.metrics_csv().as_bytes(),
        )?;
        if !std::mem::replace(&mut header, true) {
            progress.print(&table_header(&learner.state.history));
        }
        progress.print(&table_row(&learner.state.history, kept));
        drop(progress);

        let waited = learner.state.epoch - learner.state.improved;
        let tired = settings.early_stopping.is_some_and(|patience| waited >= patience);
        if tired {
            println!("no better for {waited} epochs: stopping early");
        }
        if tired || learner.state.phase_epoch == epochs {
            break;
        }
        learner.save_checkpoint(optimiser)?;
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

fn stopped<T: Task, D>(learner: &Learner<T, D>) -> anyhow::Error {
    let folder = learner.run.folder.path().to_path_buf();
    let State { epoch, batch, .. } = learner.state;
    TrainingError::Interrupted { epoch, batch, folder }.into()
}

/// How many batches share the step that batch `batch` of an epoch of `batches` belongs to.
fn group_size(batch: usize, batches: usize, accumulate: usize) -> usize {
    let start = batch / accumulate * accumulate;
    accumulate.min(batches - start)
}

fn table_header(history: &[EpochRow]) -> String {
    let mut line = format!("{:>5}  {:>10}", "epoch", "train loss");
    for (name, _) in history.last().map_or(&[][..], |row| &row.valid) {
        line += &format!("  {:>14}", format!("valid {}", name.replace('_', " ")));
    }
    line + &format!("  {:>9}  {:>7}", "rate", "time")
}

fn table_row(history: &[EpochRow], better: bool) -> String {
    let Some(row) = history.last() else {
        return String::new();
    };
    let mut line = format!("{:>5}  {:>10.4}", row.epoch, row.train_loss);
    for (name, value) in &row.valid {
        let width = format!("valid {name}").len().max(14);
        line += &format!("  {value:>width$.4}");
    }
    line + &format!(
        "  {:>9.1e}  {:>6.1}s{}",
        row.learning_rate,
        row.seconds,
        if better { "  best" } else { "" }
    )
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

    fn checkpoint_due(&mut self) -> bool {
        let due = self.saved.elapsed() >= CHECKPOINT_EVERY;
        if due {
            self.saved = Instant::now();
        }
        due
    }
}
