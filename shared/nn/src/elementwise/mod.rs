//! Functions of one value: each with its derivative, written once, run as one pass over memory.

pub(crate) mod functions;

use candle_core::{Result, Tensor};

use crate::cpu::{by_dtype, has_kernel, read, widen};
use crate::float::Float;
use crate::pieces::{TASK, fill};
use crate::simd::simd;
use crate::tape::record;

/// A differentiable function applied to each element.
pub(crate) trait Function: Copy + Send + Sync + 'static {
    fn value<T: Float>(self, x: T) -> T;
    fn slope<T: Float>(self, x: T) -> T;
    /// The same out of candle's own operations, for other devices and number types.
    fn composed(self, x: &Tensor) -> Result<Tensor>;
}

/// `function` of every element of `x`.
pub(crate) fn apply<F: Function>(function: F, x: &Tensor) -> Result<Tensor> {
    if !has_kernel(x) {
        return function.composed(&widen(x)?)?.to_dtype(x.dtype());
    }
    let x = x.contiguous()?;
    by_dtype!(x.dtype(), T => {
        let y = read([&x], |[x]: [&[T]; 1]| fill(x.len(), TASK, |at, y| values(function, &x[at..], y)))?;
        let kept = x.clone();
        record(y, x.shape(), &[&x], move |gradient| {
            let of_x = read([&kept, gradient], |[x, gradient]: [&[T]; 2]| {
                fill(x.len(), TASK, |at, out| slopes(function, &x[at..], &gradient[at..], out))
            })?;
            Ok(vec![Some(Tensor::from_vec(of_x, kept.shape(), kept.device())?)])
        })
    })
}

simd! {
    fn values<T: Float, F: Function>(function: F, x: &[T], out: &mut [T]) {
        for (out, &x) in out.iter_mut().zip(x) {
            *out = function.value(x);
        }
    }
}

simd! {
    fn slopes<T: Float, F: Function>(function: F, x: &[T], gradient: &[T], out: &mut [T]) {
        for ((out, &x), &gradient) in out.iter_mut().zip(x).zip(gradient) {
            *out = function.slope(x) * gradient;
        }
    }
}
