//! What the networks are made of: a convolution with the norm and the activation behind it, blocks, and rows of them.

use candle_core::{Result, Tensor};
use nn::{BatchNorm, Conv2d, Conv2dConfig, Geometry, Module, ModuleT, VarBuilder};

use super::Stage;

/// A layer, as a [`Stage`] holds it.
pub(super) type Layer = Box<dyn ModuleT + Send + Sync>;

/// A stage of `layers`, one after the other, whose parameters are under `prefixes`.
pub(super) fn stage(prefixes: impl IntoIterator<Item = String>, layers: Vec<Layer>) -> Stage {
    Stage {
        prefixes: prefixes.into_iter().collect(),
        layers: Box::new(Row(layers)),
    }
}

/// Layers, one after the other.
struct Row(Vec<Layer>);

impl ModuleT for Row {
    fn forward_t(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        self.0
            .iter()
            .try_fold(x.clone(), |x, layer| layer.forward_t(&x, train))
    }
}

/// What lies around the pictures that a convolution sees.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Padding {
    /// Half a kernel of zeros on each side, as in PyTorch's networks.
    Centred,
    /// As many zeros as ⌈size / stride⌉ windows need, the smaller half of them before: TensorFlow's "same". With
    /// a stride of 2 and an even size, that is one less before than after.
    Same,
}

/// What follows the norm.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Activation {
    /// Nothing.
    Linear,
    /// max(x, 0).
    Relu,
    /// max(x, 0), but at most 6.
    Relu6,
}

/// How all layers of a network are built.
#[derive(Clone, Copy)]
pub(super) struct Recipe {
    pub padding: Padding,
    /// What the norms add to the variance.
    pub eps: f64,
}

/// A convolution's sizes.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub inputs: usize,
    pub outputs: usize,
    pub kernel: usize,
    pub stride: usize,
    /// As many as channels where each is convolved by itself.
    pub groups: usize,
}

impl Sizes {
    /// A convolution that mixes channels.
    pub fn dense(inputs: usize, outputs: usize, kernel: usize, stride: usize) -> Self {
        Sizes {
            inputs,
            outputs,
            kernel,
            stride,
            groups: 1,
        }
    }

    /// A convolution of each channel by itself.
    pub fn depthwise(channels: usize, kernel: usize, stride: usize) -> Self {
        Sizes {
            groups: channels,
            ..Self::dense(channels, channels, kernel, stride)
        }
    }
}

/// A convolution without a bias, batch normalisation, and an activation.
pub(super) struct ConvNorm {
    conv: Conv2d,
    norm: BatchNorm,
    padding: Padding,
    activation: Activation,
}

impl Recipe {
    /// The layer whose convolution and norm have these `names` below `weights`.
    pub fn conv_norm(
        self,
        sizes: Sizes,
        activation: Activation,
        names: [&str; 2],
        weights: &VarBuilder<'_>,
    ) -> Result<ConvNorm> {
        let config = Conv2dConfig {
            stride: sizes.stride,
            padding: match self.padding {
                Padding::Centred => sizes.kernel / 2,
                Padding::Same => 0,
            },
            groups: sizes.groups,
            ..Default::default()
        };
        let Sizes {
            inputs,
            outputs,
            kernel,
            ..
        } = sizes;
        Ok(ConvNorm {
            conv: nn::conv2d_no_bias(inputs, outputs, kernel, config, weights.pp(names[0]))?,
            norm: nn::batch_norm(outputs, self.eps, weights.pp(names[1]))?,
            padding: self.padding,
            activation,
        })
    }
}

impl ModuleT for ConvNorm {
    fn forward_t(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let x = match self.padding {
            Padding::Centred => self.conv.forward(x)?,
            Padding::Same => conv_same(&self.conv, x)?,
        };
        match self.activation {
            Activation::Linear => self.norm.forward_t(&x, train),
            Activation::Relu => self.norm.forward_relu_t(&x, train),
            Activation::Relu6 => self.norm.forward_relu6_t(&x, train),
        }
    }
}

/// `conv` of `x` with [`Padding::Same`].
fn conv_same(conv: &Conv2d, x: &Tensor) -> Result<Tensor> {
    let (weight, geometry) = (conv.weight(), conv.geometry());
    let (_, _, height, width) = x.dims4()?;
    let (_, _, kernel_height, kernel_width) = weight.dims4()?;
    let rows = same_padding(height, kernel_height, geometry.stride.0);
    let columns = same_padding(width, kernel_width, geometry.stride.1);
    // Where both sides get the same, the convolution pads on its way; only the rest costs a copy of the maps.
    let x = x
        .pad_with_zeros(2, 0, rows.1 - rows.0)?
        .pad_with_zeros(3, 0, columns.1 - columns.0)?;
    let geometry = Geometry {
        padding: (rows.0, columns.0),
        ..geometry
    };
    nn::ops::conv2d(&x, weight, conv.bias(), geometry)
}

/// The zeros before and after `size` pixels.
fn same_padding(size: usize, kernel: usize, stride: usize) -> (usize, usize) {
    let windows = size.div_ceil(stride);
    let total = ((windows - 1) * stride + kernel).saturating_sub(size);
    (total / 2, total - total / 2)
}

/// A block of MobileNetV2 (Sandler et al. 2018, section 3.3) and of what came after it: a 1×1 convolution to more
/// channels (where there is one), a convolution of each channel by itself, a 1×1 convolution to fewer channels without
/// an activation, and the block's input added where the shapes agree.
pub(super) struct InvertedResidual {
    pub layers: Vec<ConvNorm>,
    pub skip: bool,
}

impl ModuleT for InvertedResidual {
    fn forward_t(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let mut layers = self.layers.iter();
        let y = layers.try_fold(x.clone(), |x, layer| layer.forward_t(&x, train))?;
        if self.skip { nn::ops::add(&y, x) } else { Ok(y) }
    }
}

#[cfg(test)]
mod tests {
    use super::same_padding;

    #[test]
    fn same_padding_is_that_of_tensorflow() {
        assert_eq!(same_padding(224, 3, 2), (0, 1));
        assert_eq!(same_padding(75, 3, 2), (1, 1));
        assert_eq!(same_padding(112, 5, 2), (1, 2));
        assert_eq!(same_padding(19, 5, 2), (2, 2));
        assert_eq!(same_padding(14, 5, 1), (2, 2));
        assert_eq!(same_padding(7, 1, 1), (0, 0));
        assert_eq!(same_padding(8, 1, 2), (0, 0));
    }
}
