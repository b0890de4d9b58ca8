//! Losses: scalars, averaged over the batch, as in `candle_nn::loss`. Predictions of half precision are taken to f32
//! first, and so is the loss: the sum of a batch would overflow or be rounded away.

mod binary;
mod cross_entropy;
mod distance;
mod kernel;

pub use crate::ctc::loss::ctc;
pub use binary::{binary_cross_entropy_with_logit, binary_cross_entropy_with_logits};
pub use cross_entropy::{CrossEntropyOptions, cross_entropy, cross_entropy_with, nll, soft_cross_entropy};
pub use distance::{huber, l1, mse, smooth_l1};

use candle_core::{Result, Tensor, bail};

/// Fails unless a prediction and its target have the same shape and are not empty.
fn same_shape(what: &str, prediction: &Tensor, target: &Tensor) -> Result<()> {
    if prediction.shape() != target.shape() || prediction.elem_count() == 0 {
        bail!(
            "{what} compares a prediction of {:?} with a target of {:?}: the shapes must be equal and not empty",
            prediction.shape(),
            target.shape()
        )
    }
    Ok(())
}
