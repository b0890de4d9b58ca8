//! Rotary position embedding.

use candle_core::{D, DType, Device, Result, Tensor, bail};

/// Rotary position embedding (Su et al. 2021, <https://arxiv.org/abs/2104.09864>) of queries or keys
/// (batch, heads, positions, size): element i of the first half of a vector and element i of the second are
/// turned by the angle whose `cos` and `sin` (positions, size / 2) hold (see [`rope_angles`]). Unlike candle's,
/// it has a gradient.
pub fn rope(x: &Tensor, cos: &Tensor, sin: &Tensor) -> Result<Tensor> {
    let (_, _, positions, size) = x.dims4()?;
    if size % 2 != 0 || cos.dims() != [positions, size / 2] || sin.dims() != cos.dims() {
        bail!(
            "rope of {:?} needs an even size, and cos and sin of (positions, size / 2), not {:?} and {:?}",
            x.shape(),
            cos.shape(),
            sin.shape()
        )
    }
    let halves = x.chunk(2, D::Minus1)?;
    let (a, b) = (&halves[0], &halves[1]);
    let first = (a.broadcast_mul(cos)? - b.broadcast_mul(sin)?)?;
    let second = (b.broadcast_mul(cos)? + a.broadcast_mul(sin)?)?;
    Tensor::cat(&[first, second], D::Minus1)
}

/// The cosines and sines for [`rope`], each (positions, size / 2): position p turns pair i by
/// p·`base`^(-2i / size). Usual is a `base` of 10,000.
pub fn rope_angles(
    positions: usize,
    size: usize,
    base: f64,
    dtype: DType,
    device: &Device,
) -> Result<(Tensor, Tensor)> {
    let speed = |i: usize| base.powf(-2.0 * i as f64 / size as f64);
    let angles = (0..positions).flat_map(|p| (0..size / 2).map(move |i| p as f64 * speed(i)));
    let angles = Tensor::from_vec(angles.collect::<Vec<f64>>(), (positions, size / 2), &Device::Cpu)?;
    let table = |values: Tensor| values.to_dtype(dtype)?.to_device(device);
    Ok((table(angles.cos()?)?, table(angles.sin()?)?))
}
