//! Advantage actor-critic (Mnih et al. 2016, without the asynchrony): play a few steps, make likelier what turned out better
//! than hoped for, learn to hope better, forget them. PPO grew out of this: it uses each step several times.

use anyhow::Result;
use candle_core::{D, DType, Tensor};
use games::VectorEnvironment;
use nn::{VarMap, ops};
use serde::{Deserialize, Serialize};
use training::{
    Gradients, Guard, Parameters,
    optimiser::{AdamW, AdamWConfig, Optimiser},
    with_prefix, without_prefix,
};

use crate::{
    imitate::imitate,
    model::{ActorCritic, NetworkPlayer, Shape, looking_only},
    rollout::{Stretch, play},
    settings::A2c,
    trial::Trial,
};

/// Where a training stands, beside the weights and the optimiser.
#[derive(Serialize, Deserialize)]
struct State {
    /// Steps in the game so far, over all copies.
    step: u64,
    /// Rollouts, and so batches, learned from.
    rollouts: u64,
    games: games::VectorState,
    recent: Recent,
}

/// Sums since the last evaluation, for its row.
#[derive(Default, Serialize, Deserialize)]
struct Recent {
    batches: f64,
    policy_loss: f64,
    value_loss: f64,
    entropy: f64,
}

/// Trains a network for `trial`.
pub fn train(trial: &mut Trial<'_>, settings: &A2c) -> Result<()> {
    let (shape, seed, device) = (Shape::of(trial.game), trial.seed, trial.device.clone());
    let network = |weights| ActorCritic::new(&shape, settings.size(), weights);
    let variables = VarMap::new();
    let model = network(nn::seeded(&variables, seed, DType::F32, &device))?;
    let parameters = Parameters::new(&variables);
    let acting = network(looking_only(&parameters, &device))?;
    let mut optimiser = AdamW::new(AdamWConfig {
        weight_decay: 0.0,
        epsilon: 1e-5,
        ..AdamWConfig::default()
    });
    let mut guard = Guard::new(&device);
    let mut player = NetworkPlayer::new(
        network(looking_only(&parameters, &device))?,
        shape.clone(),
        &device,
    );

    let mut games = VectorEnvironment::new(trial.copies(settings.environments), seed);
    let mut state = State {
        step: 0,
        rollouts: 0,
        games: games.state(),
        recent: Recent::default(),
    };
    if let Some((saved, tensors)) = trial.resume::<State>()? {
        state = saved;
        games.restore(&state.games)?;
        parameters.restore(&without_prefix("model/", &tensors))?;
        optimiser.set_state(&parameters, &without_prefix("optimiser/", &tensors))?;
    } else {
        imitate(&model, &parameters, trial.lessons, &shape, seed, &device)?;
    }

    // Each rollout is a batch, and used once.
    let stretch = Stretch {
        steps: settings.batch_size / settings.environments,
        discount: settings.discount,
        trace: settings.trace,
    };
    loop {
        // Evaluate, and write down how it goes.
        let over = state.step >= settings.steps;
        guard.read()?;
        if trial.is_due(state.step, over) {
            let recent = std::mem::take(&mut state.recent);
            let mean = |sum: f64| sum / recent.batches.max(1.0);
            let values = [
                ("policy loss", mean(recent.policy_loss)),
                ("value loss", mean(recent.value_loss)),
                ("entropy", mean(recent.entropy)),
            ];
            trial.evaluate(state.step, &values, &mut player, || Ok(parameters.snapshot()?))?;
        }
        if over || trial.must_save() {
            state.games = games.state();
            let mut tensors = with_prefix("model/", &parameters.snapshot()?);
            tensors.extend(with_prefix("optimiser/", &optimiser.state()?));
            trial.save(state.step, &state, tensors)?;
        }
        if over {
            return Ok(());
        }

        // Play a few steps in every copy.
        let mut random = nn::random(seed, &format!("a2c/act/{}", state.rollouts));
        let rollout = play(&acting, &shape, &mut games, &stretch, &mut random, &device)?;
        let rate = settings.learning_rate * (1.0 - state.step as f64 / settings.steps as f64);
        state.step += rollout.len() as u64;
        state.rollouts += 1;

        // Learn from them, once.
        let everything: Vec<usize> = (0..rollout.len()).collect();
        let batch = rollout.batch(&everything, false, &device)?;
        let (logits, values) = model.forward(&batch.observations)?;
        let log_probabilities = ops::log_softmax(&(logits + &batch.penalties)?, D::Minus1)?;
        let chosen = log_probabilities.gather(&batch.actions, 1)?.squeeze(1)?;
        // The gradient of the expected return (Sutton et al. 2000, theorem 1), with the advantage for the return.
        let policy_loss = (chosen * &batch.advantages)?.mean_all()?.neg()?;
        let value_loss = (nn::loss::mse(&values, &batch.returns)? * 0.5)?;
        let entropy = (log_probabilities.exp()? * &log_probabilities)?
            .sum(D::Minus1)?
            .mean_all()?
            .neg()?;
        let loss = ((&policy_loss + (&value_loss * settings.value_weight)?)?
            - (&entropy * settings.entropy_weight)?)?;

        let mut gradients = Gradients::of(&loss, &parameters)?;
        if state.rollouts == 1 {
            gradients.check_complete(&parameters)?;
        }
        let norm = gradients.clip_norm(settings.clip_norm)?;
        guard.watch(state.rollouts, rate, rollout.len(), &loss, Some(&norm))?;
        optimiser.step(&parameters, &gradients, rate)?;

        let number = |tensor: &Tensor| tensor.detach().to_scalar::<f32>().map(f64::from);
        state.recent.batches += 1.0;
        state.recent.policy_loss += number(&policy_loss)?;
        state.recent.value_loss += number(&value_loss)?;
        state.recent.entropy += number(&entropy)?;
    }
}
