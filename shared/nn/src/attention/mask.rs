//! Which keys a query may attend to.

use candle_core::{DType, Result, Tensor, bail};

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

    /// Fails if the mask does not fit.
    pub(super) fn check(&self, (batch, queries, keys): (usize, usize, usize)) -> Result<()> {
        if self.causal && queries > keys {
            bail!("causal attention of {queries} queries to {keys} keys: the first queries have no position")
        }
        if let Some(mask) = self.keys
            && (mask.dims() != [batch, keys] || mask.dtype() != DType::U8)
        {
            bail!(
                "the mask of the keys is {:?} of {:?}; it must be (batch, keys) = ({batch}, {keys}) of U8",
                mask.shape(),
                mask.dtype()
            )
        }
        Ok(())
    }

    /// 0 where attention is allowed and -∞ where not, to be broadcast to (batch, heads, queries, keys).
    pub(super) fn forbidden(
        &self,
        (batch, queries, keys): (usize, usize, usize),
        like: &Tensor,
    ) -> Result<Option<Tensor>> {
        self.check((batch, queries, keys))?;
        let mut allowed: Option<Tensor> = None;
        if self.causal {
            let behind = keys - queries;
            let may = (0..queries).flat_map(|query| (0..keys).map(move |key| (key <= behind + query) as u8));
            allowed = Some(Tensor::from_vec(
                may.collect(),
                (1, 1, queries, keys),
                like.device(),
            )?);
        }
        if let Some(mask) = self.keys {
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
