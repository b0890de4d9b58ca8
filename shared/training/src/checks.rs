//! Two experiments to make before the first long run: which learning rate, and can it learn at all?

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

/// A batch is known by heart when its loss has fallen to this share.
const LEARNED: f64 = 0.2;

/// What the learning-rate finder measured.
#[derive(Clone, Debug)]
pub(crate) struct RateSweep {
    /// (learning rate, smoothed loss) at each step.
    pub points: Vec<(f64, f64)>,
    /// A tenth of the rate at which the loss was lowest: a good peak for one-cycle, give or take a factor of 3.
    pub suggestion: f64,
}

impl<T: Task, D: Dataset<Batch = T::Batch>> Learner<T, D> {
    /// Raises the learning rate from 1e-6 to 10 over 100 steps of the settings' optimiser while watching the loss
    /// (Smith 2017, section 3.3), suggests a rate, and draws the curve into `learning-rate.svg` of the run folder.
    /// The weights are put back. In a resumed run it suggests what it suggested then.
    pub fn find_learning_rate(&mut self) -> Result<f64> {
        let phase = self.phases;
        if let Some((_, rate)) = self.state.suggestions.iter().find(|(asked, _)| *asked == phase) {
            return Ok(rate.parse()?);
        }
        let weights = self.parameters.snapshot()?;
        let sweep = self.sweep();
        self.parameters.restore(&weights)?;
        let sweep = sweep?;
        let path = self.run.folder.file("learning-rate.svg");
        write_whole(&path, report::rate_sweep(&sweep)?.as_bytes())?;
        crate::say(format!(
            "suggestion: --learning-rate {:.1e} (the curve is in {})",
            sweep.suggestion,
            path.display()
        ));
        self.state.suggestions.push((phase, sweep.suggestion.to_string()));
        Ok(sweep.suggestion)
    }

    fn sweep(&mut self) -> Result<RateSweep> {
        let mut optimiser = self.settings.optimiser.build();
        let mut points: Vec<(f64, f64)> = Vec::new();
        let (mut smooth, mut lowest) = (0.0, f64::INFINITY);
        'sweep: for epoch in 0.. {
            let pass = Pass {
                seed: self.run.seed(),
                epoch,
                train: true,
            };
            for batch in Batches::new(&self.data.train, self.settings.batch_size, pass, 0, None) {
                let step = points.len();
                let rate = LOWEST * (HIGHEST / LOWEST).powf(step as f64 / (STEPS - 1) as f64);
                let loss = self.plain_step(optimiser.as_mut(), &batch?, step as u64, rate)?;
                smooth = 0.9 * smooth + 0.1 * loss;
                // Undoes the pull of the zero that the average starts from.
                let average = smooth / (1.0 - 0.9f64.powi(step as i32 + 1));
                lowest = average.min(lowest);
                let first = points.first().map_or(average, |point| point.1);
                let too_high = lowest + 2.0 * (first - lowest).max(0.1 * first.abs());
                if !loss.is_finite() || average > too_high {
                    break 'sweep;
                }
                points.push((rate, average));
                if points.len() == STEPS {
                    break 'sweep;
                }
            }
        }
        let suggestion = tenth_of_lowest(&points).context(
            "the loss did not fall at any learning rate: look at the inputs and the loss, or try --overfit-one-batch",
        )?;
        Ok(RateSweep { points, suggestion })
    }

    /// Trains on one batch until it is known by heart, and says how the loss fell, as evaluation measures it:
    /// without dropout, mixup or label smoothing. A network that cannot do this learns nothing else either. The
    /// weights are put back.
    ///
    /// Errors with what to look at when the loss has not fallen to a fifth after 300 steps. Means something for
    /// losses that are 0 at best.
    pub fn overfit_one_batch(&mut self) -> Result<(f64, f64)> {
        let weights = self.parameters.snapshot()?;
        let outcome = self.memorise();
        self.parameters.restore(&weights)?;
        let (first, last, steps) = outcome?;
        crate::say(format!(
            "loss on one batch: {first:.4} before, {last:.4} after {steps} steps on nothing else"
        ));
        let learned = first > 0.0 && last <= LEARNED * first;
        if !learned {
            return Err(TrainingError::Data(format!(
                "the network cannot learn a single batch by heart: its loss went from {first:.4} to {last:.4} only. Are \
                 the targets those of the inputs, are the inputs scaled to about ±1, does every layer have an activation?"
            ))
            .into());
        }
        crate::say(
            "good: the network can learn a batch by heart, so inputs, targets and gradients are connected",
        );
        Ok((first, last))
    }

    fn memorise(&mut self) -> Result<(f64, f64, u64)> {
        // Evaluation's view of training examples: no augmentation between the network and the answer.
        let pass = Pass::evaluation(self.run.seed());
        let apart = self.data.train.len().div_ceil(self.settings.batch_size).max(1);
        let indices: Vec<usize> = (0..self.data.train.len()).step_by(apart).collect();
        let batch = self.data.train.batch(&indices, pass)?;
        let mut optimiser = AdamW::new(AdamWConfig {
            weight_decay: 0.0,
            ..Default::default()
        });
        let loss = |learner: &Self| -> Result<f64> {
            let outputs = learner
                .task
                .evaluate(&learner.model, &batch.to_device(&learner.run.device)?)?;
            let scores = learner.task.scores(&outputs);
            Ok(scores.first().map_or(f64::NAN, |(_, loss)| *loss))
        };
        let first = loss(self)?;
        let (mut last, mut steps) = (first, 0);
        while steps < 300 && last > LEARNED / 2.0 * first {
            for _ in 0..20 {
                self.plain_step(&mut optimiser, &batch, steps, 3e-3)?;
                steps += 1;
            }
            last = loss(self)?;
        }
        Ok((first, last, steps))
    }

    fn plain_step(
        &mut self,
        optimiser: &mut dyn Optimiser,
        batch: &T::Batch,
        step: u64,
        rate: f64,
    ) -> Result<f64> {
        nn::begin_step(self.run.seed(), step);
        let batch = batch.to_device(&self.run.device)?;
        let loss = self.task.loss(&self.model, &batch)?;
        let mut gradients = Gradients::of(&loss, &self.parameters)?;
        gradients.check_complete(&self.parameters)?;
        if let Some(max_norm) = self.settings.clip_norm {
            gradients.clip_norm(max_norm)?;
        }
        optimiser.step(&self.parameters, &gradients, rate)?;
        Ok(loss.to_dtype(candle_core::DType::F64)?.to_scalar::<f64>()?)
    }
}

/// A tenth of the rate at which the loss was lowest, where it had fallen at all: fast.ai's rule, which keeps
/// well away from the rates that blow up.
fn tenth_of_lowest(points: &[(f64, f64)]) -> Option<f64> {
    let lowest = points.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    (lowest.1 < points[0].1).then_some(lowest.0 / 10.0)
}
