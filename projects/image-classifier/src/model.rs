//! The networks: a small one of our own, and well-known ones that learned from a million photographs.

use std::path::Path;

use anyhow::{Context, Result};
use candle_core::Tensor;
use clap::ValueEnum;
use nn::{BatchNorm, Conv2d, Conv2dConfig, Module, ModuleT, VarBuilder};
use serde::{Deserialize, Serialize};
use training::{Told, Weights};
use vision::{
    Normalisation,
    models::{self, Body, Classifier, Stage},
};

/// Which network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// Five convolutions, under 100,000 parameters: learns in a minute
    Small,
    /// 11 million parameters (He et al. 2016)
    #[value(name = "resnet18")]
    ResNet18,
    /// 21 million parameters
    #[value(name = "resnet34")]
    ResNet34,
    /// 2 million parameters, made for telephones (Sandler et al. 2018)
    #[value(name = "mobilenet-v2")]
    MobileNetV2,
    /// 3 million parameters, the best of these for a processor (Tan and Le 2019, without what phones lack)
    #[value(name = "efficientnet-lite0")]
    EfficientNetLite0,
}

impl Network {
    /// A network for pictures of `side` × `side` pixels and for `classes` classes.
    pub fn build(
        self,
        side: u32,
        classes: usize,
        weights: VarBuilder<'_>,
    ) -> candle_core::Result<Classifier> {
        let dropout = if self == Network::Small { 0.1 } else { 0.2 };
        let body = |weights: VarBuilder<'_>| match self {
            Network::Small => small(side, weights),
            Network::ResNet18 => models::resnet18(weights),
            Network::ResNet34 => models::resnet34(weights),
            Network::MobileNetV2 => models::mobilenet_v2(weights),
            Network::EfficientNetLite0 => models::efficientnet_lite0(weights),
        };
        Classifier::new(body, classes, dropout, weights)
    }

    /// The numbers that it wants pictures as.
    pub fn normalisation(self) -> Normalisation {
        match self {
            Network::Small => Normalisation::PLAIN,
            Network::EfficientNetLite0 => Normalisation::LITE,
            Network::ResNet18 | Network::ResNet34 | Network::MobileNetV2 => Normalisation::IMAGENET,
        }
    }

    /// Pixels across and down that it sees, where the data does not say.
    pub fn side(self) -> u32 {
        if self == Network::Small { 64 } else { 224 }
    }

    /// How many of its last groups of layers to fine-tune: of a large network those that see whole things, not edges.
    /// All would take three times as long and five gigabytes.
    pub fn fine_tuned_groups(self) -> Option<usize> {
        if self == Network::Small { None } else { Some(4) }
    }

    /// The name of its weights among the data sets, for networks that are meant to be fine-tuned.
    pub fn weights(self) -> Option<&'static str> {
        match self {
            Network::Small => None,
            Network::ResNet18 => Some("resnet18"),
            Network::ResNet34 => Some("resnet34"),
            Network::MobileNetV2 => Some("mobilenet-v2"),
            Network::EfficientNetLite0 => Some("efficientnet-lite0"),
        }
    }
}

/// Pictures of fewer pixels across are tiny: 28 of MNIST, 32 of CIFAR.
const TINY: u32 = 48;

/// One convolution, its norm and a ReLU.
struct Block {
    convolution: Conv2d,
    norm: BatchNorm,
}

impl ModuleT for Block {
    fn forward_t(&self, maps: &Tensor, train: bool) -> candle_core::Result<Tensor> {
        self.norm.forward_relu_t(&self.convolution.forward(maps)?, train)
    }
}

/// The body of the small network: about 86,000 parameters.
///
/// Stride 2 in the first two layers: a pixel of the last maps has seen more than half of the picture, and the dear first
/// layers work on a quarter of the pixels. Only of tiny pictures the first layer keeps every pixel.
fn small(side: u32, weights: VarBuilder<'_>) -> candle_core::Result<Body> {
    // For a picture of 64 × 64:
    // (3, 64, 64) → (16, 32, 32) → (32, 16, 16) → (40, 16, 16) → (64, 8, 8) → (80, 8, 8)
    let first = if side < TINY { 1 } else { 2 };
    let (channels, strides) = ([3, 16, 32, 40, 64, 80], [first, 2, 1, 2, 1]);
    let mut stages = Vec::new();
    for (number, (pair, stride)) in channels.windows(2).zip(strides).enumerate() {
        let name = format!("block{}", number + 1);
        let weights = weights.pp(&name);
        let config = Conv2dConfig {
            stride,
            padding: 1,
            ..Default::default()
        };
        let block = Block {
            convolution: nn::conv2d_no_bias(pair[0], pair[1], 3, config, weights.pp("convolution"))?,
            norm: nn::batch_norm(pair[1], 1e-5, weights.pp("norm"))?,
        };
        stages.push(Stage {
            prefixes: vec![name],
            layers: Box::new(block),
        });
    }
    Ok(Body {
        stages,
        channels: channels[5],
    })
}

/// What a network starts from.
pub struct Start {
    /// Weights of its body; none to learn from scratch.
    pub weights: Option<Weights>,
}

/// What our own small network learned from drawings of other animals than cats and dogs (`examples/pretrain.rs`).
const DRAWN_ANIMALS: &[u8] = include_bytes!("../weights/drawn-animals.safetensors");

impl Start {
    /// What `asked` means for `network`: `none`, `drawn-animals`, a file, or by default what is known for the network.
    /// The small one starts from nothing where pictures are `tiny`: they show other things than animals.
    pub fn choose(network: Network, asked: Option<&str>, tiny: bool) -> Result<Self> {
        let weights = match asked {
            Some("none") => None,
            Some("drawn-animals") => known(Network::Small)?,
            Some(file) => Some(read(network, Path::new(file))?),
            None if network == Network::Small && tiny => None,
            None => known(network)?,
        };
        Ok(Start { weights })
    }

    /// Passes over the training pictures that suit it.
    pub fn epochs(&self, network: Network) -> usize {
        match (&self.weights, network) {
            (None, _) => 30,
            (Some(_), Network::Small) => 20,
            (Some(_), _) => 2,
        }
    }

    /// The learning rate that suits it.
    pub fn learning_rate(&self, network: Network) -> f64 {
        match (&self.weights, network) {
            (None, _) => 3e-3,
            (Some(_), Network::Small) => 2e-2,
            (Some(_), _) => 2e-3,
        }
    }
}

/// The weights that are known for a network: those that come with this project, or those of its name among the data
/// sets, fetched if need be.
pub fn known(network: Network) -> Result<Option<Weights>> {
    let Some(name) = network.weights() else {
        return Ok(Some(Weights::parse(DRAWN_ANIMALS, "drawn-animals")?));
    };
    let progress = Told::default();
    let folder = datasets::fetch(name, &|doing, done, total| progress.tell(doing, done, total)).context(
        "no weights to start from (choose --network mobilenet-v2, whose weights are fetched from their home, name a file by \
         --weights FILE, or learn from scratch by --weights none)",
    )?;
    let file = folder.join(format!("{}.safetensors", name.replace('-', "_")));
    Ok(Some(read(network, &file)?))
}

/// The weights in a file, by the names that the network has for them.
fn read(network: Network, file: &Path) -> Result<Weights> {
    let mut weights = Weights::read(file)?;
    if network == Network::MobileNetV2 {
        for (name, _) in &mut weights.tensors {
            *name = models::mobilenet_v2_name(name);
        }
    }
    Ok(weights)
}
