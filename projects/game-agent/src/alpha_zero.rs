//! AlphaZero (Silver et al. 2018), in a size for two cores: a network that learns from a tree search that uses the network.
//!
//! Play a few hundred games against yourself, every move by a search; learn to say at once what the search found out
//! (the policy) and who won (the value); forget what the old network said; and again.

use std::collections::VecDeque;

use anyhow::{Context, Result};
use candle_core::{DType, Device, Tensor};
use games::connect_four::{Board, COLUMNS, ROWS};
use nn::{BatchNorm, Conv2d, Conv2dConfig, Linear, Module, ModuleT, Random, VarBuilder, VarMap, ops};
use rand::Rng;
use serde::{Deserialize, Serialize};
use training::{
    Gradients, Guard, Parameters,
    optimiser::{AdamW, AdamWConfig, Optimiser},
};

use crate::{
    model::looking_only,
    player::{Player, Thoughts, View},
    settings::AlphaZero,
    tree::{Judge, Judgement, Known, Tree, search},
    trial::{Tensors, Trial, named, take},
};

/// A convolution with a norm.
struct Layer {
    convolution: Conv2d,
    norm: BatchNorm,
}

impl Layer {
    fn new(from: usize, to: usize, kernel: usize, weights: VarBuilder<'_>) -> candle_core::Result<Self> {
        let config = Conv2dConfig {
            padding: kernel / 2,
            ..Conv2dConfig::default()
        };
        Ok(Layer {
            convolution: nn::conv2d_no_bias(from, to, kernel, config, weights.pp("convolution"))?,
            norm: nn::batch_norm(to, 1e-5, weights.pp("norm"))?,
        })
    }

    fn forward_relu(&self, x: &Tensor, train: bool) -> candle_core::Result<Tensor> {
        self.norm.forward_relu_t(&self.convolution.forward(x)?, train)
    }

    fn forward(&self, x: &Tensor, train: bool) -> candle_core::Result<Tensor> {
        self.norm.forward_t(&self.convolution.forward(x)?, train)
    }
}

/// Planes of the two heads.
const HEAD_PLANES: usize = 4;
/// Numbers between the value head's layers.
const VALUE_HIDDEN: usize = 32;

/// A small residual network with two heads.
pub struct Network {
    stem: Layer,
    blocks: Vec<(Layer, Layer)>,
    policy: (Layer, Linear),
    value: (Layer, Linear, Linear),
    device: Device,
}

impl Network {
    /// A network of `blocks` residual blocks of two convolutions with `channels` channels.
    pub fn new(channels: usize, blocks: usize, weights: VarBuilder<'_>) -> candle_core::Result<Self> {
        let block = |number: usize| {
            let weights = weights.pp(format!("block{}", number + 1));
            Ok((
                Layer::new(channels, channels, 3, weights.pp("first"))?,
                Layer::new(channels, channels, 3, weights.pp("second"))?,
            ))
        };
        let features = HEAD_PLANES * ROWS * COLUMNS;
        let (policy, value) = (weights.pp("policy"), weights.pp("value"));
        Ok(Network {
            stem: Layer::new(2, channels, 3, weights.pp("stem"))?,
            blocks: (0..blocks).map(block).collect::<candle_core::Result<_>>()?,
            policy: (
                Layer::new(channels, HEAD_PLANES, 1, policy.pp("planes"))?,
                nn::linear(features, COLUMNS, policy.pp("columns"))?,
            ),
            value: (
                Layer::new(channels, HEAD_PLANES, 1, value.pp("planes"))?,
                nn::linear(features, VALUE_HIDDEN, value.pp("hidden"))?,
                nn::linear(VALUE_HIDDEN, 1, value.pp("value"))?,
            ),
            device: weights.device().clone(),
        })
    }

    /// For positions (batch, 2, 6, 7) the logits of the columns (batch, 7) and the values (batch), −1 … 1.
    pub fn forward(&self, boards: &Tensor, train: bool) -> candle_core::Result<(Tensor, Tensor)> {
        let mut x = self.stem.forward_relu(boards, train)?; // (batch, channels, 6, 7), as all that follow
        for (first, second) in &self.blocks {
            let change = second.forward(&first.forward_relu(&x, train)?, train)?;
            x = ops::add_relu(&x, &change)?;
        }
        let (planes, columns) = &self.policy;
        let logits = columns.forward(&planes.forward_relu(&x, train)?.flatten_from(1)?)?;
        let (planes, hidden, value) = &self.value;
        let hidden = hidden.forward(&planes.forward_relu(&x, train)?.flatten_from(1)?)?;
        let value = ops::tanh(&value.forward(&ops::relu(&hidden)?)?)?;
        Ok((logits, value.squeeze(1)?))
    }
}

