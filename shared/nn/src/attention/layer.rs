//! Multi-head attention as a layer.

use candle_core::{Module, Result, Tensor, bail};
use candle_nn::VarBuilder;

use super::{AttentionMask, joined_attention};
use crate::dropout::Dropout;
use crate::linear::{Linear, linear_b};

/// How a [`MultiHeadAttention`] is built.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MultiHeadAttentionConfig {
    /// Heads among which the size is divided.
    pub heads: usize,
    /// Probability of dropping an attention weight in training.
    pub dropout: f32,
    /// Whether the four projections have biases.
    pub bias: bool,
}

impl Default for MultiHeadAttentionConfig {
    /// One head, no dropout, with biases.
    fn default() -> Self {
        Self {
            heads: 1,
            dropout: 0.0,
            bias: true,
        }
    }
}

/// Multi-head attention (Vaswani et al. 2017, section 3.2.2).
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use nn::{AttentionMask, MultiHeadAttentionConfig, VarMap};
/// # fn main() -> candle_core::Result<()> {
/// let vb = nn::seeded(&VarMap::new(), 7, DType::F32, &Device::Cpu);
/// let config = MultiHeadAttentionConfig { heads: 4, dropout: 0.1, ..Default::default() };
/// let attention = nn::multi_head_attention(32, config, vb.pp("attention"))?;
/// let x = Tensor::ones((2, 5, 32), DType::F32, &Device::Cpu)?;
/// let padding = Tensor::new(&[[1u8, 1, 1, 1, 1], [1, 1, 1, 0, 0]], &Device::Cpu)?;
/// let mask = AttentionMask { keys: Some(&padding), ..AttentionMask::causal() };
/// assert_eq!(attention.forward(&x, &x, &mask, true)?.dims(), [2, 5, 32]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct MultiHeadAttention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    heads: usize,
    dropout: Dropout,
}

impl MultiHeadAttention {
    /// Lets `x` (batch, queries, size) attend to `memory` (batch, keys, size); `x` itself for self-attention.
    pub fn forward(
        &self,
        x: &Tensor,
        memory: &Tensor,
        mask: &AttentionMask<'_>,
        train: bool,
    ) -> Result<Tensor> {
        let attended = joined_attention(
            &self.query.forward(x)?,
            &self.key.forward(memory)?,
            &self.value.forward(memory)?,
            self.heads,
            mask,
            train.then_some(&self.dropout),
        )?;
        self.output.forward(&attended)
    }
}

/// A [`MultiHeadAttention`] over vectors of `size`, with the layers `q_proj`, `k_proj`, `v_proj` and `out_proj`.
pub fn multi_head_attention(
    size: usize,
    config: MultiHeadAttentionConfig,
    vb: VarBuilder<'_>,
) -> Result<MultiHeadAttention> {
    if config.heads == 0 || !size.is_multiple_of(config.heads) {
        bail!(
            "a size of {size} cannot be divided among {} attention heads",
            config.heads
        )
    }
    let projection = |name: &str| linear_b(size, size, config.bias, vb.pp(name));
    Ok(MultiHeadAttention {
        query: projection("q_proj")?,
        key: projection("k_proj")?,
        value: projection("v_proj")?,
        output: projection("out_proj")?,
        heads: config.heads,
        dropout: Dropout::new(config.dropout),
    })
}
