//! Softmax of the columns of a block of scores, in place.
//!
//! A block has the scores of `BLOCK` queries side by side and the keys one below the other, so a register holds scores
//! of different queries, and maxima and sums need no step across registers.

use super::kernel::BLOCK;
use crate::float::Float;
use crate::simd::simd;

/// Queries of which a register, or a few, hold a score each.
const STRIP: usize = 16;

simd! {
    /// Softmax of the first `columns` columns. Leaves each one's maximum, and 1 / Σ exp(score - maximum).
    pub(super) fn softmax<T: Float>(scores: &mut [T], columns: usize, maxima: &mut [T], inverses: &mut [T]) {
        for strip in (0..columns).step_by(STRIP) {
            let mut best = [T::LOWEST; STRIP];
            for row in scores.chunks_exact(BLOCK) {
                let row = &row[strip..strip + STRIP];
                for lane in 0..STRIP {
                    best[lane] = if row[lane] > best[lane] { row[lane] } else { best[lane] };
                }
            }
            let mut total = [T::ZERO; STRIP];
            for row in scores.chunks_exact_mut(BLOCK) {
                let row = &mut row[strip..strip + STRIP];
                for lane in 0..STRIP {
                    row[lane] = (row[lane] - best[lane]).exp();
                    total[lane] += row[lane];
                }
            }
            // At least 1 from the maximum itself, except where every score is -∞: there the weights are 0 / ½.
            let mut inverse = [T::ZERO; STRIP];
            for lane in 0..STRIP {
                inverse[lane] = T::ONE / total[lane].at_least(T::of(0.5));
            }
            for row in scores.chunks_exact_mut(BLOCK) {
                let row = &mut row[strip..strip + STRIP];
                for lane in 0..STRIP {
                    row[lane] *= inverse[lane];
                }
            }
            maxima[strip..strip + STRIP].copy_from_slice(&best);
            inverses[strip..strip + STRIP].copy_from_slice(&inverse);
        }
    }
}

simd! {
    /// The weights once more, from what [`softmax`] left.
    pub(super) fn softmax_again<T: Float>(scores: &mut [T], columns: usize, maxima: &[T], inverses: &[T]) {
        for row in scores.chunks_exact_mut(BLOCK) {
            let columns = row[..columns].iter_mut().zip(maxima.iter().zip(inverses));
            for (score, (&maximum, &inverse)) in columns {
                *score = (*score - maximum).exp() * inverse;
            }
        }
    }
}

simd! {
    /// From the gradient of the weights to that of the scores.
    pub(super) fn softmax_backward<T: Float>(weights: &[T], gradient: &mut [T], columns: usize) {
        for strip in (0..columns).step_by(STRIP) {
            let mut mean = [T::ZERO; STRIP];
            for (weights, gradient) in weights.chunks_exact(BLOCK).zip(gradient.chunks_exact(BLOCK)) {
                let (weights, gradient) = (&weights[strip..strip + STRIP], &gradient[strip..strip + STRIP]);
                for lane in 0..STRIP {
                    mean[lane] += weights[lane] * gradient[lane];
                }
            }
            for (weights, gradient) in weights.chunks_exact(BLOCK).zip(gradient.chunks_exact_mut(BLOCK)) {
                let (weights, gradient) = (&weights[strip..strip + STRIP], &mut gradient[strip..strip + STRIP]);
                for lane in 0..STRIP {
                    gradient[lane] = weights[lane] * (gradient[lane] - mean[lane]);
                }
            }
        }
    }
}
