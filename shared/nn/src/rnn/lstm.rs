//! Long short-term memory.

use candle_core::{Module, Result, Tensor};
use candle_nn::{RNN, VarBuilder};

use super::LSTMConfig;
use super::cells::Lstm;
use super::stack::{Stack, by_step};

/// Long short-term memory (Hochreiter & Schmidhuber 1997) with PyTorch's formula: `forward` maps
/// (batch, steps, features) to the outputs of the last layer, (batch, steps, hidden), or twice the hidden size if
/// it is bidirectional.
#[derive(Clone, Debug)]
pub struct LSTM(Stack<Lstm>);

/// The state of one layer and direction of an [`LSTM`].
#[derive(Clone, Debug)]
pub struct LSTMState {
    /// (batch, hidden): also the output.
    pub h: Tensor,
    /// (batch, hidden): the memory cells.
    pub c: Tensor,
}

impl LSTMState {
    /// From the outputs and the memory cells, both (batch, hidden).
    pub fn new(h: Tensor, c: Tensor) -> Self {
        Self { h, c }
    }

    /// (batch, hidden): also the output.
    pub fn h(&self) -> &Tensor {
        &self.h
    }

    /// (batch, hidden): the memory cells.
    pub fn c(&self) -> &Tensor {
        &self.c
    }

    fn pack(&self) -> Result<Tensor> {
        Tensor::cat(&[&self.h, &self.c], 1)
    }

    fn unpack(packed: Tensor) -> Result<Self> {
        let halves = packed.chunk(2, 1)?;
        Ok(Self::new(halves[0].clone(), halves[1].clone()))
    }
}

impl LSTM {
    /// The outputs, and the last state of each layer and direction (layer 0 forwards, layer 0 backwards,
    /// layer 1 …). `initial` holds a state for each of them, or is `None` for zeros.
    ///
    /// With `lengths`, one for each sequence of the batch, what lies beyond a length is padding: it changes no
    /// state, the backward direction starts before it, and its outputs are 0.
    pub fn forward_sequence(
        &self,
        x: &Tensor,
        initial: Option<&[LSTMState]>,
        lengths: Option<&[usize]>,
    ) -> Result<(Tensor, Vec<LSTMState>)> {
        let initial = match initial {
            Some(states) => Some(states.iter().map(LSTMState::pack).collect::<Result<Vec<_>>>()?),
            None => None,
        };
        let (outputs, last) = self.0.sequence(x, initial.as_deref(), lengths)?;
        Ok((
            outputs,
            last.into_iter().map(LSTMState::unpack).collect::<Result<_>>()?,
        ))
    }
}

impl Module for LSTM {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(self.forward_sequence(x, None, None)?.0)
    }
}

/// Step by step, as candle has it: for one layer, forwards.
impl RNN for LSTM {
    type State = LSTMState;

    fn zero_state(&self, batch_dim: usize) -> Result<LSTMState> {
        LSTMState::unpack(self.0.zero_state(batch_dim)?)
    }

    fn step(&self, input: &Tensor, state: &LSTMState) -> Result<LSTMState> {
        LSTMState::unpack(self.0.step(input, &state.pack()?)?)
    }

    fn seq_init(&self, input: &Tensor, init_state: &LSTMState) -> Result<Vec<LSTMState>> {
        let states = by_step(&self.0.states(input, &init_state.pack()?)?)?;
        states.into_iter().map(LSTMState::unpack).collect()
    }

    fn states_to_tensor(&self, states: &[LSTMState]) -> Result<Tensor> {
        Tensor::stack(&states.iter().map(LSTMState::h).collect::<Vec<_>>(), 1)
    }
}

/// An [`LSTM`] with the parameters `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, `…_l0_reverse`,
/// `…_l1`, as PyTorch names and lays them out, drawn uniformly within ±1/√hidden.
pub fn lstm(in_dim: usize, hidden_dim: usize, config: LSTMConfig, vb: VarBuilder<'_>) -> Result<LSTM> {
    Ok(LSTM(Stack::new(Lstm, in_dim, hidden_dim, config, vb)?))
}
