//! Convolution layers. Their weights and biases start uniform within ±1/√fan_in, PyTorch's default; a fan_in is the
//! number of weights that one output element is computed from (for transposed layers, as in PyTorch, that of
//! the convolution they are the transposed of).

use candle_core::{Module, Result, Tensor, ToUsize2, bail};
use candle_nn::{Conv1dConfig, Conv2dConfig, ConvTranspose1dConfig, ConvTranspose2dConfig, VarBuilder};

use crate::convolution::{self, Geometry};
use crate::init::uniform;

macro_rules! convolution_layer {
    ($name:ident, $function:path, $what:literal, $shape:literal) => {
        #[doc = concat!("A layer of ", $what, ".")]
        #[derive(Clone, Debug)]
        pub struct $name {
            weight: Tensor,
            bias: Option<Tensor>,
            geometry: Geometry,
        }

        impl $name {
            #[doc = concat!("A layer of the given `weight`, ", $shape, ", and `bias` (out).")]
            pub fn new(weight: Tensor, bias: Option<Tensor>, geometry: impl Into<Geometry>) -> Self {
                let geometry = geometry.into();
                Self {
                    weight,
                    bias,
                    geometry,
                }
            }

            #[doc = concat!("The weight, ", $shape, ".")]
            pub fn weight(&self) -> &Tensor {
                &self.weight
            }

            /// The bias, if the layer has one.
            pub fn bias(&self) -> Option<&Tensor> {
                self.bias.as_ref()
            }

            /// Stride, padding, dilation and groups.
            pub fn geometry(&self) -> Geometry {
                self.geometry
            }
        }

        impl Module for $name {
            fn forward(&self, x: &Tensor) -> Result<Tensor> {
                $function(x, &self.weight, self.bias.as_ref(), self.geometry)
            }
        }
    };
}

convolution_layer!(
    Conv1d,
    convolution::conv1d,
    "1-D convolution over (batch, in, length)",
    "(out, in / groups, kernel)"
);
convolution_layer!(
    Conv2d,
    convolution::conv2d,
    "2-D convolution over (batch, in, height, width)",
    "(out, in / groups, kernel height, kernel width)"
);
convolution_layer!(
    ConvTranspose1d,
    convolution::conv_transpose1d,
    "transposed 1-D convolution over (batch, in, length)",
    "(in, out / groups, kernel)"
);
convolution_layer!(
    ConvTranspose2d,
    convolution::conv_transpose2d,
    "transposed 2-D convolution over (batch, in, height, width)",
    "(in, out / groups, kernel height, kernel width)"
);

/// `weight` of the given dimensions, and `bias` of `outputs` where asked for.
fn parameters(
    dims: &[usize],
    outputs: usize,
    bias: bool,
    vb: VarBuilder<'_>,
) -> Result<(Tensor, Option<Tensor>)> {
    let init = uniform(dims[1..].iter().product());
    let weight = vb.get_with_hints(dims, "weight", init)?;
    let bias = bias
        .then(|| vb.get_with_hints(outputs, "bias", init))
        .transpose()?;
    Ok((weight, bias))
}

/// `channels / groups`, or an error where that leaves a rest.
fn per_group(channels: usize, groups: usize) -> Result<usize> {
    if groups == 0 || !channels.is_multiple_of(groups) {
        bail!("{channels} channels do not divide into {groups} groups")
    }
    Ok(channels / groups)
}

/// A 1-D convolution with a bias, for inputs (batch, in, length).
pub fn conv1d(
    in_channels: usize,
    out_channels: usize,
    kernel_size: usize,
    config: Conv1dConfig,
    vb: VarBuilder<'_>,
) -> Result<Conv1d> {
    let dims = [out_channels, per_group(in_channels, config.groups)?, kernel_size];
    let (weight, bias) = parameters(&dims, out_channels, true, vb)?;
    Ok(Conv1d::new(weight, bias, config))
}

/// [`conv1d`] without a bias, as in front of a normalisation that has its own.
pub fn conv1d_no_bias(
    in_channels: usize,
    out_channels: usize,
    kernel_size: usize,
    config: Conv1dConfig,
    vb: VarBuilder<'_>,
) -> Result<Conv1d> {
    let dims = [out_channels, per_group(in_channels, config.groups)?, kernel_size];
    let (weight, bias) = parameters(&dims, out_channels, false, vb)?;
    Ok(Conv1d::new(weight, bias, config))
}

