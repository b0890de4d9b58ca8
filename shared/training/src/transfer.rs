//! Transfer: a network that has learned something else before learns a task from few examples.
//!
//! The body, everything but the last layer, is kept as it is at first. What it makes of each example does then not
//! change from epoch to epoch, so it is computed once and the head learns from that: an epoch costs milliseconds.
//! After that layers of the body are trained too, the last at a tenth of the head's rate, the first ones, which see
//! edges and colours, at a hundredth (Howard and Ruder 2018, section 3.2: discriminative fine-tuning and gradual
//! unfreezing).

use std::sync::Arc;

use anyhow::{Context, Result};
use candle_core::{Device, Tensor};
use nn::ModuleT;

use crate::{
    Batch, Batches, Dataset, InMemory, Labelled, Learner, Parameters, Pass, Progress, Task, TrainingError,
};

/// Epochs of the head before the body is touched. They cost next to nothing.
const HEAD_EPOCHS: usize = 12;

/// The body's last group learns at this share of the head's rate, its first at this share of that.
const BODY_SHARE: f64 = 0.1;

/// A network in a body that was trained elsewhere and a head of its own.
pub trait Transfer: ModuleT {
    /// What the body makes of `inputs` (batch, …) as it is used (dropout off, running statistics): (batch, features).
    /// `forward_t` must take these in place of inputs as well and then run the head alone.
    fn features(&self, inputs: &Tensor) -> candle_core::Result<Tensor>;

    /// The beginnings of the parameters' names, in groups from the input to the output; the last group is the head.
    fn groups(&self) -> Vec<Vec<String>>;

    /// From now on no gradient goes through the first `groups` groups, and the whole body runs as it is used, in
    /// training too: its batch norms go on normalising by what they remember. The statistics of small batches of few
    /// examples would spoil in one epoch what a million pictures taught.
    fn keep(&self, groups: usize);

    /// Freezes the first `frozen` groups of the network and trains the others: the head at the learning rate, the
    /// group before it at a tenth, the first of all at a hundredth, those between in equal ratios.
    ///
    /// Errors when the groups are not those of the parameters.
    fn unfreeze_to(&self, frozen: usize, parameters: &mut Parameters) -> Result<()> {
        let groups = self.groups();
        let steps = groups.len().saturating_sub(2).max(1) as f64;
        for (number, prefixes) in groups.iter().enumerate() {
            let scale = match number + 1 == groups.len() {
                true => 1.0,
                false => BODY_SHARE.powf(2.0 - number as f64 / steps),
            };
            for prefix in prefixes {
                match number < frozen {
                    true => parameters.freeze(prefix)?,
                    false => parameters.unfreeze(prefix)?,
                }
                parameters.scale_rate(prefix, scale)?;
            }
        }
        self.keep(frozen);
        Ok(())
    }
}

impl<T, D> Learner<T, D>
where
    T: Task<Batch = Labelled>,
    T::Model: Transfer,
    D: Dataset<Batch = Labelled>,
{
    /// Fine-tunes a network whose weights came from elsewhere ([`with_weights`](Learner::with_weights)): trains the
    /// head on the features of the frozen body, which are computed once, then for `epochs` passes also the body's last
    /// groups ([`Settings::unfreeze`](crate::Settings), by default all), the head at half of `learning_rate` and the
    /// body at a tenth of that and less. Where that makes it worse on the validation set, the body stays as it was.
    pub fn fine_tune(&mut self, epochs: usize, learning_rate: f64) -> Result<()> {
        self.fit_head(HEAD_EPOCHS, learning_rate)?;
        let groups = self.model.groups().len();
        self.unfreeze_to(groups.saturating_sub(self.settings.unfreeze.unwrap_or(groups).max(1)))?;
        self.start_from_best()?;
        // Half the rate, as the head has done its first, large steps.
        self.fit_one_cycle(epochs, learning_rate / 2.0)
    }

    /// Lets the phase that begins now win over the one before it only by being no worse.
    fn start_from_best(&mut self) -> Result<()> {
        let begins =
            self.phases == self.state.phase && self.state.phase_epoch == 0 && self.state.phase_step == 0;
        if begins && self.settings.keep_best {
            let scores = self
                .state
                .history
                .iter()
                .filter(|row| row.phase == self.state.phase);
            let scores: Vec<_> = scores.map(|row| (row.epoch, row.valid.clone())).collect();
            self.best_of(&scores)?;
        }
        Ok(())
    }

    /// Trains the last group, the head, on what the frozen body makes of the examples: computed once, from the
    /// examples as evaluation sees them.
    pub fn fit_head(&mut self, epochs: usize, learning_rate: f64) -> Result<()> {
        self.unfreeze_to(self.model.groups().len().saturating_sub(1))?;
        // A resumed run that has done this phase does not need the features again.
        if !self.phase_is_done() {
            let train = self.features("features of the training set", &self.data.train.clone())?;
            let valid = self.features("features of the validation set", &self.data.valid.clone())?;
            self.stand_in = Some((train, valid));
        }
        let fitted = self.fit_one_cycle(epochs, learning_rate);
        self.stand_in = None;
        fitted
    }

    /// Freezes the first `frozen` groups of the network and trains the others: see [`Transfer::unfreeze_to`].
    pub fn unfreeze_to(&mut self, frozen: usize) -> Result<()> {
        self.model.unfreeze_to(frozen, &mut self.parameters)
    }

    /// What the body makes of every example of `data`, in memory.
    fn features(&self, label: &str, data: &Arc<D>) -> Result<Arc<dyn Dataset<Batch = Labelled>>> {
        let pass = Pass::evaluation(self.run.seed());
        let limit = self.run.batch_limit();
        let batches = Batches::new(data, self.settings.batch_size, pass, 0, limit);
        let mut progress = Progress::new(label, data.len());
        let (mut features, mut targets, mut done) = (Vec::new(), Vec::new(), 0);
        for batch in batches {
            let batch = batch?;
            let inputs = batch.inputs.to_device(&self.run.device)?;
            // Detached, or the whole body's graph would stay in memory.
            features.push(self.model.features(&inputs)?.detach().to_device(&Device::Cpu)?);
            targets.push(batch.targets.clone());
            done += batch.len();
            progress.set(done, "");
        }
        if features.is_empty() {
            return Err(TrainingError::Data("there is no example to compute features of".into()).into());
        }
        let data = InMemory::new(Tensor::cat(&features, 0)?, Tensor::cat(&targets, 0)?)
            .context("the body gave features that do not go with the targets")?;
        Ok(Arc::new(data))
    }
}
