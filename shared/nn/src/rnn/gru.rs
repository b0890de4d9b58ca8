//! The gated recurrent unit.

use candle_core::{Module, Result, Tensor};
use candle_nn::{RNN, VarBuilder};

use super::GRUConfig;
use super::cells::Gru;
use super::stack::{Stack, by_step};

/// A gated recurrent unit (Cho et al. 2014) with PyTorch's formula: `forward` maps (batch, steps, features) to
/// the outputs of the last layer, (batch, steps, hidden), or twice the hidden size if it is bidirectional.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use nn::{GRUConfig, VarMap};
/// # fn main() -> candle_core::Result<()> {
/// let vb = nn::seeded(&VarMap::new(), 7, DType::F32, &Device::Cpu);
/// let config = GRUConfig { layers: 2, bidirectional: true, ..Default::default() };
/// let gru = nn::gru(40, 64, config, vb.pp("gru"))?;
/// let x = Tensor::ones((3, 11, 40), DType::F32, &Device::Cpu)?;
/// let (outputs, last) = gru.forward_sequence(&x, None, Some(&[11, 4, 7]))?;
/// assert_eq!(outputs.dims(), [3, 11, 128]);
/// assert_eq!((last.len(), last[0].h().dims()), (4, &[3, 64][..]));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct GRU(Stack<Gru>);

/// The state of one layer and direction of a [`GRU`].
#[derive(Clone, Debug)]
pub struct GRUState {
    /// (batch, hidden): also the output.
    pub h: Tensor,
}

impl GRUState {
    /// (batch, hidden): also the output.
    pub fn h(&self) -> &Tensor {
        &self.h
    }
}

impl GRU {
    /// The outputs, and the last state of each layer and direction (layer 0 forwards, layer 0 backwards,
    /// layer 1 …). `initial` holds a state for each of them, or is `None` for zeros.
    ///
    /// With `lengths`, one for each sequence of the batch, what lies beyond a length is padding: it changes no
    /// state, the backward direction starts before it, and its outputs are 0.
    pub fn forward_sequence(
        &self,
        x: &Tensor,
        initial: Option<&[GRUState]>,
        lengths: Option<&[usize]>,
    ) -> Result<(Tensor, Vec<GRUState>)> {
        let initial: Option<Vec<Tensor>> =
            initial.map(|states| states.iter().map(|state| state.h.clone()).collect());
        let (outputs, last) = self.0.sequence(x, initial.as_deref(), lengths)?;
        Ok((outputs, last.into_iter().map(|h| GRUState { h }).collect()))
    }
}

impl Module for GRU {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(self.forward_sequence(x, None, None)?.0)
    }
}

/// Step by step, as candle has it: for one layer, forwards.
impl RNN for GRU {
    type State = GRUState;

    fn zero_state(&self, batch_dim: usize) -> Result<GRUState> {
        let h = self.0.zero_state(batch_dim)?;
        Ok(GRUState { h })
    }

    fn step(&self, input: &Tensor, state: &GRUState) -> Result<GRUState> {
        let h = self.0.step(input, &state.h)?;
        Ok(GRUState { h })
    }

    fn seq_init(&self, input: &Tensor, init_state: &GRUState) -> Result<Vec<GRUState>> {
        let states = by_step(&self.0.states(input, &init_state.h)?)?;
        Ok(states.into_iter().map(|h| GRUState { h }).collect())
    }

    /// (batch, steps, hidden). (Candle's own GRU puts the steps behind each other.)
    fn states_to_tensor(&self, states: &[GRUState]) -> Result<Tensor> {
        Tensor::stack(&states.iter().map(GRUState::h).collect::<Vec<_>>(), 1)
    }
}

/// A [`GRU`] with the parameters `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, `…_l0_reverse`,
/// `…_l1`, as PyTorch names and lays them out, drawn uniformly within ±1/√hidden.
pub fn gru(in_dim: usize, hidden_dim: usize, config: GRUConfig, vb: VarBuilder<'_>) -> Result<GRU> {
    Ok(GRU(Stack::new(Gru, in_dim, hidden_dim, config, vb)?))
}
