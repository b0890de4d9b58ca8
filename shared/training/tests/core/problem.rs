//! A small problem that a network can learn and a linear model cannot: two rings around the origin.

use std::path::Path;

use candle_core::{Device, Result, Tensor};
use nn::{Dropout, Linear, Module, ModuleT, VarBuilder};
use rand::Rng;
use serde::{Deserialize, Serialize};
use training::{Classification, InMemory, Learner, Run, RunArguments, Splits, TrainArguments};

/// The flags of an imagined project.
#[derive(clap::Args, Clone, Serialize, Deserialize)]
pub struct Flags {
    #[arg(long, default_value_t = 6)]
    pub epochs: usize,
    #[command(flatten)]
    pub run: RunArguments,
}

impl TrainArguments for Flags {
    fn run(&mut self) -> &mut RunArguments {
        &mut self.run
    }
}

/// The flags that `words` on a command line give.
pub fn flags(words: &[&str]) -> Flags {
    #[derive(clap::Parser)]
    struct Command {
        #[command(flatten)]
        flags: Flags,
    }
    <Command as clap::Parser>::parse_from(["rings"].iter().chain(words)).flags
}

/// Flags for a run in `folder` on the CPU.
pub fn flags_in(folder: &Path, words: &[&str]) -> Flags {
    let out = ["--device", "cpu", "--out", folder.to_str().unwrap()];
    flags(&[&out, words].concat())
}

pub fn rings(count: usize, place: &str) -> InMemory {
    let mut random = nn::random(5, place);
    let (mut points, mut classes) = (Vec::new(), Vec::new());
    for index in 0..count {
        let class = (index % 2) as u32;
        let angle: f32 = random.random_range(0.0..std::f32::consts::TAU);
        let radius = 0.7 + class as f32 * 0.8 + random.random_range(-0.2..0.2);
        points.extend([radius * angle.cos(), radius * angle.sin()]);
        classes.push(class);
    }
    let points = Tensor::from_vec(points, (count, 2), &Device::Cpu).unwrap();
    InMemory::new(points, Tensor::new(classes, &Device::Cpu).unwrap()).unwrap()
}

pub fn splits() -> Splits<InMemory> {
    Splits {
        train: rings(250, "train"),
        valid: rings(101, "valid"),
        test: rings(99, "test"),
    }
}

pub struct Network {
    hidden: Linear,
    dropout: Dropout,
    output: Linear,
}

impl Network {
    pub fn new(weights: VarBuilder<'_>) -> Result<Self> {
        Ok(Network {
            hidden: nn::linear(2, 32, weights.pp("hidden"))?,
            dropout: Dropout::new(0.1),
            output: nn::linear(32, 2, weights.pp("output"))?,
        })
    }
}

impl ModuleT for Network {
    fn forward_t(&self, points: &Tensor, train: bool) -> Result<Tensor> {
        let hidden = self.hidden.forward(points)?.relu()?;
        self.output.forward(&self.dropout.forward_t(&hidden, train)?)
    }
}

pub type Rings = Learner<Classification<Network>, InMemory>;

pub fn learner(flags: Flags) -> anyhow::Result<Rings> {
    let (_, run) = Run::start("rings", flags)?;
    Learner::new(
        run,
        "rings",
        splits(),
        Classification::new(&["inner", "outer"]).mixup(0.1),
        |weights| Network::new(weights),
    )
}

/// All weights of a learner, bit for bit.
pub fn bits(learner: &Rings) -> Vec<(String, Vec<u32>)> {
    let value = |(name, tensor): (String, Tensor)| {
        let numbers = tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        (name, numbers.into_iter().map(f32::to_bits).collect())
    };
    learner
        .parameters
        .snapshot()
        .unwrap()
        .into_iter()
        .map(value)
        .collect()
}
