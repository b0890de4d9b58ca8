//! The network: three convolutions over time, mel bands as their channels, then a mean over time.

use candle_core::{D, Result, Tensor};
use nn::{BatchNorm, Conv1d, Conv1dConfig, Dropout, Linear, Module, ModuleT, VarBuilder};

use crate::data::BANDS;

/// Hears a few seconds of music. About 140,000 parameters.
pub struct GenreNet {
    blocks: Vec<(Conv1d, BatchNorm)>,
    dropout: Dropout,
    head: Linear,
}

impl GenreNet {
    /// A network for `genres` genres.
    pub fn new(genres: usize, weights: VarBuilder<'_>) -> Result<Self> {
        // Stride 2 looks at every second frame: each block hears twice as far as the one before.
        let config = Conv1dConfig {
            stride: 2,
            padding: 2,
            ..Default::default()
        };
        let channels = [BANDS, 96, 96, 128];
        let mut blocks = Vec::new();
        for (number, pair) in channels.windows(2).enumerate() {
            let weights = weights.pp(format!("block{}", number + 1));
            let convolution = nn::conv1d_no_bias(pair[0], pair[1], 5, config, weights.pp("convolution"))?;
            blocks.push((convolution, nn::batch_norm(pair[1], 1e-5, weights.pp("norm"))?));
        }
        Ok(GenreNet {
            blocks,
            dropout: Dropout::new(0.2),
            head: nn::linear(2 * channels[3], genres, weights.pp("head"))?,
        })
    }
}

impl ModuleT for GenreNet {
    /// Takes (batch, crops, 64 bands, frames), gives logits (batch, genres), averaged over the crops.
    fn forward_t(&self, crops: &Tensor, train: bool) -> Result<Tensor> {
        let (batch, count, bands, frames) = crops.dims4()?;
        let mut hidden = crops.reshape((batch * count, bands, frames))?;
        for (convolution, norm) in &self.blocks {
            // (batch · crops, channels, frames / 2)
            hidden = norm.forward_relu_t(&convolution.forward(&hidden)?, train)?;
        }
        // What there is on average, and what there is at some time: (batch · crops, 2 · 128)
        let pooled = Tensor::cat(&[hidden.mean(D::Minus1)?, hidden.max(D::Minus1)?], 1)?;
        let logits = self.head.forward(&self.dropout.forward_t(&pooled, train)?)?;
        logits.reshape((batch, count, ()))?.mean(1)
    }
}
