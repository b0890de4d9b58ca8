//! One step of a GRU and of an LSTM, forward and back, of one row of a batch. Gates and formulas are those of PyTorch.

use candle_core::{D, Result, Tensor};

use crate::activation::{sigmoid, tanh};
use crate::float::Float;
use crate::simd::simd;

/// A recurrent cell. A state is `STATES` vectors of the hidden size: the output, and what else is remembered.
///
/// The gates have two projections each, of the input and of the state. Of the first `SHARED` gates the cell reads no
/// more than the sum of both, so that both have the same gradient; the others' state projections are its `own`.
pub(super) trait Cell: Copy + Send + Sync + 'static {
    const NAME: &'static str;
    const GATES: usize;
    const SHARED: usize;
    const STATES: usize;
    /// Vectors that the step back needs of a step.
    const KEPT: usize;

    /// Moves a state on by one step.
    fn forward<T: Float>(self, step: Forward<'_, T>);

    /// The step back.
    fn backward<T: Float>(self, step: Backward<'_, T>);

    /// [`forward`](Self::forward) of a batch, out of tensor operations, from the projections.
    fn composed(self, x: &Tensor, hidden: &Tensor, state: &Tensor) -> Result<Tensor>;
}

/// Where a step forward reads and writes.
pub(super) struct Forward<'a, T> {
    /// The projection of the input, gate after gate, without biases.
    pub x: &'a [T],
    /// That of the state, with both biases for the shared gates and its own for the others.
    pub hidden: &'a [T],
    /// The biases of the input's projection for the gates that are not shared.
    pub bias: &'a [T],
    pub output: &'a mut [T],
    pub memory: &'a mut [T],
    pub kept: &'a mut [T],
}

/// Where a step back reads and writes.
pub(super) struct Backward<'a, T> {
    pub kept: &'a [T],
    /// The output before the step.
    pub previous: &'a [T],
    /// The gradient of the output after the step; then of the one before, as far as it does not come from the
    /// projection.
    pub d_output: &'a mut [T],
    /// The same of the memory.
    pub d_memory: &'a mut [T],
    /// The gradient of the input's projection.
    pub d_x: &'a mut [T],
    /// That of the state's, for the gates that are not shared.
    pub d_own: &'a mut [T],
    /// `d_x` and `d_own` are added to these: the gradients of the biases.
    pub sums: &'a mut [T],
}

/// r = σ(xᵣ + hᵣ), z = σ(x_z + h_z), n = tanh(xₙ + r·hₙ), next = (1 - z)·n + z·previous
/// (Cho et al. 2014, <https://arxiv.org/abs/1406.1078>).
#[derive(Clone, Copy, Debug)]
pub(super) struct Gru;

impl Cell for Gru {
    const NAME: &'static str = "gru";
    const GATES: usize = 3;
    const SHARED: usize = 2;
    const STATES: usize = 1;
    /// r, z, n, hₙ.
    const KEPT: usize = 4;

    fn forward<T: Float>(self, step: Forward<'_, T>) {
        gru_forward(step)
    }

    fn backward<T: Float>(self, step: Backward<'_, T>) {
        gru_backward(step)
    }

    fn composed(self, x: &Tensor, hidden: &Tensor, state: &Tensor) -> Result<Tensor> {
        let (x, hidden) = (x.chunk(3, D::Minus1)?, hidden.chunk(3, D::Minus1)?);
        let r = sigmoid(&(&x[0] + &hidden[0])?)?;
        let z = sigmoid(&(&x[1] + &hidden[1])?)?;
        let n = tanh(&(&x[2] + (r * &hidden[2])?)?)?;
        (z * (state - &n)?)? + n
    }
}

simd! {
    fn gru_forward<T: Float>(step: Forward<'_, T>) {
        let n = step.output.len();
        let [x_r, x_z, x_n] = gates(step.x, n);
        let [h_r, h_z, h_n] = gates(step.hidden, n);
        let inputs = [x_r, x_z, x_n, h_r, h_z, h_n, step.bias];
        each::<T, GruUnit, _, _, _>(inputs, [step.output], gates_mut(step.kept, n));
    }
}

struct GruUnit;

impl<T: Float> Unit<T, 7, 1, 4> for GruUnit {
    #[inline(always)]
    fn step([x_r, x_z, x_n, h_r, h_z, h_n, bias]: [T; 7], [state]: &mut [T; 1]) -> [T; 4] {
        let r = (x_r + h_r).sigmoid();
        let z = (x_z + h_z).sigmoid();
        let new = (x_n + bias + r * h_n).tanh();
        *state = new + z * (*state - new);
        [r, z, new, h_n]
    }
}