/// A 2-D convolution with a square kernel and a bias, for inputs (batch, in, height, width).
pub fn conv2d(
    in_channels: usize,
    out_channels: usize,
    kernel_size: usize,
    config: Conv2dConfig,
    vb: VarBuilder<'_>,
) -> Result<Conv2d> {
    conv2d_rectangular(in_channels, out_channels, kernel_size, config.into(), true, vb)
}

/// [`conv2d`] without a bias, as in front of a normalisation that has its own.
pub fn conv2d_no_bias(
    in_channels: usize,
    out_channels: usize,
    kernel_size: usize,
    config: Conv2dConfig,
    vb: VarBuilder<'_>,
) -> Result<Conv2d> {
    conv2d_rectangular(in_channels, out_channels, kernel_size, config.into(), false, vb)
}

/// [`conv2d`] with its own kernel, stride, padding and dilation in each direction, as spectrograms want:
/// `(height, width)`.
pub fn conv2d_rectangular(
    in_channels: usize,
    out_channels: usize,
    kernel: impl ToUsize2,
    geometry: Geometry,
    bias: bool,
    vb: VarBuilder<'_>,
) -> Result<Conv2d> {
    let (height, width) = kernel.to_usize2();
    let dims = [
        out_channels,
        per_group(in_channels, geometry.groups)?,
        height,
        width,
    ];
    let (weight, bias) = parameters(&dims, out_channels, bias, vb)?;
    Ok(Conv2d::new(weight, bias, geometry))
}

/// A transposed 1-D convolution with a bias, for inputs (batch, in, length).
pub fn conv_transpose1d(
    in_channels: usize,
    out_channels: usize,
    kernel_size: usize,
    config: ConvTranspose1dConfig,
    vb: VarBuilder<'_>,
) -> Result<ConvTranspose1d> {
    let dims = [in_channels, per_group(out_channels, config.groups)?, kernel_size];
    let (weight, bias) = parameters(&dims, out_channels, true, vb)?;
    Ok(ConvTranspose1d::new(weight, bias, config))
}

/// [`conv_transpose1d`] without a bias.
pub fn conv_transpose1d_no_bias(
    in_channels: usize,
    out_channels: usize,
    kernel_size: usize,
    config: ConvTranspose1dConfig,
    vb: VarBuilder<'_>,
) -> Result<ConvTranspose1d> {
    let dims = [in_channels, per_group(out_channels, config.groups)?, kernel_size];
    let (weight, bias) = parameters(&dims, out_channels, false, vb)?;
    Ok(ConvTranspose1d::new(weight, bias, config))
}

/// A transposed 2-D convolution with a square kernel and a bias, for inputs (batch, in, height, width).
pub fn conv_transpose2d(
    in_channels: usize,
    out_channels: usize,
    kernel_size: usize,
    config: ConvTranspose2dConfig,
    vb: VarBuilder<'_>,
) -> Result<ConvTranspose2d> {
    conv_transpose2d_rectangular(in_channels, out_channels, kernel_size, config.into(), true, vb)
}

/// [`conv_transpose2d`] without a bias.
pub fn conv_transpose2d_no_bias(
    in_channels: usize,
    out_channels: usize,
    kernel_size: usize,
    config: ConvTranspose2dConfig,
    vb: VarBuilder<'_>,
) -> Result<ConvTranspose2d> {
    conv_transpose2d_rectangular(in_channels, out_channels, kernel_size, config.into(), false, vb)
}

/// [`conv_transpose2d`] with its own numbers in each direction, `(height, width)`, and with groups.
pub fn conv_transpose2d_rectangular(
    in_channels: usize,
    out_channels: usize,
    kernel: impl ToUsize2,
    geometry: Geometry,
    bias: bool,
    vb: VarBuilder<'_>,
) -> Result<ConvTranspose2d> {
    let (height, width) = kernel.to_usize2();
    let dims = [
        in_channels,
        per_group(out_channels, geometry.groups)?,
        height,
        width,
    ];
    let (weight, bias) = parameters(&dims, out_channels, bias, vb)?;
    Ok(ConvTranspose2d::new(weight, bias, geometry))
}
