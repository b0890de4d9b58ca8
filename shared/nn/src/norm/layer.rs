//! Layer and RMS normalisation.

use candle_core::{D, Module, Result, Tensor, bail};
use candle_nn::{Init, VarBuilder};

use super::rows::NormaliseRows;
use crate::cpu::{has_kernel, widen};

pub use candle_nn::LayerNormConfig;

/// Layer normalisation (Ba et al. 2016, <https://arxiv.org/abs/1607.06450>) over the last dimension:
/// `(x - mean) / √(variance + eps) · weight + bias`. Unlike candle's, it has a gradient.
#[derive(Clone, Debug)]
pub struct LayerNorm {
    weight: Tensor,
    bias: Option<Tensor>,
    remove_mean: bool,
    eps: f64,
}

impl LayerNorm {
    /// From a weight and a bias as long as the last dimension.
    pub fn new(weight: Tensor, bias: Tensor, eps: f64) -> Self {
        Self {
            weight,
            bias: Some(bias),
            remove_mean: true,
            eps,
        }
    }

    /// As [`new`](Self::new), with nothing added after the scaling.
    pub fn new_no_bias(weight: Tensor, eps: f64) -> Self {
        Self {
            weight,
            bias: None,
            remove_mean: true,
            eps,
        }
    }

    /// RMS normalisation: the mean stays in.
    pub fn rms_norm(weight: Tensor, eps: f64) -> Self {
        Self {
            weight,
            bias: None,
            remove_mean: false,
            eps,
        }
    }

    /// The scale of each element.
    pub fn weight(&self) -> &Tensor {
        &self.weight
    }

    /// The shift of each element.
    pub fn bias(&self) -> Option<&Tensor> {
        self.bias.as_ref()
    }

    /// What is added to the variance, so that constant inputs do not divide by 0.
    pub fn eps(&self) -> f64 {
        self.eps
    }

    /// Whether the mean is taken off: false for RMS normalisation.
    pub fn remove_mean(&self) -> bool {
        self.remove_mean
    }
}

impl Module for LayerNorm {
    /// `(…, size)` → the same shape.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        normalise(x, &self.weight, self.bias.as_ref(), self.eps, self.remove_mean)
    }
}

/// Layer and RMS normalisation as one function.
pub(super) fn normalise(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    eps: f64,
    remove_mean: bool,
) -> Result<Tensor> {
    let size = weight.elem_count();
    if size == 0 || x.dims().last() != Some(&size) || bias.is_some_and(|b| b.elem_count() != size) {
        bail!(
            "this normalisation has a weight of {:?} and a bias of {:?}, so it cannot take an input of {:?}: \
             the last dimension must be {size}",
            weight.shape(),
            bias.map(Tensor::shape),
            x.shape()
        )
    }
    if has_kernel(x) {
        return NormaliseRows { eps, remove_mean }.apply(x, weight, bias);
    }
    let dtype = x.dtype();
    let x = widen(x)?;
    let x = if remove_mean {
        x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?
    } else {
        x
    };
    let deviation = (x.sqr()?.mean_keepdim(D::Minus1)? + eps)?.sqrt()?;
    let y = x
        .broadcast_div(&deviation)?
        .to_dtype(dtype)?
        .broadcast_mul(weight)?;
    match bias {
        Some(bias) => y.broadcast_add(bias),
        None => Ok(y),
    }
}

/// A [`LayerNorm`] over a last dimension of `size`, with the parameters `weight` and, unless the
/// configuration says `affine: false`, `bias`. A checkpoint's older names `gamma` and `beta` are found too.
pub fn layer_norm<C: Into<LayerNormConfig>>(size: usize, config: C, vb: VarBuilder<'_>) -> Result<LayerNorm> {
    let config = config.into();
    let find = |name: &'static str, old: &'static str| {
        if !vb.contains_tensor(name) && vb.contains_tensor(old) {
            old
        } else {
            name
        }
    };
    let weight = vb.get_with_hints(size, find("weight", "gamma"), Init::Const(1.0))?;
    let bias = match config.affine {
        true => Some(vb.get_with_hints(size, find("bias", "beta"), Init::Const(0.0))?),
        false => None,
    };
    Ok(LayerNorm {
        weight,
        bias,
        remove_mean: config.remove_mean,
        eps: config.eps,
    })
}

/// A [`LayerNorm`] without a bias.
pub fn layer_norm_no_bias(size: usize, eps: f64, vb: VarBuilder<'_>) -> Result<LayerNorm> {
    let config = LayerNormConfig {
        eps,
        remove_mean: true,
        affine: false,
    };
    layer_norm(size, config, vb)
}

/// RMS normalisation (Zhang & Sennrich 2019, <https://arxiv.org/abs/1910.07467>) over the last dimension:
/// `x / √(mean(x²) + eps) · weight`. Unlike candle's, it has a gradient.
#[derive(Clone, Debug)]
pub struct RmsNorm(LayerNorm);

impl RmsNorm {
    /// From a weight as long as the last dimension.
    pub fn new(weight: Tensor, eps: f64) -> Self {
        Self(LayerNorm::rms_norm(weight, eps))
    }

    /// The layer norm that keeps its mean which this is.
    pub fn into_inner(self) -> LayerNorm {
        self.0
    }
}

impl Module for RmsNorm {
    /// `(…, size)` → the same shape.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.0.forward(x)
    }
}

/// An [`RmsNorm`] over a last dimension of `size`, with the parameter `weight`.
pub fn rms_norm(size: usize, eps: f64, vb: VarBuilder<'_>) -> Result<RmsNorm> {
    let config = LayerNormConfig {
        eps,
        remove_mean: false,
        affine: false,
    };
    Ok(RmsNorm(layer_norm(size, config, vb)?))
}
