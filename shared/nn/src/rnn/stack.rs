//! Layers and directions of recurrent cells.

use candle_core::{DType, Device, Result, Tensor, bail};
use candle_nn::VarBuilder;

use super::cells::Cell;
use super::kernel::Sequence;
use super::weight::pack;
use crate::cpu::has_kernel;
use crate::init::uniform;
use crate::linear_map::linear;

/// How a recurrent network is built.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecurrentConfig {
    /// Layers on top of each other.
    pub layers: usize,
    /// Whether each layer also reads the sequence from its end; its outputs are then both, side by side.
    pub bidirectional: bool,
    /// Whether the projections have biases.
    pub bias: bool,
}

impl Default for RecurrentConfig {
    /// One layer, forwards, with biases.
    fn default() -> Self {
        Self {
            layers: 1,
            bidirectional: false,
            bias: true,
        }
    }
}

impl RecurrentConfig {
    /// One layer, forwards, without biases.
    pub fn default_no_bias() -> Self {
        Self {
            bias: false,
            ..Self::default()
        }
    }
}

#[derive(Clone, Debug)]
struct Weights {
    input: Tensor,
    hidden: Tensor,
    /// Of the input's and of the hidden state's projection.
    biases: Option<(Tensor, Tensor)>,
    reverse: bool,
}

/// All layers of a network; the last is on top.
#[derive(Clone, Debug)]
pub(super) struct Stack<C> {
    cell: C,
    layers: Vec<Vec<Weights>>,
    hidden_dim: usize,
    dtype: DType,
    device: Device,
}

impl<C: Cell> Stack<C> {
    pub fn new(
        cell: C,
        in_dim: usize,
        hidden_dim: usize,
        config: RecurrentConfig,
        vb: VarBuilder<'_>,
    ) -> Result<Self> {
        if config.layers == 0 || in_dim == 0 || hidden_dim == 0 {
            bail!(
                "a {} needs at least one layer, feature and hidden unit, not {}, {in_dim} and {hidden_dim}",
                C::NAME,
                config.layers
            )
        }
        let init = uniform(hidden_dim);
        let gates = C::GATES * hidden_dim;
        let directions: &[bool] = if config.bidirectional {
            &[false, true]
        } else {
            &[false]
        };
        let weights = |layer: usize, in_dim: usize, reverse: bool| {
            let suffix = format!("l{layer}{}", if reverse { "_reverse" } else { "" });
            let bias = |name: &str| vb.get_with_hints(gates, &format!("{name}_{suffix}"), init);
            Ok(Weights {
                input: vb.get_with_hints((gates, in_dim), &format!("weight_ih_{suffix}"), init)?,
                hidden: vb.get_with_hints((gates, hidden_dim), &format!("weight_hh_{suffix}"), init)?,
                biases: match config.bias {
                    true => Some((bias("bias_ih")?, bias("bias_hh")?)),
                    false => None,
                },
                reverse,
            })
        };
        let layers = (0..config.layers).map(|layer| {
            let in_dim = if layer == 0 {
                in_dim
            } else {
                hidden_dim * directions.len()
            };
            directions
                .iter()
                .map(|&reverse| weights(layer, in_dim, reverse))
                .collect()
        });
        Ok(Self {
            cell,
            layers: layers.collect::<Result<_>>()?,
            hidden_dim,
            dtype: vb.dtype(),
            device: vb.device().clone(),
        })
    }

    /// States, which are packed as (batch, states·hidden), of zeros.
    pub fn zero_state(&self, batch: usize) -> Result<Tensor> {
        Tensor::zeros((batch, C::STATES * self.hidden_dim), self.dtype, &self.device)
    }

    /// The one layer of a network whose single steps mean something by themselves.
    fn single(&self) -> Result<&Weights> {
        match &self.layers[..] {
            [layer] if layer.len() == 1 => Ok(&layer[0]),
            _ => bail!(
                "only a {} of one layer and direction can be run step by step",
                C::NAME
            ),
        }
    }

    /// One step of a single layer: x (batch, features) and a packed state to the next.
    pub fn step(&self, x: &Tensor, state: &Tensor) -> Result<Tensor> {
        let weights = self.single()?;
        let bias = weights.biases.as_ref();
        let projected = linear(x, &weights.input, bias.map(|b| &b.0))?;
        let hidden = linear(
            &state.narrow(1, 0, self.hidden_dim)?,
            &weights.hidden,
            bias.map(|b| &b.1),
        )?;
        self.cell.composed(&projected, &hidden, state)
    }

    /// The packed states of a single layer after each step: (batch, steps, states·hidden).
    pub fn states(&self, x: &Tensor, initial: &Tensor) -> Result<Tensor> {
        let (batch, steps) = self.check(x)?;
        Ok(self
            .run(self.single()?, x, Some(initial), &vec![steps; batch], true)?
            .0)
    }

