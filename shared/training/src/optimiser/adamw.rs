//! AdamW: Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2).

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use candle_core::{Device, Tensor};

use super::{Optimiser, in_place::AdamStep, tensors_of};
use crate::{Gradients, Parameters};

/// AdamW's settings; the learning rate is the schedule's.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct AdamWConfig {
    /// β₁, how much of the mean gradient is kept at each step.
    pub beta1: f64,
    /// β₂, how much of the mean squared gradient is kept at each step.
    pub beta2: f64,
    /// ε, added to the root of the second moment.
    pub epsilon: f64,
    /// λ, the share of a weight that a step at learning rate 1 would take away.
    pub weight_decay: f64,
}

impl Default for AdamWConfig {
    fn default() -> Self {
        AdamWConfig {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.01,
        }
    }
}

/// The moments of one parameter and how many gradients they have seen.
struct Moments {
    first: Tensor,
    second: Tensor,
    steps: u32,
}

/// The optimiser. Parameters without a gradient are left alone, and so are their moments.
pub struct AdamW {
    config: AdamWConfig,
    moments: BTreeMap<String, Moments>,
}

impl AdamW {
    /// An optimiser that has seen no gradient.
    pub fn new(config: AdamWConfig) -> Self {
        AdamW {
            config,
            moments: BTreeMap::new(),
        }
    }
}

impl Optimiser for AdamW {
    fn step(
        &mut self,
        parameters: &Parameters,
        gradients: &Gradients,
        learning_rate: f64,
    ) -> candle_core::Result<()> {
        let AdamWConfig {
            beta1,
            beta2,
            epsilon,
            weight_decay,
        } = self.config;
        for (parameter, gradient) in parameters.iter().zip(gradients.iter()) {
            let Some(gradient) = gradient else { continue };
            if !self.moments.contains_key(&parameter.name) {
                let moments = Moments {
                    first: gradient.zeros_like()?,
                    second: gradient.zeros_like()?,
                    steps: 0,
                };
                self.moments.insert(parameter.name.clone(), moments);
            }
            let Some(moments) = self.moments.get_mut(&parameter.name) else {
                continue;
            };
            moments.steps += 1;
            let steps = moments.steps as i32;
            let rate = learning_rate * parameter.rate_scale;
            let decay = if parameter.decay { weight_decay } else { 0.0 };
            AdamStep {
                beta1,
                beta2,
                rate: rate / (1.0 - beta1.powi(steps)),
                second_scale: 1.0 / (1.0 - beta2.powi(steps)).sqrt(),
                epsilon,
                shrink: 1.0 - rate * decay,
            }
            .apply(&parameter.value, &moments.first, &moments.second, gradient)?;
        }
        Ok(())
    }

    fn state(&self) -> candle_core::Result<Vec<(String, Tensor)>> {
        let mut state = Vec::new();
        for (name, moments) in &self.moments {
            state.push((format!("first/{name}"), moments.first.copy()?));
            state.push((format!("second/{name}"), moments.second.copy()?));
            state.push((format!("steps/{name}"), Tensor::new(moments.steps, &Device::Cpu)?));
        }
        Ok(state)
    }

    fn set_state(&mut self, parameters: &Parameters, state: &[(String, Tensor)]) -> Result<()> {
        let first = tensors_of("first", parameters, state)?;
        let second = tensors_of("second", parameters, state)?;
        anyhow::ensure!(
            first.len() == second.len(),
            "AdamW's state has {} first and {} second moments",
            first.len(),
            second.len()
        );
        self.moments.clear();
        for ((name, first), (_, second)) in first.into_iter().zip(second) {
            let steps = state.iter().find(|(key, _)| *key == format!("steps/{name}"));
            let steps = steps.ok_or_else(|| anyhow!("AdamW's state lacks the step count of {name:?}"))?;
            let steps = steps.1.to_scalar::<u32>()?;
            self.moments.insert(name, Moments { first, second, steps });
        }
        Ok(())
    }
}
