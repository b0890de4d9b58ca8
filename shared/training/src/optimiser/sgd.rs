//! Stochastic gradient descent with momentum (Sutskever et al. 2013), in PyTorch's form:
//! velocity ← momentum · velocity + gradient; weight ← weight − rate · velocity.

use std::collections::BTreeMap;

use anyhow::Result;
use candle_core::Tensor;

use super::{Optimiser, in_place::SgdStep, tensors_of};
use crate::{Gradients, Parameters};

/// SGD's settings; the learning rate is the schedule's.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct SgdConfig {
    /// How much of the last step's velocity is kept; 0 for none.
    pub momentum: f64,
    /// Look ahead along the velocity (Nesterov).
    pub nesterov: bool,
    /// The share of a weight that is added to its gradient.
    pub weight_decay: f64,
}

impl Default for SgdConfig {
    fn default() -> Self {
        SgdConfig {
            momentum: 0.9,
            nesterov: false,
            weight_decay: 0.0,
        }
    }
}

/// The optimiser.
pub struct Sgd {
    config: SgdConfig,
    velocities: BTreeMap<String, Tensor>,
}

impl Sgd {
    /// An optimiser at rest.
    pub fn new(config: SgdConfig) -> Self {
        Sgd {
            config,
            velocities: BTreeMap::new(),
        }
    }
}

impl Optimiser for Sgd {
    fn step(
        &mut self,
        parameters: &Parameters,
        gradients: &Gradients,
        learning_rate: f64,
    ) -> candle_core::Result<()> {
        let SgdConfig {
            momentum,
            nesterov,
            weight_decay,
        } = self.config;
        for (parameter, gradient) in parameters.iter().zip(gradients.iter()) {
            let Some(gradient) = gradient else { continue };
            if momentum > 0.0 && !self.velocities.contains_key(&parameter.name) {
                self.velocities
                    .insert(parameter.name.clone(), gradient.zeros_like()?);
            }
            let velocity = self.velocities.get(&parameter.name);
            SgdStep {
                rate: learning_rate * parameter.rate_scale,
                decay: if parameter.decay { weight_decay } else { 0.0 },
                momentum,
                nesterov,
            }
            .apply(&parameter.value, velocity.filter(|_| momentum > 0.0), gradient)?;
        }
        Ok(())
    }

    fn state(&self) -> candle_core::Result<Vec<(String, Tensor)>> {
        let copy = |(name, velocity): (&String, &Tensor)| Ok((format!("velocity/{name}"), velocity.copy()?));
        self.velocities.iter().map(copy).collect()
    }

    fn set_state(&mut self, parameters: &Parameters, state: &[(String, Tensor)]) -> Result<()> {
        self.velocities = tensors_of("velocity", parameters, state)?.into_iter().collect();
        Ok(())
    }
}
