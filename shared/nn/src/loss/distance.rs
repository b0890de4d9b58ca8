//! Losses between numbers.

use candle_core::{Result, Tensor, bail};

use super::same_shape;
use crate::cpu::widen;

fn difference(prediction: &Tensor, target: &Tensor) -> Result<Tensor> {
    widen(prediction)? - widen(target)?
}

/// The mean of (prediction - target)².
pub fn mse(prediction: &Tensor, target: &Tensor) -> Result<Tensor> {
    same_shape("mse", prediction, target)?;
    difference(prediction, target)?.sqr()?.mean_all()
}

/// The mean of |prediction - target|. The derivative where they are equal is 0.
pub fn l1(prediction: &Tensor, target: &Tensor) -> Result<Tensor> {
    same_shape("l1", prediction, target)?;
    // Not `abs`, whose derivative at 0 candle takes for 1.
    let difference = difference(prediction, target)?;
    difference.maximum(&difference.neg()?)?.mean_all()
}

/// The mean of ½d² where |d| ≤ `delta`, and of `delta`·(|d| - ½`delta`) beyond, for d = prediction - target:
/// outliers pull no harder than `delta` (Huber 1964).
pub fn huber(prediction: &Tensor, target: &Tensor, delta: f64) -> Result<Tensor> {
    same_shape("huber", prediction, target)?;
    if delta <= 0.0 || delta.is_nan() {
        bail!("huber needs a delta above 0, not {delta}")
    }
    // With c = d held within ±delta, c·(d - ½c) is both branches in one.
    let difference = difference(prediction, target)?;
    let held = difference.clamp(-delta, delta)?;
    (&held * (&difference - (&held * 0.5)?)?)?.mean_all()
}

/// [`huber`] divided by `beta`: slope 1 far from the target, whatever `beta` (PyTorch's `smooth_l1_loss`).
pub fn smooth_l1(prediction: &Tensor, target: &Tensor, beta: f64) -> Result<Tensor> {
    huber(prediction, target, beta)? / beta
}