/// `boards` as a batch (boards, 2, 6, 7).
fn batch(boards: &[Board], device: &Device) -> candle_core::Result<Tensor> {
    let mut planes = vec![0.0; boards.len() * 2 * ROWS * COLUMNS];
    for (planes, board) in planes.chunks_exact_mut(2 * ROWS * COLUMNS).zip(boards) {
        board.write_planes(planes);
    }
    Tensor::from_vec(planes, (boards.len(), 2, ROWS, COLUMNS), device)
}

impl Judge for Network {
    fn judge(&self, boards: &[Board]) -> Result<Vec<Judgement>> {
        if boards.is_empty() {
            return Ok(Vec::new());
        }
        let (logits, values) = self.forward(&batch(boards, &self.device)?, false)?;
        let policies = ops::softmax(&logits, 1)?.flatten_all()?.to_vec1::<f32>()?;
        let policies = policies.as_chunks::<COLUMNS>().0.iter();
        let both = policies.zip(values.to_vec1::<f32>()?);
        Ok(both.map(|(&policy, value)| Judgement { policy, value }).collect())
    }
}

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
    moves: u32,
}

/// What came of the games of one iteration.
struct Played {
    examples: Vec<Example>,
    moves: u64,
    asked: u64,
    judged: u64,
}

/// Plays games against itself to their end, all in step.
fn self_play(network: &Network, settings: &AlphaZero, seed: u64, iteration: u64) -> Result<Played> {
    let mut known = Known::default();
    let game = |number| SelfPlay {
        board: Board::new(),
        random: nn::random(seed, &format!("alpha-zero/iteration {iteration}/game {number}")),
        examples: Vec::new(),
        moves: 0,
    };
    let mut games: Vec<SelfPlay> = (0..settings.games).map(game).collect();
    let mut played = Played {
        examples: Vec::new(),
        moves: 0,
        asked: 0,
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
            let column = match game.moves < settings.varied_moves {
                true => draw(&policy, &mut game.random),
                false => most(&policy),
            };
            game.board.play(column).context("a search chose it")?;
            game.moves += 1;
        }
        for game in games.extract_if(.., |game| game.board.is_over()) {
            played.moves += u64::from(game.moves);
            played.examples.extend(game.learned(settings.trust));
        }
    }
    (played.asked, played.judged) = (known.asked, known.judged);
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
    most(policy)
}

/// The column with the largest share.
fn most(policy: &[f32; COLUMNS]) -> usize {
    let mut best = 0;
    for column in 1..COLUMNS {
        if policy[column] > policy[best] {
            best = column;
        }
    }
    best
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
    /// Moves after which the next evaluation is due.
    evaluate_at: u64,
    recent: Recent,
}

/// Sums since the last evaluation, for its row.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Recent {
    games: f64,
    moves: f64,
    asked: f64,
    judged: f64,
    batches: f64,
    policy_loss: f64,
    value_loss: f64,
}

