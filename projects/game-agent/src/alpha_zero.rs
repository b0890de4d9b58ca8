//! AlphaZero (Silver et al. 2018), in a size for two cores: a network that learns from a tree search that uses the network.
//!
//! Play a hundred games against yourself, every move by a search; learn to say at once what the search found out
//! (the policy), and who won or was seen to win (the value); forget what the old network said; and again.

use std::collections::VecDeque;

use anyhow::{Context, Result};
use candle_core::{DType, Device, Tensor};
use games::connect_four::{Board, COLUMNS, ROWS};
use nn::{Random, VarMap, ops};
use rand::Rng;
use serde::{Deserialize, Serialize};
use training::{
    Gradients, Guard, Parameters, Tensors,
    metrics::argmax,
    optimiser::{AdamW, AdamWConfig, Optimiser},
    with_prefix, without_prefix,
};

use crate::{
    model::looking_only,
    searcher::{Network, Searcher, batch},
    settings::AlphaZero,
    tree::{Known, Tree, search},
    trial::Trial,
};

/// A position to learn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Example {
    /// The position.
    pub board: Board,
    /// Which columns the search preferred.
    pub policy: [f32; COLUMNS],
    /// What the player to move got, or was seen to get.
    pub value: f32,
}

impl Example {
    /// The same position in a mirror, as good to learn from.
    pub fn mirror(mut self) -> Self {
        self.board = self.board.mirror();
        self.policy.reverse();
        self
    }
}

/// A game against itself.
struct SelfPlay {
    board: Board,
    random: Random,
    examples: Vec<Example>,
}

/// What came of the games of one iteration.
struct Played {
    examples: Vec<Example>,
    moves: u64,
    judged: u64,
}

/// Plays games against itself to their end, all in step.
fn self_play(network: &Network, settings: &AlphaZero, seed: u64, iteration: u64) -> Result<Played> {
    let mut known = Known::default();
    let game = |number| SelfPlay {
        board: Board::new(),
        random: nn::random(seed, &format!("alpha-zero/iteration {iteration}/game {number}")),
        examples: Vec::new(),
    };
    let mut games: Vec<SelfPlay> = (0..settings.games).map(game).collect();
    let mut played = Played {
        examples: Vec::new(),
        moves: 0,
        judged: 0,
    };
    while !games.is_empty() {
        // Good targets cost many simulations, a result costs a whole game. So most moves are searched quickly, and only those
        // that are searched well are learned from (Wu 2019, section 3.1, "playout cap randomisation").
        let thorough: Vec<bool> = games
            .iter_mut()
            .map(|game| game.random.random_bool(settings.thorough))
            .collect();
        let mut trees: Vec<Tree> = games
            .iter_mut()
            .zip(&thorough)
            .map(|(game, thorough)| match thorough {
                true => Tree::new(game.board, settings.simulations, settings.exploration)
                    .with_noise(settings.noise, &mut game.random),
                false => Tree::new(game.board, settings.quick_simulations, settings.exploration),
            })
            .collect();
        search(&mut trees, network, &mut known)?;
        for ((game, tree), thorough) in games.iter_mut().zip(&trees).zip(thorough) {
            let policy = tree.policy();
            if thorough {
                game.examples.push(Example {
                    board: game.board,
                    policy,
                    value: tree.value(),
                });
            }
            let column = match game.board.discs() < settings.varied_moves {
                true => draw(&policy, &mut game.random),
                false => argmax(&policy),
            };
            game.board.play(column).context("a search chose it")?;
        }
        for game in games.extract_if(.., |game| game.board.is_over()) {
            played.moves += u64::from(game.board.discs());
            played.examples.extend(game.learned(settings.trust));
        }
    }
    played.judged = known.judged;
    Ok(played)
}

impl SelfPlay {
    /// The examples of a game that is over, each with a value between what came of the game and, to the share `trust`, what
    /// the search expected: the result is true but owes much to chance, the search knows better but may err.
    fn learned(self, trust: f32) -> Vec<Example> {
        let winner = self.board.winner();
        let value = |example: Example| {
            let result = match winner {
                Some(side) if side == example.board.turn() => 1.0,
                Some(_) => -1.0,
                None => 0.0,
            };
            Example {
                value: (1.0 - trust) * result + trust * example.value,
                ..example
            }
        };
        self.examples.into_iter().map(value).collect()
    }
}

/// A column by chance, each as likely as `policy` says.
fn draw(policy: &[f32; COLUMNS], random: &mut Random) -> usize {
    let mut rest = random.random::<f32>() * policy.iter().sum::<f32>();
    for (column, share) in policy.iter().enumerate() {
        rest -= share;
        if rest < 0.0 {
            return column;
        }
    }
    argmax(policy)
}

