//! Resizing images and sequences. Any size can be asked for, also a smaller one (though without the smoothing that a
//! good reduction needs). The gradient adds to that of other uses of the same input.

use candle_core::{Result, Tensor, bail};

use crate::separable::{Axis, apply};

/// Resizes sequences (batch, channels, length): each new element repeats the one at its place in the old sequence.
pub fn upsample_nearest1d(x: &Tensor, length: usize) -> Result<Tensor> {
    let (_, _, size) = x.dims3()?;
    apply(&x.unsqueeze(2)?, Axis::identity(1), nearest(size, length)?)?.squeeze(2)
}

/// Resizes images (batch, channels, height, width): new pixel i repeats the old pixel ⌊i·old / new⌋.
pub fn upsample_nearest2d(x: &Tensor, height: usize, width: usize) -> Result<Tensor> {
    let (_, _, h, w) = x.dims4()?;
    apply(x, nearest(h, height)?, nearest(w, width)?)
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
