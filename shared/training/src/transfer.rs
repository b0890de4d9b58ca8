//! Transfer: a network that has learned something else before learns a task from few examples.
//!
//! The body, everything but the last layer, is kept as it is at first. What it makes of each example does then not
//! change from epoch to epoch, so it is computed once and the head learns from that: an epoch costs milliseconds.
//! After that all layers are trained, the first ones, which see edges and colours, at a hundredth of the rate of
//! the last (Howard and Ruder 2018, section 3.2: discriminative fine-tuning and gradual unfreezing).

use std::sync::Arc;

use anyhow::{Context, Result};
use candle_core::{Device, Tensor};
use nn::ModuleT;

use crate::{
    Batch, Batches, Dataset, InMemory, Labelled, Learner, Parameters, Pass, Progress, Task, TrainingError,
};

/// Epochs of the head before the body is touched. They cost next to nothing.
const HEAD_EPOCHS: usize = 12;

/// The first layers learn at this share of the last one's rate.
const FIRST_SHARE: f64 = 0.01;

/// A network in a body that was trained elsewhere and a head of its own.
pub trait Transfer: ModuleT {
    /// What the body makes of `inputs` (batch, …) as it is used (dropout off, running statistics): (batch, features).
    /// `forward_t` must take these in place of inputs as well and then run the head alone.
    fn features(&self, inputs: &Tensor) -> candle_core::Result<Tensor>;

    /// The beginnings of the parameters' names, in groups from the input to the output; the last group is the head.
    fn groups(&self) -> Vec<Vec<String>>;

    /// From now on the first `groups` groups run as they are used, in training too, and no gradient goes through
    /// them: a batch norm in a frozen body must neither normalise by the batch nor change what it remembers.
    fn keep(&self, groups: usize);

    /// Freezes the first `frozen` groups of the network and trains the others, the first of all groups at a
    /// hundredth of the learning rate, the last at the whole, those between in equal ratios.
    ///
    /// Errors when the groups are not those of the parameters.
    fn unfreeze_to(&self, frozen: usize, parameters: &mut Parameters) -> Result<()> {
        let groups = self.groups();
        let steps = groups.len().saturating_sub(1).max(1) as f64;
        for (number, prefixes) in groups.iter().enumerate() {
            let scale = FIRST_SHARE.powf(1.0 - number as f64 / steps);
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
    /// head on the features of the frozen body, which are computed once, then all layers for `epochs` passes, the
    /// head at `learning_rate` and each group below it at less, down to a hundredth.
    pub fn fine_tune(&mut self, epochs: usize, learning_rate: f64) -> Result<()> {
        self.fit_head(HEAD_EPOCHS, learning_rate)?;
        self.unfreeze_to(0)?;
        // Half the rate, as the head has done its first, large steps.
        self.fit_one_cycle(epochs, learning_rate / 2.0)
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
