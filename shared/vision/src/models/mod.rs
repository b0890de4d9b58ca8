//! Well-known networks, written to be read.

mod efficientnet_lite;
mod layers;
mod mobilenet_v2;
mod names;
mod resnet;
mod vgg;

use std::{
    fmt,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use candle_core::{D, Result, Tensor};
use nn::{Dropout, Linear, Module, ModuleT, VarBuilder};
use training::Transfer;

pub use efficientnet_lite::efficientnet_lite0;
pub use mobilenet_v2::mobilenet_v2;
pub use names::mobilenet_v2_name;
pub use resnet::{resnet18, resnet34};
pub use vgg::{Pooling, vgg, vgg16, vgg19};

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
///
/// Parameters of the body are under `body.`, those of the layer under `head.`: a body that was trained elsewhere is
/// loaded by [`Learner::with_weights(weights, "body")`](training::Learner::with_weights).
pub struct Classifier {
    body: Body,
    dropout: Dropout,
    head: Linear,
    /// So many stages pass no gradient on.
    kept: AtomicUsize,
    /// Whether the body, in training too, runs as it is used: see [`Transfer::keep`].
    transferred: AtomicBool,
}

impl Classifier {
    /// Makes a body by `body` and puts a head for `classes` classes on it. `dropout` is the share of features that a
    /// training step leaves out.
    pub fn new<'a>(
        body: impl FnOnce(VarBuilder<'a>) -> Result<Body>,
        classes: usize,
        dropout: f32,
        weights: VarBuilder<'a>,
    ) -> Result<Self> {
        let body = body(weights.pp("body"))?;
        let head = nn::linear(body.channels, classes, weights.pp("head"))?;
        Ok(Classifier {
            body,
            dropout: Dropout::new(dropout),
            head,
            kept: AtomicUsize::new(0),
            transferred: AtomicBool::new(false),
        })
    }

    /// The body.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Takes pictures (batch, 3, height, width), gives the last maps (batch, channels, height / 32, width / 32).
    pub fn maps(&self, pictures: &Tensor, train: bool) -> Result<Tensor> {
        let kept = self.kept.load(Ordering::Relaxed);
        let train = train && !self.transferred.load(Ordering::Relaxed);
        let mut maps = pictures.clone();
        for (number, stage) in self.body.stages.iter().enumerate() {
            maps = stage.layers.forward_t(&maps, train)?;
            // What is kept for a gradient that nobody asks for would be most of the memory.
            if number < kept {
                maps = maps.detach();
            }
        }
        Ok(maps)
    }

    /// Takes maps (batch, channels, height, width), gives logits (batch, classes).
    pub fn classify(&self, maps: &Tensor, train: bool) -> Result<Tensor> {
        self.answer(&mean_of(maps)?, train)
    }

    /// Takes features (batch, channels), gives logits (batch, classes).
    fn answer(&self, features: &Tensor, train: bool) -> Result<Tensor> {
        self.head.forward(&self.dropout.forward_t(features, train)?)
    }
}

/// The mean over each map: (batch, channels, height, width) to (batch, channels).
fn mean_of(maps: &Tensor) -> Result<Tensor> {
    maps.mean((D::Minus2, D::Minus1))
}

impl ModuleT for Classifier {
    /// Takes pictures (batch, 3, height, width), or features (batch, channels) of [`Transfer::features`]; gives logits
    /// (batch, classes).
    fn forward_t(&self, input: &Tensor, train: bool) -> Result<Tensor> {
        match input.rank() {
            2 => self.answer(input, train),
            _ => self.classify(&self.maps(input, train)?, train),
        }
    }
}

impl Transfer for Classifier {
    fn features(&self, pictures: &Tensor) -> Result<Tensor> {
        let mut maps = pictures.clone();
        for stage in &self.body.stages {
            maps = stage.layers.forward_t(&maps, false)?.detach();
        }
        mean_of(&maps)
    }

    fn groups(&self) -> Vec<Vec<String>> {
        let below_body = |prefix: &String| format!("body.{prefix}");
        let stages = self.body.stages.iter();
        let mut groups: Vec<Vec<String>> = stages
            .map(|stage| stage.prefixes.iter().map(below_body).collect())
            .collect();
        groups.push(vec!["head".into()]);
        groups
    }

    fn keep(&self, groups: usize) {
        self.kept.store(groups, Ordering::Relaxed);
        self.transferred.store(true, Ordering::Relaxed);
    }
}
