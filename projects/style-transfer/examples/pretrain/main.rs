//! Makes `weights/painter.safetensors` and `weights/judge.safetensors`, the eyes that this project looks with:
//! `cargo run -p style-transfer --example pretrain` and the same with `-- --judge --seed 2`
//!
//! Each learns to name twenty kinds of textures and thirteen kinds of drawn animals. What tells textures apart is what
//! brushes are like; what tells animals apart is where edges are. The judge is built differently, and of
//! another seed it sees other textures. Some minutes each.

#[allow(dead_code, reason = "this page needs only a part of it")]
#[path = "../../src/features.rs"]
mod features;
mod textures;

use std::{collections::HashMap, path::Path};

use anyhow::{Context, Result};
use candle_core::{Device, Tensor};
use clap::Parser;
use nn::{BatchNorm, Conv2d, Conv2dConfig, Module, ModuleT, VarBuilder};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use training::{Classification, Dataset, Labelled, Learner, Pass, Run, RunArguments, Splits, TrainArguments};
use vision::{
    Augment, Normalisation, RgbImage,
    models::{Body, Classifier, Stage},
};

use features::{JUDGE_CHANNELS, PAINTER_CHANNELS};

/// The memory that a training step frees is kept for the next one.
#[global_allocator]
static MEMORY: nn::Pool = nn::Pool::new();

/// Pixels across and down of what is learned from.
const SIDE: u32 = 64;

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    pretrain: Pretrain,
}

/// Learn to tell textures and drawings apart, and keep the eyes
#[derive(clap::Args, Clone, Serialize, Deserialize)]
struct Pretrain {
    /// Train the judge, not the painter
    #[arg(long)]
    judge: bool,
    /// Passes over the drawings, and over as many textures
    #[arg(long, default_value_t = 12, value_name = "N")]
    epochs: usize,
    #[command(flatten)]
    #[serde(flatten)]
    run: RunArguments,
}

impl TrainArguments for Pretrain {
    fn run(&mut self) -> &mut RunArguments {
        &mut self.run
    }
}

/// Drawings from files, and as many textures made on the spot.
struct Sights {
    drawings: Vec<(RgbImage, u32)>,
    part: &'static str,
}

impl Dataset for Sights {
    type Batch = Labelled;

    fn len(&self) -> usize {
        2 * self.drawings.len()
    }

    /// Pictures (batch, 3, 64, 64), every second a texture.
    fn batch(&self, indices: &[usize], pass: Pass) -> Result<Labelled> {
        let (mut seen, mut classes) = (Vec::new(), Vec::new());
        for &index in indices {
            let mut random = match pass.train {
                true => pass.random(index),
                false => nn::random(pass.seed, &format!("{}/{index}", self.part)),
            };
            if index % 2 == 0 {
                let kind = index / 2 % textures::KINDS;
                seen.push(textures::texture(kind, SIDE, &mut random));
                classes.push(kind as u32);
            } else {
                let (drawing, species) = &self.drawings[index / 2];
                seen.push(Augment::usual().apply(drawing, SIDE, SIDE, &mut random));
                classes.push(textures::KINDS as u32 + species);
            }
        }
        Ok(Labelled {
            inputs: Normalisation::PLAIN.batch(&seen)?,
            targets: Tensor::new(classes, &Device::Cpu)?,
        })
    }
}

/// A convolution with a norm, without which seven layers on end learn next to nothing, and a ReLU.
struct Layer {
    halves: bool,
    convolution: Conv2d,
    norm: BatchNorm,
}

/// Added to variances.
const EPSILON: f64 = 1e-5;

impl ModuleT for Layer {
    fn forward_t(&self, maps: &Tensor, train: bool) -> candle_core::Result<Tensor> {
        let maps = match self.halves {
            true => nn::max_pool2d(maps, 2, 2, 0)?,
            false => maps.clone(),
        };
        self.norm.forward_relu_t(&self.convolution.forward(&maps)?, train)
    }
}

