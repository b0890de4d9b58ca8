//! An exponential moving average of the weights (Polyak averaging), which often generalises better than the
//! last weights and is what diffusion models are sampled from.

use anyhow::Result;
use candle_core::Tensor;

use crate::Parameters;

/// The averaged weights.
pub struct WeightAverage {
    decay: f64,
    values: Vec<(String, Tensor)>,
    steps: u64,
}

impl WeightAverage {
    /// An average that keeps `decay` of itself at each step (0.999, say), starting from the weights now.
    pub fn new(parameters: &Parameters, decay: f64) -> candle_core::Result<Self> {
        Ok(WeightAverage {
            decay,
            values: parameters.snapshot()?,
            steps: 0,
        })
    }

    /// Takes in the weights after a step. Over the first steps the average is shorter, (1 + t) / (10 + t), so
    /// that the random first weights are soon forgotten. Buffers are copied, not averaged.
    pub fn update(&mut self, parameters: &Parameters) -> candle_core::Result<()> {
        self.steps += 1;
        let keep = self.decay.min((1 + self.steps) as f64 / (10 + self.steps) as f64);
        for ((name, average), parameter) in self.values.iter_mut().zip(parameters.iter()) {
            *average = match nn::is_buffer(name) {
                true => parameter.value.as_tensor().copy()?,
                false => ((&*average * keep)? + (parameter.value.as_tensor() * (1.0 - keep))?)?.detach(),
            };
        }
        Ok(())
    }

    /// Exchanges the average and the model's weights; called again, exchanges them back.
    pub fn swap(&mut self, parameters: &Parameters) -> Result<()> {
        let current = parameters.snapshot()?;
        parameters.restore(&self.values)?;
        self.values = current;
        Ok(())
    }

    /// The averaged values and the number of steps in them, for a checkpoint.
    pub fn state(&self) -> (&[(String, Tensor)], u64) {
        (&self.values, self.steps)
    }

    /// Puts back what [`state`](WeightAverage::state) gave. Errors when a value is missing.
    pub fn set_state(&mut self, values: &[(String, Tensor)], steps: u64) -> Result<()> {
        for (name, average) in &mut self.values {
            let value = values.iter().find(|(other, _)| other == name);
            let (_, value) = value.ok_or_else(|| anyhow::anyhow!("the averaged weights lack {name:?}"))?;
            *average = value.to_device(average.device())?;
        }
        self.steps = steps;
        Ok(())
    }
}
