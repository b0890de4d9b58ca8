//! VGG.

use candle_core::{Result, Tensor};
use nn::{Conv2d, Conv2dConfig, Module, ModuleT, VarBuilder, ops};

use super::{Body, Stage};

/// How maps are halved between two blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// To the largest of each two by two numbers: how VGG was trained.
    Max,
    /// To their mean. Where a picture is changed by the network's gradients, as in style transfer, these are then calmer:
    /// each of the four gets some (Gatys, Ecker & Bethge 2016, section 2).
    Average,
}

/// A convolution of 3 × 3 and a ReLU; the first of a block halves the maps before.
struct Layer {
    halve: Option<Pooling>,
    convolution: Conv2d,
}

impl ModuleT for Layer {
    fn forward_t(&self, maps: &Tensor, _train: bool) -> Result<Tensor> {
        let maps = match self.halve {
            Some(Pooling::Max) => nn::max_pool2d(maps, 2, 2, 0)?,
            Some(Pooling::Average) => nn::avg_pool2d(maps, 2, 2, 0)?,
            None => maps.clone(),
        };
        ops::relu(&self.convolution.forward(&maps)?)
    }
}

/// A network of VGG's kind (Simonyan & Zisserman 2015, <https://arxiv.org/abs/1409.1556>): in each block of `channels` so
/// many convolutions of 3 × 3, and between two blocks a `pooling` that halves the maps.
///
/// Each convolution with its ReLU is a stage of the body. Names are torchvision's, `features.0.weight`, so that its
/// weights load; those expect pictures of [`Normalisation::IMAGENET`](crate::Normalisation::IMAGENET).
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use nn::{ModuleT, VarMap};
/// use vision::models::Pooling;
/// # fn main() -> candle_core::Result<()> {
/// let weights = nn::seeded(&VarMap::new(), 1, DType::F32, &Device::Cpu);
/// let body = vision::models::vgg(&[&[8, 8], &[16]], Pooling::Max, weights)?;
/// let pictures = Tensor::zeros((1, 3, 64, 96), DType::F32, &Device::Cpu)?;
/// assert_eq!(body.forward_t(&pictures, false)?.dims(), [1, 16, 32, 48]);
/// # Ok(()) }
/// ```
pub fn vgg(channels: &[&[usize]], pooling: Pooling, weights: VarBuilder<'_>) -> Result<Body> {
    let config = Conv2dConfig {
        padding: 1,
        ..Conv2dConfig::default()
    };
    let mut stages = Vec::new();
    let (mut inputs, mut place) = (3, 0);
    for (block, channels) in channels.iter().enumerate() {
        for (number, &outputs) in channels.iter().enumerate() {
            let halves = block > 0 && number == 0;
            // torchvision counts convolutions, ReLUs and poolings alike.
            place += usize::from(halves);
            let name = format!("features.{place}");
            let convolution = nn::conv2d(inputs, outputs, 3, config, weights.pp(&name))?;
            stages.push(Stage {
                prefixes: vec![name],
                layers: Box::new(Layer {
                    halve: halves.then_some(pooling),
                    convolution,
                }),
            });
            place += 2;
            inputs = outputs;
        }
    }
    Ok(Body {
        stages,
        channels: inputs,
    })
}

/// VGG-16 without its classifier: 13 convolutions, 14 714 688 parameters.
pub fn vgg16(pooling: Pooling, weights: VarBuilder<'_>) -> Result<Body> {
    vgg(
        &[&[64; 2], &[128; 2], &[256; 3], &[512; 3], &[512; 3]],
        pooling,
        weights,
    )
}

/// VGG-19 without its classifier: 16 convolutions, 20 024 384 parameters.
pub fn vgg19(pooling: Pooling, weights: VarBuilder<'_>) -> Result<Body> {
    vgg(
        &[&[64; 2], &[128; 2], &[256; 4], &[512; 4], &[512; 4]],
        pooling,
        weights,
    )
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use nn::VarMap;

    use super::*;

    /// Where torchvision's convolutions stand, as `vgg16().features` and `vgg19().features` print them.
    #[test]
    fn names_and_sizes_are_torchvisions() {
        let places = |build: fn(Pooling, VarBuilder<'_>) -> Result<Body>| {
            let variables = VarMap::new();
            let body = build(Pooling::Max, nn::seeded(&variables, 1, DType::F32, &Device::Cpu)).unwrap();
            let count: usize = variables.all_vars().iter().map(|var| var.elem_count()).sum();
            let places: Vec<usize> = body
                .stages
                .iter()
                .map(|stage| {
                    stage.prefixes[0]
                        .strip_prefix("features.")
                        .unwrap()
                        .parse()
                        .unwrap()
                })
                .collect();
            (places, count)
        };
        let (sixteen, parameters) = places(vgg16);
        assert_eq!(sixteen, [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]);
        assert_eq!(parameters, 14_714_688);
        let (nineteen, parameters) = places(vgg19);
        assert_eq!(
            nineteen,
            [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34]
        );
        assert_eq!(parameters, 20_024_384);
    }

    #[test]
    fn maps_are_halved_as_asked() -> Result<()> {
        // Kernels that only pass on what is in their middle: all that is left is the pooling.
        let mut middle = [0f32; 9];
        middle[4] = 1.0;
        let middle = Tensor::new(&middle, &Device::Cpu)?.reshape((1, 1, 3, 3))?;
        let nothing = middle.zeros_like()?;
        let bias = Tensor::zeros(1, DType::F32, &Device::Cpu)?;
        let weights = std::collections::HashMap::from([
            (
                "features.0.weight".to_string(),
                Tensor::cat(&[&middle, &nothing, &nothing], 1)?,
            ),
            ("features.0.bias".to_string(), bias.clone()),
            ("features.3.weight".to_string(), middle),
            ("features.3.bias".to_string(), bias),
        ]);
        let picture = Tensor::new(&[[1f32, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 12.0]], &Device::Cpu)?;
        let picture = picture.broadcast_as((1, 3, 2, 4))?.contiguous()?;
        let see = |pooling| {
            let weights = VarBuilder::from_tensors(weights.clone(), DType::F32, &Device::Cpu);
            let seen = vgg(&[&[1], &[1]], pooling, weights)?.forward_t(&picture, false)?;
            seen.flatten_all()?.to_vec1::<f32>()
        };
        assert_eq!(see(Pooling::Max)?, [6.0, 12.0]);
        assert_eq!(see(Pooling::Average)?, [3.5, 6.5]);
        Ok(())
    }
}