/// The layers of [`vision::models::vgg`], with norms and under the same names.
fn with_norms(channels: &[&[usize]], weights: VarBuilder<'_>) -> candle_core::Result<Body> {
    let config = Conv2dConfig {
        padding: 1,
        ..Conv2dConfig::default()
    };
    let (mut stages, mut inputs, mut place) = (Vec::new(), 3, 0);
    for (block, channels) in channels.iter().enumerate() {
        for (number, &outputs) in channels.iter().enumerate() {
            let halves = block > 0 && number == 0;
            place += usize::from(halves);
            let name = format!("features.{place}");
            let weights = weights.pp(&name);
            stages.push(Stage {
                prefixes: vec![name],
                layers: Box::new(Layer {
                    halves,
                    convolution: nn::conv2d_no_bias(inputs, outputs, 3, config, weights.clone())?,
                    norm: nn::batch_norm(outputs, EPSILON, weights.pp("norm"))?,
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

/// What was learned with norms, for a network without them: a norm that no longer changes is a factor and a summand for each
/// channel, and both go into the convolution before it.
fn without_norms(trained: &HashMap<String, Tensor>) -> Result<HashMap<String, Tensor>> {
    let mut folded = HashMap::new();
    for (name, weight) in trained {
        let Some(layer) = name
            .strip_suffix(".weight")
            .filter(|layer| !layer.ends_with("norm"))
        else {
            continue;
        };
        let of_norm = |what: &str| {
            let name = format!("{layer}.norm.{what}");
            trained.get(&name).with_context(|| format!("no {name}"))
        };
        let factor = (of_norm("weight")? / (of_norm("running_var")? + EPSILON)?.sqrt()?)?;
        let bias = (of_norm("bias")? - (of_norm("running_mean")? * &factor)?)?;
        folded.insert(
            name.clone(),
            weight.broadcast_mul(&factor.reshape(((), 1, 1, 1))?)?,
        );
        folded.insert(format!("{layer}.bias"), bias);
    }
    Ok(folded)
}

fn main() -> Result<()> {
    let (arguments, run) = Run::start(
        concat!(env!("CARGO_PKG_NAME"), "-pretrain"),
        Arguments::parse().pretrain,
    )?;
    let collection = datasets::open("made-animals", &datasets::Options::new(&vision::EXTENSIONS))?;
    let part = |examples: &[datasets::Example], part| -> Result<Sights> {
        let read = |example: &datasets::Example| -> Result<(RgbImage, u32)> {
            let drawing = vision::open(&example.path)?;
            Ok((vision::resize(&drawing, 80, 80), example.label))
        };
        Ok(Sights {
            drawings: examples.par_iter().map(read).collect::<Result<_>>()?,
            part,
        })
    };
    let data = Splits {
        train: part(&collection.train, "train")?,
        valid: part(&collection.valid, "valid")?,
        test: part(&collection.test, "test")?,
    };
    let mut classes: Vec<String> = (0..textures::KINDS)
        .map(|kind| format!("texture {kind}"))
        .collect();
    classes.extend(collection.classes.iter().cloned());
    let (name, channels): (_, &[&[usize]]) = match arguments.judge {
        true => ("judge", &JUDGE_CHANNELS),
        false => ("painter", &PAINTER_CHANNELS),
    };
    let task = Classification::new(&classes).label_smoothing(0.1);
    let mut learner = Learner::new(run, "textures and drawings", data, task, |weights| {
        Classifier::new(
            |weights| with_norms(channels, weights),
            classes.len(),
            0.1,
            weights,
        )
    })?;
    if learner.only_checks()? {
        return Ok(());
    }
    learner.fit_one_cycle(arguments.epochs, 5e-3)?;
    let test = learner.test()?;
    training::say(format!(
        "accuracy on unseen pictures: {:.3?}",
        test.score("accuracy")
    ));

    let body: HashMap<String, Tensor> = learner
        .parameters
        .snapshot()?
        .into_iter()
        .filter_map(|(name, tensor)| Some((name.strip_prefix("body.")?.to_string(), tensor)))
        .collect();
    if learner.run.arguments.quick {
        training::say("a quick run keeps the weights that there are");
        return Ok(());
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("weights/{name}.safetensors"));
    // Whole or not at all.
    let unfinished = path.with_extension("unfinished");
    candle_core::safetensors::save(&without_norms(&body)?, &unfinished)?;
    std::fs::rename(&unfinished, &path)?;
    training::say(format!("written: {}", path.display()));
    Ok(())
}
