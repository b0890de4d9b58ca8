//! Softmax and cross-entropy in one kernel: no tensor of probabilities is made, forward or backward.

use candle_core::{Result, Tensor};

use super::CrossEntropyOptions;
use crate::cpu::{by_dtype, read};
use crate::float::Float;
use crate::pieces::{fill, map};
use crate::simd::{simd, sum2};
use crate::softmax::max_and_sum;
use crate::tape::record;

/// What one row of logits should predict.
pub(super) struct Target {
    pub label: u32,
    pub weight: f64,
    pub used: bool,
}

/// The mean cross-entropy of checked arguments.
pub(super) fn cross_entropy(
    logits: &Tensor,
    targets: Vec<Target>,
    options: &CrossEntropyOptions,
) -> Result<Tensor> {
    let logits = logits.contiguous()?;
    let classes = logits.dims()[1];
    let normalisers: Vec<(f64, f64)> = by_dtype!(logits.dtype(), T => read([&logits], |[x]: [&[T]; 1]| {
        map(targets.len(), classes, |row| {
            let (maximum, total) = max_and_sum(&x[row * classes..][..classes]);
            (maximum.f64(), total.f64())
        })
    }))?;
    let total = targets.iter().map(|target| target.weight).sum::<f64>();
    // Where no row weighs anything there is no mean, and no loss.
    let share = match total < f32::MIN_POSITIVE as f64 {
        true => 0.0,
        false => 1.0 / total,
    };
    let smoothing = options.label_smoothing;
    let spread = match &options.class_weights {
        _ if smoothing == 0.0 => Vec::new(),
        Some(weights) => weights
            .iter()
            .map(|w| smoothing / classes as f64 * w * share)
            .collect(),
        None => vec![smoothing / classes as f64 * share; classes],
    };
    let loss = CrossEntropy {
        rows: targets.into_iter().zip(normalisers).collect(),
        on_label: (1.0 - smoothing) * share,
        spread,
    };
    by_dtype!(logits.dtype(), T => {
        let value = read([&logits], |[x]: [&[T]; 1]| loss.loss(x))?;
        let kept = logits.clone();
        record(vec![value], (), &[&logits], move |gradient| {
            let factor = gradient.to_scalar::<T>()?.f64();
            let dx = read([&kept], |[x]: [&[T]; 1]| loss.gradient(x, factor))?;
            Ok(vec![Some(Tensor::from_vec(dx, kept.shape(), kept.device())?)])
        })
    })
}

/// The loss of a used row x with label y is `a·(L - x[y]) + Σ s[c]·(L - x[c])`, where L = ln Σ eˣ,
/// a = `on_label` times the row's weight and s = `spread`, so its gradient is
/// `(a + Σ s)·softmax(x) - s - a·onehot(y)`.
struct CrossEntropy {
    /// Each row's target, its maximum, and Σ exp(x - maximum).
    rows: Vec<(Target, (f64, f64))>,
    on_label: f64,
    /// Empty without label smoothing.
    spread: Vec<f64>,
}

impl CrossEntropy {
    fn loss<T: Float>(&self, x: &[T]) -> T {
        let classes = x.len() / self.rows.len();
        let spread: Vec<T> = self.spread.iter().map(|&s| T::of(s)).collect();
        let losses = map(self.rows.len(), classes, |row| {
            let (target, (maximum, total)) = &self.rows[row];
            let x = &x[row * classes..][..classes];
            if !target.used {
                return 0.0;
            }
            let (logarithm, at) = (total.ln(), x[target.label as usize].f64());
            let on_label = self.on_label * target.weight * (logarithm - (at - maximum));
            if spread.is_empty() {
                return on_label;
            }
            on_label + spread_loss(x, &spread, T::of(maximum + logarithm)).f64()
        });
        T::of(losses.iter().sum())
    }

    fn gradient<T: Float>(&self, x: &[T], factor: f64) -> Vec<T> {
        let classes = x.len() / self.rows.len();
        let spread: Vec<T> = self.spread.iter().map(|&s| T::of(s * factor)).collect();
        let spread_total = self.spread.iter().sum::<f64>() * factor;
        fill(x.len(), classes, |at, dx| {
            let (target, (maximum, total)) = &self.rows[at / classes];
            if !target.used {
                return dx.fill(T::ZERO);
            }
            let on_label = self.on_label * target.weight * factor;
            scaled_softmax(
                &x[at..],
                T::of(*maximum),
                T::of((on_label + spread_total) / total),
                dx,
            );
            for (dx, &spread) in dx.iter_mut().zip(&spread) {
                *dx -= spread;
            }
            dx[target.label as usize] -= T::of(on_label);
        })
    }
}

simd! {
    fn spread_loss<T: Float>(x: &[T], spread: &[T], log_total: T) -> T {
        sum2(x, spread, |x, spread| spread * (log_total - x))
    }
}

simd! {
    fn scaled_softmax<T: Float>(x: &[T], maximum: T, factor: T, out: &mut [T]) {
        for (out, &x) in out.iter_mut().zip(x) {
            *out = (x - maximum).exp() * factor;
        }
    }
}
