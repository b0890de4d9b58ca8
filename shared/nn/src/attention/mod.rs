//! Attention.

mod heads;
mod kernel;
mod layer;
mod mask;
mod rope;
mod softmax;

use candle_core::{Result, Tensor, bail};

pub use layer::{MultiHeadAttention, MultiHeadAttentionConfig, multi_head_attention};
pub use mask::AttentionMask;
pub use rope::{rope, rope_angles};

use crate::cpu::{by_dtype, has_kernel};
use crate::dropout::Dropout;
use crate::softmax::softmax_last_dim;
use heads::{Heads, Source};
use kernel::{Attention, Sizes};

/// softmax(q·kᵀ / √d + mask)·v (Vaswani et al. 2017, <https://arxiv.org/abs/1706.03762>, section 3.2.1).
///
/// `q` is (batch, heads, queries, d), `k` (batch, heads, keys, d), `v` (batch, heads, keys, e), the result
/// (batch, heads, queries, e). A query that may attend to nothing gets zeros. `dropout`, for training, acts on
/// the weights. On the CPU no tensor is copied, however it lies in memory, and none of the size queries × keys is
/// made (but for the factors of dropout).
///
/// # Errors
/// If the shapes do not fit each other or the mask.
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
    let sizes = Sizes {
        batch,
        heads,
        queries,
        keys,
        size,
        value: v.dims()[3],
    };
    if !in_kernel(&[q, k, v], mask) {
        return composed(q, k, v, mask, dropout);
    }
    let sources = [0, 1, 2].map(|tensor| Source {
        tensor,
        heads: Heads::Apart,
    });
    apply(&[q, k, v], sources, Heads::Apart, sizes, mask, dropout)
}

/// [`scaled_dot_product_attention`] of heads that lie side by side, as projections make them: `q` is
/// (batch, queries, heads·d), `k` (batch, keys, heads·d), `v` (batch, keys, heads·e), the result
/// (batch, queries, heads·e). On the CPU the heads are read and written where they are, forward and backward.
///
/// # Errors
/// If the shapes do not fit each other or the mask, or cannot be divided among the heads.
///
/// ```
/// # fn main() -> candle_core::Result<()> {
/// use candle_core::{DType, Device, Tensor};
/// let (x, memory) = (Tensor::zeros((2, 3, 8), DType::F32, &Device::Cpu)?, Tensor::ones((2, 5, 8), DType::F32, &Device::Cpu)?);
/// let y = nn::joined_attention(&x, &memory, &memory, 4, &nn::AttentionMask::default(), None)?;
/// assert_eq!(y.dims(), [2, 3, 8]);
/// # Ok(()) }
/// ```
pub fn joined_attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    heads: usize,
    mask: &AttentionMask<'_>,
    dropout: Option<&Dropout>,
) -> Result<Tensor> {
    let (&[batch, queries, width], &[_, keys, _], &[_, _, values]) = (q.dims(), k.dims(), v.dims()) else {
        bail!(
            "attention of joined heads needs queries, keys and values of (batch, positions, heads · size), \
             not {:?}, {:?}, {:?}",
            q.shape(),
            k.shape(),
            v.shape()
        )
    };
    if k.dims() != [batch, keys, width] || v.dims() != [batch, keys, values] {
        bail!(
            "queries of {:?} fit neither keys of {:?} nor values of {:?}: the batch must be equal, queries and \
             keys of one size, keys and values equally many",
            q.shape(),
            k.shape(),
            v.shape()
        )
    }
    if heads == 0 || !width.is_multiple_of(heads) || !values.is_multiple_of(heads) {
        bail!("queries of {width} and values of {values} numbers cannot be divided among {heads} heads")
    }
    if !in_kernel(&[q, k, v], mask) {
        return merge(composed(
            &split(q, heads)?,
            &split(k, heads)?,
            &split(v, heads)?,
            mask,
            dropout,
        )?);
    }
    let sizes = Sizes {
        batch,
        heads,
        queries,
        keys,
        size: width / heads,
        value: values / heads,
    };
    let joined = Heads::Joined {
        heads,
        parts: 1,
        part: 0,
    };
    let sources = [0, 1, 2].map(|tensor| Source {
        tensor,
        heads: joined,
    });
    apply(&[q, k, v], sources, joined, sizes, mask, dropout)
}

