//! Resizing images and sequences. Any size can be asked for, also a smaller one (though without the smoothing that a
//! good reduction needs). The gradient adds to that of other uses of the same input.

use candle_core::{Result, Tensor, bail};

use crate::cpu::{by_dtype, has_kernel, read};
use crate::float::Float;
use crate::pieces::fill;
use crate::separable::{Axis, apply};
use crate::simd::simd;
use crate::tape::record;

/// Resizes sequences (batch, channels, length): each new element repeats the one at its place in the old sequence.
pub fn upsample_nearest1d(x: &Tensor, length: usize) -> Result<Tensor> {
    let (_, _, size) = x.dims3()?;
    apply(&x.unsqueeze(2)?, Axis::identity(1), nearest(size, length)?)?.squeeze(2)
}

/// Resizes images (batch, channels, height, width): new pixel i repeats the old pixel ⌊i·old / new⌋.
pub fn upsample_nearest2d(x: &Tensor, height: usize, width: usize) -> Result<Tensor> {
    let (_, _, h, w) = x.dims4()?;
    let whole = |from: usize, to: usize| from > 0 && to > 0 && to.is_multiple_of(from);
    if has_kernel(x) && whole(h, height) && whole(w, width) {
        return by_dtype!(x.dtype(), T => repeat::<T>(&x.contiguous()?, height / h, width / w));
    }
    apply(x, nearest(h, height)?, nearest(w, width)?)
}

/// Each pixel of `x` as a block of `down` × `across`, the usual case.
fn repeat<T: Float>(x: &Tensor, down: usize, across: usize) -> Result<Tensor> {
    let (batch, channels, height, width) = x.dims4()?;
    let (line, plane) = (width * across, height * width);
    let y = read([x], |[x]: [&[T]; 1]| {
        fill(x.len() * down * across, line * down, |at, lines| {
            let (first, others) = lines.split_at_mut(line);
            widen(&x[at / (down * across)..][..width], across, first);
            others
                .chunks_exact_mut(line)
                .for_each(|other| other.copy_from_slice(first));
        })
    })?;
    let shape = (batch, channels, height * down, line);
    record(y, shape, &[x], move |gradient| {
        let of_x = read([gradient], |[gradient]: [&[T]; 1]| {
            fill(batch * channels * plane, width, |at, out| {
                let lines = &gradient[at * down * across..][..line * down];
                out.fill(T::ZERO);
                lines
                    .chunks_exact(line)
                    .for_each(|line| narrow(line, across, out));
            })
        })?;
        let of_x = Tensor::from_vec(of_x, (batch, channels, height, width), gradient.device())?;
        Ok(vec![Some(of_x)])
    })
}

simd! {
    /// Repeats each of `from` `times` times.
    fn widen<T: Float>(from: &[T], times: usize, to: &mut [T]) {
        if times == 2 {
            for (to, &from) in to.chunks_exact_mut(2).zip(from) {
                to[0] = from;
                to[1] = from;
            }
        } else {
            to.chunks_exact_mut(times).zip(from).for_each(|(to, &from)| to.fill(from));
        }
    }
}

simd! {
    /// Adds the sum of each `times` of `from`.
    fn narrow<T: Float>(from: &[T], times: usize, to: &mut [T]) {
        if times == 2 {
            for (to, from) in to.iter_mut().zip(from.chunks_exact(2)) {
                *to += from[0] + from[1];
            }
        } else {
            for (to, from) in to.iter_mut().zip(from.chunks_exact(times)) {
                from.iter().for_each(|&value| *to += value);
            }
        }
    }
}

/// Resizes images (batch, channels, height, width) by linear interpolation in both directions.
///
/// With `align_corners` the corner pixels' centres stay where they are; without it, the usual choice, the image's
/// edges do. Both are PyTorch's conventions.
pub fn upsample_bilinear2d(x: &Tensor, height: usize, width: usize, align_corners: bool) -> Result<Tensor> {
    let (_, _, h, w) = x.dims4()?;
    apply(
        x,
        linear(h, height, align_corners)?,
        linear(w, width, align_corners)?,
    )
}

fn nearest(size: usize, target: usize) -> Result<Axis> {
    check(size, target)?;
    let taps = (0..target).map(|i| vec![(i * size / target, 1.0)]).collect();
    Ok(Axis { size, taps })
}

fn linear(size: usize, target: usize, align_corners: bool) -> Result<Axis> {
    check(size, target)?;
    let position = |i: usize| match align_corners {
        true => (i * (size - 1)) as f64 / (target - 1).max(1) as f64,
        false => ((i as f64 + 0.5) * size as f64 / target as f64 - 0.5).max(0.0),
    };
    let taps = |i| {
        let position = position(i);
        let left = (position as usize).min(size - 1);
        let right = (left + 1).min(size - 1);
        vec![(left, 1.0 - position.fract()), (right, position.fract())]
    };
    let taps = (0..target).map(taps).collect();
    Ok(Axis { size, taps })
}

fn check(size: usize, target: usize) -> Result<()> {
    if size == 0 || target == 0 {
        bail!("an image cannot be resized from {size} to {target} pixels: both must be at least 1")
    }
    Ok(())
}
