//! Attention.

use candle_core::{D, DType, Device, Result, Tensor, bail};
use candle_nn::VarBuilder;

use crate::dropout::Dropout;
use crate::linear::{Linear, linear_b};
use crate::softmax::softmax_last_dim;

/// Which keys a query may attend to. The default is all of them.
#[derive(Clone, Debug, Default)]
pub struct AttentionMask<'a> {
    /// Each query sees the keys up to its own position and none behind. With fewer queries than keys the last
    /// query is at the last key, as when text is generated from cached keys.
    pub causal: bool,
    /// (batch, keys), `u8`: **1 where a key may be attended to**, 0 where it is padding.
    pub keys: Option<&'a Tensor>,
    /// Added to the scores before the softmax; broadcasts to (batch, heads, queries, keys). -∞ forbids.
    pub bias: Option<&'a Tensor>,
}

impl AttentionMask<'_> {
    /// Only what is not in the future.
    pub fn causal() -> Self {
        Self {
            causal: true,
            ..Self::default()
        }
    }

    /// 0 where attention is allowed and -∞ where not, to be broadcast to (batch, heads, queries, keys).
    fn forbidden(
        &self,
        (batch, queries, keys): (usize, usize, usize),
        like: &Tensor,
    ) -> Result<Option<Tensor>> {
        let mut allowed: Option<Tensor> = None;
        if self.causal {
            if queries > keys {
                bail!(
                    "causal attention of {queries} queries to {keys} keys: the first queries have no position"
                )
            }
            let behind = keys - queries;
            let may = (0..queries).flat_map(|query| (0..keys).map(move |key| (key <= behind + query) as u8));
            allowed = Some(Tensor::from_vec(
                may.collect(),
                (1, 1, queries, keys),
                like.device(),
            )?);
        }
        if let Some(mask) = self.keys {
            if mask.dims() != [batch, keys] || mask.dtype() != DType::U8 {
                bail!(
                    "the mask of the keys is {:?} of {:?}; it must be (batch, keys) = ({batch}, {keys}) of U8",
                    mask.shape(),
                    mask.dtype()
                )
            }
            let mask = mask.reshape((batch, 1, 1, keys))?;
            allowed = Some(match allowed {
                Some(causal) => causal.broadcast_mul(&mask)?,
                None => mask,
            });
        }
        let Some(allowed) = allowed else {
            return Ok(None);
        };
        let zeros = Tensor::zeros(allowed.shape(), like.dtype(), like.device())?;
        let forbidden = Tensor::full(f32::NEG_INFINITY, allowed.shape(), like.device())?;
        Ok(Some(
            allowed.where_cond(&zeros, &forbidden.to_dtype(like.dtype())?)?,
        ))
    }
}

/// softmax(q·kᵀ / √d + mask)·v (Vaswani et al. 2017, <https://arxiv.org/abs/1706.03762>, section 3.2.1).
///
/// `q` is (batch, heads, queries, d), `k` (batch, heads, keys, d), `v` (batch, heads, keys, e), the result
/// (batch, heads, queries, e). A query that may attend to nothing gets zeros. `dropout`, for training, acts on
/// the weights.
pub fn scaled_dot_product_attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    mask: &AttentionMask<'_>,
    dropout: Option<&Dropout>,
) -> Result<Tensor> {
    let (&[batch, heads, queries, size], &[_, _, keys, _]) = (q.dims(), k.dims()) else {
        bail!(
            "attention needs queries, keys and values of (batch, heads, positions, size), not {:?}, {:?}, {:?}",
            q.shape(),
            k.shape(),
            v.shape()
        )
    };
    if k.dims() != [batch, heads, keys, size] || v.rank() != 4 || v.dims()[..3] != [batch, heads, keys] {
        bail!(
            "queries of {:?} fit neither keys of {:?} nor values of {:?}: batch and heads must be equal, \
             queries and keys of one size, keys and values equally many",
            q.shape(),
            k.shape(),
            v.shape()
        )
    }
    let q = (q * (1.0 / (size as f64).sqrt()))?.contiguous()?;
    let mut scores = q.matmul(&k.transpose(2, 3)?.contiguous()?)?;
    if let Some(bias) = mask.bias {
        scores = scores.broadcast_add(&bias.to_dtype(scores.dtype())?)?;
    }
    if let Some(forbidden) = mask.forbidden((batch, queries, keys), &scores)? {
        scores = scores.broadcast_add(&forbidden)?;
    }
    let mut weights = softmax_last_dim(&scores)?;
    if let Some(dropout) = dropout {
        weights = dropout.forward(&weights, true)?;
    }
    weights.matmul(&v.contiguous()?)
}

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
        use candle_core::Module;
        let (batch, queries, size) = x.dims3()?;
        // (batch, positions, size) → (batch, heads, positions, size / heads)
        let split = |x: Tensor| x.reshape((batch, x.dims()[1], self.heads, ()))?.transpose(1, 2);
        let attended = scaled_dot_product_attention(
            &split(self.query.forward(x)?)?,
            &split(self.key.forward(memory)?)?,
            &split(self.value.forward(memory)?)?,
            mask,
            train.then_some(&self.dropout),
        )?;
        let merged = attended.transpose(1, 2)?.reshape((batch, queries, size))?;
        self.output.forward(&merged)
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

/// Rotary position embedding (Su et al. 2021, <https://arxiv.org/abs/2104.09864>) of queries or keys
/// (batch, heads, positions, size): element i of the first half of a vector and element i of the second are
/// turned by the angle whose `cos` and `sin` (positions, size / 2) hold (see [`rope_angles`]). Unlike candle's,
/// it has a gradient.
pub fn rope(x: &Tensor, cos: &Tensor, sin: &Tensor) -> Result<Tensor> {
    let (_, _, positions, size) = x.dims4()?;
    if size % 2 != 0 || cos.dims() != [positions, size / 2] || sin.dims() != cos.dims() {
        bail!(
            "rope of {:?} needs an even size, and cos and sin of (positions, size / 2), not {:?} and {:?}",
            x.shape(),
            cos.shape(),
            sin.shape()
        )
    }
    let halves = x.chunk(2, D::Minus1)?;
    let (a, b) = (&halves[0], &halves[1]);
    let first = (a.broadcast_mul(cos)? - b.broadcast_mul(sin)?)?;
    let second = (b.broadcast_mul(cos)? + a.broadcast_mul(sin)?)?;
    Tensor::cat(&[first, second], D::Minus1)
}

/// The cosines and sines for [`rope`], each (positions, size / 2): position p turns pair i by
/// p·`base`^(-2i / size). Usual is a `base` of 10,000.
pub fn rope_angles(
    positions: usize,
    size: usize,
    base: f64,
    dtype: DType,
    device: &Device,
) -> Result<(Tensor, Tensor)> {
    let speed = |i: usize| base.powf(-2.0 * i as f64 / size as f64);
    let angles = (0..positions).flat_map(|p| (0..size / 2).map(move |i| p as f64 * speed(i)));
    let angles = Tensor::from_vec(angles.collect::<Vec<f64>>(), (positions, size / 2), &Device::Cpu)?;
    let table = |values: Tensor| values.to_dtype(dtype)?.to_device(device);
    Ok((table(angles.cos()?)?, table(angles.sin()?)?))
}