/// Trains a network for `trial`.
pub fn train(trial: &mut Trial<'_>, settings: &AlphaZero) -> Result<()> {
    let (seed, device) = (trial.seed, trial.device.clone());
    let network = |weights| Network::new(settings.channels, settings.blocks, weights);
    let variables = VarMap::new();
    let model = network(nn::seeded(&variables, seed, DType::F32, &device))?;
    let parameters = Parameters::new(&variables);
    let judging = network(looking_only(&parameters, &device))?;
    let mut optimiser = AdamW::new(AdamWConfig {
        weight_decay: settings.weight_decay,
        ..AdamWConfig::default()
    });
    let mut guard = Guard::new(&device);
    let mut state = State::default();
    // What was played lately, the oldest first.
    let mut replay: VecDeque<Example> = VecDeque::new();
    if let Some((saved, tensors)) = trial.resume::<State>()? {
        state = saved;
        parameters.restore(&take(&tensors, "model/"))?;
        optimiser.set_state(&parameters, &take(&tensors, "optimiser/"))?;
        replay = examples_of(&take(&tensors, "replay/"))?;
    }

    loop {
        // Evaluate, and write down how it goes.
        let over = state.step >= settings.steps;
        if over || state.step >= state.evaluate_at {
            let recent = std::mem::take(&mut state.recent);
            let batches = recent.batches.max(1.0);
            let values = [
                ("policy loss", recent.policy_loss / batches),
                ("value loss", recent.value_loss / batches),
                ("game length", recent.moves / recent.games.max(1.0)),
                ("judged", recent.judged),
                ("known before", 1.0 - recent.judged / recent.asked.max(1.0)),
                ("replay size", replay.len() as f64),
            ];
            let mut player = Searcher::new(network(looking_only(&parameters, &device))?, settings);
            trial.evaluate(state.step, &values, &mut player, || Ok(parameters.snapshot()?))?;
            state.evaluate_at = state.step + settings.evaluate_every;
        }
        if over || trial.must_save() {
            let mut tensors = named("model/", &parameters.snapshot()?);
            tensors.extend(named("optimiser/", &optimiser.state()?));
            tensors.extend(named("replay/", &tensors_of(&replay)?));
            trial.save(state.step, &state, tensors)?;
        }
        if over {
            return Ok(());
        }

        // Play against yourself.
        let played = self_play(&judging, settings, seed, state.iterations)?;
        state.step += played.moves;
        state.recent.games += settings.games as f64;
        state.recent.moves += played.moves as f64;
        state.recent.asked += played.asked as f64;
        state.recent.judged += played.judged as f64;

        // Remember the newest, fewer in the beginning: what the first networks played is soon of no use.
        let batches = played.examples.len() as f64 * settings.passes / settings.batch_size as f64;
        replay.extend(played.examples);
        let remembered = settings.replay_share * settings.thorough * state.step as f64;
        let remembered = (remembered as usize).clamp(8 * settings.batch_size, settings.replay_capacity);
        replay.drain(..replay.len().saturating_sub(remembered));

        // Learn from it.
        let progress = (state.step as f64 / settings.steps as f64).min(1.0);
        let rate = settings.learning_rate * (1.0 - 0.9 * progress);
        let mut random = nn::random(seed, &format!("alpha-zero/batches/{}", state.iterations));
        for _ in 0..batches.ceil() as u64 {
            let examples: Vec<Example> = (0..settings.batch_size)
                .map(|_| {
                    let example = replay[random.random_range(0..replay.len())];
                    if random.random() {
                        example.mirror()
                    } else {
                        example
                    }
                })
                .collect();
            let (policy_loss, value_loss) = losses(&model, &examples)?;
            let loss = (&policy_loss + (&value_loss * settings.value_weight)?)?;
            let mut gradients = Gradients::of(&loss, &parameters)?;
            if state.batches == 0 {
                gradients.check_complete(&parameters)?;
            }
            let norm = gradients.clip_norm(settings.clip_norm)?;
            guard.watch(state.batches, rate, examples.len(), &loss, Some(&norm))?;
            optimiser.step(&parameters, &gradients, rate)?;
            state.batches += 1;
            state.recent.batches += 1.0;
            state.recent.policy_loss += f64::from(policy_loss.detach().to_scalar::<f32>()?);
            state.recent.value_loss += f64::from(value_loss.detach().to_scalar::<f32>()?);
        }
        state.iterations += 1;
    }
}

/// The two losses of a batch, means over it: how far the policy is from the search's (cross-entropy), and the value from
/// what the games came to (squared error).
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

/// Plays what a search with a trained network finds best.
pub struct Searcher {
    network: Network,
    simulations: u32,
    exploration: f32,
    known: Known,
}

/// Judgements that a player remembers before it begins anew: some 30 megabytes.
const REMEMBERED: u64 = 400_000;

impl Searcher {
    /// A player that searches as `settings` say.
    pub fn new(network: Network, settings: &AlphaZero) -> Self {
        Searcher {
            network,
            simulations: settings.play_simulations,
            exploration: settings.exploration,
            known: Known::default(),
        }
    }

    /// With another number of simulations a move; without any it plays what the network says.
    #[must_use]
    pub fn with_simulations(mut self, simulations: u32) -> Self {
        self.simulations = simulations;
        self
    }
}

impl Player for Searcher {
    fn measure(&self) -> &'static str {
        "share of the search"
    }

    fn think(&mut self, views: &[View<'_>]) -> Result<Vec<Thoughts>> {
        if self.known.judged > REMEMBERED {
            self.known.clear();
        }
        let mut trees = views
            .iter()
            .map(|view| {
                let board = Board::from_planes(view.observation)?;
                Ok(Tree::new(board, self.simulations, self.exploration))
            })
            .collect::<Result<Vec<Tree>>>()?;
        search(&mut trees, &self.network, &mut self.known)?;
        let thoughts = trees.iter().map(|tree| Thoughts {
            actions: tree.policy().to_vec(),
            value: Some(tree.value()),
        });
        Ok(thoughts.collect())
    }
}
