//! What a deep Q-network remembers: transitions over several steps, in a ring that forgets the oldest.

use std::collections::VecDeque;

use anyhow::{Context, Result};
use candle_core::{Device, Tensor};
use games::Observation;
use rand::Rng;
use serde::{Deserialize, Serialize};
use training::Tensors;

use crate::model::{Shape, penalties};

/// What was done in a state, what it earned over the next steps, and where it led.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// The state.
    pub observation: Observation,
    /// What was done in it.
    pub action: usize,
    /// Rewards of the steps until `next_observation`, discounted.
    pub reward: f32,
    /// Where it led.
    pub next_observation: Observation,
    /// Which actions the rules allow there; empty where all are.
    pub next_mask: Vec<bool>,
    /// What the value of `next_observation` counts for: γ to the power of the steps, 0 if the game was over.
    pub discount: f32,
}

/// Makes transitions over `steps` steps of single ones, for each of several copies of the game.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Returns {
    steps: usize,
    discount: f32,
    /// For each copy the (state, action, reward) that wait for the rewards after them.
    waiting: Vec<VecDeque<(Observation, usize, f32)>>,
}

impl Returns {
    /// For so many copies.
    pub fn new(steps: usize, discount: f64, environments: usize) -> Self {
        Returns {
            steps: steps.max(1),
            discount: discount as f32,
            waiting: vec![VecDeque::new(); environments],
        }
    }

    /// Takes in a transition over one step in copy `environment`, whose `discount` is 0 if the game was over; `ended` says
    /// whether the episode was. Hands on what is complete.
    pub fn push(
        &mut self,
        environment: usize,
        transition: Transition,
        ended: bool,
        mut complete: impl FnMut(Transition),
    ) {
        let waiting = &mut self.waiting[environment];
        waiting.push_back((transition.observation, transition.action, transition.reward));
        while waiting.len() == self.steps || (ended && !waiting.is_empty()) {
            let mut reward = 0.0;
            for (_, _, later) in waiting.iter().rev() {
                reward = later + self.discount * reward;
            }
            // The last of them has its discount already.
            let discount = transition.discount * self.discount.powi(waiting.len() as i32 - 1);
            if let Some((observation, action, _)) = waiting.pop_front() {
                complete(Transition {
                    observation,
                    action,
                    reward,
                    discount,
                    next_observation: transition.next_observation.clone(),
                    next_mask: transition.next_mask.clone(),
                });
            }
            if !ended {
                break;
            }
        }
    }
}

/// Transitions as tensors, for a batch.
pub struct Sample {
    /// Where they lie in the memory.
    pub places: Vec<usize>,
    /// batch × observation.
    pub observations: Tensor,
    /// batch × 1.
    pub actions: Tensor,
    /// batch.
    pub rewards: Tensor,
    /// batch × observation.
    pub next_observations: Tensor,
    /// batch × actions: what forbidden actions are fined.
    pub next_penalties: Tensor,
    /// batch.
    pub discounts: Tensor,
    /// batch: how much each counts, so that what is preferred does not count more, as far as that is made up for.
    pub weights: Tensor,
}

/// The memory.
pub struct Replay {
    shape: Shape,
    capacity: usize,
    length: usize,
    /// Where the next one goes.
    next: usize,
    observations: Vec<f32>,
    actions: Vec<u32>,
    rewards: Vec<f32>,
    next_observations: Vec<f32>,
    next_penalties: Vec<f32>,
    discounts: Vec<f32>,
    priorities: Priorities,
}

impl Replay {
    /// An empty memory of at most `capacity` transitions, of which surprising ones are preferred by `exponent`, 0 to 1.
    pub fn new(shape: &Shape, capacity: usize, exponent: f64) -> Self {
        let (size, actions) = (shape.size(), shape.actions);
        Replay {
            shape: shape.clone(),
            capacity,
            length: 0,
            next: 0,
            observations: vec![0.0; capacity * size],
            actions: vec![0; capacity],
            rewards: vec![0.0; capacity],
            next_observations: vec![0.0; capacity * size],
            next_penalties: vec![0.0; capacity * actions],
            discounts: vec![0.0; capacity],
            priorities: Priorities::new(capacity, exponent),
        }
    }

