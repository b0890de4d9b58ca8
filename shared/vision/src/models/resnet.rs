//! ResNet for small budgets: the networks of two-layer blocks.

use candle_core::{Result, Tensor};
use nn::{ModuleT, VarBuilder};

use super::Body;
use super::layers::{Activation, ConvNorm, Layer, Padding, Recipe, Sizes, stage};

const RECIPE: Recipe = Recipe {
    padding: Padding::Centred,
    eps: 1e-5,
};

/// ResNet-18 (He et al. 2015, "Deep Residual Learning for Image Recognition", <https://arxiv.org/abs/1512.03385>,
/// section 4.1, table 1): 11 176 512 parameters. The names are torchvision's, so that its weights load; those expect
/// pictures of (value / 255 - mean) / deviation, with means 0.485, 0.456, 0.406 and deviations 0.229, 0.224, 0.225 of
/// red, green and blue.
///
/// | stage | channels | of a picture 224 × 224 |
/// |---|---|---|
/// | `conv1`, `bn1`, a maximum over 3 × 3 | 64 | 56 × 56 |
/// | `layer1` | 64 | 56 × 56 |
/// | `layer2` | 128 | 28 × 28 |
/// | `layer3` | 256 | 14 × 14 |
/// | `layer4` | 512 | 7 × 7 |
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use nn::{ModuleT, VarMap};
/// # fn main() -> candle_core::Result<()> {
/// let body = vision::models::resnet18(nn::seeded(&VarMap::new(), 1, DType::F32, &Device::Cpu))?;
/// let pictures = Tensor::zeros((1, 3, 64, 96), DType::F32, &Device::Cpu)?;
/// assert_eq!(body.forward_t(&pictures, false)?.dims(), [1, 512, 2, 3]);
/// # Ok(()) }
/// ```
pub fn resnet18(weights: VarBuilder<'_>) -> Result<Body> {
    resnet([2, 2, 2, 2], &weights)
}

/// ResNet-34: [`resnet18`] with 3, 4, 6 and 3 blocks a stage, not 2, and 21 284 672 parameters.
pub fn resnet34(weights: VarBuilder<'_>) -> Result<Body> {
    resnet([3, 4, 6, 3], &weights)
}

fn resnet(blocks: [usize; 4], weights: &VarBuilder<'_>) -> Result<Body> {
    let stem = RECIPE.conv_norm(
        Sizes::dense(3, 64, 7, 2),
        Activation::Relu,
        ["conv1", "bn1"],
        weights,
    )?;
    let stem: Vec<Layer> = vec![Box::new(stem), Box::new(MaximumPool)];
    let mut stages = vec![stage(["conv1".to_string(), "bn1".to_string()], stem)];
    let mut inputs = 64;
    for (index, blocks) in blocks.into_iter().enumerate() {
        let (name, outputs) = (format!("layer{}", index + 1), 64 << index);
        let mut layers: Vec<Layer> = Vec::new();
        for block in 0..blocks {
            // The first block of each stage but the first halves the size.
            let stride = if index > 0 && block == 0 { 2 } else { 1 };
            let weights = weights.pp(&name).pp(block);
            layers.push(Box::new(BasicBlock::new(inputs, outputs, stride, &weights)?));
            inputs = outputs;
        }
        stages.push(stage([name], layers));
    }
    Ok(Body {
        stages,
        channels: inputs,
    })
}

struct MaximumPool;

impl ModuleT for MaximumPool {
    fn forward_t(&self, x: &Tensor, _train: bool) -> Result<Tensor> {
        nn::max_pool2d(x, 3, 2, 1)
    }
}

/// Two 3×3 convolutions and the block's input, added before the last ReLU (figure 5 of the paper, left).
struct BasicBlock {
    first: ConvNorm,
    second: ConvNorm,
    /// A 1×1 convolution that gives the input the shape of the output, where they differ (option B of section 3.3).
    shortcut: Option<ConvNorm>,
}

impl BasicBlock {
    fn new(inputs: usize, outputs: usize, stride: usize, weights: &VarBuilder<'_>) -> Result<Self> {
        let layer = |sizes, activation, names| RECIPE.conv_norm(sizes, activation, names, weights);
        let shortcut = (stride != 1 || inputs != outputs).then(|| {
            let names = ["downsample.0", "downsample.1"];
            layer(
                Sizes::dense(inputs, outputs, 1, stride),
                Activation::Linear,
                names,
            )
        });
        Ok(BasicBlock {
            first: layer(
                Sizes::dense(inputs, outputs, 3, stride),
                Activation::Relu,
                ["conv1", "bn1"],
            )?,
            second: layer(
                Sizes::dense(outputs, outputs, 3, 1),
                Activation::Linear,
                ["conv2", "bn2"],
            )?,
            shortcut: shortcut.transpose()?,
        })
    }
}

impl ModuleT for BasicBlock {
    fn forward_t(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let y = self.second.forward_t(&self.first.forward_t(x, train)?, train)?;
        match &self.shortcut {
            Some(shortcut) => nn::ops::add_relu(&y, &shortcut.forward_t(x, train)?),
            None => nn::ops::add_relu(&y, x),
        }
    }
}
