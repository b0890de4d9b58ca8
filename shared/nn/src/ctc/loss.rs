//! The loss, and its composition of candle's operations.

use candle_core::{D, Result, Tensor, bail};

use super::{check_target, kernel, skips, with_blanks};
use crate::cpu::{has_kernel, widen};
use crate::crf::log_sum_exp;
use crate::softmax::log_softmax;

/// Connectionist temporal classification (Graves et al. 2006, section 4; [explained](crate::ctc)): the negative
/// log-probability that `logits` (batch, steps, symbols) say `targets`, summed over all ways to spread them over the
/// steps. A scalar: the mean over the sequences.
///
/// Symbol 0 is the blank, so targets are of symbols from 1; they may be empty. Of each sequence only the first of
/// `lengths` steps count; the gradient of those behind is 0. PyTorch's `ctc_loss` takes log-probabilities, and its
/// reduction `'mean'` divides the loss of each sequence by the length of its target before it averages; this is the
/// mean of its `'none'`.
///
/// # Errors
/// If the shapes do not fit, a length is 0 or more than the steps, a target has a symbol that is not one of those from
/// 1, or it takes [more steps](crate::ctc::steps_needed) than its sequence has.
///
/// ```
/// # fn main() -> candle_core::Result<()> {
/// use candle_core::{Device, Tensor};
/// // Two steps at which the blank, 1 and 2 are equally likely. The labelling 1 has three paths: 1 1, - 1 and 1 -.
/// let logits = Tensor::zeros((1, 2, 3), candle_core::DType::F32, &Device::Cpu)?;
/// let loss = nn::loss::ctc(&logits, &[2], &[vec![1]])?.to_scalar::<f32>()?;
/// assert!((loss + (3f32 / 9.0).ln()).abs() < 1e-6);
/// # Ok(()) }
/// ```
pub fn ctc(logits: &Tensor, lengths: &[usize], targets: &[Vec<u32>]) -> Result<Tensor> {
    check(logits, lengths, targets)?;
    let logits = widen(logits)?;
    match has_kernel(&logits) {
        true => kernel::loss(&logits, lengths, targets),
        false => composed(&logits, lengths, targets),
    }
}

fn check(logits: &Tensor, lengths: &[usize], targets: &[Vec<u32>]) -> Result<()> {
    let &[batch, steps, symbols] = logits.dims() else {
        bail!(
            "CTC takes logits of (batch, steps, symbols), not {:?}",
            logits.shape()
        )
    };
    if batch == 0 || symbols == 0 || batch != lengths.len() || batch != targets.len() {
        bail!(
            "CTC was given logits of {:?}, {} lengths and {} targets: it takes one of each a sequence, and at least \
             one sequence and symbol",
            logits.shape(),
            lengths.len(),
            targets.len()
        )
    }
    for (number, (&length, target)) in lengths.iter().zip(targets).enumerate() {
        if length == 0 || length > steps {
            bail!(
                "sequence {number} has length {length}: CTC takes lengths from 1 to the number of steps, {steps}"
            )
        }
        check_target(&format!("sequence {number}"), target, length, symbols)?;
    }
    Ok(())
}

/// The logarithm of what cannot be. Minus infinity would make NaN of gradients: ∞ - ∞.
const NEVER: f64 = -1e30;

/// The loss in operations of candle's, step by step.
///
/// candle goes back through them by recursion: 600 steps fit the 2 MB stack of a thread, four times as many that of the
/// main one.
fn composed(logits: &Tensor, lengths: &[usize], targets: &[Vec<u32>]) -> Result<Tensor> {
    let (batch, steps, _symbols) = logits.dims3()?;
    let (dtype, device) = (logits.dtype(), logits.device());
    let longest = targets.iter().map(Vec::len).max().unwrap_or(0);
    // At least the three states of one symbol, or there would be none to come from. Paths only go forwards, so that
    // those behind the states of a shorter target change nothing.
    let states = 2 * longest.max(1) + 1;
    let mut symbol = vec![0u32; batch * states];
    let mut skip = vec![NEVER as f32; batch * states];
    let mut start = vec![NEVER as f32; batch * states];
    let mut end = vec![NEVER as f32; batch * states];
    let mut inside = vec![0u8; batch * steps];
    for (number, (target, &length)) in targets.iter().zip(lengths).enumerate() {
        let row = number * states;
        let own = with_blanks(target);
        symbol[row..][..own.len()].copy_from_slice(&own);
        for (state, _) in skips(&own).into_iter().enumerate().filter(|(_, skips)| *skips) {
            skip[row + state] = 0.0;
        }
        start[row..][..2].fill(0.0);
        end[row..][own.len().saturating_sub(2)..own.len()].fill(0.0);
        inside[number * steps..][..length].fill(1);
    }
    let constant = |values| Tensor::from_vec(values, (batch, states), device)?.to_dtype(dtype);
    let (skip, start, end) = (constant(skip)?, constant(start)?, constant(end)?);
    let inside = Tensor::from_vec(inside, (batch, steps), device)?;
    let symbol = Tensor::from_vec(symbol, (batch, 1, states), device)?;
    let symbol = symbol.broadcast_as((batch, steps, states))?.contiguous()?;
    let scores = log_softmax(logits, D::Minus1)?.contiguous()?.gather(&symbol, 2)?; // (batch, steps, states)
    let never = Tensor::full(NEVER as f32, (batch, 2), device)?.to_dtype(dtype)?;

    let mut alpha = (scores.narrow(1, 0, 1)?.squeeze(1)? + start)?; // (batch, states)
    for step in 1..steps {
        let one = Tensor::cat(&[&never.narrow(1, 0, 1)?, &alpha.narrow(1, 0, states - 1)?], 1)?;
        let two = (Tensor::cat(&[&never, &alpha.narrow(1, 0, states - 2)?], 1)? + &skip)?;
        let reached = log_sum_exp(&Tensor::stack(&[&alpha, &one, &two], 2)?)?;
        let next = (reached + scores.narrow(1, step, 1)?.squeeze(1)?)?;
        let inside = inside.narrow(1, step, 1)?.broadcast_as((batch, states))?;
        alpha = inside.where_cond(&next, &alpha)?;
    }
    log_sum_exp(&(alpha + end)?)?.sum_all()? * (-1.0 / batch as f64)
}
