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
    model::{ActorCritic, Shape, penalties},
    replay::Transition,
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

#[cfg(test)]
mod tests {
    use candle_core::DType;
    use nn::VarMap;

    use super::*;
    use crate::{
        data::Game,
        episode::{Table, mean, play},
        model::{NetworkPlayer, Size},
    };

    /// Somebody who pushes to where the pole is about to fall.
    fn played(seed: u64) -> Result<Demonstration> {
        let mut table = Table::new(Game::CartPole.open(), seed);
        while !table.ended {
            let (angle, velocity) = (table.observation[2], table.observation[3]);
            table.step(usize::from(angle + 0.3 * velocity > 0.0))?;
        }
        Ok(Demonstration {
            game: Game::CartPole,
            seed,
            actions: table.episode.actions.clone(),
            score: table.info.score,
            answers: Vec::new(),
        })
    }

    #[test]
    fn does_as_was_done() -> Result<()> {
        let (shape, device) = (Shape::of(Game::CartPole), Device::Cpu);
        let lessons = (0..10).map(played).collect::<Result<Vec<_>>>()?;
        let score = |lessons: &[Demonstration]| -> Result<f64> {
            let variables = VarMap::new();
            let size = Size {
                hidden: 64,
                channels: 0,
            };
            let model = ActorCritic::new(&shape, size, nn::seeded(&variables, 1, DType::F32, &device))?;
            imitate(&model, &Parameters::new(&variables), lessons, &shape, 1, &device)?;
            let mut player = NetworkPlayer::new(model, shape.clone(), &device);
            let episodes = play(Game::CartPole, &mut player, 100..120)?;
            Ok(mean(episodes.iter().map(|episode| episode.end.score)))
        };
        let teacher = mean(lessons.iter().map(|lesson| lesson.score));
        let (before, after) = (score(&[])?, score(&lessons)?);
        assert!(
            after > 0.7 * teacher && after > 4.0 * before,
            "{after} steps after {before}, the teacher {teacher}"
        );
        Ok(())
    }

    /// A step of play becomes what it earned and where it led; the end is known as one.
    #[test]
    fn a_game_is_a_row_of_transitions() -> Result<()> {
        let mut lesson = played(3)?;
        lesson.actions = vec![1; 30];
        let mut table = lesson.table();
        let mut steps = 0;
        while !table.ended {
            table.step(1)?;
            steps += 1;
        }
        lesson.actions.truncate(steps);
        let all = transitions(&[lesson], 0.9)?;
        assert_eq!(all.len(), steps);
        for (number, (transition, last)) in all.iter().enumerate() {
            let ends = number + 1 == steps;
            assert_eq!((transition.reward, *last), (1.0, ends));
            assert_eq!(transition.discount, if ends { 0.0 } else { 0.9 });
            if !ends {
                assert_eq!(transition.next_observation, all[number + 1].0.observation);
            }
        }
        Ok(())
    }
}