/// Where a training stands, beside its tensors.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct State {
    /// Moves played against itself so far.
    step: u64,
    /// Iterations done.
    iterations: u64,
    /// Batches learned from.
    batches: u64,
    recent: Recent,
}

/// Sums since the last evaluation, for its row.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Recent {
    games: f64,
    moves: f64,
    judged: f64,
    batches: f64,
    policy_loss: f64,
    value_loss: f64,
}

/// Trains a network for `trial`.
pub fn train(trial: &mut Trial<'_>, settings: &AlphaZero) -> Result<()> {
    let mut learner = Learner::new(settings, trial.seed, &trial.device)?;
    if let Some((state, tensors)) = trial.resume::<State>()? {
        learner.restore(state, &tensors)?;
    }
    loop {
        let over = learner.state.step >= settings.steps;
        learner.guard.read()?;
        if trial.is_due(learner.state.step, over) {
            let recent = std::mem::take(&mut learner.state.recent);
            let batches = recent.batches.max(1.0);
            let values = [
                ("policy loss", recent.policy_loss / batches),
                ("value loss", recent.value_loss / batches),
                ("game length", recent.moves / recent.games.max(1.0)),
                ("judged a move", recent.judged / recent.moves.max(1.0)),
                ("replay size", learner.replay.len() as f64),
            ];
            let mut player = Searcher::new(learner.judging.clone(), settings);
            let weights = || Ok(learner.parameters.snapshot()?);
            trial.evaluate(learner.state.step, &values, &mut player, weights)?;
        }
        if over || trial.must_save() {
            trial.save(learner.state.step, &learner.state, learner.tensors()?)?;
        }
        if over {
            return Ok(());
        }
        learner.play_and_learn()?;
    }
}

/// All that changes while it learns.
struct Learner<'a> {
    settings: &'a AlphaZero,
    seed: u64,
    network: Network,
    /// The same weights, for looking only.
    judging: Network,
    parameters: Parameters,
    optimiser: AdamW,
    guard: Guard,
    state: State,
    /// What was played lately, the oldest first.
    replay: VecDeque<Example>,
}

impl<'a> Learner<'a> {
    fn new(settings: &'a AlphaZero, seed: u64, device: &Device) -> Result<Self> {
        let build = |weights| Network::new(settings.channels, settings.blocks, weights);
        let variables = VarMap::new();
        let network = build(nn::seeded(&variables, seed, DType::F32, device))?;
        let parameters = Parameters::new(&variables);
        Ok(Learner {
            settings,
            seed,
            network,
            judging: build(looking_only(&parameters, device))?,
            parameters,
            optimiser: AdamW::new(AdamWConfig {
                weight_decay: settings.weight_decay,
                ..AdamWConfig::default()
            }),
            guard: Guard::new(device),
            state: State::default(),
            replay: VecDeque::new(),
        })
    }

    /// Weights, optimiser and replay window.
    fn tensors(&self) -> Result<Tensors> {
        let mut tensors = with_prefix("model/", &self.parameters.snapshot()?);
        tensors.extend(with_prefix("optimiser/", &self.optimiser.state()?));
        tensors.extend(with_prefix("replay/", &tensors_of(&self.replay)?));
        Ok(tensors)
    }

    /// Goes on from `state` and what [`tensors`](Self::tensors) gave then.
    fn restore(&mut self, state: State, tensors: &Tensors) -> Result<()> {
        self.parameters.restore(&without_prefix("model/", tensors))?;
        self.optimiser
            .set_state(&self.parameters, &without_prefix("optimiser/", tensors))?;
        self.replay = examples_of(&without_prefix("replay/", tensors))?;
        self.state = state;
        Ok(())
    }

    /// One iteration.
    fn play_and_learn(&mut self) -> Result<()> {
        let settings = self.settings;
        // Play against yourself.
        let played = self_play(&self.judging, settings, self.seed, self.state.iterations)?;
        self.state.step += played.moves;
        self.state.recent.games += settings.games as f64;
        self.state.recent.moves += played.moves as f64;
        self.state.recent.judged += played.judged as f64;

        // Remember the newest, fewer in the beginning: what the first networks played is soon of no use.
        let batches = played.examples.len() as f64 * settings.passes / settings.batch_size as f64;
        self.replay.extend(played.examples);
        let remembered = settings.replay_share * settings.thorough * self.state.step as f64;
        let remembered = (remembered as usize)
            .max(8 * settings.batch_size)
            .min(settings.replay_capacity);
        self.replay.drain(..self.replay.len().saturating_sub(remembered));

        // Learn from it, from every position as from its mirror image.
        let progress = (self.state.step as f64 / settings.steps as f64).min(1.0);
        let rate = settings.learning_rate * (1.0 - 0.9 * progress);
        let place = format!("alpha-zero/iteration {}/batches", self.state.iterations);
        let mut random = nn::random(self.seed, &place);
        for _ in 0..batches.ceil() as u64 {
            let mut example = || {
                let example = self.replay[random.random_range(0..self.replay.len())];
                if random.random() {
                    example.mirror()
                } else {
                    example
                }
            };
            let examples: Vec<Example> = (0..settings.batch_size).map(|_| example()).collect();
            self.step(&examples, rate)?;
        }
        self.state.iterations += 1;
        Ok(())
    }

