//! MobileNetV2.

use candle_core::Result;
use nn::VarBuilder;

use super::Body;
use super::layers::{Activation, InvertedResidual, Layer, Padding, Recipe, Sizes, stage};

const RECIPE: Recipe = Recipe {
    padding: Padding::Centred,
    eps: 1e-5,
};

/// Blocks that follow each other: table 2 of the paper.
struct Group {
    /// How many times the channels are in the middle of a block.
    expansion: usize,
    outputs: usize,
    blocks: usize,
    /// Of the first block.
    stride: usize,
}

const fn group(expansion: usize, outputs: usize, blocks: usize, stride: usize) -> Group {
    Group {
        expansion,
        outputs,
        blocks,
        stride,
    }
}

const GROUPS: [Group; 7] = [
    group(1, 16, 1, 1),
    group(6, 24, 2, 2),
    group(6, 32, 3, 2),
    group(6, 64, 4, 2),
    group(6, 96, 3, 1),
    group(6, 160, 3, 2),
    group(6, 320, 1, 1),
];

/// MobileNetV2 (Sandler et al. 2018, "Inverted Residuals and Linear Bottlenecks", <https://arxiv.org/abs/1801.04381>,
/// section 4, table 2): 2 223 872 parameters. The names are torchvision's, so that its weights load; those expect
/// pictures of (value / 255 - mean) / deviation, with means 0.485, 0.456, 0.406 and deviations 0.229, 0.224, 0.225 of
/// red, green and blue. A stage is all that has one resolution.
///
/// | stage | channels | of a picture 224 × 224 |
/// |---|---|---|
/// | `features.0` and `1` | 16 | 112 × 112 |
/// | `features.2` and `3` | 24 | 56 × 56 |
/// | `features.4` to `6` | 32 | 28 × 28 |
/// | `features.7` to `13` | 96 | 14 × 14 |
/// | `features.14` to `18` | 1280 | 7 × 7 |
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use nn::{ModuleT, VarMap};
/// # fn main() -> candle_core::Result<()> {
/// let body = vision::models::mobilenet_v2(nn::seeded(&VarMap::new(), 1, DType::F32, &Device::Cpu))?;
/// let pictures = Tensor::zeros((1, 3, 64, 96), DType::F32, &Device::Cpu)?;
/// assert_eq!(body.forward_t(&pictures, false)?.dims(), [1, 1280, 2, 3]);
/// # Ok(()) }
/// ```
pub fn mobilenet_v2(weights: VarBuilder<'_>) -> Result<Body> {
    // Each layer with its name and whether it is the first of a stage.
    let mut layers: Vec<(String, bool, Layer)> = Vec::new();
    let plain = |sizes, index: usize| {
        let layer = RECIPE.conv_norm(
            sizes,
            Activation::Relu6,
            ["0", "1"],
            &weights.pp("features").pp(index),
        );
        Ok::<Layer, candle_core::Error>(Box::new(layer?))
    };
    let name = |index: usize| format!("features.{index}");
    let mut inputs = 32;
    layers.push((name(0), true, plain(Sizes::dense(3, inputs, 3, 2), 0)?));
    for group in GROUPS {
        for block in 0..group.blocks {
            let stride = if block == 0 { group.stride } else { 1 };
            let name = name(layers.len());
            let residual = inverted_residual(inputs, &group, stride, &weights.pp(&name).pp("conv"))?;
            layers.push((name, stride == 2, Box::new(residual)));
            inputs = group.outputs;
        }
    }
    let last = layers.len();
    layers.push((name(last), false, plain(Sizes::dense(inputs, 1280, 1, 1), last)?));

    let mut stages: Vec<(Vec<String>, Vec<Layer>)> = Vec::new();
    for (name, first, layer) in layers {
        match stages.last_mut().filter(|_| !first) {
            Some((names, layers)) => {
                names.push(name);
                layers.push(layer);
            }
            None => stages.push((vec![name], vec![layer])),
        }
    }
    Ok(Body {
        stages: stages
            .into_iter()
            .map(|(names, layers)| stage(names, layers))
            .collect(),
        channels: 1280,
    })
}

fn inverted_residual(
    inputs: usize,
    group: &Group,
    stride: usize,
    weights: &VarBuilder<'_>,
) -> Result<InvertedResidual> {
    let middle = inputs * group.expansion;
    let expand = (Sizes::dense(inputs, middle, 1, 1), Activation::Relu6);
    let depthwise = (Sizes::depthwise(middle, 3, stride), Activation::Relu6);
    let project = (Sizes::dense(middle, group.outputs, 1, 1), Activation::Linear);
    // In torchvision a convolution with an activation is a module of its own, and the last one is not.
    let layers: &[_] = match group.expansion {
        1 => &[(depthwise, ["0.0", "0.1"]), (project, ["1", "2"])],
        _ => &[
            (expand, ["0.0", "0.1"]),
            (depthwise, ["1.0", "1.1"]),
            (project, ["2", "3"]),
        ],
    };
    let layers = layers
        .iter()
        .map(|&((sizes, activation), names)| RECIPE.conv_norm(sizes, activation, names, weights))
        .collect::<Result<_>>()?;
    Ok(InvertedResidual {
        layers,
        skip: stride == 1 && inputs == group.outputs,
    })
}
