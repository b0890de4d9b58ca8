//! Two experiments to make before the first long run: which learning rate, and can it learn at all?

use std::sync::Arc;

use anyhow::{Context, Result};

use crate::{
    Batch, Batches, Dataset, Gradients, Learner, Pass, Task, TrainingError,
    optimiser::{AdamW, AdamWConfig, Optimiser},
    report, write_whole,
};

/// The sweep of the learning-rate finder.
const LOWEST: f64 = 1e-6;
const HIGHEST: f64 = 10.0;
const STEPS: usize = 100;

/// What the learning-rate finder found.
#[derive(Clone, Debug)]
pub struct RateSweep {
    /// (learning rate, smoothed loss) at each step.
    pub points: Vec<(f64, f64)>,
    /// The rate at which the loss fell fastest: a good peak for one-cycle, often within a factor of 3.
    pub suggestion: f64,
}

impl<T: Task, D: Dataset<Batch = T::Batch>> Learner<T, D> {
    /// Raises the learning rate from 1e-6 to 10 over 100 steps while watching the loss (Smith 2017, section
    /// 3.3), suggests a rate, and draws the curve into `learning-rate.svg` of the run folder. The weights are
    /// put back.
    pub fn find_learning_rate(&mut self) -> Result<RateSweep> {
        let weights = self.parameters.snapshot()?;
        let sweep = self.sweep();
        self.parameters.restore(&weights)?;
        let sweep = sweep?;
        let path = self.run.folder.file("learning-rate.svg");
        write_whole(&path, report::rate_sweep(&sweep)?.as_bytes())?;
        println!(
            "suggested learning rate: {:.1e} (the curve is in {})",
            sweep.suggestion,
            path.display()
        );
        Ok(sweep)
    }

    fn sweep(&mut self) -> Result<RateSweep> {
        let mut optimiser = AdamW::new(AdamWConfig::default());
        let (mut points, mut smooth, mut lowest) = (Vec::new(), 0.0, f64::INFINITY);
        let mut step = 0;
        'sweep: for epoch in 0.. {
            let pass = Pass {
                seed: self.run.seed(),
                epoch,
                train: true,
            };
            for batch in Batches::new(&self.data.train, self.settings.batch_size, pass, 0, None) {
                let rate = LOWEST * (HIGHEST / LOWEST).powf(step as f64 / (STEPS - 1) as f64);
                let loss = self.plain_step(&mut optimiser, &batch?, step as u64, rate)?;
                smooth = 0.9 * smooth + 0.1 * loss;
                // Undoes the pull of the zero that the average starts from.
                let average = smooth / (1.0 - 0.9f64.powi(step as i32 + 1));
                lowest = average.min(lowest);
                step += 1;
                if !loss.is_finite() || average > 4.0 * lowest.abs().max(1e-3) || step == STEPS {
                    break 'sweep;
                }
                points.push((rate, average));
            }
        }
        let steepest = points.windows(2).map(|pair| (pair[1].1 - pair[0].1, pair[0].0));
        // The first steps only settle the average.
        let steepest = steepest.skip(STEPS / 10).min_by(|a, b| a.0.total_cmp(&b.0));
        let (_, suggestion) =
            steepest.context("the loss was not a number from the start: look at the inputs")?;
        Ok(RateSweep { points, suggestion })
    }

    /// Trains on one batch until it is known by heart, and says how the loss fell. A network that cannot do
    /// this learns nothing else either: look at the inputs, the targets, the loss and the shapes. The weights
    /// are put back.
    ///
    /// Errors with what to look at when the loss has not fallen to a tenth after 300 steps.
    pub fn overfit_one_batch(&mut self) -> Result<(f64, f64)> {
        let weights = self.parameters.snapshot()?;
        let outcome = self.memorise();
        self.parameters.restore(&weights)?;
        let (first, last) = outcome?;
        println!("loss on one batch: {first:.4} before, {last:.4} after training on nothing else");
        if last > first / 10.0 {
            return Err(TrainingError::Data(format!(
                "the network cannot learn a single batch by heart: its loss went from {first:.4} to {last:.4} only. Are the targets \
                 those of the inputs, are the inputs scaled to about ±1, does every layer have an activation and a gradient? \
                 (Label smoothing, mixup and strong dropout also keep the loss up.)"
            ))
            .into());
        }
        Ok((first, last))
    }

    fn memorise(&mut self) -> Result<(f64, f64)> {
        // Evaluation's view of training examples: no augmentation between the network and the answer.
        let pass = Pass::evaluation(self.run.seed());
        let spread = self.data.train.len().div_ceil(self.settings.batch_size).max(1);
        let indices: Vec<usize> = (0..self.data.train.len()).step_by(spread).collect();
        let batch = Arc::clone(&self.data.train).batch(&indices, pass)?;
        let mut optimiser = AdamW::new(AdamWConfig {
            weight_decay: 0.0,
            ..Default::default()
        });
        let mut losses = Vec::new();
        for step in 0..300 {
            losses.push(self.plain_step(&mut optimiser, &batch, step, 3e-3)?);
            if losses[losses.len() - 1] < losses[0] / 20.0 {
                break;
            }
        }
        Ok((losses[0], losses[losses.len() - 1]))
    }

    fn plain_step(&mut self, optimiser: &mut AdamW, batch: &T::Batch, step: u64, rate: f64) -> Result<f64> {
        nn::begin_step(self.run.seed(), step);
        let batch = batch.to_device(&self.run.device)?;
        let loss = self.task.loss(&self.model, &batch)?;
        let gradients = Gradients::of(&loss, &self.parameters)?;
        gradients.check_complete(&self.parameters)?;
        optimiser.step(&self.parameters, &gradients, rate)?;
        Ok(loss.to_dtype(candle_core::DType::F64)?.to_scalar::<f64>()?)
    }
}
