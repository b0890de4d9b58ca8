//! The kernel behind layer and RMS normalisation: rows of consecutive values, each normalised on its own,
//! then scaled and shifted element by element.

use candle_core::{Result, Tensor};

use super::moments::Moments;
use super::wanted;
use crate::cpu::{by_dtype, read};
use crate::float::Float;
use crate::pieces::{TASK, fill};
use crate::simd::{simd, sum, sum2};
use crate::tape::record;
use crate::threads::map;

/// The normalisation of x, whose last dimension makes the rows, with a weight and a bias of a row's length.
#[derive(Clone, Copy)]
pub(super) struct NormaliseRows {
    pub eps: f64,
    pub remove_mean: bool,
}

impl NormaliseRows {
    pub fn apply(self, x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        let (x, weight) = (x.contiguous()?, weight.contiguous()?);
        let bias = match bias {
            Some(bias) => bias.contiguous()?,
            None => weight.zeros_like()?,
        };
        by_dtype!(x.dtype(), T => {
            let y = read([&x, &weight, &bias], |[x, w, b]: [&[T]; 3]| self.forward(x, w, b))?;
            let inputs = [x.clone(), weight.clone(), bias.clone()];
            record(y, x.shape(), &[&x, &weight, &bias], move |gradient| {
                let [x, weight, bias] = &inputs;
                let [dx, d_weight, d_bias] = read(
                    [x, weight, gradient],
                    |[x, weight, gradient]: [&[T]; 3]| self.backward(x, weight, gradient),
                )?;
                Ok(vec![wanted(x, dx)?, wanted(weight, d_weight)?, wanted(bias, d_bias)?])
            })
        })
    }

    /// What is taken off a row, and what it is then multiplied by.
    #[inline(always)]
    fn statistics<T: Float>(&self, x: &[T]) -> (T, T) {
        let (mean, variance) = if self.remove_mean {
            let moments = Moments::of(x);
            (moments.mean, moments.variance())
        } else {
            (0.0, mean_square(x).f64())
        };
        (T::of(mean), T::of(1.0 / (variance + self.eps).sqrt()))
    }

    fn forward<T: Float>(&self, x: &[T], weight: &[T], bias: &[T]) -> Vec<T> {
        let width = weight.len();
        fill(x.len(), width, |at, y| {
            let x = &x[at..][..width];
            let (mean, inverse) = self.statistics(x);
            apply(x, weight, bias, mean, inverse, y);
        })
    }

    /// The gradients of x, weight and bias.
    fn backward<T: Float>(&self, x: &[T], weight: &[T], gradient: &[T]) -> [Vec<T>; 3] {
        let width = weight.len();
        let mut dx = vec![T::ZERO; x.len()];
        let task = width * (4 * TASK).div_ceil(width);
        let parts = dx.chunks_mut(task).zip(x.chunks(task).zip(gradient.chunks(task)));
        let parts = map(parts.collect(), |(dx, (x, gradient))| {
            let (mut d_weight, mut d_bias) = (vec![T::ZERO; width], vec![T::ZERO; width]);
            let rows = x.chunks(width).zip(gradient.chunks(width));
            for (dx, (x, gradient)) in dx.chunks_mut(width).zip(rows) {
                let (mean, inverse) = self.statistics(x);
                let row = (x, weight, gradient);
                let (s, t) = apply_backward(row, mean, inverse, dx, &mut d_weight, &mut d_bias);
                let n = T::of(width as f64);
                let s = if self.remove_mean { s / n } else { T::ZERO };
                finish_backward(x, mean, inverse, s, t / n, dx);
            }
            (d_weight, d_bias)
        });
        let (mut d_weight, mut d_bias) = (vec![T::ZERO; width], vec![T::ZERO; width]);
        for (weight_part, bias_part) in &parts {
            add(weight_part, &mut d_weight);
            add(bias_part, &mut d_bias);
        }
        [dx, d_weight, d_bias]
    }
}

simd! {
    fn mean_square<T: Float>(x: &[T]) -> T {
        sum(x, |x| x * x) / T::of(x.len() as f64)
    }
}

simd! {
    fn apply<T: Float>(x: &[T], weight: &[T], bias: &[T], mean: T, inverse: T, y: &mut [T]) {
        for (((y, &x), &weight), &bias) in y.iter_mut().zip(x).zip(weight).zip(bias) {
            *y = (x - mean) * inverse * weight + bias;
        }
    }
}

simd! {
    /// Writes the gradient of the normalised values to `dx`; returns its sum, and that of its product with
    /// the normalised values.
    fn apply_backward<T: Float>(
        row: (&[T], &[T], &[T]), mean: T, inverse: T, dx: &mut [T], d_weight: &mut [T], d_bias: &mut [T],
    ) -> (T, T) {
        let n = dx.len();
        let (x, weight, gradient) = (&row.0[..n], &row.1[..n], &row.2[..n]);
        let (d_weight, d_bias) = (&mut d_weight[..n], &mut d_bias[..n]);
        for i in 0..n {
            let normal = (x[i] - mean) * inverse;
            d_weight[i] += gradient[i] * normal;
            d_bias[i] += gradient[i];
            dx[i] = gradient[i] * weight[i];
        }
        let products = sum2(dx, x, |d, x| d * ((x - mean) * inverse));
        (sum(dx, |d| d), products)
    }
}

simd! {
    fn finish_backward<T: Float>(x: &[T], mean: T, inverse: T, s: T, t: T, dx: &mut [T]) {
        for (d, &x) in dx.iter_mut().zip(x) {
            *d = inverse * (*d - s - (x - mean) * inverse * t);
        }
    }
}

simd! {
    fn add<T: Float>(part: &[T], total: &mut [T]) {
        for (total, &part) in total.iter_mut().zip(part) {
            *total += part;
        }
    }
}
