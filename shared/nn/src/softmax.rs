//! Softmax and its logarithm.

use candle_core::shape::Dim;
use candle_core::{D, Result, Tensor};

use crate::cpu::{by_dtype, has_kernel, read, widen};
use crate::float::Float;
use crate::pieces::fill;
use crate::simd::{max, simd, sum, sum2};
use crate::tape::record_with_result;

/// exp(x) / Σ exp(x) along `dim`.
///
/// Large values are no danger: the maximum is taken off first. Where every value is -∞, as in a row of
/// attention scores with nothing to attend to, the result and its gradient are 0 and not NaN.
///
/// ```
/// # fn main() -> candle_core::Result<()> {
/// let scores = candle_core::Tensor::new(&[[0f32, 1e4], [2.0, 2.0]], &candle_core::Device::Cpu)?;
/// assert_eq!(nn::ops::softmax(&scores, 1)?.to_vec2::<f32>()?, [[0.0, 1.0], [0.5, 0.5]]);
/// # Ok(()) }
/// ```
pub fn softmax<I: Dim>(x: &Tensor, dim: I) -> Result<Tensor> {
    let dim = dim.to_index(x.shape(), "softmax")?;
    rows(x, dim, Softmax, |x| {
        // Nothing that depends on the maximum changes the result, so no gradient goes through it.
        let maximum = x.detach().max_keepdim(dim)?.maximum(-3.38e38)?;
        let powers = x.broadcast_sub(&maximum)?.exp()?;
        // At least 1 from the maximum itself, except in a row of -∞, which becomes 0 / ½.
        let total = powers.sum_keepdim(dim)?.maximum(0.5)?;
        powers.broadcast_div(&total)
    })
}

/// [`softmax`] along the last dimension. Unlike candle's, it has a gradient.
pub fn softmax_last_dim(x: &Tensor) -> Result<Tensor> {
    softmax(x, D::Minus1)
}

/// The logarithm of [`softmax`], exact where the probability itself would be rounded to 0.
pub fn log_softmax<I: Dim>(x: &Tensor, dim: I) -> Result<Tensor> {
    let dim = dim.to_index(x.shape(), "log_softmax")?;
    rows(x, dim, LogSoftmax, |x| {
        let shifted = x.broadcast_sub(&x.detach().max_keepdim(dim)?)?;
        shifted.broadcast_sub(&shifted.exp()?.sum_keepdim(dim)?.log()?)
    })
}

/// Applies a kernel along `dim` (which the kernel sees as rows of consecutive values), or the composition.
fn rows<K: Rows>(
    x: &Tensor,
    dim: usize,
    kernel: K,
    composed: impl Fn(&Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    if !has_kernel(x) {
        return composed(&widen(x)?)?.to_dtype(x.dtype());
    }
    let last = x.rank() - 1;
    let rows = match dim == last {
        true => x.contiguous()?,
        false => x.transpose(dim, last)?.contiguous()?,
    };
    let y = by_dtype!(x.dtype(), T => by_row::<T, K>(&rows, kernel))?;
    match dim == last {
        true => Ok(y),
        false => y.transpose(dim, last),
    }
}

trait Rows: Copy + Send + Sync + 'static {
    fn forward<T: Float>(self, x: &[T], y: &mut [T]);
    /// The gradient of a row from its result `y` and the gradient of that.
    fn backward<T: Float>(self, y: &[T], gradient: &[T], out: &mut [T]);
}

#[derive(Clone, Copy)]
struct Softmax;
impl Rows for Softmax {
    fn forward<T: Float>(self, x: &[T], y: &mut [T]) {
        softmax_row(x, y)
    }
    fn backward<T: Float>(self, y: &[T], gradient: &[T], out: &mut [T]) {
        softmax_row_backward(y, gradient, out)
    }
}

#[derive(Clone, Copy)]
struct LogSoftmax;
impl Rows for LogSoftmax {
    fn forward<T: Float>(self, x: &[T], y: &mut [T]) {
        let (maximum, total) = max_and_sum(x);
        let logarithm = T::of(total.f64().ln());
        for (y, &x) in y.iter_mut().zip(x) {
            *y = (x - maximum) - logarithm;
        }
    }
    fn backward<T: Float>(self, y: &[T], gradient: &[T], out: &mut [T]) {
        log_softmax_row_backward(y, gradient, out)
    }
}

simd! {
    fn softmax_row<T: Float>(x: &[T], y: &mut [T]) {
        let maximum = max(x).at_least(T::LOWEST);
        for (y, &x) in y.iter_mut().zip(x) {
            *y = (x - maximum).exp();
        }
        let total = sum(y, |y| y).at_least(T::of(0.5));
        for y in y {
            *y /= total;
        }
    }
}

simd! {
    fn softmax_row_backward<T: Float>(y: &[T], gradient: &[T], out: &mut [T]) {
        let mean = sum2(y, gradient, |y, gradient| y * gradient);
        for ((out, &y), &gradient) in out.iter_mut().zip(y).zip(gradient) {
            *out = y * (gradient - mean);
        }
    }
}

simd! {
    fn log_softmax_row_backward<T: Float>(y: &[T], gradient: &[T], out: &mut [T]) {
        let total = sum(gradient, |gradient| gradient);
        for ((out, &y), &gradient) in out.iter_mut().zip(y).zip(gradient) {
            *out = gradient - y.exp() * total;
        }
    }
}

simd! {
    /// max(x) and Σ exp(x - max(x)).
    pub(crate) fn max_and_sum<T: Float>(x: &[T]) -> (T, T) {
        let maximum = max(x);
        (maximum, sum(x, |x| (x - maximum).exp()))
    }
}

fn by_row<T: Float, K: Rows>(x: &Tensor, kernel: K) -> Result<Tensor> {
    let width = x.dims().last().copied().unwrap_or(1).max(1);
    let y = read([x], |[x]: [&[T]; 1]| {
        fill(x.len(), width, |at, y| kernel.forward(&x[at..][..width], y))
    })?;
    record_with_result(y, x.shape(), &[x], move |y, gradient| {
        let of_x = read([y, gradient], |[y, gradient]: [&[T]; 2]| {
            fill(y.len(), width, |at, out| {
                kernel.backward(&y[at..][..width], &gradient[at..][..width], out)
            })
        })?;
        Ok(vec![Some(Tensor::from_vec(of_x, y.shape(), y.device())?)])
    })
}
