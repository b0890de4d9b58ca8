//! Layer and RMS normalisation with weights of one's own.

use candle_core::{Result, Tensor};

use super::layer::normalise;

/// Layer normalisation over the last dimension: see [`LayerNorm`](crate::LayerNorm).
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f32) -> Result<Tensor> {
    normalise(x, weight, Some(bias), eps as f64, true)
}

/// RMS normalisation over the last dimension: see [`RmsNorm`](crate::RmsNorm).
pub fn rms_norm(x: &Tensor, weight: &Tensor, eps: f32) -> Result<Tensor> {
    normalise(x, weight, None, eps as f64, false)
}
