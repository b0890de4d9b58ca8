//! What simple answers reach on strings: a linear layer over a quarter of a second, and always the same digits.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Result;
use candle_core::{DType, Device};
use nn::{Conv1dConfig, Module, VarMap};
use training::{
    Batches, Gradients, Parameters, Pass, Schedule,
    metrics::ErrorRate,
    optimiser::{AdamW, AdamWConfig, Optimiser},
};

use crate::{
    data::BANDS,
    model::{FRAMES_PER_STEP, steps},
    strings::{Alphabet, Strings, transcribe},
};

const EPOCHS: usize = 15;
/// Frames that it sees at once.
const KERNEL: usize = 25;

/// The character error rate on `test` of a linear layer that sees 0.25 s of the spectrogram at each step, trained with CTC as the
/// network is.
pub fn linear(
    train: &Arc<Strings>,
    test: &Arc<Strings>,
    alphabet: &Alphabet,
    seed: u64,
    limit: Option<usize>,
) -> Result<f64> {
    let variables = VarMap::new();
    let weights = nn::seeded(&variables, seed, DType::F32, &Device::Cpu);
    let config = Conv1dConfig {
        stride: FRAMES_PER_STEP,
        padding: KERNEL / 2,
        ..Default::default()
    };
    let layer = nn::conv1d(BANDS, alphabet.symbols(), KERNEL, config, weights.pp("linear"))?;
    let parameters = Parameters::new(&variables);
    let mut optimiser = AdamW::new(AdamWConfig::default());
    let batches = |data: &Arc<Strings>, pass: Pass| Batches::new(data, 32, pass, 0, limit);
    let every = train
        .targets()
        .len()
        .div_ceil(32)
        .min(limit.unwrap_or(usize::MAX));
    let mut step = 0;
    for epoch in 0..EPOCHS {
        for batch in batches(
            train,
            Pass {
                seed,
                epoch,
                train: true,
            },
        ) {
            let batch = batch?;
            let logits = layer.forward(&batch.sounds)?.transpose(1, 2)?.contiguous()?; // (batch, steps, symbols)
            let lengths: Vec<usize> = batch.frames.iter().map(|&frames| steps(frames)).collect();
            let loss = nn::loss::ctc(&logits, &lengths, &batch.targets)?;
            let gradients = Gradients::of(&loss, &parameters)?;
            let rate = Schedule::OneCycle.rate(step, (EPOCHS * every) as u64, 0.01, 0);
            optimiser.step(&parameters, &gradients, rate)?;
            step += 1;
        }
    }
    let mut pairs = Vec::new();
    for batch in batches(test, Pass::evaluation(seed)) {
        let batch = batch?;
        let logits = layer.forward(&batch.sounds)?.transpose(1, 2)?.contiguous()?;
        for (number, (target, &frames)) in batch.targets.iter().zip(&batch.frames).enumerate() {
            let logits = logits.get(number)?.narrow(0, 0, steps(frames))?;
            pairs.push((target.clone(), transcribe(&logits, 1)?));
        }
    }
    Ok(ErrorRate::of(
        pairs
            .iter()
            .map(|(target, found)| (target.as_slice(), found.as_slice())),
    )
    .rate())
}

/// The character error rate on `test` of always writing the most frequent symbol of `train`, as often as its utterances are long
/// on average.
pub fn majority(train: &Strings, test: &Strings) -> f64 {
    let mut counts = BTreeMap::<u32, usize>::new();
    for symbol in train.targets().iter().flatten() {
        *counts.entry(*symbol).or_default() += 1;
    }
    // Of equally frequent symbols the first.
    let most = counts
        .iter()
        .rev()
        .max_by_key(|(_, count)| **count)
        .map_or(1, |(symbol, _)| *symbol);
    let total: usize = counts.values().sum();
    let always = vec![most; (total as f64 / train.targets().len().max(1) as f64).round() as usize];
    ErrorRate::of(
        test.targets()
            .iter()
            .map(|target| (target.as_slice(), always.as_slice())),
    )
    .rate()
}
