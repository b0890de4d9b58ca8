//! Convolution as a function of tensors.

pub(crate) mod composed;
mod kernel;
mod layout;
mod plan;
mod pointwise;
mod tiles;
mod weight;

use candle_core::{Result, Tensor, bail};

use crate::cpu::{self, by_dtype};
use crate::float::Float;
use crate::tape::record;
pub use plan::Geometry;
pub(crate) use plan::Plan;
pub(crate) use tiles::{Tiles, tiles_f32, tiles_f64};

/// The convolution of `x` (batch, in, height, width) with `weight` (out, in / groups, height, width), plus `bias`
/// (out). As everywhere in deep learning this is a correlation: the kernel is not turned around.
///
/// The result has ⌊(size + 2·padding - dilation·(kernel - 1) - 1) / stride⌋ + 1 rows, and columns likewise.
pub fn conv2d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, geometry: Geometry) -> Result<Tensor> {
    let plan = Plan::forward(x, weight, &geometry)?;
    Convolution {
        plan,
        transposed: false,
    }
    .apply(x, weight, bias)
}

/// The convolution of sequences: `x` is (batch, in, length), `weight` (out, in / groups, length). Of `geometry` the
/// second of each pair counts.
pub fn conv1d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, geometry: Geometry) -> Result<Tensor> {
    let (image, kernel) = (x.unsqueeze(2)?, weight.unsqueeze(2)?);
    if !cpu::has_kernel(x) {
        return conv2d(&image, &kernel, bias, flat(geometry))?.squeeze(2);
    }
    // The plan is the images'; the operation on the tape takes and gives sequences, without steps between.
    let plan = Plan::forward(&image, &kernel, &flat(geometry))?;
    Convolution {
        plan,
        transposed: false,
    }
    .apply(x, weight, bias)
}

/// The transposed convolution of `x` (batch, in, height, width) with `weight` (in, out / groups, height, width): the
/// linear map that carries gradients back through [`conv2d`]. It makes images larger by the stride.
///
/// The result has (size - 1)·stride - 2·padding + dilation·(kernel - 1) + 1 + output_padding rows.
pub fn conv_transpose2d(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    geometry: Geometry,
) -> Result<Tensor> {
    let plan = Plan::transposed(x, weight, &geometry)?;
    Convolution {
        plan,
        transposed: true,
    }
    .apply(x, weight, bias)
}

/// [`conv_transpose2d`] of sequences: `x` is (batch, in, length), `weight` (in, out / groups, length).
pub fn conv_transpose1d(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    geometry: Geometry,
) -> Result<Tensor> {
    conv_transpose2d(&x.unsqueeze(2)?, &weight.unsqueeze(2)?, bias, flat(geometry))?.squeeze(2)
}

/// `geometry` for images of height 1.
fn flat(geometry: Geometry) -> Geometry {
    Geometry {
        stride: (1, geometry.stride.1),
        padding: (0, geometry.padding.1),
        output_padding: (0, geometry.output_padding.1),
        dilation: (1, geometry.dilation.1),
        groups: geometry.groups,
    }
}

struct Convolution {
    plan: Plan,
    transposed: bool,
}

impl Convolution {
    fn apply(self, x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        let (from, to) = self.plan.shapes();
        let outputs = if self.transposed { from[1] } else { to[1] };
        if let Some(bias) = bias
            && bias.dims() != [outputs]
        {
            bail!(
                "the convolution's weight {:?} makes {outputs} channels, so its bias must be [{outputs}], not {:?}",
                weight.dims(),
                bias.dims()
            )
        }
        if cpu::has_kernel(x) {
            let (x, weight) = (x.contiguous()?, weight.contiguous()?);
            return by_dtype!(x.dtype(), T => self.record::<T>(&x, &weight, bias));
        }
        let y = match self.transposed {
            false => self.plan.compose(x, weight)?,
            true => self.plan.compose_transposed(x, weight)?,
        };
        match bias {
            None => Ok(y),
            Some(bias) => y.broadcast_add(&bias.reshape((1, (), 1, 1))?),
        }
    }

    fn record<T: Float>(self, x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        let (from, to) = self.plan.shapes();
        let forward = |x: &[T], w: &[T], bias: Option<&[T]>| match self.transposed {
            false => (self.plan.run(x, w, bias), to),
            true => (self.plan.back_to_input(w, x, bias), from),
        };
        let (y, shape) = match bias {
            None => cpu::read([x, weight], |[x, w]| forward(x, w, None))?,
            Some(bias) => cpu::read([x, weight, bias], |[x, w, b]| forward(x, w, Some(b)))?,
        };
        let inputs: Vec<&Tensor> = [x, weight].into_iter().chain(bias).collect();
        let (x, weight, bias) = (x.clone(), weight.clone(), bias.cloned());
        // Of sequences (batch, channels, length), the height of 1 is left out.
        let shape: Vec<usize> = match x.rank() {
            3 => vec![shape[0], shape[1], shape[3]],
            _ => shape.to_vec(),
        };
        record(y, shape, &inputs, move |gradient| {
            let (of_x, of_weight) = self.gradients::<T>(&x, &weight, gradient)?;
            let of_bias = |bias: &Tensor| -> Result<Tensor> {
                let (channels, plane) = (gradient.dims()[1], gradient.dims()[2..].iter().product());
                let sums = |[g]: [&[T]; 1]| kernel::sum_channels(g, channels, plane);
                Tensor::from_vec(cpu::read([gradient], sums)?, bias.shape(), bias.device())
            };
            let bias = bias.as_ref().filter(|bias| bias.track_op());
            Ok(vec![of_x, of_weight, bias.map(of_bias).transpose()?])
        })
    }

    fn gradients<T: Float>(
        &self,
        x: &Tensor,
        weight: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        cpu::read([x, weight, gradient], |[xs, w, g]: [&[T]; 3]| {
            // The first layer's input, or a frozen weight, needs no gradient: a third of the work each.
            let of_x = x.track_op().then(|| match self.transposed {
                false => self.plan.back_to_input(w, g, None),
                true => self.plan.run(g, w, None),
            });
            let of_weight = weight.track_op().then(|| match self.transposed {
                false => self.plan.back_to_weight(xs, g),
                true => self.plan.back_to_weight(g, xs),
            });
            let tensor = |values: Option<Vec<T>>, like: &Tensor| {
                values
                    .map(|values| Tensor::from_vec(values, like.shape(), like.device()))
                    .transpose()
            };
            Ok((tensor(of_x, x)?, tensor(of_weight, weight)?))
        })?
    }
}
