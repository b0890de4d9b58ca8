//! The deep Q-network (Mnih et al. 2015), with what was found to help since: double estimates, returns over several
//! steps, and on request duelling heads and a memory that prefers surprises (Hessel et al. 2018 compare them all).

use anyhow::Result;
use candle_core::{D, DType};
use games::VectorEnvironment;
use nn::VarMap;
use rand::Rng;
use serde::{Deserialize, Serialize};
use training::{
    Gradients, Guard, Parameters,
    optimiser::{AdamW, AdamWConfig, Optimiser},
    with_prefix, without_prefix,
};

use crate::{
    imitate::transitions,
    model::{NetworkPlayer, QNetwork, Shape, looking_only, penalties},
    replay::{Replay, Returns, Transition},
    settings::Dqn,
    trial::Trial,
};

/// Where a training stands, beside the weights, the optimiser and the memory.
#[derive(Serialize, Deserialize)]
struct State {
    /// Steps in the game so far, over all copies.
    step: u64,
    /// Batches learned from.
    batches: u64,
    games: games::VectorState,
    returns: Returns,
    /// For each copy the action that is being repeated, and for how long.
    repeated: Vec<(usize, u64)>,
    recent: Recent,
}

/// Sums since the last evaluation, for its row.
#[derive(Default, Serialize, Deserialize)]
struct Recent {
    batches: f64,
    loss: f64,
    worth: f64,
}