    /// One step of the optimiser.
    fn step(&mut self, examples: &[Example], rate: f64) -> Result<()> {
        let (policy_loss, value_loss) = losses(&self.network, examples)?;
        let loss = (&policy_loss + (&value_loss * self.settings.value_weight)?)?;
        let mut gradients = Gradients::of(&loss, &self.parameters)?;
        if self.state.batches == 0 {
            gradients.check_complete(&self.parameters)?;
        }
        let norm = gradients.clip_norm(self.settings.clip_norm)?;
        self.guard
            .watch(self.state.batches, rate, examples.len(), &loss, Some(&norm))?;
        self.optimiser.step(&self.parameters, &gradients, rate)?;
        self.state.batches += 1;
        let number = |tensor: &Tensor| tensor.detach().to_scalar::<f32>().map(f64::from);
        let recent = &mut self.state.recent;
        recent.batches += 1.0;
        recent.policy_loss += number(&policy_loss)?;
        recent.value_loss += number(&value_loss)?;
        Ok(())
    }
}

/// The two losses of a batch, means over it: how far the policy is from the search's (cross-entropy), and the value from
/// what the games came to, or were seen to come to (squared error).
fn losses(network: &Network, examples: &[Example]) -> candle_core::Result<(Tensor, Tensor)> {
    let (device, count) = (&network.device, examples.len());
    let boards: Vec<Board> = examples.iter().map(|example| example.board).collect();
    let policies: Vec<f32> = examples.iter().flat_map(|example| example.policy).collect();
    let values: Vec<f32> = examples.iter().map(|example| example.value).collect();
    let (logits, value) = network.forward(&batch(&boards, device)?, true)?;
    let policies = Tensor::from_vec(policies, (count, COLUMNS), device)?;
    let policy_loss = (policies * ops::log_softmax(&logits, 1)?)?
        .sum(1)?
        .mean(0)?
        .neg()?;
    let value_loss = (value - Tensor::from_vec(values, count, device)?)?
        .sqr()?
        .mean(0)?;
    Ok((policy_loss, value_loss))
}

/// The replay window as tensors.
fn tensors_of(replay: &VecDeque<Example>) -> candle_core::Result<Tensors> {
    let count = replay.len();
    let planes = replay.iter().flat_map(|example| example.board.planes());
    let planes: Vec<u8> = planes.map(|value| value as u8).collect();
    let policies: Vec<f32> = replay.iter().flat_map(|example| example.policy).collect();
    let values: Vec<f32> = replay.iter().map(|example| example.value).collect();
    let device = &Device::Cpu;
    Ok(vec![
        (
            "boards".to_string(),
            Tensor::from_vec(planes, (count, 2 * ROWS * COLUMNS), device)?,
        ),
        (
            "policies".to_string(),
            Tensor::from_vec(policies, (count, COLUMNS), device)?,
        ),
        ("values".to_string(), Tensor::from_vec(values, count, device)?),
    ])
}