simd! {
    fn gru_backward<T: Float>(step: Backward<'_, T>) {
        let n = step.previous.len();
        let [r, z, new, h_n] = gates(step.kept, n);
        let [sum_r, sum_z, sum_n, sum_own] = gates_mut(step.sums, n);
        let [d_r, d_z, d_n] = gates_mut(step.d_x, n);
        each::<T, GruBack, _, _, _>(
            [r, z, new, h_n, step.previous],
            [&mut step.d_output[..n], sum_r, sum_z, sum_n, sum_own],
            [d_r, d_z, d_n, step.d_own],
        );
    }
}

struct GruBack;

impl<T: Float> Unit<T, 5, 5, 4> for GruBack {
    #[inline(always)]
    fn step([r, z, new, h_n, previous]: [T; 5], [d, sum_r, sum_z, sum_n, sum_own]: &mut [T; 5]) -> [T; 4] {
        let d_n = *d * (T::ONE - z) * (T::ONE - new * new);
        let d_r = d_n * h_n * r * (T::ONE - r);
        let d_z = *d * (previous - new) * z * (T::ONE - z);
        let d_own = d_n * r;
        *d *= z;
        *sum_r += d_r;
        *sum_z += d_z;
        *sum_n += d_n;
        *sum_own += d_own;
        [d_r, d_z, d_n, d_own]
    }
}

/// i = σ(xᵢ + hᵢ), f = σ(x_f + h_f), g = tanh(x_g + h_g), o = σ(xₒ + hₒ), c' = f·c + i·g, h' = o·tanh(c')
/// (Hochreiter & Schmidhuber 1997; Gers et al. 2000). The output is h, the memory is c.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lstm;

impl Cell for Lstm {
    const NAME: &'static str = "lstm";
    const GATES: usize = 4;
    const SHARED: usize = 4;
    const STATES: usize = 2;
    /// i, f, g, o, c.
    const KEPT: usize = 5;

    fn forward<T: Float>(self, step: Forward<'_, T>) {
        lstm_forward(step)
    }

    fn backward<T: Float>(self, step: Backward<'_, T>) {
        lstm_backward(step)
    }

    fn composed(self, x: &Tensor, hidden: &Tensor, state: &Tensor) -> Result<Tensor> {
        let gates = (x + hidden)?.chunk(4, D::Minus1)?;
        let c = state.chunk(2, D::Minus1)?[1].clone();
        let kept = (sigmoid(&gates[1])? * c)?;
        let c = (kept + (sigmoid(&gates[0])? * tanh(&gates[2])?)?)?;
        let h = (sigmoid(&gates[3])? * tanh(&c)?)?;
        Tensor::cat(&[h, c], D::Minus1)
    }
}

simd! {
    fn lstm_forward<T: Float>(step: Forward<'_, T>) {
        let n = step.memory.len();
        let [x_i, x_f, x_g, x_o] = gates(step.x, n);
        let [h_i, h_f, h_g, h_o] = gates(step.hidden, n);
        let [kept_i, kept_f, kept_g, kept_o, kept_c] = gates_mut(step.kept, n);
        each::<T, LstmUnit, _, _, _>(
            [x_i, x_f, x_g, x_o, h_i, h_f, h_g, h_o],
            [step.memory],
            [step.output, kept_i, kept_f, kept_g, kept_o, kept_c],
        );
    }
}

struct LstmUnit;

impl<T: Float> Unit<T, 8, 1, 6> for LstmUnit {
    #[inline(always)]
    fn step([x_i, x_f, x_g, x_o, h_i, h_f, h_g, h_o]: [T; 8], [c]: &mut [T; 1]) -> [T; 6] {
        let i = (x_i + h_i).sigmoid();
        let f = (x_f + h_f).sigmoid();
        let g = (x_g + h_g).tanh();
        let o = (x_o + h_o).sigmoid();
        let before = *c;
        *c = f * before + i * g;
        [o * c.tanh(), i, f, g, o, before]
    }
}

simd! {
    fn lstm_backward<T: Float>(step: Backward<'_, T>) {
        let n = step.d_memory.len();
        let [sum_i, sum_f, sum_g, sum_o] = gates_mut(step.sums, n);
        each::<T, LstmBack, _, _, _>(
            gates(step.kept, n),
            [&mut step.d_output[..n], step.d_memory, sum_i, sum_f, sum_g, sum_o],
            gates_mut(step.d_x, n),
        );
    }
}

struct LstmBack;

