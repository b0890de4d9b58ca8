//! What was seen, done and earned in a stretch of play, and how much better each action was than hoped for.

use anyhow::Result;
use candle_core::{D, Device, Tensor};
use games::{Environment, VectorEnvironment};
use nn::ops;
use rand::Rng;

use crate::model::{ActorCritic, Shape, penalties};

/// A stretch of play in several copies of a game. Everything is steps × copies, steps first.
pub struct Rollout {
    shape: Shape,
    environments: usize,
    observations: Vec<f32>,
    actions: Vec<u32>,
    log_probabilities: Vec<f32>,
    values: Vec<f32>,
    penalties: Vec<f32>,
    rewards: Vec<f32>,
    ended: Vec<bool>,
    advantages: Vec<f32>,
    returns: Vec<f32>,
}

/// Steps as tensors, for a batch.
pub struct RolloutBatch {
    /// batch × observation.
    pub observations: Tensor,
    /// batch × 1.
    pub actions: Tensor,
    /// batch: log π(a | s) when it was done.
    pub log_probabilities: Tensor,
    /// batch × actions: what forbidden actions are fined.
    pub penalties: Tensor,
    /// batch: how much better than hoped for.
    pub advantages: Tensor,
    /// batch: what the value should have been.
    pub returns: Tensor,
}

impl Rollout {
    /// An empty one.
    pub fn new(shape: &Shape, environments: usize) -> Self {
        Rollout {
            shape: shape.clone(),
            environments,
            observations: Vec::new(),
            actions: Vec::new(),
            log_probabilities: Vec::new(),
            values: Vec::new(),
            penalties: Vec::new(),
            rewards: Vec::new(),
            ended: Vec::new(),
            advantages: Vec::new(),
            returns: Vec::new(),
        }
    }

    /// Takes in what was seen in all copies, and what was done about it.
    pub fn see(
        &mut self,
        observations: Vec<f32>,
        actions: &[usize],
        log_probabilities: impl Iterator<Item = f32>,
        values: Vec<f32>,
        penalties: Vec<f32>,
    ) {
        self.observations.extend(observations);
        self.actions.extend(actions.iter().map(|&action| action as u32));
        self.log_probabilities.extend(log_probabilities);
        self.values.extend(values);
        self.penalties.extend(penalties);
        let steps = self.actions.len();
        self.rewards.resize(steps, 0.0);
        self.ended.resize(steps, false);
    }

    /// Takes in what the newest action of copy `environment` earned, and whether its episode has ended.
    pub fn earn(&mut self, environment: usize, reward: f32, ended: bool) {
        let place = self.actions.len() - self.environments + environment;
        self.rewards[place] = reward;
        self.ended[place] = ended;
    }

    /// Works out advantages and returns: generalised advantage estimation (Schulman et al. 2016, equation 16), backwards
    /// from what is hoped for after the last step.
    pub fn finish(mut self, last_values: &[f32], discount: f64, trace: f64) -> Self {
        let (discount, trace) = (discount as f32, trace as f32);
        self.advantages = vec![0.0; self.actions.len()];
        for (environment, last_value) in last_values.iter().enumerate() {
            let (mut next_value, mut advantage) = (*last_value, 0.0);
            for place in (environment..self.actions.len()).step_by(self.environments).rev() {
                if self.ended[place] {
                    (next_value, advantage) = (0.0, 0.0);
                }
                let surprise = self.rewards[place] + discount * next_value - self.values[place];
                advantage = surprise + discount * trace * advantage;
                self.advantages[place] = advantage;
                next_value = self.values[place];
            }
        }
        self.returns = self
            .advantages
            .iter()
            .zip(&self.values)
            .map(|(advantage, value)| advantage + value)
            .collect();
        self
    }

    /// How many steps it holds, over all copies.
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// The steps at `places`, their advantages brought to mean 0 and deviation 1 on request.
    pub fn batch(
        &self,
        places: &[usize],
        normalise: bool,
        device: &Device,
    ) -> candle_core::Result<RolloutBatch> {
        let count = places.len();
        let column = |values: &[f32]| -> Vec<f32> { places.iter().map(|&place| values[place]).collect() };
        let rows = |values: &[f32], width: usize| -> Vec<f32> {
            let mut rows = Vec::with_capacity(count * width);
            for &place in places {
                rows.extend_from_slice(&values[place * width..(place + 1) * width]);
            }
            rows
        };
        let mut advantages = column(&self.advantages);
        if normalise {
            let mean = advantages.iter().sum::<f32>() / count as f32;
            let square = |advantage: &f32| (advantage - mean).powi(2);
            let deviation = (advantages.iter().map(square).sum::<f32>() / count as f32).sqrt();
            for advantage in &mut advantages {
                *advantage = (*advantage - mean) / (deviation + 1e-8);
            }
        }
        let actions = places.iter().map(|&place| self.actions[place]).collect();
        Ok(RolloutBatch {
            observations: self
                .shape
                .batch(rows(&self.observations, self.shape.size()), device)?,
            actions: Tensor::from_vec(actions, (count, 1), device)?,
            log_probabilities: Tensor::from_vec(column(&self.log_probabilities), count, device)?,
            penalties: Tensor::from_vec(
                rows(&self.penalties, self.shape.actions),
                (count, self.shape.actions),
                device,
            )?,
            advantages: Tensor::from_vec(advantages, count, device)?,
            returns: Tensor::from_vec(column(&self.returns), count, device)?,
        })
    }
}