    /// How many transitions it holds.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Remembers a transition, in place of the oldest when it is full.
    pub fn push(&mut self, transition: Transition) {
        let (place, size, actions) = (self.next, self.shape.size(), self.shape.actions);
        self.observations[place * size..(place + 1) * size].copy_from_slice(&transition.observation);
        self.next_observations[place * size..(place + 1) * size]
            .copy_from_slice(&transition.next_observation);
        for (fine, new) in self.next_penalties[place * actions..(place + 1) * actions]
            .iter_mut()
            .zip(penalties(&transition.next_mask, actions))
        {
            *fine = new;
        }
        self.actions[place] = transition.action as u32;
        self.rewards[place] = transition.reward;
        self.discounts[place] = transition.discount;
        self.priorities.welcome(place);
        self.next = (place + 1) % self.capacity;
        self.length = (self.length + 1).min(self.capacity);
    }

    /// Draws `count` transitions, with replacement; the weights make up for the preference of some to the share
    /// `correction`, 0 to 1.
    pub fn sample(
        &self,
        count: usize,
        correction: f64,
        random: &mut nn::Random,
        device: &Device,
    ) -> Result<Sample> {
        let (places, weights) = self.priorities.draw(count, self.length, correction, random);
        let column = |values: &[f32]| -> Vec<f32> { places.iter().map(|&place| values[place]).collect() };
        let rows = |values: &[f32], width: usize| -> Vec<f32> {
            let mut rows = Vec::with_capacity(count * width);
            for &place in &places {
                rows.extend_from_slice(&values[place * width..(place + 1) * width]);
            }
            rows
        };
        let (size, actions) = (self.shape.size(), self.shape.actions);
        let chosen = places.iter().map(|&place| self.actions[place]).collect();
        Ok(Sample {
            observations: self.shape.batch(rows(&self.observations, size), device)?,
            actions: Tensor::from_vec(chosen, (count, 1), device)?,
            rewards: Tensor::from_vec(column(&self.rewards), count, device)?,
            next_observations: self.shape.batch(rows(&self.next_observations, size), device)?,
            next_penalties: Tensor::from_vec(rows(&self.next_penalties, actions), (count, actions), device)?,
            discounts: Tensor::from_vec(column(&self.discounts), count, device)?,
            weights: Tensor::from_vec(weights, count, device)?,
            places,
        })
    }

    /// Says how wrong the network was about the transitions at `places`.
    pub fn surprise(&mut self, places: &[usize], errors: &[f32]) {
        for (place, error) in places.iter().zip(errors) {
            self.priorities.set(*place, *error);
        }
    }

    /// All of it, for a checkpoint; [`restore`](Self::restore) takes it.
    pub fn tensors(&self) -> Result<Tensors> {
        let (n, size, actions) = (self.length, self.shape.size(), self.shape.actions);
        let tensor = |name: &str, values: &[f32], width: usize| -> Result<(String, Tensor)> {
            let values = values[..n * width].to_vec();
            Ok((
                name.to_string(),
                Tensor::from_vec(values, n * width, &Device::Cpu)?,
            ))
        };
        let mut tensors = vec![
            tensor("observations", &self.observations, size)?,
            tensor("rewards", &self.rewards, 1)?,
            tensor("next_observations", &self.next_observations, size)?,
            tensor("next_penalties", &self.next_penalties, actions)?,
            tensor("discounts", &self.discounts, 1)?,
            (
                "actions".to_string(),
                Tensor::from_vec(self.actions[..n].to_vec(), n, &Device::Cpu)?,
            ),
            ("next".to_string(), Tensor::new(self.next as u32, &Device::Cpu)?),
        ];
        if let Some(priorities) = self.priorities.all() {
            tensors.push(tensor("priorities", priorities, 1)?);
            tensors.push((
                "highest_priority".to_string(),
                Tensor::new(self.priorities.most, &Device::Cpu)?,
            ));
        }
        Ok(tensors)
    }

