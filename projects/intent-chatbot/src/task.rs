//! What is learned: the intent of a message, and its slots.

use anyhow::{Result, ensure};
use candle_core::Tensor;
use text::Tags;
use training::{Scores, Task, metrics::argmax};

use crate::{data::Batch, model::Network};

/// The true intent is not quite certain: so much goes to all of them.
const SMOOTHING: f32 = 0.05;
/// What a message that is none of the intents counts for.
const OUT_OF_SCOPE: f32 = 2.0;
/// What the slots of a message count for, beside its intent.
const SLOTS: f64 = 0.5;

/// Intents and slots at the same time: what tells one helps with the other (Goo et al. 2018).
pub struct Understanding {
    /// The intents, in the order of the network's answers.
    pub intents: Vec<String>,
    /// The slots.
    pub tags: Tags,
}

/// What the network made of a message.
#[derive(Clone, Debug)]
pub struct Understood {
    /// The true intent; none where the message is out of scope.
    pub intent: Option<usize>,
    /// The probability of each intent.
    pub probabilities: Vec<f32>,
    /// How much the message is like those that it was taught: ln Σ exp(logit), the negative energy of Liu et al. 2020,
    /// less the mean logit, so that only what tells intents apart counts.
    pub familiarity: f32,
    /// How much each word counted for the intent.
    pub attention: Vec<f32>,
    /// The true tag of each word.
    pub tags: Vec<u32>,
    /// The tag that each word got.
    pub found: Vec<u32>,
}

impl Understood {
    /// The most probable intent.
    pub fn predicted(&self) -> usize {
        argmax(&self.probabilities)
    }

    /// Whether the intent and every slot are right.
    pub fn all_right(&self) -> bool {
        self.intent == Some(self.predicted()) && self.tags == self.found
    }
}

/// Reads a batch: intents, slots, and what they are judged by.
pub fn understand(network: &Network, batch: &Batch) -> Result<Vec<Understood>> {
    let answer = network.forward_t(batch, false)?;
    let logits = answer.logits.to_vec2::<f32>()?;
    let attention = answer.attention.to_vec2::<f32>()?;
    let tags = batch.tags.to_vec2::<u32>()?;
    let found = match (network.crf(), &answer.emissions) {
        (Some(crf), Some(emissions)) => crf.decode(emissions, &batch.lengths)?,
        _ => batch.lengths.iter().map(|&length| vec![0; length]).collect(),
    };
    let mut all = Vec::with_capacity(logits.len());
    for (number, (logits, found)) in logits.into_iter().zip(found).enumerate() {
        let length = batch.lengths[number];
        let highest = logits[argmax(&logits)];
        let sum: f32 = logits.iter().map(|logit| (logit - highest).exp()).sum();
        ensure!(
            sum.is_finite(),
            "the network's answer is no number ({logits:?}): its weights are not finite"
        );
        all.push(Understood {
            intent: batch.intents[number].map(|intent| intent as usize),
            probabilities: logits.iter().map(|logit| (logit - highest).exp() / sum).collect(),
            familiarity: highest + sum.ln() - logits.iter().sum::<f32>() / logits.len() as f32,
            attention: attention[number][..length].to_vec(),
            tags: tags[number][..length].to_vec(),
            found,
        });
    }
    Ok(all)
}

impl Task for Understanding {
    type Model = Network;
    type Batch = Batch;
    type Output = Understood;

    fn loss(&self, model: &Network, batch: &Batch) -> Result<Tensor> {
        let answer = model.forward_t(batch, true)?;
        let (rows, count) = answer.logits.dims2()?;
        let mut targets = vec![0.0; rows * count];
        for (row, intent) in targets.chunks_mut(count).zip(&batch.intents) {
            match intent {
                Some(intent) => {
                    row.fill(SMOOTHING / count as f32);
                    row[*intent as usize] += 1.0 - SMOOTHING;
                }
                // Of a message that is none of them, each intent is equally true (Hendrycks et al. 2019, outlier exposure).
                None => row.fill(OUT_OF_SCOPE / count as f32),
            }
        }
        let targets = Tensor::from_vec(targets, (rows, count), answer.logits.device())?;
        let loss = nn::loss::soft_cross_entropy(&answer.logits, &targets)?;
        match (model.crf(), &answer.emissions) {
            (Some(crf), Some(emissions)) => {
                Ok((loss + (crf.loss(emissions, &batch.tags, &batch.lengths)? * SLOTS)?)?)
            }
            _ => Ok(loss),
        }
    }

    fn evaluate(&self, model: &Network, batch: &Batch) -> Result<Vec<Understood>> {
        understand(model, batch)
    }

    fn scores(&self, outputs: &[Understood]) -> Scores {
        let (known, unknown): (Vec<&Understood>, Vec<&Understood>) =
            outputs.iter().partition(|output| output.intent.is_some());
        let share = |right: usize| right as f64 / known.len().max(1) as f64;
        let loss = |output: &&Understood| {
            let own = output.intent.map_or(1.0, |intent| output.probabilities[intent]);
            -f64::from(own.max(f32::MIN_POSITIVE)).ln()
        };
        let mut scores = vec![
            (
                "loss".to_string(),
                known.iter().map(loss).sum::<f64>() / known.len().max(1) as f64,
            ),
            (
                "accuracy".to_string(),
                share(
                    known
                        .iter()
                        .filter(|output| output.intent == Some(output.predicted()))
                        .count(),
                ),
            ),
        ];
        if self.tags.count() > 1 {
            let pairs = known
                .iter()
                .map(|output| (output.tags.as_slice(), output.found.as_slice()));
            scores.push(("slot_f1".to_string(), self.tags.score(pairs).all.f1()));
            scores.push((
                "all_right".to_string(),
                share(known.iter().filter(|output| output.all_right()).count()),
            ));
        }
        if !unknown.is_empty() {
            let familiarity = |outputs: &[&Understood]| -> Vec<f64> {
                outputs
                    .iter()
                    .map(|output| f64::from(output.familiarity))
                    .collect()
            };
            let area = training::metrics::Roc::of(&familiarity(&known), &familiarity(&unknown)).area();
            scores.push(("out_of_scope_auroc".to_string(), area));
        }
        scores
    }

    fn goal(&self) -> (&str, bool) {
        ("accuracy", true)
    }

    fn columns(&self) -> Vec<String> {
        ["target", "predicted", "probability", "familiarity"]
            .map(String::from)
            .into()
    }

    fn row(&self, output: &Understood) -> Vec<String> {
        let target = output
            .intent
            .map_or("(out of scope)", |intent| &self.intents[intent]);
        vec![
            target.to_string(),
            self.intents[output.predicted()].clone(),
            format!("{:.5}", output.probabilities[output.predicted()]),
            format!("{:.4}", output.familiarity),
        ]
    }
}