/// The replay window that [`tensors_of`] made tensors of.
fn examples_of(tensors: &Tensors) -> Result<VecDeque<Example>> {
    let tensor = |name: &str| {
        let found = tensors.iter().find(|(known, _)| known == name);
        found
            .map(|(_, tensor)| tensor)
            .with_context(|| format!("the checkpoint lacks the replay window's {name}"))
    };
    let boards = tensor("boards")?.to_dtype(DType::F32)?.to_vec2::<f32>()?;
    let policies = tensor("policies")?.flatten_all()?.to_vec1::<f32>()?;
    let values = tensor("values")?.to_vec1::<f32>()?;
    let policies = policies.as_chunks::<COLUMNS>().0.iter();
    boards
        .iter()
        .zip(policies)
        .zip(values)
        .map(|((planes, &policy), value)| {
            Ok(Example {
                board: Board::from_planes(planes)?,
                policy,
                value,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiny() -> AlphaZero {
        AlphaZero {
            games: 6,
            channels: 8,
            blocks: 1,
            simulations: 12,
            quick_simulations: 4,
            thorough: 0.5,
            batch_size: 16,
            replay_share: 1.0,
            ..AlphaZero::default()
        }
    }

    /// The names and bits of all weights, moments and remembered positions.
    fn bits(learner: &Learner<'_>) -> Result<Vec<(String, Vec<u32>)>> {
        let bits = |(name, tensor): (String, Tensor)| {
            let numbers = tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
            Ok((name, numbers.into_iter().map(f32::to_bits).collect()))
        };
        learner.tensors()?.into_iter().map(bits).collect()
    }

    #[test]
    fn resumed_it_ends_as_unbroken_and_on_any_number_of_threads() -> Result<()> {
        let settings = tiny();
        let mut unbroken = Learner::new(&settings, 3, &Device::Cpu)?;
        (0..3).try_for_each(|_| unbroken.play_and_learn())?;
        assert!(unbroken.state.batches > 3);

        let threads = nn::threads();
        nn::use_threads(1);
        let mut first = Learner::new(&settings, 3, &Device::Cpu)?;
        (0..2).try_for_each(|_| first.play_and_learn())?;
        let saved: State = serde_json::from_str(&serde_json::to_string(&first.state)?)?;
        // Of another seed's weights nothing must be left.
        let mut second = Learner::new(&settings, 4, &Device::Cpu)?;
        second.seed = 3;
        second.restore(saved, &first.tensors()?)?;
        second.play_and_learn()?;
        nn::use_threads(threads);
        assert_eq!(second.state.step, unbroken.state.step);
        assert_eq!(bits(&second)?, bits(&unbroken)?);
        Ok(())
    }

    #[test]
    fn examples_and_their_mirror_images() -> Result<()> {
        let example = Example {
            board: "1223".parse()?,
            policy: [0.1, 0.2, 0.3, 0.4, 0.0, 0.0, 0.0],
            value: 0.5,
        };
        let image = example.mirror();
        assert_eq!(image.board, "7665".parse()?);
        assert_eq!(image.policy, [0.0, 0.0, 0.0, 0.4, 0.3, 0.2, 0.1]);
        assert_eq!(image.value, 0.5);
        assert_eq!(image.mirror(), example);
        let replay = VecDeque::from([example, image]);
        assert_eq!(examples_of(&tensors_of(&replay)?)?, replay);
        assert!(examples_of(&Vec::new()).is_err());
        Ok(())
    }

    #[test]
    fn the_winner_learns_of_a_win_and_the_loser_of_a_loss() -> Result<()> {
        let example = |moves: &str| -> Result<Example> {
            Ok(Example {
                board: moves.parse()?,
                policy: [0.0; COLUMNS],
                value: 0.2,
            })
        };
        let game = || -> Result<SelfPlay> {
            Ok(SelfPlay {
                board: "1212121".parse()?,
                random: nn::random(0, "test"),
                examples: vec![example("12")?, example("121")?],
            })
        };
        let values = |trust| -> Result<Vec<f32>> {
            Ok(game()?
                .learned(trust)
                .iter()
                .map(|example| example.value)
                .collect())
        };
        assert_eq!(values(0.0)?, [1.0, -1.0]);
        assert_eq!(values(1.0)?, [0.2, 0.2]);
        assert_eq!(values(0.5)?, [0.6, -0.4]);
        Ok(())
    }

    /// Positions of one kind with one answer: it must be possible to learn them.
    #[test]
    fn it_learns_what_it_is_shown() -> Result<()> {
        let settings = AlphaZero {
            weight_decay: 0.0,
            ..tiny()
        };
        let mut learner = Learner::new(&settings, 1, &Device::Cpu)?;
        let examples = ["", "44", "3", "1234", "4455", "23", "77", "1"]
            .into_iter()
            .enumerate()
            .map(|(number, moves)| {
                let mut policy = [0.0; COLUMNS];
                policy[number % COLUMNS] = 1.0;
                let value = if number % 2 == 0 { 0.9 } else { -0.9 };
                Ok(Example {
                    board: moves.parse()?,
                    policy,
                    value,
                })
            })
            .collect::<Result<Vec<Example>>>()?;
        for _ in 0..150 {
            learner.step(&examples, 1e-2)?;
        }
        let (policy_loss, value_loss) = losses(&learner.network, &examples)?;
        assert!(policy_loss.to_scalar::<f32>()? < 0.1, "{policy_loss}");
        assert!(value_loss.to_scalar::<f32>()? < 0.05, "{value_loss}");
        Ok(())
    }
}
