//! Convolution as a function of tensors.

mod columns;
pub(crate) mod composed;
mod kernel;
mod plan;

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};

use crate::cpu::{self, Real, by_dtype};
pub use plan::Geometry;
pub(crate) use plan::Plan;

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
    conv2d(&x.unsqueeze(2)?, &weight.unsqueeze(2)?, bias, flat(geometry))?.squeeze(2)
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
            return match bias {
                None => x.apply_op2(&weight, self),
                Some(bias) => x.apply_op3(&weight, &bias.contiguous()?, self),
            };
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

    fn run<T: Real>(
        &self,
        x: (&CpuStorage, &Layout),
        weight: (&CpuStorage, &Layout),
        bias: Option<(&CpuStorage, &Layout)>,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, weight) = (cpu::slice::<T>(x.0, x.1)?, cpu::slice(weight.0, weight.1)?);
        let bias = bias.map(|bias| cpu::slice(bias.0, bias.1)).transpose()?;
        let (from, to) = self.plan.shapes();
        let (y, shape) = match self.transposed {
            false => (self.plan.run(x, weight, bias), to),
            true => (self.plan.back_to_input(weight, x, bias), from),
        };
        Ok((T::to_cpu_storage_owned(y), (&shape).into()))
    }

    fn gradients<T: Real>(
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

impl CustomOp2 for Convolution {
    fn name(&self) -> &'static str {
        "convolution"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        xl: &Layout,
        w: &CpuStorage,
        wl: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        by_dtype!(x.dtype(), T => self.run::<T>((x, xl), (w, wl), None))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        by_dtype!(x.dtype(), T => self.gradients::<T>(x, weight, gradient))
    }
}

impl CustomOp3 for Convolution {
    fn name(&self) -> &'static str {
        "convolution with bias"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        xl: &Layout,
        w: &CpuStorage,
        wl: &Layout,
        b: &CpuStorage,
        bl: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        by_dtype!(x.dtype(), T => self.run::<T>((x, xl), (w, wl), Some((b, bl))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        result: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        by_dtype!(x.dtype(), T => {
            let (of_x, of_weight) = self.gradients::<T>(x, weight, gradient)?;
            let (_, channels, height, width) = result.dims4()?;
            let sums = |[g]: [&[T]; 1]| kernel::sum_channels(g, channels, height * width);
            let of_bias = Tensor::from_vec(cpu::read([gradient], sums)?, bias.shape(), bias.device())?;
            Ok((of_x, of_weight, Some(of_bias)))
        })
    }
}
