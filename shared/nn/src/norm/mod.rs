//! Normalisation layers.
//!
//! | layer | mean and variance over | scale and shift per |
//! |---|---|---|
//! | [`BatchNorm`] | batch and positions, for each channel | channel |
//! | [`LayerNorm`] | the last dimension | its elements |
//! | [`RmsNorm`] | the last dimension, without a mean | its elements |
//! | [`GroupNorm`] | positions and a group of channels, for each example | channel |
//! | [`InstanceNorm`] | positions, for each example and channel | channel |

mod batch;
pub(crate) mod functions;
mod group;
mod layer;
mod moments;
mod planes;
mod rows;

pub use batch::{BatchNorm, BatchNormConfig, batch_norm};
pub use group::{GroupNorm, InstanceNorm, group_norm, instance_norm, instance_norm_no_affine};
pub use layer::{LayerNorm, LayerNormConfig, RmsNorm, layer_norm, layer_norm_no_bias, rms_norm};

use candle_core::{Result, Tensor, WithDType};

/// `values` as the gradient of `argument`, if that can have one: candle would keep it for a constant too.
fn wanted<T: WithDType>(argument: &Tensor, values: Vec<T>) -> Result<Option<Tensor>> {
    argument
        .track_op()
        .then(|| Tensor::from_vec(values, argument.shape(), argument.device()))
        .transpose()
}