    /// (batch, steps, features) → (batch, steps, directions·hidden) and the last packed state of each layer and
    /// direction, in PyTorch's order.
    pub fn sequence(
        &self,
        x: &Tensor,
        initial: Option<&[Tensor]>,
        lengths: Option<&[usize]>,
    ) -> Result<(Tensor, Vec<Tensor>)> {
        let (batch, steps) = self.check(x)?;
        let lengths = match lengths {
            None => vec![steps; batch],
            Some(lengths) => lengths.to_vec(),
        };
        if lengths.len() != batch || lengths.iter().any(|&length| length > steps) {
            bail!("sequences of {:?} cannot have the lengths {lengths:?}", x.shape())
        }
        let count = self.layers.iter().map(Vec::len).sum::<usize>();
        if let Some(initial) = initial
            && initial.len() != count
        {
            bail!(
                "{} initial states for {count} layers and directions",
                initial.len()
            )
        }
        let (mut x, mut last) = (x.clone(), Vec::with_capacity(count));
        for layer in &self.layers {
            let mut outputs = Vec::with_capacity(layer.len());
            for weights in layer {
                let initial = initial.map(|all| &all[last.len()]);
                let (output, state) = self.run(weights, &x, initial, &lengths, false)?;
                outputs.push(output);
                last.push(state);
            }
            x = Tensor::cat(&outputs, 2)?;
        }
        Ok((x, last))
    }

    /// The batch and the steps of `x`, which must be at least one each.
    fn check(&self, x: &Tensor) -> Result<(usize, usize)> {
        let &[batch, steps, features] = x.dims() else {
            bail!(
                "a {} reads (batch, steps, features), not {:?}",
                C::NAME,
                x.shape()
            )
        };
        let in_dim = self.layers[0][0].input.dims()[1];
        if features != in_dim || batch == 0 || steps == 0 {
            bail!(
                "this {} reads (batch, steps, {in_dim}) of at least one step, and cannot take {:?}",
                C::NAME,
                x.shape()
            )
        }
        Ok((batch, steps))
    }

    /// One layer in one direction: the outputs of each step, or the `whole` packed states, 0 beyond a length; and the
    /// last packed state.
    fn run(
        &self,
        weights: &Weights,
        x: &Tensor,
        initial: Option<&Tensor>,
        lengths: &[usize],
        whole: bool,
    ) -> Result<(Tensor, Tensor)> {
        let zeros = self.zero_state(lengths.len())?;
        let initial = initial.unwrap_or(&zeros);
        if initial.dims() != zeros.dims() {
            bail!(
                "the initial state of a {} is {:?}, where its batch needs {:?}",
                C::NAME,
                initial.shape(),
                zeros.shape()
            )
        }
        if !has_kernel(x) {
            return self.run_composed(weights, x, initial, lengths, whole);
        }
        let biases = weights.biases.as_ref().map(|(input, hidden)| (input, hidden));
        let op = Sequence {
            cell: self.cell,
            reverse: weights.reverse,
            lengths: lengths.to_vec(),
            whole,
        };
        op.apply(
            &linear(x, &weights.input, None)?,
            &pack(&weights.hidden, biases)?,
            initial,
        )
    }

    fn run_composed(
        &self,
        weights: &Weights,
        x: &Tensor,
        initial: &Tensor,
        lengths: &[usize],
        whole: bool,
    ) -> Result<(Tensor, Tensor)> {
        let biases = weights.biases.as_ref();
        let mut steps = by_step(&linear(x, &weights.input, biases.map(|b| &b.0))?)?;
        let mask = padding(lengths, steps.len(), x)?;
        let masks = mask.as_ref().map(by_step).transpose()?;
        let mut state = initial.clone();
        let mut order: Vec<usize> = (0..steps.len()).collect();
        if weights.reverse {
            order.reverse();
        }
        for step in order {
            let output = state.narrow(1, 0, self.hidden_dim)?;
            let hidden = linear(&output, &weights.hidden, biases.map(|b| &b.1))?;
            let next = self.cell.composed(&steps[step], &hidden, &state)?;
            state = match &masks {
                Some(masks) => (&state + (next - &state)?.broadcast_mul(&masks[step])?)?,
                None => next,
            };
            steps[step] = match whole {
                true => state.clone(),
                false => state.narrow(1, 0, self.hidden_dim)?,
            };
        }
        let shown = Tensor::stack(&steps, 1)?;
        match mask {
            Some(mask) => Ok((shown.broadcast_mul(&mask)?, state)),
            None => Ok((shown, state)),
        }
    }
}

/// (batch, steps, 1) with 1 within each length and 0 beyond; `None` if nothing is beyond.
fn padding(lengths: &[usize], steps: usize, like: &Tensor) -> Result<Option<Tensor>> {
    if lengths.iter().all(|&length| length == steps) {
        return Ok(None);
    }
    let mask = lengths
        .iter()
        .flat_map(|&length| (0..steps).map(move |step| (step < length) as u8));
    let mask = Tensor::from_vec(mask.collect(), (lengths.len(), steps, 1), like.device())?;
    Ok(Some(mask.to_dtype(like.dtype())?))
}

/// The slices of dimension 1. Halves of halves, because the backward pass of each slice makes a tensor as large
/// as what was sliced: cut one by one, that would be steps² work.
pub(super) fn by_step(x: &Tensor) -> Result<Vec<Tensor>> {
    let steps = x.dims()[1];
    if steps == 1 {
        return Ok(vec![x.squeeze(1)?]);
    }
    let mut slices = by_step(&x.narrow(1, 0, steps / 2)?)?;
    slices.extend(by_step(&x.narrow(1, steps / 2, steps - steps / 2)?)?);
    Ok(slices)
}
