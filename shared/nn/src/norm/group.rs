//! Group and instance normalisation.

use candle_core::{Module, Result, Tensor, bail};
use candle_nn::{Init, VarBuilder};

use super::batch::by_channel;
use super::planes::{NormalisePlanes, Rectifier, Sets, moments};
use crate::cpu::{has_kernel, widen};

/// Group normalisation (Wu & He 2018, <https://arxiv.org/abs/1803.08494>) of (batch, channels, positions…):
/// each example's channels are normalised in groups, so the batch may be as small as one.
#[derive(Clone, Debug)]
pub struct GroupNorm {
    weight_and_bias: Option<(Tensor, Tensor)>,
    eps: f64,
    num_channels: usize,
    num_groups: usize,
}

impl GroupNorm {
    /// From a weight and a bias of `num_channels` values each; any other length is an error.
    pub fn new(
        weight: Tensor,
        bias: Tensor,
        num_channels: usize,
        num_groups: usize,
        eps: f64,
    ) -> Result<Self> {
        Self::with(Some((weight, bias)), num_channels, num_groups, eps)
    }

    fn with(
        weight_and_bias: Option<(Tensor, Tensor)>,
        num_channels: usize,
        num_groups: usize,
        eps: f64,
    ) -> Result<Self> {
        if num_groups == 0 || !num_channels.is_multiple_of(num_groups) {
            bail!("{num_channels} channels cannot be divided into {num_groups} groups of one size")
        }
        if let Some((weight, bias)) = &weight_and_bias
            && (weight.dims() != [num_channels] || bias.dims() != [num_channels])
        {
            bail!(
                "group normalisation over {num_channels} channels needs a weight and a bias of \
                 [{num_channels}], not {:?} and {:?}",
                weight.dims(),
                bias.dims()
            )
        }
        Ok(Self {
            weight_and_bias,
            eps,
            num_channels,
            num_groups,
        })
    }

    fn composed(&self, x: &Tensor) -> Result<Tensor> {
        let dtype = x.dtype();
        let groups = widen(x)?.reshape((x.dim(0)?, self.num_groups, ()))?;
        let centred = groups.broadcast_sub(&groups.mean_keepdim(2)?)?;
        let deviation = (centred.sqr()?.mean_keepdim(2)? + self.eps)?.sqrt()?;
        let y = centred
            .broadcast_div(&deviation)?
            .to_dtype(dtype)?
            .reshape(x.shape())?;
        match &self.weight_and_bias {
            None => Ok(y),
            Some((weight, bias)) => {
                let shape = by_channel(self.num_channels, x.rank());
                y.broadcast_mul(&weight.reshape(&shape[..])?)?
                    .broadcast_add(&bias.reshape(&shape[..])?)
            }
        }
    }
}

impl GroupNorm {
    /// [`relu`](crate::ops::relu) of the normalised `x`: faster than both one after the other, and without the
    /// memory for what lies between.
    pub fn forward_relu(&self, x: &Tensor) -> Result<Tensor> {
        self.normalise(x, Rectifier::Relu)
    }

    fn normalise(&self, x: &Tensor, rectifier: Rectifier) -> Result<Tensor> {
        let channels = self.num_channels;
        if x.rank() < 2 || x.dims()[1] != channels || x.elem_count() == 0 {
            bail!(
                "group normalisation over {channels} channels cannot take {:?}: it needs \
                 (batch, {channels}, positions…), and at least one value",
                x.shape()
            )
        }
        if x.elem_count() / (x.dims()[0] * self.num_groups) < 2 {
            bail!(
                "{} groups of {:?} have a single value each, which normalisation would make 0",
                self.num_groups,
                x.shape()
            )
        }
        if !has_kernel(x) {
            let y = self.composed(x)?;
            return rectifier.composed(y);
        }
        let x = x.contiguous()?;
        let sets = Sets::Group {
            channels: channels / self.num_groups,
        };
        let inverse = |variance: f64| 1.0 / (variance + self.eps).sqrt();
        let moments = moments(&x, sets)?;
        NormalisePlanes {
            sets,
            statistics: moments.iter().map(|m| (m.mean, inverse(m.variance()))).collect(),
            of_input: true,
            rectifier,
        }
        .apply(&x, self.weight_and_bias.as_ref())
    }
}

impl Module for GroupNorm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.normalise(x, Rectifier::None)
    }
}

/// A [`GroupNorm`] with the parameters `weight` and `bias`.
pub fn group_norm(num_groups: usize, num_channels: usize, eps: f64, vb: VarBuilder<'_>) -> Result<GroupNorm> {
    GroupNorm::with(Some(affine(num_channels, vb)?), num_channels, num_groups, eps)
}

/// Instance normalisation (Ulyanov et al. 2016, <https://arxiv.org/abs/1607.08022>) of
/// (batch, channels, positions…): each channel of each example on its own, which takes the contrast of a
/// picture out of its style.
#[derive(Clone, Debug)]
pub struct InstanceNorm(GroupNorm);

impl InstanceNorm {
    /// [`relu`](crate::ops::relu) of the normalised `x`: see [`GroupNorm::forward_relu`].
    pub fn forward_relu(&self, x: &Tensor) -> Result<Tensor> {
        self.0.forward_relu(x)
    }
}

impl Module for InstanceNorm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.0.forward(x)
    }
}

/// An [`InstanceNorm`] with the parameters `weight` and `bias`.
pub fn instance_norm(num_channels: usize, eps: f64, vb: VarBuilder<'_>) -> Result<InstanceNorm> {
    Ok(InstanceNorm(group_norm(num_channels, num_channels, eps, vb)?))
}

/// An [`InstanceNorm`] that learns nothing.
pub fn instance_norm_no_affine(num_channels: usize, eps: f64) -> Result<InstanceNorm> {
    Ok(InstanceNorm(GroupNorm::with(
        None,
        num_channels,
        num_channels,
        eps,
    )?))
}

fn affine(channels: usize, vb: VarBuilder<'_>) -> Result<(Tensor, Tensor)> {
    Ok((
        vb.get_with_hints(channels, "weight", Init::Const(1.0))?,
        vb.get_with_hints(channels, "bias", Init::Const(0.0))?,
    ))
}
