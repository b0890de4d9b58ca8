//! The two networks: one names a second of sound, one writes down an utterance of any length.

use candle_core::{D, Result, Tensor};
use nn::{BatchNorm, Conv1d, Conv1dConfig, Dropout, GRU, GRUConfig, Linear, Module, ModuleT, VarBuilder};

use crate::data::BANDS;

/// A convolution over time, with mel bands or features as its channels.
struct Block {
    convolution: Conv1d,
    norm: BatchNorm,
}

impl Block {
    fn new(input: usize, output: usize, stride: usize, weights: VarBuilder<'_>) -> Result<Self> {
        let config = Conv1dConfig {
            stride,
            padding: 2,
            ..Default::default()
        };
        Ok(Block {
            convolution: nn::conv1d_no_bias(input, output, 5, config, weights.pp("convolution"))?,
            norm: nn::batch_norm(output, 1e-5, weights.pp("norm"))?,
        })
    }

    /// (batch, input, frames) → (batch, output, ⌈frames / stride⌉)
    fn forward_t(&self, hidden: &Tensor, train: bool) -> Result<Tensor> {
        self.norm
            .forward_relu_t(&self.convolution.forward(hidden)?, train)
    }
}

/// Names the word in a second of sound. About 90,000 parameters.
pub struct WordNet {
    blocks: Vec<Block>,
    dropout: Dropout,
    head: Linear,
}

impl WordNet {
    /// A network for `classes` classes.
    pub fn new(classes: usize, weights: VarBuilder<'_>) -> Result<Self> {
        // (channels in, channels out, stride): stride 2 looks at every second frame, so later blocks hear further.
        let shapes = [(BANDS, 64, 1), (64, 64, 2), (64, 64, 1), (64, 96, 2)];
        let blocks = shapes
            .into_iter()
            .enumerate()
            .map(|(number, (input, output, stride))| {
                Block::new(input, output, stride, weights.pp(format!("block{}", number + 1)))
            });
        Ok(WordNet {
            blocks: blocks.collect::<Result<_>>()?,
            dropout: Dropout::new(0.3),
            head: nn::linear(2 * 96, classes, weights.pp("head"))?,
        })
    }
}

impl ModuleT for WordNet {
    /// Takes (batch, mouths, 40 bands, 100 frames), gives logits (batch, classes), averaged over the mouths.
    fn forward_t(&self, windows: &Tensor, train: bool) -> Result<Tensor> {
        let (batch, mouths, bands, frames) = windows.dims4()?;
        let mut hidden = windows.reshape((batch * mouths, bands, frames))?;
        for block in &self.blocks {
            hidden = block.forward_t(&hidden, train)?; // (batch · mouths, channels, frames / stride)
        }
        // What there is on average, and what there is at some time: (batch · mouths, 2 · 96)
        let pooled = Tensor::cat(&[hidden.mean(D::Minus1)?, hidden.max(D::Minus1)?], 1)?;
        let logits = self.head.forward(&self.dropout.forward_t(&pooled, train)?)?;
        logits.reshape((batch, mouths, ()))?.mean(1)
    }
}

/// Frames that become one step of [`StringNet`]: 40 ms.
pub const FRAMES_PER_STEP: usize = 4;

/// Steps that an utterance of `frames` frames gives.
pub fn steps(frames: usize) -> usize {
    frames.div_ceil(2).div_ceil(2)
}

/// Says for every 40 ms which symbol is spoken, if one is. About 200,000 parameters.
pub struct StringNet {
    blocks: Vec<(Block, usize)>,
    recurrent: GRU,
    dropout: Dropout,
    head: Linear,
}

impl StringNet {
    /// A network for `symbols` symbols, the blank among them.
    pub fn new(symbols: usize, weights: VarBuilder<'_>) -> Result<Self> {
        let shapes = [(BANDS, 64, 2), (64, 96, 2), (96, 96, 1)];
        let mut blocks = Vec::new();
        for (number, (input, output, stride)) in shapes.into_iter().enumerate() {
            let weights = weights.pp(format!("block{}", number + 1));
            blocks.push((Block::new(input, output, stride, weights)?, stride));
        }
        let config = GRUConfig {
            bidirectional: true,
            ..Default::default()
        };
        Ok(StringNet {
            blocks,
            recurrent: nn::gru(96, 96, config, weights.pp("recurrent"))?,
            dropout: Dropout::new(0.2),
            head: nn::linear(2 * 96, symbols, weights.pp("head"))?,
        })
    }

    /// Takes (batch, 40 bands, frames) and how many frames each utterance has; gives logits (batch, steps, symbols) and how
    /// many steps each has. What lies behind an utterance's end changes nothing.
    pub fn forward_t(&self, sounds: &Tensor, frames: &[usize], train: bool) -> Result<(Tensor, Vec<usize>)> {
        let (mut hidden, mut lengths) = (sounds.clone(), frames.to_vec());
        for (block, stride) in &self.blocks {
            hidden = block.forward_t(&hidden, train)?; // (batch, channels, frames / stride)
            lengths
                .iter_mut()
                .for_each(|length| *length = length.div_ceil(*stride));
            hidden = hidden.broadcast_mul(&inside(&lengths, &hidden)?)?;
        }
        let hidden = self
            .dropout
            .forward_t(&hidden.transpose(1, 2)?.contiguous()?, train)?; // (batch, steps, 96)
        let (hidden, _) = self.recurrent.forward_sequence(&hidden, None, Some(&lengths))?; // (batch, steps, 2 · 96)
        let logits = self.head.forward(&self.dropout.forward_t(&hidden, train)?)?;
        Ok((logits, lengths))
    }
}

/// (batch, 1, steps): 1 within each length, 0 beyond.
fn inside(lengths: &[usize], like: &Tensor) -> Result<Tensor> {
    let steps = like.dim(D::Minus1)?;
    let inside = lengths
        .iter()
        .flat_map(|&length| (0..steps).map(move |step| f32::from(step < length)));
    Tensor::from_vec(
        inside.collect::<Vec<f32>>(),
        (lengths.len(), 1, steps),
        like.device(),
    )
}
