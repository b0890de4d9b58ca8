//! The network that judges positions of Connect Four, and the player who searches with it.

use anyhow::Result;
use candle_core::{Device, Tensor};
use games::connect_four::{Board, COLUMNS, ROWS};
use nn::{BatchNorm, Conv2d, Conv2dConfig, Linear, Module, ModuleT, VarBuilder, ops};

use crate::{
    player::{Player, Thoughts, View},
    settings::AlphaZero,
    tree::{Judge, Judgement, Known, Tree, search},
};

/// A convolution with a norm.
#[derive(Clone)]
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
#[derive(Clone)]
pub struct Network {
    stem: Layer,
    blocks: Vec<(Layer, Layer)>,
    policy: (Layer, Linear),
    value: (Layer, Linear, Linear),
    pub(crate) device: Device,
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
pub fn batch(boards: &[Board], device: &Device) -> candle_core::Result<Tensor> {
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