    /// Puts back what [`tensors`](Self::tensors) gave.
    pub fn restore(&mut self, tensors: &Tensors) -> Result<()> {
        let find = |name: &str| {
            let found = tensors.iter().find(|(other, _)| other == name);
            found
                .map(|(_, tensor)| tensor)
                .with_context(|| format!("the checkpoint's memory has no {name}"))
        };
        let fill = |values: &mut Vec<f32>, name: &str| -> Result<()> {
            let stored = find(name)?.to_vec1::<f32>()?;
            anyhow::ensure!(
                stored.len() <= values.len(),
                "the checkpoint's memory holds more than this one can"
            );
            values[..stored.len()].copy_from_slice(&stored);
            Ok(())
        };
        fill(&mut self.observations, "observations")?;
        fill(&mut self.rewards, "rewards")?;
        fill(&mut self.next_observations, "next_observations")?;
        fill(&mut self.next_penalties, "next_penalties")?;
        fill(&mut self.discounts, "discounts")?;
        let actions = find("actions")?.to_vec1::<u32>()?;
        self.length = actions.len();
        self.actions[..self.length].copy_from_slice(&actions);
        self.next = find("next")?.to_scalar::<u32>()? as usize;
        if self.priorities.all().is_some() {
            self.priorities.put_back(&find("priorities")?.to_vec1::<f32>()?);
            self.priorities.most = find("highest_priority")?.to_scalar::<f32>()?;
        }
        Ok(())
    }
}

/// Who is drawn how often. A tree of sums: to find the transition that a number between 0 and the sum of all falls on
/// takes as many steps as the tree is deep (Schaul et al. 2016, appendix B.2.1).
struct Priorities {
    /// α; 0 draws all alike, and then there is no tree.
    exponent: f64,
    /// Leaves of the tree, a power of two.
    leaves: usize,
    /// The sums, the root at 1, the leaves from `leaves` on.
    sums: Vec<f32>,
    /// What a new one begins with: nobody knows yet how surprising it is.
    most: f32,
}

/// Added to each error, so that nothing is never drawn again.
const LEAST_ERROR: f32 = 1e-3;

impl Priorities {
    fn new(capacity: usize, exponent: f64) -> Self {
        let leaves = if exponent > 0.0 {
            capacity.next_power_of_two()
        } else {
            0
        };
        Priorities {
            exponent,
            leaves,
            sums: vec![0.0; 2 * leaves],
            most: 1.0,
        }
    }

    /// That of each place, where they differ.
    fn all(&self) -> Option<&[f32]> {
        (self.leaves > 0).then(|| &self.sums[self.leaves..])
    }

    fn put_back(&mut self, leaves: &[f32]) {
        for (place, priority) in leaves.iter().enumerate().take(self.leaves) {
            self.put(place, *priority);
        }
    }

    fn welcome(&mut self, place: usize) {
        self.put(place, self.most);
    }

    fn set(&mut self, place: usize, error: f32) {
        if self.leaves > 0 {
            let priority = (error.abs() + LEAST_ERROR).powf(self.exponent as f32);
            self.most = self.most.max(priority);
            self.put(place, priority);
        }
    }

    fn put(&mut self, place: usize, priority: f32) {
        if self.leaves == 0 {
            return;
        }
        let mut node = self.leaves + place;
        self.sums[node] = priority;
        while node > 1 {
            node /= 2;
            self.sums[node] = self.sums[2 * node] + self.sums[2 * node + 1];
        }
    }

