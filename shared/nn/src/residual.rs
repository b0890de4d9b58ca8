//! The sum at the end of a residual block.

use candle_core::{Result, Tensor, bail};

use crate::cpu::{by_dtype, has_kernel, read};
use crate::float::Float;
use crate::pieces::{TASK, fill};
use crate::simd::simd;
use crate::tape::{record, record_with_result};

/// `a + b` of two tensors of one shape: the sum that closes a residual block (He et al. 2016,
/// <https://arxiv.org/abs/1512.03385>). The gradient goes to both as it is, without a copy.
pub fn add(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    check(a, b)?;
    if !has_kernel(a) {
        return a + b;
    }
    by_dtype!(a.dtype(), T => {
        let y = sum::<T>(a, b, T::of(f64::NEG_INFINITY))?;
        record(y, a.shape(), &[a, b], |gradient| Ok(vec![Some(gradient.clone()), Some(gradient.clone())]))
    })
}

/// [`relu`](crate::ops::relu)`(a + b)` of two tensors of one shape, in one pass over memory.
pub fn add_relu(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    check(a, b)?;
    if !has_kernel(a) {
        return (a + b)?.relu();
    }
    by_dtype!(a.dtype(), T => {
        let y = sum::<T>(a, b, T::ZERO)?;
        record_with_result(y, a.shape(), &[a, b], |y, gradient| {
            let passed = read([y, gradient], |[y, g]: [&[T]; 2]| {
                fill(y.len(), TASK, |at, out| pass(&y[at..], &g[at..], out))
            })?;
            let passed = Tensor::from_vec(passed, y.shape(), y.device())?;
            Ok(vec![Some(passed.clone()), Some(passed)])
        })
    })
}

fn check(a: &Tensor, b: &Tensor) -> Result<()> {
    if a.shape() != b.shape() || a.dtype() != b.dtype() {
        bail!(
            "a residual sum needs two tensors of one shape and type, not {:?} of {:?} and {:?} of {:?}",
            a.shape(),
            a.dtype(),
            b.shape(),
            b.dtype()
        )
    }
    Ok(())
}

fn sum<T: Float>(a: &Tensor, b: &Tensor, floor: T) -> Result<Vec<T>> {
    read([a, b], |[a, b]: [&[T]; 2]| {
        fill(a.len(), TASK, |at, y| plus(&a[at..], &b[at..], floor, y))
    })
}

simd! {
    fn plus<T: Float>(a: &[T], b: &[T], floor: T, y: &mut [T]) {
        for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
            *y = (a + b).at_least(floor);
        }
    }
}

simd! {
    /// The gradient, where the result is above 0.
    fn pass<T: Float>(y: &[T], gradient: &[T], out: &mut [T]) {
        for ((out, &y), &gradient) in out.iter_mut().zip(y).zip(gradient) {
            *out = if y > T::ZERO { gradient } else { T::ZERO };
        }
    }
}
