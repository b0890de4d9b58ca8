//! Cross-entropy of classes.

use candle_core::{D, DType, Device, Result, Tensor, bail};

use super::kernel::{self, Target};
use super::same_shape;
use crate::cpu::{has_kernel, widen};
use crate::softmax::log_softmax;

/// What [`cross_entropy_with`] can vary.
#[derive(Debug, Clone, Default)]
pub struct CrossEntropyOptions {
    /// The part of each target, from 0 to 1, that is spread evenly over all classes.
    pub label_smoothing: f64,
    /// How much each class counts, in the loss and in the mean.
    pub class_weights: Option<Vec<f64>>,
    /// The label of rows that count for nothing, such as padding. It need not be a class.
    pub ignore_index: Option<u32>,
}

/// The mean cross-entropy of `logits` (N, C) with `labels` (N) of `u32` classes below C.
///
/// # Errors
/// If the shapes do not fit, or a label is not a class. On a GPU, where reading the labels would hold up every
/// step, such a label makes the loss NaN instead.
///
/// ```
/// # fn main() -> candle_core::Result<()> {
/// use candle_core::{Device, Tensor};
/// let logits = Tensor::new(&[[2f32, 0.0, 0.0], [0.0, 0.0, 0.0]], &Device::Cpu)?;
/// let labels = Tensor::new(&[0u32, 2], &Device::Cpu)?;
/// let loss = nn::loss::cross_entropy(&logits, &labels)?.to_scalar::<f32>()?;
/// assert!((loss - (0.2395 + 1.0986) / 2.0).abs() < 1e-4);
/// # Ok(()) }
/// ```
pub fn cross_entropy(logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
    cross_entropy_with(logits, labels, &CrossEntropyOptions::default())
}

/// [`cross_entropy`] with smoothed labels, weighted classes or ignored rows. The mean is the weighted one of
/// PyTorch: the sum of the losses over the sum of the weights of the rows' labels. If every row is ignored, or has
/// a label of weight 0, it is 0.
pub fn cross_entropy_with(logits: &Tensor, labels: &Tensor, options: &CrossEntropyOptions) -> Result<Tensor> {
    let (rows, classes) = check(logits, labels, options)?;
    let logits = &widen(logits)?;
    if has_kernel(logits) {
        let weight = |label: u32| match &options.class_weights {
            _ if options.ignore_index == Some(label) => 0.0,
            Some(weights) => weights[label as usize],
            None => 1.0,
        };
        let labels = labels.to_dtype(DType::U32)?.to_vec1::<u32>()?;
        let targets = labels.iter().map(|&label| Target {
            label,
            weight: weight(label),
            used: options.ignore_index != Some(label),
        });
        return kernel::cross_entropy(logits, targets.collect(), options);
    }
    composed(logits, labels, options, rows, classes)
}

/// Fails on shapes that do not fit; returns the numbers of rows and classes.
fn check(logits: &Tensor, labels: &Tensor, options: &CrossEntropyOptions) -> Result<(usize, usize)> {
    let (&[rows, classes], &[labelled]) = (logits.dims(), labels.dims()) else {
        bail!(
            "cross-entropy needs logits of (rows, classes) and labels of (rows), not {:?} and {:?}",
            logits.shape(),
            labels.shape()
        )
    };
    if rows != labelled || rows == 0 || classes == 0 {
        bail!(
            "cross-entropy was given logits of {:?} and labels of {:?}: a row of logits per label, and at least one",
            logits.shape(),
            labels.shape()
        )
    }
    if !matches!(labels.dtype(), DType::U8 | DType::U32 | DType::I64) {
        bail!(
            "cross-entropy takes class indices (u32) for labels, not {:?}; for probabilities there is soft_cross_entropy",
            labels.dtype()
        )
    }
    if !(0.0..=1.0).contains(&options.label_smoothing) {
        bail!(
            "label smoothing is a part of 1, so it cannot be {}",
            options.label_smoothing
        )
    }
    if let Some(weights) = &options.class_weights {
        if weights.len() != classes {
            bail!("there are {} class weights for {classes} classes", weights.len())
        }
        if let Some(class) = weights.iter().position(|w| !w.is_finite() || *w < 0.0) {
            bail!(
                "the weight of class {class} is {}; class weights are finite and at least 0",
                weights[class]
            )
        }
    }
    if labels.device().is_cpu() {
        for (row, label) in labels
            .to_dtype(DType::I64)?
            .to_vec1::<i64>()?
            .into_iter()
            .enumerate()
        {
            let ignored = options.ignore_index.is_some_and(|index| index as i64 == label);
            if !ignored && !(0..classes as i64).contains(&label) {
                bail!(
                    "label {label} of row {row} is not one of the {classes} classes 0 to {}",
                    classes - 1
                )
            }
        }
    }
    Ok((rows, classes))
}

