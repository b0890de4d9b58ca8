//! A linear-chain conditional random field: the best sequence of tags, not the sequence of best tags.

mod kernel;

use candle_core::{D, DType, Result, Tensor, bail};
use candle_nn::{Init, VarBuilder};

use crate::cpu::{has_kernel, widen};

/// A linear-chain conditional random field (Lafferty et al. 2001; over a recurrent network, Lample et al. 2016, section
/// 2.2) over `K` tags. A sequence of tags y₁ … y_n scores
///
/// > transition(start, y₁) + Σ emission(t, y_t) + Σ transition(y_t, y_{t+1}) + transition(y_n, end)
///
/// and its probability is the softmax of that over all Kⁿ sequences. [`CRF::loss`] is its negative logarithm,
/// [`CRF::decode`] finds the likeliest.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// # fn main() -> candle_core::Result<()> {
/// let crf = nn::crf(3, nn::seeded(&nn::VarMap::new(), 7, DType::F32, &Device::Cpu))?;
/// let emissions = Tensor::new(&[[[9f32, 0., 0.], [0., 9., 0.], [0., 0., 9.]]], &Device::Cpu)?; // (1, 3 steps, 3 tags)
/// assert_eq!(crf.decode(&emissions, &[3])?, [[0, 1, 2]]);
/// let right = crf.loss(&emissions, &Tensor::new(&[[0u32, 1, 2]], &Device::Cpu)?, &[3])?.to_scalar::<f32>()?;
/// let wrong = crf.loss(&emissions, &Tensor::new(&[[0u32, 0, 2]], &Device::Cpu)?, &[3])?.to_scalar::<f32>()?;
/// assert!(right < 0.1 && wrong > 8.0);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct CRF {
    transitions: Tensor,
}

impl CRF {
    /// The scores of transitions, (K + 1, K + 1): from the row's tag to the column's. The last row is what precedes the
    /// first tag, the last column what follows the last one; where they meet stands nothing.
    pub fn transitions(&self) -> &Tensor {
        &self.transitions
    }

    /// How many tags there are.
    pub fn tags(&self) -> usize {
        self.transitions.dims()[0] - 1
    }

    /// The negative log-likelihood of `tags` (batch, steps) of `u32` under `emissions` (batch, steps, K), a scalar: the
    /// mean over the sequences. Of each sequence only the first of `lengths` steps count; the tags behind may be anything.
    ///
    /// # Errors
    /// If the shapes do not fit, a length is 0 or more than the steps, or a tag is not one of the K.
    pub fn loss(&self, emissions: &Tensor, tags: &Tensor, lengths: &[usize]) -> Result<Tensor> {
        let (batch, steps) = self.check(emissions, lengths)?;
        if tags.dims() != [batch, steps] {
            bail!(
                "a CRF was given emissions for {batch} sequences of {steps} steps, and tags of {:?}",
                tags.shape()
            )
        }
        let rows = tags.to_dtype(DType::U32)?.to_vec2::<u32>()?;
        for (number, (row, &length)) in rows.iter().zip(lengths).enumerate() {
            if let Some(step) = row[..length].iter().position(|&tag| tag as usize >= self.tags()) {
                bail!(
                    "tag {} at step {step} of sequence {number} is not one of the {} tags from 0",
                    row[step],
                    self.tags()
                )
            }
        }
        let (emissions, transitions) = (widen(emissions)?, widen(&self.transitions)?);
        match has_kernel(&emissions) && has_kernel(&transitions) {
            true => kernel::loss(&emissions, &transitions, rows, lengths.to_vec()),
            false => composed(&emissions, &transitions, &rows, lengths),
        }
    }

    /// The likeliest tags of each sequence (Viterbi 1967), as many as its length.
    ///
    /// # Errors
    /// If the shapes do not fit, or a length is 0 or more than the steps.
    pub fn decode(&self, emissions: &Tensor, lengths: &[usize]) -> Result<Vec<Vec<u32>>> {
        self.check(emissions, lengths)?;
        let numbers = |tensor: &Tensor| tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>();
        let transitions = numbers(&self.transitions)?;
        let (emissions, steps) = (numbers(emissions)?, emissions.dims()[1]);
        let rows = emissions.chunks(steps * self.tags()).zip(lengths);
        Ok(rows
            .map(|(row, &length)| kernel::viterbi(&row[..length * self.tags()], &transitions, self.tags()))
            .collect())
    }

