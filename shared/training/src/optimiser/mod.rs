//! Optimisers whose whole state can be seen, saved and put back.

mod adamw;
mod in_place;
mod sgd;

pub use adamw::{AdamW, AdamWConfig};
pub use sgd::{Sgd, SgdConfig};

use anyhow::Result;
use candle_core::Tensor;

use crate::{Gradients, Parameters};

/// Changes parameters by their gradients.
///
/// The learning rate comes with every step (the schedule owns it), so an optimiser's state is only what it
/// has gathered from gradients.
pub trait Optimiser {
    /// One step: parameter by parameter, at `learning_rate` times its [`rate_scale`](crate::Parameter).
    fn step(
        &mut self,
        parameters: &Parameters,
        gradients: &Gradients,
        learning_rate: f64,
    ) -> candle_core::Result<()>;

    /// Everything a resumed run needs, by name.
    fn state(&self) -> candle_core::Result<Vec<(String, Tensor)>>;

    /// Puts back what [`state`](Optimiser::state) gave. Errors when a tensor is missing or misshapen.
    fn set_state(&mut self, parameters: &Parameters, state: &[(String, Tensor)]) -> Result<()>;
}

/// The tensors of `state` whose name starts with `kind/`, as `(rest of the name, a copy of the tensor)`.
fn tensors_of(
    kind: &str,
    parameters: &Parameters,
    state: &[(String, Tensor)],
) -> Result<Vec<(String, Tensor)>> {
    let mut found = Vec::new();
    for (name, tensor) in state {
        let Some(name) = name.strip_prefix(kind).and_then(|rest| rest.strip_prefix('/')) else {
            continue;
        };
        let Some(parameter) = parameters.iter().find(|parameter| parameter.name == name) else {
            anyhow::bail!("the optimiser's state has {kind} of {name:?}, which this network lacks");
        };
        anyhow::ensure!(
            parameter.value.shape() == tensor.shape(),
            "the optimiser's {kind} of {name:?} has shape {:?}, the parameter {:?}",
            tensor.shape(),
            parameter.value.shape()
        );
        found.push((
            name.to_string(),
            tensor.to_device(parameter.value.device())?.copy()?,
        ));
    }
    Ok(found)
}
