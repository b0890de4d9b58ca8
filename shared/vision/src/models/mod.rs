//! Well-known networks, written to be read.

mod efficientnet_lite;
mod layers;
mod mobilenet_v2;
mod resnet;

use std::fmt;

use candle_core::{D, Result, Tensor};
use nn::{Dropout, Linear, Module, ModuleT, VarBuilder};

pub use efficientnet_lite::efficientnet_lite0;
pub use mobilenet_v2::mobilenet_v2;
pub use resnet::{resnet18, resnet34};

/// One stretch of a body: some layers, and where their parameters are.
pub struct Stage {
    /// The names, or beginnings of names, of its parameters below the body's own: `layer1`, `conv1`.
    pub prefixes: Vec<String>,
    /// What it computes: (batch, channels, height, width) to the same with other channels and, mostly, half the size.
    pub layers: Box<dyn ModuleT + Send + Sync>,
}

/// A network for pictures without its last, classifying layer: stages from the picture to its last maps.
pub struct Body {
    /// From the picture to the last maps.
    pub stages: Vec<Stage>,
    /// The channels of the last maps.
    pub channels: usize,
}

impl ModuleT for Body {
    /// Takes pictures (batch, 3, height, width), gives the last maps (batch, channels, height / 32, width / 32).
    fn forward_t(&self, pictures: &Tensor, train: bool) -> Result<Tensor> {
        let mut maps = pictures.clone();
        for stage in &self.stages {
            maps = stage.layers.forward_t(&maps, train)?;
        }
        Ok(maps)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefixes: Vec<_> = self.stages.iter().map(|stage| &stage.prefixes).collect();
        f.debug_struct("Body")
            .field("stages", &prefixes)
            .field("channels", &self.channels)
            .finish()
    }
}

/// A body, the mean over each of its last maps, and one linear layer that names a class.
pub struct Classifier {
    body: Body,
    dropout: Dropout,
    head: Linear,
}

impl Classifier {
    /// Puts a head for `classes` classes, whose parameters are under `head`, on `body`. `dropout` is the share of
    /// features that a training step leaves out.
    pub fn new(body: Body, classes: usize, dropout: f32, weights: VarBuilder<'_>) -> Result<Self> {
        let head = nn::linear(body.channels, classes, weights.pp("head"))?;
        Ok(Classifier {
            body,
            dropout: Dropout::new(dropout),
            head,
        })
    }

    /// The body.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Takes features (batch, channels), gives logits (batch, classes).
    pub fn classify(&self, features: &Tensor, train: bool) -> Result<Tensor> {
        self.head.forward(&self.dropout.forward_t(features, train)?)
    }

    /// Takes maps (batch, channels, height, width), gives features (batch, channels).
    pub fn pool(maps: &Tensor) -> Result<Tensor> {
        maps.mean((D::Minus2, D::Minus1))
    }
}