    /// Places, and the weight of each: (length × probability) to the power of −`correction`, the largest made 1 (Schaul et
    /// al. 2016, section 3.4).
    fn draw(
        &self,
        count: usize,
        length: usize,
        correction: f64,
        random: &mut nn::Random,
    ) -> (Vec<usize>, Vec<f32>) {
        if self.leaves == 0 {
            let places = (0..count).map(|_| random.random_range(0..length)).collect();
            return (places, vec![1.0; count]);
        }
        let total = self.sums[1];
        let mut find = || {
            let (mut node, mut rest) = (1, random.random::<f32>() * total);
            while node < self.leaves {
                node *= 2;
                if rest >= self.sums[node] && self.sums[node + 1] > 0.0 {
                    rest -= self.sums[node];
                    node += 1;
                }
            }
            node - self.leaves
        };
        let places: Vec<usize> = (0..count).map(|_| find()).collect();
        let weight = |place: &usize| {
            let share = self.sums[self.leaves + place] / total;
            (share * length as f32).powf(-correction as f32)
        };
        let weights: Vec<f32> = places.iter().map(weight).collect();
        let most = weights
            .iter()
            .fold(f32::MIN_POSITIVE, |most, weight| most.max(*weight));
        (places, weights.iter().map(|weight| weight / most).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape() -> Shape {
        Shape {
            observation: vec![1],
            actions: 2,
        }
    }

    fn transition(number: usize) -> Transition {
        Transition {
            observation: vec![number as f32],
            action: number % 2,
            reward: number as f32,
            next_observation: vec![number as f32 + 1.0],
            next_mask: vec![true, !number.is_multiple_of(3)],
            discount: 0.5,
        }
    }

    /// By hand: rewards 1, 2, 3, 4 with γ = ½ over two steps.
    #[test]
    fn returns_over_several_steps() {
        let mut returns = Returns::new(2, 0.5, 1);
        let mut done: Vec<Transition> = Vec::new();
        for number in 1..=4 {
            let over = number == 4;
            let step = Transition {
                discount: if over { 0.0 } else { 0.5 },
                ..transition(number)
            };
            returns.push(0, step, over, |transition| done.push(transition));
        }
        let seen: Vec<_> = done
            .iter()
            .map(|one| {
                (
                    one.observation[0],
                    one.reward,
                    one.next_observation[0],
                    one.discount,
                )
            })
            .collect();
        // The last two end with the game: there is nothing to hope for after it.
        let wanted = [
            (1.0, 2.0, 3.0, 0.25),
            (2.0, 3.5, 4.0, 0.25),
            (3.0, 5.0, 5.0, 0.0),
            (4.0, 4.0, 5.0, 0.0),
        ];
        assert_eq!(seen, wanted);
    }

    #[test]
    fn a_limit_of_time_is_not_the_end() {
        let mut returns = Returns::new(3, 0.5, 1);
        let mut done: Vec<Transition> = Vec::new();
        returns.push(0, transition(1), false, |one| done.push(one));
        returns.push(0, transition(2), true, |one| done.push(one));
        let discounts: Vec<f32> = done.iter().map(|one| one.discount).collect();
        assert_eq!(discounts, [0.25, 0.5]);
    }

    #[test]
    fn the_oldest_is_forgotten_and_all_comes_back_from_a_checkpoint() -> Result<()> {
        for exponent in [0.0, 0.7] {
            let mut replay = Replay::new(&shape(), 5, exponent);
            (0..8).for_each(|number| replay.push(transition(number)));
            // The most surprising of all is no longer there, but a new one still begins as it did.
            replay.surprise(&[0], &[30.0]);
            replay.surprise(&[0, 1, 2], &[3.0, 0.1, 0.5]);
            let mut other = Replay::new(&shape(), 5, exponent);
            other.restore(&replay.tensors()?)?;
            for replay in [&mut replay, &mut other] {
                replay.push(transition(8));
            }
            let draw = |replay: &Replay| -> Result<_> {
                let sample = replay.sample(64, 0.5, &mut nn::random(1, "draw"), &Device::Cpu)?;
                Ok((
                    sample.places,
                    sample.rewards.to_vec1::<f32>()?,
                    sample.weights.to_vec1::<f32>()?,
                ))
            };
            let (places, rewards, weights) = draw(&replay)?;
            assert_eq!(draw(&other)?, (places, rewards.clone(), weights));
            assert!(rewards.iter().all(|reward| *reward >= 4.0), "{rewards:?}");
            let kinds: std::collections::BTreeSet<i32> =
                rewards.iter().map(|reward| *reward as i32).collect();
            assert_eq!(kinds.len(), 5);
        }
        Ok(())
    }

    #[test]
    fn surprises_are_drawn_in_proportion() {
        let mut priorities = Priorities::new(4, 1.0);
        for (place, error) in [1.0, 2.0, 0.0, 5.0].into_iter().enumerate() {
            priorities.set(place, error);
        }
        let (places, weights) = priorities.draw(20_000, 4, 1.0, &mut nn::random(1, "draw"));
        let share = |place: usize| places.iter().filter(|other| **other == place).count() as f64 / 20_000.0;
        for (place, wanted) in [0.125, 0.25, 0.000_125, 0.625].into_iter().enumerate() {
            assert!((share(place) - wanted).abs() < 0.01, "{place}: {}", share(place));
        }
        // What is drawn more often counts less: all in all as if all were drawn alike.
        let counts = |place: usize| -> f64 {
            let both = places.iter().zip(&weights);
            both.filter(|(other, _)| **other == place)
                .map(|(_, weight)| f64::from(*weight))
                .sum()
        };
        assert!((counts(0) / counts(1) - 1.0).abs() < 0.1 && (counts(3) / counts(1) - 1.0).abs() < 0.1);
    }
}