/// Attention of a sequence to itself, from one projection: `projected` is (batch, positions, 3·size) with queries,
/// keys and values one behind the other, each of all `heads`; the result is (batch, positions, size). On the CPU it
/// is read where it lies, and its gradient written likewise.
///
/// # Errors
/// If the last dimension cannot be divided in three, and each third among the heads, or the mask does not fit.
///
/// ```
/// # fn main() -> candle_core::Result<()> {
/// use candle_core::{DType, Device, Tensor};
/// let projected = Tensor::zeros((2, 5, 3 * 8), DType::F32, &Device::Cpu)?;
/// let y = nn::self_attention(&projected, 4, &nn::AttentionMask::causal(), None)?;
/// assert_eq!(y.dims(), [2, 5, 8]);
/// # Ok(()) }
/// ```
pub fn self_attention(
    projected: &Tensor,
    heads: usize,
    mask: &AttentionMask<'_>,
    dropout: Option<&Dropout>,
) -> Result<Tensor> {
    let &[batch, positions, width] = projected.dims() else {
        bail!(
            "self-attention needs projections of (batch, positions, 3 · size), not {:?}",
            projected.shape()
        )
    };
    if heads == 0 || !width.is_multiple_of(3 * heads) {
        bail!("projections of {width} numbers are not queries, keys and values of {heads} heads")
    }
    let size = width / 3;
    if !in_kernel(&[projected], mask) {
        let part = |part| split(&projected.narrow(2, part * size, size)?, heads);
        return merge(composed(&part(0)?, &part(1)?, &part(2)?, mask, dropout)?);
    }
    let sizes = Sizes {
        batch,
        heads,
        queries: positions,
        keys: positions,
        size: size / heads,
        value: size / heads,
    };
    let sources = [0, 1, 2].map(|part| Source {
        tensor: 0,
        heads: Heads::Joined {
            heads,
            parts: 3,
            part,
        },
    });
    let joined = Heads::Joined {
        heads,
        parts: 1,
        part: 0,
    };
    apply(&[projected], sources, joined, sizes, mask, dropout)
}

/// (batch, positions, heads · size) → (batch, heads, positions, size)
fn split(x: &Tensor, heads: usize) -> Result<Tensor> {
    let (batch, positions, width) = x.dims3()?;
    x.reshape((batch, positions, heads, width / heads))?
        .transpose(1, 2)
}

/// (batch, heads, positions, size) → (batch, positions, heads · size)
fn merge(x: Tensor) -> Result<Tensor> {
    x.transpose(1, 2)?.flatten_from(2)
}

/// Whether the CPU kernel serves: it has no gradient for a bias.
fn in_kernel(tensors: &[&Tensor], mask: &AttentionMask<'_>) -> bool {
    let dtype = tensors[0].dtype();
    tensors.iter().all(|x| has_kernel(x) && x.dtype() == dtype) && !mask.bias.is_some_and(Tensor::track_op)
}

/// Attention by the CPU kernel, of checked sizes.
fn apply(
    tensors: &[&Tensor],
    sources: [Source; 3],
    heads: Heads,
    sizes: Sizes,
    mask: &AttentionMask<'_>,
    dropout: Option<&Dropout>,
) -> Result<Tensor> {
    let dtype = tensors[0].dtype();
    mask.check((sizes.batch, sizes.queries, sizes.keys))?;
    let allowed = match mask.keys {
        Some(keys) => Some(
            keys.flatten_all()?
                .to_vec1::<u8>()?
                .into_iter()
                .map(|key| key != 0)
                .collect(),
        ),
        None => None,
    };
    let scores = (sizes.batch, sizes.heads, sizes.queries, sizes.keys);
    let bias = match mask.bias {
        Some(bias) => Some(bias.to_dtype(dtype)?.broadcast_as(scores)?),
        None => None,
    };
    let dropout = match dropout {
        Some(dropout) => dropout
            .factors(&scores.into())?
            .map(|f| f.to_dtype(dtype))
            .transpose()?,
        None => None,
    };
    let attention = Attention {
        sizes,
        causal: mask.causal,
        allowed,
        bias,
        dropout,
    };
    let tensors = tensors.iter().map(|&tensor| tensor.clone()).collect();
    by_dtype!(dtype, T => attention.apply::<T>(tensors, sources, heads))
}

/// Attention by candle's operations.
fn composed(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    mask: &AttentionMask<'_>,
    dropout: Option<&Dropout>,
) -> Result<Tensor> {
    let (batch, _, queries, size) = q.dims4()?;
    let keys = k.dim(2)?;
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
