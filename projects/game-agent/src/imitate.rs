//! Begins where a person left off: before it plays itself, an agent does as was done in games that were played.

use anyhow::Result;
use candle_core::{D, Device, Tensor};
use nn::ops;
use rand::seq::SliceRandom;
use training::{
    Gradients, Parameters,
    optimiser::{AdamW, AdamWConfig, Optimiser},
};

use crate::{
    demonstrations::Demonstration,
    model::{ActorCritic, Shape},
    replay::{Transition, penalties},
};

/// Passes over all that was done.
const EPOCHS: usize = 20;
/// Situations in a batch.
const BATCH: usize = 64;
/// Adam's step size.
const LEARNING_RATE: f64 = 1e-3;

/// Makes the actor of `model` do as was done in `lessons`: behaviour cloning, the classification of situations by actions
/// (Pomerleau 1989). The critic learns nothing here; it has seen no rewards.
pub fn imitate(
    model: &ActorCritic,
    parameters: &Parameters,
    lessons: &[Demonstration],
    shape: &Shape,
    seed: u64,
    device: &Device,
) -> Result<()> {
    let mut situations: Vec<(Vec<f32>, Vec<f32>, u32)> = Vec::new();
    for lesson in lessons {
        lesson.replay(|view, action| {
            let fines = penalties(view.action_mask, shape.actions).collect();
            situations.push((view.observation.to_vec(), fines, action as u32));
        })?;
    }
    let mut optimiser = AdamW::new(AdamWConfig::default());
    for epoch in 0..EPOCHS {
        situations.shuffle(&mut nn::random(seed, &format!("imitate/{epoch}")));
        for batch in situations.chunks(BATCH) {
            let observations = batch
                .iter()
                .flat_map(|(observation, ..)| observation)
                .copied()
                .collect();
            let fines: Vec<f32> = batch.iter().flat_map(|(_, fines, _)| fines).copied().collect();
            let actions: Vec<u32> = batch.iter().map(|(.., action)| *action).collect();
            let (logits, _) = model.forward(&shape.batch(observations, device)?)?;
            let fined = (&logits + Tensor::from_vec(fines, logits.shape(), device)?)?;
            let logs = ops::log_softmax(&fined, D::Minus1)?;
            let chosen = logs.gather(&Tensor::from_vec(actions, (batch.len(), 1), device)?, 1)?;
            let gradients = Gradients::of(&chosen.mean_all()?.neg()?, parameters)?;
            optimiser.step(parameters, &gradients, LEARNING_RATE)?;
        }
    }
    Ok(())
}

/// What was done in `lessons`, step by step, for a memory to begin with; `discount` is that of a step. With each transition
/// comes whether the episode ended with it.
pub fn transitions(lessons: &[Demonstration], discount: f64) -> Result<Vec<(Transition, bool)>> {
    let mut all = Vec::new();
    for lesson in lessons {
        let mut table = lesson.table();
        for (number, &action) in lesson.actions.iter().enumerate() {
            let (observation, before) = (table.observation.clone(), table.episode.end.total_reward);
            table.step(usize::from(action))?;
            let last = number + 1 == lesson.actions.len();
            all.push((
                Transition {
                    observation,
                    action: usize::from(action),
                    reward: (table.episode.end.total_reward - before) as f32,
                    next_observation: table.observation.clone(),
                    next_mask: table.info.action_mask.clone(),
                    discount: if table.terminated { 0.0 } else { discount as f32 },
                },
                last,
            ));
        }
    }
    Ok(all)
}
