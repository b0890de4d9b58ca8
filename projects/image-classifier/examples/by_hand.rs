//! What the three lines do, on one page: `cargo run -p image-classifier --example by_hand`
//!
//! The same network, the same pictures, the same schedule as `cargo run -p image-classifier`, without the learner: a
//! loop over batches, a loss, its gradient, a step. What is missing is what the learner adds: checkpoints and
//! `--resume`, the best epoch, the guard against losses that are no numbers, the report.

#[allow(dead_code, reason = "this page needs only a part of it")]
#[path = "../src/data.rs"]
mod data;
#[allow(dead_code, reason = "this page needs only a part of it")]
#[path = "../src/model.rs"]
mod model;

use std::sync::Arc;

use candle_core::{D, DType, Device};
use nn::{ModuleT, VarMap};
use training::{
    Batches, Dataset, Gradients, Parameters, Pass, Schedule,
    optimiser::{AdamW, AdamWConfig, Optimiser},
};

use model::Network;

/// The memory that a training step frees is kept for the next one.
#[global_allocator]
static MEMORY: nn::Pool = nn::Pool::new();

const SEED: u64 = 1;
const EPOCHS: usize = 20;
const BATCH: usize = 32;

fn main() -> anyhow::Result<()> {
    // Pictures with their classes in three parts, and what each becomes on its way into the network.
    let network = Network::Small;
    let (about, pictures) = data::open("made-cats-dogs", None, None, true, network)?;
    let (train, test) = (Arc::new(pictures.train), Arc::new(pictures.test));

    // A network is a function with numbers in it. They start at random, and are kept in a map by name.
    let variables = VarMap::new();
    let weights = nn::seeded(&variables, SEED, DType::F32, &Device::Cpu);
    let model = network.build(train.view.side, about.classes.len(), weights)?;
    let parameters = Parameters::new(&variables);
    let mut optimiser = AdamW::new(AdamWConfig::default());

    let steps = (EPOCHS * train.len().div_ceil(BATCH)) as u64;
    let mut step = 0;
    for epoch in 0..EPOCHS {
        let pass = Pass {
            seed: SEED,
            epoch,
            train: true,
        };
        let (mut sum, mut count) = (0.0, 0);
        for batch in Batches::new(&train, BATCH, pass, 0, None) {
            let batch = batch?;
            nn::begin_step(SEED, step);
            // What the network says of these pictures, (32, 2), and how wrong that is, one number.
            let logits = model.forward_t(&batch.inputs, true)?;
            let loss = nn::loss::cross_entropy(&logits, &batch.targets)?;
            // How the loss would change with each of the 95,000 numbers: a step against that makes it smaller.
            let mut gradients = Gradients::of(&loss, &parameters)?;
            gradients.clip_norm(1.0)?;
            let rate = Schedule::OneCycle.rate(step, steps, 5e-3, 0);
            optimiser.step(&parameters, &gradients, rate)?;
            sum += loss.to_scalar::<f32>()?;
            (step, count) = (step + 1, count + 1);
        }
        println!("epoch {:>2}  loss {:.3}", epoch + 1, sum / count as f32);
    }

    // Pictures that it has never seen: how many does it name rightly?
    let mut right = 0.0;
    for batch in Batches::new(&test, BATCH, Pass::evaluation(SEED), 0, None) {
        let batch = batch?;
        let said = model.forward_t(&batch.inputs, false)?.argmax(D::Minus1)?;
        right += said
            .eq(&batch.targets)?
            .to_dtype(DType::F32)?
            .sum_all()?
            .to_scalar::<f32>()?;
    }
    println!(
        "accuracy on {} test pictures: {:.3}",
        test.len(),
        right / test.len() as f32
    );
    Ok(())
}
