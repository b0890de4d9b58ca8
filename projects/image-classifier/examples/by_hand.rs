//! What the three lines do, on one page: `cargo run -p image-classifier --example by_hand`
//!
//! The same network, weights, pictures and rates as `cargo run -p image-classifier`, without the learner: a loop over
//! batches, a loss, its gradient, a step. What is missing is what the learner adds: checkpoints and `--resume`, the best
//! epoch, label smoothing, the guard against losses that are no numbers, the report.

#[allow(dead_code, reason = "this page needs only a part of it")]
#[path = "../src/data.rs"]
mod data;
#[allow(dead_code, reason = "this page needs only a part of it")]
#[path = "../src/model.rs"]
mod model;

use std::sync::Arc;

use anyhow::{Context, Result};
use candle_core::{D, DType, Device, Tensor};
use nn::{ModuleT, VarMap};
use training::{
    Batches, Dataset, Gradients, InMemory, Labelled, Parameters, Pass, Schedule, Transfer,
    optimiser::{AdamW, AdamWConfig, Optimiser},
};
use vision::models::Classifier;

use model::Network;

/// The memory that a training step frees is kept for the next one.
#[global_allocator]
static MEMORY: nn::Pool = nn::Pool::new();

const SEED: u64 = 1;
const BATCH: usize = 32;

fn main() -> Result<()> {
    // Line 1. Pictures with their classes in three parts, and what each becomes on its way into the network.
    let (about, pictures) = data::open("made-cats-dogs", None, None, true, Network::Small)?;
    let (train, test) = (Arc::new(pictures.train), Arc::new(pictures.test));

    // Line 2. A network is a function with numbers in it. They start at random and are kept in a map by name; then
    // those of the body become what drawings of other animals have taught.
    let variables = VarMap::new();
    let weights = nn::seeded(&variables, SEED, DType::F32, &Device::Cpu);
    let model = Network::Small.build(train.view.side, about.classes.len(), weights)?;
    let mut parameters = Parameters::new(&variables);
    parameters.load(&model::known(Network::Small)?.context("no weights")?, "body")?;

    // Line 3. First the head alone. The body does not change, so what it makes of each picture is computed once.
    let body = model.groups().len() - 1;
    model.unfreeze_to(body, &mut parameters)?;
    let (mut features, mut classes) = (Vec::new(), Vec::new());
    for batch in Batches::new(&train, BATCH, Pass::evaluation(SEED), 0, None) {
        let batch = batch?;
        features.push(model.features(&batch.inputs)?);
        classes.push(batch.targets);
    }
    let features = InMemory::new(Tensor::cat(&features, 0)?, Tensor::cat(&classes, 0)?)?;
    fit(&model, &parameters, &Arc::new(features), 12, 2e-2)?;

    // Then every layer, the body at a tenth of the head's rate, its first layers at a hundredth.
    model.unfreeze_to(0, &mut parameters)?;
    fit(&model, &parameters, &train, 20, 1e-2)?;

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

/// Goes over `data` so many times, a step of the optimiser for each batch.
fn fit<D: Dataset<Batch = Labelled>>(
    model: &Classifier,
    parameters: &Parameters,
    data: &Arc<D>,
    epochs: usize,
    learning_rate: f64,
) -> Result<()> {
    let mut optimiser = AdamW::new(AdamWConfig::default());
    let steps = (epochs * data.len().div_ceil(BATCH)) as u64;
    let mut step = 0;
    for epoch in 0..epochs {
        let pass = Pass {
            seed: SEED,
            epoch,
            train: true,
        };
        let (mut sum, mut count) = (0.0, 0);
        for batch in Batches::new(data, BATCH, pass, 0, None) {
            let batch = batch?;
            nn::begin_step(SEED, step);
            // What the network says of these pictures, (32, 2), and how wrong that is, one number.
            let logits = model.forward_t(&batch.inputs, true)?;
            let loss = nn::loss::cross_entropy(&logits, &batch.targets)?;
            // How the loss would change with each of the 95,000 numbers: a step against that makes it smaller.
            let mut gradients = Gradients::of(&loss, parameters)?;
            gradients.clip_norm(1.0)?;
            let rate = Schedule::OneCycle.rate(step, steps, learning_rate, 0);
            optimiser.step(parameters, &gradients, rate)?;
            sum += loss.to_scalar::<f32>()?;
            (step, count) = (step + 1, count + 1);
        }
        println!("epoch {:>2}  loss {:.3}", epoch + 1, sum / count as f32);
    }
    Ok(())
}