    /// Fails on shapes that do not fit; returns the numbers of sequences and steps.
    fn check(&self, emissions: &Tensor, lengths: &[usize]) -> Result<(usize, usize)> {
        let &[batch, steps, tags] = emissions.dims() else {
            bail!(
                "a CRF takes emissions of (batch, steps, tags), not {:?}",
                emissions.shape()
            )
        };
        if tags != self.tags() || batch != lengths.len() || batch == 0 {
            bail!(
                "a CRF of {} tags was given emissions of {:?} and {} lengths",
                self.tags(),
                emissions.shape(),
                lengths.len()
            )
        }
        if let Some(wrong) = lengths.iter().position(|&length| length == 0 || length > steps) {
            bail!(
                "sequence {wrong} has length {}: a CRF takes lengths from 1 to the number of steps, {steps}",
                lengths[wrong]
            )
        }
        Ok((batch, steps))
    }
}

/// A [`CRF`] over `tags` tags, whose only parameter `transitions` starts uniformly within ±0.1.
pub fn crf(tags: usize, vb: VarBuilder<'_>) -> Result<CRF> {
    let init = Init::Uniform { lo: -0.1, up: 0.1 };
    let transitions = vb.get_with_hints((tags + 1, tags + 1), "transitions", init)?;
    Ok(CRF { transitions })
}

/// The loss in operations of candle's, step by step.
fn composed(
    emissions: &Tensor,
    transitions: &Tensor,
    rows: &[Vec<u32>],
    lengths: &[usize],
) -> Result<Tensor> {
    let (batch, steps, tags) = emissions.dims3()?;
    let (dtype, device) = (emissions.dtype(), emissions.device());
    // Which cells of the emissions and of the transitions the given tags pass, and how often.
    let mut passed = vec![0f32; batch * steps * tags];
    let mut crossed = vec![0f32; (tags + 1) * (tags + 1)];
    let mut inside = vec![0u8; batch * steps];
    for (number, (row, &length)) in rows.iter().zip(lengths).enumerate() {
        let mut before = tags;
        for (step, &tag) in row[..length].iter().enumerate() {
            passed[(number * steps + step) * tags + tag as usize] = 1.0;
            inside[number * steps + step] = 1;
            crossed[before * (tags + 1) + tag as usize] += 1.0;
            before = tag as usize;
        }
        crossed[before * (tags + 1) + tags] += 1.0;
    }
    let constant = |values, shape: &[usize]| Tensor::from_vec(values, shape, device)?.to_dtype(dtype);
    let passed = constant(passed, &[batch, steps, tags])?;
    let crossed = constant(crossed, &[tags + 1, tags + 1])?;
    let score = ((emissions * passed)?.sum_all()? + (transitions * crossed)?.sum_all()?)?;

    let inside = Tensor::from_vec(inside, (batch, steps), device)?;
    let start = transitions.narrow(0, tags, 1)?.narrow(1, 0, tags)?; // (1, K)
    let end = transitions.narrow(0, 0, tags)?.narrow(1, tags, 1)?.t()?; // (1, K)
    let between = transitions.narrow(0, 0, tags)?.narrow(1, 0, tags)?.t()?; // (K to, K from)
    let mut alpha = emissions.narrow(1, 0, 1)?.squeeze(1)?.broadcast_add(&start)?; // (batch, K)
    for step in 1..steps {
        let reached = alpha.unsqueeze(1)?.broadcast_add(&between.unsqueeze(0)?)?; // (batch, K to, K from)
        let next = (log_sum_exp(&reached)? + emissions.narrow(1, step, 1)?.squeeze(1)?)?;
        let inside = inside.narrow(1, step, 1)?.broadcast_as((batch, tags))?;
        alpha = inside.where_cond(&next, &alpha)?;
    }
    let all = log_sum_exp(&alpha.broadcast_add(&end)?)?.sum_all()?;
    (all - score)? * (1.0 / batch as f64)
}

/// log Σ exp over the last dimension.
pub(crate) fn log_sum_exp(x: &Tensor) -> Result<Tensor> {
    let highest = x.detach().max_keepdim(D::Minus1)?;
    let sum = x.broadcast_sub(&highest)?.exp()?.sum(D::Minus1)?.log()?;
    sum + highest.squeeze(D::Minus1)?
}
