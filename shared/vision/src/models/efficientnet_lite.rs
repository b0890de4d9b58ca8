//! EfficientNet-Lite.

use candle_core::Result;
use nn::VarBuilder;

use super::Body;
use super::layers::{Activation, InvertedResidual, Layer, Padding, Recipe, Sizes, stage};

const RECIPE: Recipe = Recipe {
    padding: Padding::Same,
    eps: 1e-3,
};

/// Blocks that follow each other: table 1 of the paper.
struct Group {
    /// How many times the channels are in the middle of a block.
    expansion: usize,
    kernel: usize,
    outputs: usize,
    blocks: usize,
    /// Of the first block.
    stride: usize,
}

const fn group(expansion: usize, kernel: usize, outputs: usize, blocks: usize, stride: usize) -> Group {
    Group {
        expansion,
        kernel,
        outputs,
        blocks,
        stride,
    }
}

const GROUPS: [Group; 7] = [
    group(1, 3, 16, 1, 1),
    group(6, 3, 24, 2, 2),
    group(6, 5, 40, 2, 2),
    group(6, 3, 80, 3, 2),
    group(6, 5, 112, 3, 1),
    group(6, 5, 192, 4, 2),
    group(6, 3, 320, 1, 1),
];

/// EfficientNet-Lite0: EfficientNet-B0 (Tan & Le 2019, <https://arxiv.org/abs/1905.11946>, section 4, table 1) without
/// squeeze-and-excitation and with ReLU6 for swish, as Google published it in 2020 for phones: 3 371 008 parameters.
/// The names are those of the Python package `efficientnet-lite-pytorch`, so that its weights load; those expect
/// pictures of (value - 127) / 128. In training no blocks are left out at random, as the original did, and the norms'
/// running statistics move by 0.1 a step, as everywhere here, not by 0.01.
///
/// | stage | channels | of a picture 224 × 224 |
/// |---|---|---|
/// | `_conv_stem`, `_bn0` | 32 | 112 × 112 |
/// | `_blocks.0` | 16 | 112 × 112 |
/// | `_blocks.1` and `2` | 24 | 56 × 56 |
/// | `_blocks.3` and `4` | 40 | 28 × 28 |
/// | `_blocks.5` to `7` | 80 | 14 × 14 |
/// | `_blocks.8` to `10` | 112 | 14 × 14 |
/// | `_blocks.11` to `14` | 192 | 7 × 7 |
/// | `_blocks.15` | 320 | 7 × 7 |
/// | `_conv_head`, `_bn1` | 1280 | 7 × 7 |
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use nn::{ModuleT, VarMap};
/// # fn main() -> candle_core::Result<()> {
/// let body = vision::models::efficientnet_lite0(nn::seeded(&VarMap::new(), 1, DType::F32, &Device::Cpu))?;
/// let pictures = Tensor::zeros((1, 3, 64, 96), DType::F32, &Device::Cpu)?;
/// assert_eq!(body.forward_t(&pictures, false)?.dims(), [1, 1280, 2, 3]);
/// # Ok(()) }
/// ```
pub fn efficientnet_lite0(weights: VarBuilder<'_>) -> Result<Body> {
    let plain = |sizes, names: [&str; 2]| {
        let layer: Layer = Box::new(RECIPE.conv_norm(sizes, Activation::Relu6, names, &weights)?);
        Ok::<_, candle_core::Error>(stage(names.map(String::from), vec![layer]))
    };
    let mut inputs = 32;
    let mut stages = vec![plain(Sizes::dense(3, inputs, 3, 2), ["_conv_stem", "_bn0"])?];
    let mut count = 0;
    for group in GROUPS {
        let (mut names, mut layers) = (Vec::new(), Vec::<Layer>::new());
        for block in 0..group.blocks {
            let stride = if block == 0 { group.stride } else { 1 };
            let name = format!("_blocks.{count}");
            layers.push(Box::new(inverted_residual(
                inputs,
                &group,
                stride,
                &weights.pp(&name),
            )?));
            names.push(name);
            inputs = group.outputs;
            count += 1;
        }
        stages.push(stage(names, layers));
    }
    stages.push(plain(Sizes::dense(inputs, 1280, 1, 1), ["_conv_head", "_bn1"])?);
    Ok(Body {
        stages,
        channels: 1280,
    })
}

fn inverted_residual(
    inputs: usize,
    group: &Group,
    stride: usize,
    weights: &VarBuilder<'_>,
) -> Result<InvertedResidual> {
    let layer = |sizes, activation, names| RECIPE.conv_norm(sizes, activation, names, weights);
    let middle = inputs * group.expansion;
    let mut layers = Vec::new();
    if group.expansion != 1 {
        let sizes = Sizes::dense(inputs, middle, 1, 1);
        layers.push(layer(sizes, Activation::Relu6, ["_expand_conv", "_bn0"])?);
    }
    let sizes = Sizes::depthwise(middle, group.kernel, stride);
    layers.push(layer(sizes, Activation::Relu6, ["_depthwise_conv", "_bn1"])?);
    let sizes = Sizes::dense(middle, group.outputs, 1, 1);
    layers.push(layer(sizes, Activation::Linear, ["_project_conv", "_bn2"])?);
    Ok(InvertedResidual {
        layers,
        skip: stride == 1 && inputs == group.outputs,
    })
}
