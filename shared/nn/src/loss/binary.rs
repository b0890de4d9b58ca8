//! Binary cross-entropy.

use candle_core::{Result, Tensor};

use super::same_shape;
use crate::activation::softplus;
use crate::cpu::widen;

/// Binary cross-entropy of `logits` with `target`s between 0 and 1, averaged over all elements: candle's
/// function, but finite for any logits.
pub fn binary_cross_entropy_with_logit(logits: &Tensor, target: &Tensor) -> Result<Tensor> {
    binary_cross_entropy_with_logits(logits, target, None)
}

/// Binary cross-entropy that counts positives `positive_weight` times (above 1 raises recall): a tensor that
/// broadcasts to the logits, such as one value per label.
///
/// With l = 1 + (weight - 1)·target the loss of an element is `(1 - target)·x + l·ln(1 + e⁻ˣ)`, in which
/// nothing overflows.
///
/// ```
/// # fn main() -> candle_core::Result<()> {
/// use candle_core::{Device, Tensor};
/// let logits = Tensor::new(&[-1e4f32, 1e4], &Device::Cpu)?;
/// let wrong = Tensor::new(&[1f32, 0.0], &Device::Cpu)?;
/// let loss = nn::loss::binary_cross_entropy_with_logits(&logits, &wrong, None)?;
/// assert_eq!(loss.to_scalar::<f32>()?, 1e4);
/// # Ok(()) }
/// ```
pub fn binary_cross_entropy_with_logits(
    logits: &Tensor,
    target: &Tensor,
    positive_weight: Option<&Tensor>,
) -> Result<Tensor> {
    same_shape("binary cross-entropy", logits, target)?;
    let logits = &widen(logits)?;
    let target = target.to_dtype(logits.dtype())?;
    let surprise = softplus(&logits.neg()?)?;
    let surprise = match positive_weight {
        Some(weight) => {
            let weight = weight.to_dtype(logits.dtype())?;
            let factor = (target.broadcast_mul(&(weight - 1.0)?)? + 1.0)?;
            (surprise * factor)?
        }
        None => surprise,
    };
    (((1.0 - target)? * logits)? + surprise)?.mean_all()
}