/// Trains a network for `trial`.
pub fn train(trial: &mut Trial<'_>, settings: &Dqn) -> Result<()> {
    let (shape, seed, device) = (Shape::of(trial.game), trial.seed, trial.device.clone());
    let network = |weights| QNetwork::new(&shape, settings.size(), settings.duelling, weights);
    let variables = VarMap::new();
    let online = network(nn::seeded(&variables, seed, DType::F32, &device))?;
    let parameters = Parameters::new(&variables);
    let acting = network(looking_only(&parameters, &device))?;
    // The target network: the online one as it was a while ago, so that the network does not chase its own tail.
    let target_variables = VarMap::new();
    network(nn::seeded(&target_variables, seed, DType::F32, &device))?;
    let target_parameters = Parameters::new(&target_variables);
    let target = network(looking_only(&target_parameters, &device))?;
    let mut optimiser = AdamW::new(AdamWConfig {
        weight_decay: 0.0,
        ..AdamWConfig::default()
    });
    let mut guard = Guard::new(&device);
    let mut player = NetworkPlayer::new(
        network(looking_only(&parameters, &device))?,
        shape.clone(),
        &device,
    );

    let mut games = VectorEnvironment::new(trial.copies(settings.environments), seed);
    let mut replay = Replay::new(&shape, settings.replay_capacity, settings.priority);
    let mut state = State {
        step: 0,
        batches: 0,
        games: games.state(),
        returns: Returns::new(settings.return_steps, settings.discount, settings.environments),
        repeated: vec![(0, 0); settings.environments],
        recent: Recent::default(),
    };
    if let Some((saved, tensors)) = trial.resume::<State>()? {
        state = saved;
        games.restore(&state.games)?;
        parameters.restore(&without_prefix("online/", &tensors))?;
        target_parameters.restore(&without_prefix("target/", &tensors))?;
        optimiser.set_state(&parameters, &without_prefix("optimiser/", &tensors))?;
        replay.restore(&without_prefix("replay/", &tensors))?;
    } else {
        // The memory begins with what a person did, if there is any, as if it had been done here.
        let mut returns = Returns::new(settings.return_steps, settings.discount, 1);
        for (transition, ended) in transitions(trial.lessons, settings.discount)? {
            returns.push(0, transition, ended, |transition| replay.push(transition));
        }
    }

    loop {
        // Evaluate, and write down how it goes.
        let over = state.step >= settings.steps;
        guard.read()?;
        if trial.is_due(state.step, over) {
            let Recent { batches, loss, worth } = std::mem::take(&mut state.recent);
            let values = [
                ("loss", loss / f64::max(batches, 1.0)),
                ("q mean", worth / f64::max(batches, 1.0)),
                ("epsilon", epsilon(settings, state.step)),
                ("replay", replay.len() as f64),
            ];
            trial.evaluate(state.step, &values, &mut player, || Ok(parameters.snapshot()?))?;
        }
        if over || trial.must_save() {
            state.games = games.state();
            let mut tensors = with_prefix("online/", &parameters.snapshot()?);
            tensors.extend(with_prefix("target/", &target_parameters.snapshot()?));
            tensors.extend(with_prefix("optimiser/", &optimiser.state()?));
            tensors.extend(with_prefix("replay/", &replay.tensors()?));
            trial.save(state.step, &state, tensors)?;
        }
        if over {
            return Ok(());
        }

        // Act: at random with probability epsilon, else what seems worth most.
        let mut random = nn::random(seed, &format!("dqn/act/{}", state.step));
        let observations = games.observations().to_vec();
        let worth = acting
            .forward(&shape.batch(observations.clone(), &device)?)?
            .to_vec2::<f32>()?;
        let explore = epsilon(settings, state.step);
        let mut actions = Vec::with_capacity(worth.len());
        for (number, worth) in worth.iter().enumerate() {
            let mask = &games.info(number).action_mask;
            let (repeated, left) = &mut state.repeated[number];
            let goes_on = *left > 0 && mask.get(*repeated).copied().unwrap_or(true);
            if goes_on {
                *left -= 1;
            } else if random.random::<f64>() < explore {
                *repeated = at_random(mask, shape.actions, &mut random);
                *left = if settings.persistent {
                    zeta(&mut random) - 1
                } else {
                    0
                };
            } else {
                *left = 0;
                *repeated = best(worth, mask);
            }
            actions.push(*repeated);
        }

        // See what comes of it, and remember.
        let size = shape.size();
        for (number, step) in games.step(&actions)?.iter().enumerate() {
            let one = Transition {
                observation: observations[number * size..(number + 1) * size].to_vec(),
                action: actions[number],
                reward: step.reward as f32,
                next_observation: step.observation.clone(),
                next_mask: step.info.action_mask.clone(),
                // Nothing comes after the end. After a limit of time something would: that is not the same.
                discount: if step.terminated {
                    0.0
                } else {
                    settings.discount as f32
                },
            };
            state
                .returns
                .push(number, one, step.ended(), |transition| replay.push(transition));
            if step.ended() {
                state.repeated[number] = (0, 0);
            }
        }
        let before = state.step;
        state.step += settings.environments as u64;

        // Learn from what is remembered.
        let due = state.step / settings.train_every > before / settings.train_every;
        if state.step < settings.learning_starts || !due || replay.len() == 0 {
            continue;
        }
        for _ in 0..settings.batches {
            let mut random = nn::random(seed, &format!("dqn/sample/{}", state.batches));
            let left = 1.0 - before as f64 / settings.steps as f64;
            let correction = 1.0 - left * (1.0 - settings.priority_correction);
            let sample = replay.sample(settings.batch_size, correction, &mut random, &device)?;
            // What the state after is worth, by the target network.
            let next = target.forward(&sample.next_observations)?;
            let chooser = if settings.double {
                acting.forward(&sample.next_observations)?
            } else {
                next.clone()
            };
            let choice = (chooser + &sample.next_penalties)?.argmax_keepdim(D::Minus1)?; // batch × 1
            let future = next.gather(&choice, 1)?.squeeze(1)?; // batch
            let goal = (&sample.rewards + (&sample.discounts * future)?)?;

            let worth = online
                .forward(&sample.observations)?
                .gather(&sample.actions, 1)?
                .squeeze(1)?;
            let error = (&worth - &goal)?;
            let loss = (error.sqr()? * &sample.weights)?.mean_all()?;
            let mut gradients = Gradients::of(&loss, &parameters)?;
            if state.batches == 0 {
                gradients.check_complete(&parameters)?;
            }
            let norm = gradients.clip_norm(settings.clip_norm)?;
            let rate = settings.learning_rate * (0.1 + 0.9 * left);
            guard.watch(state.batches, rate, settings.batch_size, &loss, Some(&norm))?;
            optimiser.step(&parameters, &gradients, rate)?;
            if settings.priority > 0.0 {
                replay.surprise(&sample.places, &error.detach().to_vec1::<f32>()?);
            }

            state.batches += 1;
            if state.batches.is_multiple_of(settings.target_every) {
                target_parameters.restore(&parameters.snapshot()?)?;
            }
            state.recent.batches += 1.0;
            state.recent.loss += f64::from(loss.to_scalar::<f32>()?);
            state.recent.worth += f64::from(worth.detach().mean_all()?.to_scalar::<f32>()?);
        }
    }
}

/// The share of actions at random after `step` steps.
fn epsilon(settings: &Dqn, step: u64) -> f64 {
    let share = step as f64 / (settings.exploration * settings.steps as f64).max(1.0);
    settings.epsilon_start + (settings.epsilon_end - settings.epsilon_start) * share.min(1.0)
}

fn at_random(mask: &[bool], actions: usize, random: &mut nn::Random) -> usize {
    let allowed: Vec<usize> = (0..actions)
        .filter(|&action| mask.get(action).copied().unwrap_or(true))
        .collect();
    allowed[random.random_range(0..allowed.len())]
}

fn best(worth: &[f32], mask: &[bool]) -> usize {
    let fined = worth
        .iter()
        .zip(penalties(mask, worth.len()))
        .map(|(worth, fine)| worth + fine);
    training::metrics::argmax(&fined.collect::<Vec<f32>>())
}

/// How long an action is repeated: k steps with a probability that falls as 1/k² (Dabney et al. 2021), at most 10,000.
fn zeta(random: &mut nn::Random) -> u64 {
    let mut left = random.random::<f64>() * std::f64::consts::PI.powi(2) / 6.0;
    for steps in 1..10_000u64 {
        left -= 1.0 / (steps * steps) as f64;
        if left <= 0.0 {
            return steps;
        }
    }
    10_000
}
