//! Pooling: the maximum or the mean of each window of an image or a sequence.

use candle_core::{Result, Tensor, ToUsize2, bail};

use crate::max_pool::{Windows, max_of_windows};
use crate::separable::{Axis, apply};

/// The maximum of each window of `x` (batch, channels, height, width). Kernel, stride and padding are one number, or
/// `(height, width)`; the result has ⌊(size + 2·padding - kernel) / stride⌋ + 1 rows. Padding never wins.
///
/// The whole gradient goes to the maximum; of several equal ones, to the first.
///
/// ```
/// use candle_core::{Device, Var};
/// # fn main() -> candle_core::Result<()> {
/// let x = Var::new(&[[[[1f32, 2.0], [3.0, 4.0]]]], &Device::Cpu)?;
/// let gradients = nn::max_pool2d(&x, 2, 2, 0)?.backward()?;
/// let gradient = gradients.get(&x).expect("x is a variable").flatten_all()?;
/// assert_eq!(gradient.to_vec1::<f32>()?, [0.0, 0.0, 0.0, 1.0]); // candle's own says 0.25
/// # Ok(()) }
/// ```
pub fn max_pool2d(
    x: &Tensor,
    kernel: impl ToUsize2,
    stride: impl ToUsize2,
    padding: impl ToUsize2,
) -> Result<Tensor> {
    let (rows, columns) = both(x, kernel, stride, padding)?;
    max_of_windows(x, rows, columns)
}

/// [`max_pool2d`] of sequences (batch, channels, length).
pub fn max_pool1d(x: &Tensor, kernel: usize, stride: usize, padding: usize) -> Result<Tensor> {
    max_pool2d(&x.unsqueeze(2)?, (1, kernel), (1, stride), (0, padding))?.squeeze(2)
}

/// The mean of each window of `x` (batch, channels, height, width), with the sizes of [`max_pool2d`]. Padding counts as
/// zeros: as in PyTorch, the sum is always divided by the kernel's size.
pub fn avg_pool2d(
    x: &Tensor,
    kernel: impl ToUsize2,
    stride: impl ToUsize2,
    padding: impl ToUsize2,
) -> Result<Tensor> {
    let kernel = kernel.to_usize2();
    let (rows, columns) = both(x, kernel, stride, padding)?;
    let axis = |size: usize, kernel: usize, windows: Windows| Axis {
        size,
        taps: windows
            .into_iter()
            .map(|window| window.map(|i| (i, 1.0 / kernel as f64)).collect())
            .collect(),
    };
    apply(
        x,
        axis(x.dim(2)?, kernel.0, rows),
        axis(x.dim(3)?, kernel.1, columns),
    )
}

/// [`avg_pool2d`] of sequences (batch, channels, length).
pub fn avg_pool1d(x: &Tensor, kernel: usize, stride: usize, padding: usize) -> Result<Tensor> {
    avg_pool2d(&x.unsqueeze(2)?, (1, kernel), (1, stride), (0, padding))?.squeeze(2)
}

/// The maximum of each window of `x` (batch, channels, height, width), with windows that spread evenly over an input of
/// any size to give a result of `size`: one number or `(height, width)`.
pub fn adaptive_max_pool2d(x: &Tensor, size: impl ToUsize2) -> Result<Tensor> {
    let ((_, _, h, w), (height, width)) = (x.dims4()?, size.to_usize2());
    max_of_windows(x, spread(h, height)?, spread(w, width)?)
}

/// [`adaptive_max_pool2d`] of sequences (batch, channels, length).
pub fn adaptive_max_pool1d(x: &Tensor, length: usize) -> Result<Tensor> {
    adaptive_max_pool2d(&x.unsqueeze(2)?, (1, length))?.squeeze(2)
}

/// The mean of each window of `x` (batch, channels, height, width), with the windows of [`adaptive_max_pool2d`]. Size 1
/// is global average pooling, the usual end of a convolutional network.
pub fn adaptive_avg_pool2d(x: &Tensor, size: impl ToUsize2) -> Result<Tensor> {
    let ((_, _, h, w), (height, width)) = (x.dims4()?, size.to_usize2());
    let axis = |size: usize, windows: Windows| Axis {
        size,
        taps: windows
            .into_iter()
            .map(|w| w.clone().map(|i| (i, 1.0 / w.len() as f64)).collect())
            .collect(),
    };
    apply(x, axis(h, spread(h, height)?), axis(w, spread(w, width)?))
}

/// [`adaptive_avg_pool2d`] of sequences (batch, channels, length).
pub fn adaptive_avg_pool1d(x: &Tensor, length: usize) -> Result<Tensor> {
    adaptive_avg_pool2d(&x.unsqueeze(2)?, (1, length))?.squeeze(2)
}

/// The windows in both directions.
fn both(
    x: &Tensor,
    kernel: impl ToUsize2,
    stride: impl ToUsize2,
    padding: impl ToUsize2,
) -> Result<(Windows, Windows)> {
    let (_, _, height, width) = x.dims4()?;
    let (kernel, stride, padding) = (kernel.to_usize2(), stride.to_usize2(), padding.to_usize2());
    let rows = windows(height, kernel.0, stride.0, padding.0)?;
    Ok((rows, windows(width, kernel.1, stride.1, padding.1)?))
}

/// The windows along one direction, without the padding that they reach into.
fn windows(size: usize, kernel: usize, stride: usize, padding: usize) -> Result<Windows> {
    if size == 0 || kernel == 0 || stride == 0 {
        bail!(
            "pooling {size} elements with a kernel of {kernel} and a stride of {stride}: all must be at least 1"
        )
    }
    if padding > kernel / 2 {
        bail!(
            "pooling with a padding of {padding} on each side and a kernel of {kernel}: at most half is allowed"
        )
    }
    let Some(rest) = size.saturating_add(2 * padding).checked_sub(kernel) else {
        bail!(
            "pooling with a kernel of {kernel}, but the input has only {size} elements and {padding} of padding"
        )
    };
    let window = |i: usize| (i * stride).saturating_sub(padding)..(i * stride + kernel - padding).min(size);
    Ok((0..=rest / stride).map(window).collect())
}

/// `count` windows that cover `size` elements evenly, overlapping where it does not divide.
fn spread(size: usize, count: usize) -> Result<Windows> {
    if size == 0 || count == 0 {
        bail!("adaptive pooling from {size} to {count} elements: both must be at least 1")
    }
    Ok((0..count)
        .map(|i| i * size / count..((i + 1) * size).div_ceil(count))
        .collect())
}
