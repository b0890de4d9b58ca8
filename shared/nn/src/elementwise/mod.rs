//! Functions of one value: each with its derivative, written once, run as one pass over memory.

pub(crate) mod functions;

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, WithDType};

use crate::cpu::{by_dtype, has_kernel, read, slice, widen};
use crate::float::Float;
use crate::pieces::{TASK, fill};
use crate::simd::simd;

/// A differentiable function applied to each element.
pub(crate) trait Function: Copy + Send + Sync + 'static {
    const NAME: &'static str;
    fn value<T: Float>(self, x: T) -> T;
    fn slope<T: Float>(self, x: T) -> T;
    /// The same out of candle's own operations, for other devices and number types.
    fn composed(self, x: &Tensor) -> Result<Tensor>;
}

/// `function` of every element of `x`.
pub(crate) fn apply<F: Function>(function: F, x: &Tensor) -> Result<Tensor> {
    if has_kernel(x) {
        x.contiguous()?.apply_op1(Elementwise(function))
    } else {
        function.composed(&widen(x)?)?.to_dtype(x.dtype())
    }
}

struct Elementwise<F>(F);

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

impl<F: Function> CustomOp1 for Elementwise<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        by_dtype!(storage.dtype(), T => {
            let x = slice::<T>(storage, layout)?;
            let out = fill(x.len(), TASK, |at, out| values(self.0, &x[at..], out));
            Ok((T::to_cpu_storage_owned(out), layout.shape().clone()))
        })
    }

    fn bwd(&self, x: &Tensor, _result: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        by_dtype!(x.dtype(), T => {
            let out = read([x, gradient], |[x, gradient]: [&[T]; 2]| {
                fill(x.len(), TASK, |at, out| slopes(self.0, &x[at..], &gradient[at..], out))
            })?;
            Ok(Some(Tensor::from_vec(out, x.shape(), x.device())?))
        })
    }
}