/// How long to play before learning, and how to reckon what came of it.
pub struct Stretch {
    /// Steps of each copy.
    pub steps: usize,
    /// γ: what a reward is worth one step later.
    pub discount: f64,
    /// λ of generalised advantage estimation.
    pub trace: f64,
}

/// Plays `stretch.steps` steps in every copy, each action drawn with the probability that `network` gives it.
pub fn play<E: Environment>(
    network: &ActorCritic,
    shape: &Shape,
    games: &mut VectorEnvironment<E>,
    stretch: &Stretch,
    random: &mut nn::Random,
    device: &Device,
) -> Result<Rollout> {
    let mut rollout = Rollout::new(shape, games.len());
    for _ in 0..stretch.steps {
        let observations = games.observations().to_vec();
        let (logits, values) = network.forward(&shape.batch(observations.clone(), device)?)?;
        let fines: Vec<f32> = (0..games.len())
            .flat_map(|number| penalties(&games.info(number).action_mask, shape.actions))
            .collect();
        let fined = (&logits + Tensor::from_slice(&fines, logits.shape(), device)?)?;
        let log_probabilities = ops::log_softmax(&fined, D::Minus1)?.to_vec2::<f32>()?;
        let actions: Vec<usize> = log_probabilities.iter().map(|logs| draw(logs, random)).collect();
        let chosen = log_probabilities
            .iter()
            .zip(&actions)
            .map(|(logs, &action)| logs[action]);
        rollout.see(observations, &actions, chosen, values.to_vec1::<f32>()?, fines);
        for (number, step) in games.step(&actions)?.iter().enumerate() {
            let mut reward = step.reward as f32;
            if step.truncated && !step.terminated {
                // What a limit of time has cut off would have gone on: what the network hopes for stands in for it.
                let (_, hope) = network.forward(&shape.batch(step.observation.clone(), device)?)?;
                reward += stretch.discount as f32 * hope.get(0)?.to_scalar::<f32>()?;
            }
            rollout.earn(number, reward, step.ended());
        }
    }
    let (_, last_values) = network.forward(&shape.batch(games.observations().to_vec(), device)?)?;
    Ok(rollout.finish(&last_values.to_vec1::<f32>()?, stretch.discount, stretch.trace))
}

/// An action, drawn with the probabilities whose logarithms are given.
fn draw(log_probabilities: &[f32], random: &mut nn::Random) -> usize {
    let mut left = random.random::<f32>();
    let mut last = 0;
    for (action, log) in log_probabilities.iter().enumerate() {
        let probability = log.exp();
        if probability > 0.0 {
            last = action;
            left -= probability;
            if left <= 0.0 {
                break;
            }
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: two copies, three steps, γ = ½, λ = ½; the first copy's game ends with its second step.
    #[test]
    fn advantages() {
        let shape = Shape {
            observation: vec![1],
            actions: 2,
        };
        let mut rollout = Rollout::new(&shape, 2);
        for step in 0..3 {
            rollout.see(
                vec![0.0; 2],
                &[0, 1],
                [-0.1, -0.2].into_iter(),
                vec![1.0, 2.0],
                vec![0.0; 4],
            );
            rollout.earn(0, 1.0, step == 1);
            rollout.earn(1, 0.0, false);
        }
        let rollout = rollout.finish(&[4.0, 8.0], 0.5, 0.5);
        // First copy: δ = (½, 0, 2); nothing comes after the end. Second: δ = (-1, -1, 2).
        assert_eq!(rollout.advantages, [0.5, -1.125, 0.0, -0.5, 2.0, 2.0]);
        assert_eq!(rollout.returns, [1.5, 0.875, 1.0, 1.5, 3.0, 4.0]);
    }

    #[test]
    fn actions_are_drawn_as_often_as_they_are_likely() {
        let logs = [0.2f32, 0.0, 0.8].map(f32::ln);
        let mut random = nn::random(1, "draw");
        let drawn: Vec<usize> = (0..10_000).map(|_| draw(&logs, &mut random)).collect();
        let share = |action| drawn.iter().filter(|other| **other == action).count() as f64 / 10_000.0;
        assert!(
            (share(0) - 0.2).abs() < 0.02 && share(1) == 0.0,
            "{} {}",
            share(0),
            share(1)
        );
    }
}