impl<T: Float> Unit<T, 5, 6, 4> for LstmBack {
    #[inline(always)]
    fn step([i, f, g, o, c]: [T; 5], [d_h, d_c, sum_i, sum_f, sum_g, sum_o]: &mut [T; 6]) -> [T; 4] {
        let squashed = (f * c + i * g).tanh();
        let d_cell = *d_c + *d_h * o * (T::ONE - squashed * squashed);
        let d_i = d_cell * g * i * (T::ONE - i);
        let d_f = d_cell * c * f * (T::ONE - f);
        let d_g = d_cell * i * (T::ONE - g * g);
        let d_o = *d_h * squashed * o * (T::ONE - o);
        *d_c = d_cell * f;
        *d_h = T::ZERO;
        *sum_i += d_i;
        *sum_f += d_f;
        *sum_g += d_g;
        *sum_o += d_o;
        [d_i, d_f, d_g, d_o]
    }
}

/// What a step does with one element of each vector. (No closure: one that is not inlined loses the instructions that
/// its caller is compiled for.)
trait Unit<T, const INPUTS: usize, const CHANGED: usize, const OUTPUTS: usize> {
    fn step(inputs: [T; INPUTS], changed: &mut [T; CHANGED]) -> [T; OUTPUTS];
}

/// Elements that are worked on together.
const BLOCK: usize = 32;

/// The `U` of each element of the inputs and of what is changed in place.
#[inline(always)]
fn each<
    T: Float,
    U: Unit<T, INPUTS, CHANGED, OUTPUTS>,
    const INPUTS: usize,
    const CHANGED: usize,
    const OUTPUTS: usize,
>(
    inputs: [&[T]; INPUTS],
    mut changed: [&mut [T]; CHANGED],
    mut outputs: [&mut [T]; OUTPUTS],
) {
    let n = changed[0].len();
    let whole = n / BLOCK * BLOCK;
    for start in (0..whole).step_by(BLOCK) {
        block::<T, U, INPUTS, CHANGED, OUTPUTS>(&inputs, &mut changed, &mut outputs, start, BLOCK);
    }
    if whole < n {
        block::<T, U, INPUTS, CHANGED, OUTPUTS>(&inputs, &mut changed, &mut outputs, whole, n - whole);
    }
}

/// `len` elements from `start` on, by way of arrays on the stack: of so many slices the compiler cannot know that none
/// overlaps another, and would compute one element at a time. It always computes a whole block.
#[inline(always)]
fn block<
    T: Float,
    U: Unit<T, INPUTS, CHANGED, OUTPUTS>,
    const INPUTS: usize,
    const CHANGED: usize,
    const OUTPUTS: usize,
>(
    inputs: &[&[T]; INPUTS],
    changed: &mut [&mut [T]; CHANGED],
    outputs: &mut [&mut [T]; OUTPUTS],
    start: usize,
    len: usize,
) {
    let mut from = [[T::ZERO; BLOCK]; INPUTS];
    for k in 0..INPUTS {
        from[k][..len].copy_from_slice(&inputs[k][start..start + len]);
    }
    let mut state = [[T::ZERO; BLOCK]; CHANGED];
    for k in 0..CHANGED {
        state[k][..len].copy_from_slice(&changed[k][start..start + len]);
    }
    let mut to = [[T::ZERO; BLOCK]; OUTPUTS];
    for lane in 0..BLOCK {
        let mut input = [T::ZERO; INPUTS];
        for k in 0..INPUTS {
            input[k] = from[k][lane];
        }
        let mut values = [T::ZERO; CHANGED];
        for k in 0..CHANGED {
            values[k] = state[k][lane];
        }
        let result = U::step(input, &mut values);
        for k in 0..CHANGED {
            state[k][lane] = values[k];
        }
        for k in 0..OUTPUTS {
            to[k][lane] = result[k];
        }
    }
    for k in 0..CHANGED {
        changed[k][start..start + len].copy_from_slice(&state[k][..len]);
    }
    for k in 0..OUTPUTS {
        outputs[k][start..start + len].copy_from_slice(&to[k][..len]);
    }
}

/// `values` as N vectors of n.
#[inline(always)]
fn gates<T, const N: usize>(values: &[T], n: usize) -> [&[T]; N] {
    std::array::from_fn(|gate| &values[gate * n..(gate + 1) * n])
}

#[inline(always)]
fn gates_mut<T, const N: usize>(values: &mut [T], n: usize) -> [&mut [T]; N] {
    let mut rest = values;
    std::array::from_fn(|_| {
        let (gate, behind) = std::mem::take(&mut rest).split_at_mut(n);
        rest = behind;
        gate
    })
}