fn composed(
    logits: &Tensor,
    labels: &Tensor,
    options: &CrossEntropyOptions,
    rows: usize,
    classes: usize,
) -> Result<Tensor> {
    let (dtype, device) = (logits.dtype(), logits.device());
    let labels = labels.to_dtype(DType::U32)?;
    let used = match options.ignore_index {
        Some(index) => labels.ne(index)?,
        None => labels.ones_like()?.to_dtype(DType::U8)?,
    };
    let is_class = labels.lt(classes as u32)?;
    let safe = is_class.where_cond(&labels, &labels.zeros_like()?)?;
    let class_weights = match &options.class_weights {
        // By way of the CPU, because Metal has no f64.
        Some(weights) => Tensor::new(&weights[..], &Device::Cpu)?
            .to_dtype(dtype)?
            .to_device(device)?,
        None => Tensor::ones(classes, dtype, device)?,
    };
    let zeros = Tensor::zeros(rows, dtype, device)?;
    let weights = used.where_cond(&class_weights.index_select(&safe, 0)?, &zeros)?;

    let logs = log_softmax(logits, 1)?;
    let picked = logs.gather(&safe.unsqueeze(1)?, 1)?.squeeze(1)?;
    let mut losses = ((picked * &weights)? * (options.label_smoothing - 1.0))?;
    if options.label_smoothing > 0.0 {
        let spread = logs.broadcast_mul(&class_weights)?.sum(D::Minus1)?;
        let spread = (spread * (-options.label_smoothing / classes as f64))?;
        losses = (losses + used.where_cond(&spread, &zeros)?)?;
    }
    // Without a row that weighs something the mean is 0 / tiny; smoothing alone would leave a loss over it.
    let total = weights.sum_all()?;
    let any = total.ge(f32::MIN_POSITIVE)?.to_dtype(dtype)?;
    let mean = (losses.sum_all()? * any)?.div(&total.maximum(f32::MIN_POSITIVE)?)?;
    let wrong = (used * is_class.eq(0u8)?)?.to_dtype(dtype)?.sum_all()?;
    // 0 / 0 where a label is not a class.
    let poison = wrong.eq(0.0)?.to_dtype(dtype)?;
    mean * poison.div(&poison)?
}

/// The mean cross-entropy of `logits` (N, C) with target probabilities (N, C), as mixup and distillation
/// make them.
pub fn soft_cross_entropy(logits: &Tensor, probabilities: &Tensor) -> Result<Tensor> {
    same_shape("soft cross-entropy", logits, probabilities)?;
    let (rows, _classes) = logits.dims2()?;
    let logs = log_softmax(&widen(logits)?, 1)?;
    (logs * widen(probabilities)?)?.sum_all()? * (-1.0 / rows as f64)
}

/// The mean negative log-likelihood of `labels` (N) under `log_probabilities` (N, C), as
/// [`log_softmax`] gives them.
pub fn nll(log_probabilities: &Tensor, labels: &Tensor) -> Result<Tensor> {
    let (rows, _classes) = check(log_probabilities, labels, &CrossEntropyOptions::default())?;
    let labels = labels.to_dtype(DType::U32)?.unsqueeze(1)?;
    widen(log_probabilities)?.gather(&labels, 1)?.sum_all()? * (-1.0 / rows as f64)
}
