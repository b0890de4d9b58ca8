//! The sum at the end of a residual block.

use candle_core::{Result, Tensor, bail};

use crate::cpu::{by_dtype, has_kernel, read};
use crate::float::Float;
use crate::linear_map::sum_columns;
use crate::pieces::{TASK, fill};
use crate::simd::simd;
use crate::tape::{record, record_with_result};

/// `a + b`: the sum that closes a residual block (He et al. 2016, <https://arxiv.org/abs/1512.03385>). `b` may also
/// have the last dimensions of `a` only, as positions (positions, size) are added to words (batch, positions, size);
/// it is then added to each part of `a`. The gradient goes to both as it is, without a copy, or to such a `b` as the
/// sum over the parts.
///
/// # Errors
/// If the shapes do not fit, or the types differ.
pub fn add(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if a.dtype() != b.dtype() || !a.dims().ends_with(b.dims()) {
        check(a, b)?;
    }
    if !has_kernel(a) {
        return a.broadcast_add(b);
    }
    by_dtype!(a.dtype(), T => match a.shape() == b.shape() {
        true => {
            let y = sum::<T>(a, b, T::of(f64::NEG_INFINITY))?;
            record(y, a.shape(), &[a, b], |gradient| Ok(vec![Some(gradient.clone()), Some(gradient.clone())]))
        }
        false => add_to_parts::<T>(a, b),
    })
}

fn add_to_parts<T: Float>(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let width = b.elem_count().max(1);
    let y = read([a, b], |[a, b]: [&[T]; 2]| {
        fill(a.len(), width * TASK.div_ceil(width), |at, y| {
            for (y, a) in y.chunks_mut(width).zip(a[at..].chunks(width)) {
                plus(a, b, T::of(f64::NEG_INFINITY), y);
            }
        })
    })?;
    let (tracked, shape) = (b.track_op(), b.shape().clone());
    record(y, a.shape(), &[a, b], move |gradient| {
        let of_b = || -> Result<Tensor> {
            let sums = read([gradient], |[gradient]: [&[T]; 1]| sum_columns(gradient, width))?;
            Tensor::from_vec(sums, shape.clone(), gradient.device())
        };
        Ok(vec![Some(gradient.clone()), tracked.then(of_b).transpose()?])
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
