//! Forward-backward on the CPU, one sequence a task, in f64.

use candle_core::{Result, Tensor};

use super::{skips, with_blanks};
use crate::cpu::{by_dtype, read};
use crate::float::Float;
use crate::pieces::map;
use crate::tape::record;

/// The mean loss of checked arguments.
pub(super) fn loss(logits: &Tensor, lengths: &[usize], targets: &[Vec<u32>]) -> Result<Tensor> {
    let (batch, steps, symbols) = logits.dims3()?;
    let wants_gradient = logits.track_op();
    by_dtype!(logits.dtype(), T => {
        // Of each sequence, its loss and its gradient.
        let sequences = read([logits], |[logits]: [&[T]; 1]| {
            // An exponential takes as long as 16 of the values that `map` counts in.
            map(batch, steps * symbols * 16, |number| {
                let logits = &logits[number * steps * symbols..][..lengths[number] * symbols];
                pass(logits, symbols, &with_blanks(&targets[number]), wants_gradient)
            })
        })?;
        let mean = sequences.iter().map(|(loss, _)| loss).sum::<f64>() / batch as f64;
        record(vec![T::of(mean)], (), &[logits], move |gradient| {
            let factor = gradient.to_scalar::<T>()?.f64() / batch as f64;
            let mut of_logits = vec![T::ZERO; batch * steps * symbols];
            for (rows, (_, sequence)) in of_logits.chunks_mut(steps * symbols).zip(&sequences) {
                for (to, from) in rows.iter_mut().zip(sequence) {
                    *to = T::of(factor * from);
                }
            }
            let shape = (batch, steps, symbols);
            Ok(vec![Some(Tensor::from_vec(of_logits, shape, gradient.device())?)])
        })
    })
}

/// The loss of one sequence, and where it is wanted its gradient (length, symbols): the probability of each symbol,
/// minus its probability given that the path is one of the target's (Graves et al. 2006, equation 16).
fn pass<T: Float>(logits: &[T], symbols: usize, states: &[u32], wants_gradient: bool) -> (f64, Vec<f64>) {
    let mut logs: Vec<f64> = logits.iter().map(|logit| logit.f64()).collect();
    // The probabilities become the gradient.
    let mut gradient = Vec::with_capacity(logs.len());
    for row in logs.chunks_mut(symbols) {
        log_softmax(row, &mut gradient);
    }
    let rows = logs.chunks(symbols);

    let before = ways(rows.clone(), states);
    let at_end = before.iter().rev().zip(states.iter().rev()).take(2); // a path ends in the last blank or symbol
    let last = &logs[logs.len() - symbols..];
    let ends: Vec<f64> = at_end.map(|(way, &symbol)| way + last[symbol as usize]).collect();
    let all = log_sum_exp(&ends);
    if !wants_gradient {
        return (-all, Vec::new());
    }

    // The ways from the end are those of the sequence and the target read backwards.
    let backwards: Vec<u32> = states.iter().rev().copied().collect();
    let mut behind = ways(rows.clone().rev(), &backwards);
    behind.reverse();
    let ways = before.chunks(states.len()).zip(behind.chunks(states.len()));
    for ((gradient, row), (before, behind)) in gradient.chunks_mut(symbols).zip(rows).zip(ways) {
        for ((&symbol, before), behind) in states.iter().zip(before).zip(behind) {
            gradient[symbol as usize] -= (before + row[symbol as usize] + behind - all).exp();
        }
    }
    (-all, gradient)
}

/// (steps, states): the logarithm of the probability of all ways from the start to a state, without what the step
/// itself says. `rows` are log-probabilities of symbols.
///
/// The sum over the states that lead to one is a sum of exponentials relative to the step's highest: one exponential a
/// state and not three. Where all of the three vanish (logits hundreds apart), it is taken the slow way.
fn ways<'a>(rows: impl ExactSizeIterator<Item = &'a [f64]>, states: &[u32]) -> Vec<f64> {
    let skips = skips(states);
    let mut here = vec![f64::NEG_INFINITY; states.len()];
    here.iter_mut().take(2).for_each(|way| *way = 0.0); // a path begins with the first blank or symbol
    // Behind two that cannot be, so that the first states are like the others.
    let mut scores = vec![f64::NEG_INFINITY; states.len() + 2];
    let mut weights = vec![0.0; states.len() + 2];
    let mut ways = Vec::with_capacity(rows.len() * states.len());
    for row in rows {
        ways.extend_from_slice(&here);
        for ((score, way), &symbol) in scores[2..].iter_mut().zip(&here).zip(states) {
            *score = way + row[symbol as usize];
        }
        let highest = scores.iter().copied().fold(f64::MIN, f64::max);
        for (weight, score) in weights.iter_mut().zip(&scores) {
            *weight = (score - highest).exp();
        }
        for (state, way) in here.iter_mut().enumerate() {
            let skipped = if skips[state] { state } else { 0 };
            let sum = weights[state + 2] + weights[state + 1] + weights[skipped];
            *way = match sum > 1e-200 {
                true => sum.ln() + highest,
                false => log_sum_exp(&[scores[state + 2], scores[state + 1], scores[skipped]]),
            };
        }
    }
    ways
}

/// Takes a row of logits to the logarithm of their softmax, and puts the softmax itself behind `probabilities`.
fn log_softmax(row: &mut [f64], probabilities: &mut Vec<f64>) {
    let (start, highest) = (probabilities.len(), row.iter().copied().fold(f64::MIN, f64::max));
    probabilities.extend(row.iter().map(|logit| (logit - highest).exp()));
    let sum: f64 = probabilities[start..].iter().sum();
    probabilities[start..].iter_mut().for_each(|p| *p /= sum);
    let logarithm = sum.ln();
    row.iter_mut()
        .for_each(|logit| *logit = (*logit - highest) - logarithm);
}

/// log Σ exp.
pub(super) fn log_sum_exp(values: &[f64]) -> f64 {
    let highest = values.iter().copied().fold(f64::MIN, f64::max);
    let sum: f64 = values.iter().map(|value| (value - highest).exp()).sum();
    sum.ln() + highest
}
