//! One step of a GRU and of an LSTM: from the projections of the input and of the previous state to the next
//! state. Gates and formulas are those of PyTorch.

use candle_core::{D, Result, Tensor};

use crate::activation::{sigmoid, tanh};
use crate::float::Float;
use crate::simd::simd;

/// A recurrent cell. A state is `STATES` vectors of the hidden size, of which the first is the output.
pub(super) trait Cell: Copy + Send + Sync + 'static {
    const NAME: &'static str;
    const GATES: usize;
    const STATES: usize;

    /// Moves `state` on by one step; `x` and `hidden` hold the projections, gate after gate.
    fn forward<T: Float>(self, x: &[T], hidden: &[T], state: &mut [T]);

    /// The step back: `state` is the one before the step, `d_state` the gradient of the one after it. Leaves the
    /// gradient of x's projection in `d_x`, that of the state's projection in `hidden`, and in `d_state` that
    /// of `state` as far as it does not come from the projection.
    fn backward<T: Float>(self, x: &[T], hidden: &mut [T], state: &[T], d_state: &mut [T], d_x: &mut [T]);

    /// [`forward`](Self::forward) of a batch, out of tensor operations.
    fn composed(self, x: &Tensor, hidden: &Tensor, state: &Tensor) -> Result<Tensor>;
}

/// r = σ(xᵣ + hᵣ), z = σ(x_z + h_z), n = tanh(xₙ + r·hₙ), next = (1 - z)·n + z·previous
/// (Cho et al. 2014, <https://arxiv.org/abs/1406.1078>).
#[derive(Clone, Copy, Debug)]
pub(super) struct Gru;

impl Cell for Gru {
    const NAME: &'static str = "gru";
    const GATES: usize = 3;
    const STATES: usize = 1;

    fn forward<T: Float>(self, x: &[T], hidden: &[T], state: &mut [T]) {
        gru_forward(x, hidden, state)
    }

    fn backward<T: Float>(self, x: &[T], hidden: &mut [T], state: &[T], d_state: &mut [T], d_x: &mut [T]) {
        gru_backward(x, hidden, state, d_state, d_x)
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
    fn gru_forward<T: Float>(x: &[T], hidden: &[T], state: &mut [T]) {
        let n = state.len();
        let [x_r, x_z, x_n] = gates(x, n);
        let [h_r, h_z, h_n] = gates(hidden, n);
        for i in 0..n {
            let r = (x_r[i] + h_r[i]).sigmoid();
            let z = (x_z[i] + h_z[i]).sigmoid();
            let new = (x_n[i] + r * h_n[i]).tanh();
            state[i] = new + z * (state[i] - new);
        }
    }
}

simd! {
    fn gru_backward<T: Float>(
        x: &[T], hidden: &mut [T], state: &[T], d_state: &mut [T], d_x: &mut [T],
    ) {
        let n = state.len();
        let d_state = &mut d_state[..n];
        let [x_r, x_z, x_n] = gates(x, n);
        let [h_r, h_z, h_n] = gates_mut(hidden, n);
        let [d_r, d_z, d_n] = gates_mut(d_x, n);
        for i in 0..n {
            let r = (x_r[i] + h_r[i]).sigmoid();
            let z = (x_z[i] + h_z[i]).sigmoid();
            let new = (x_n[i] + r * h_n[i]).tanh();
            let d = d_state[i];
            d_n[i] = d * (T::ONE - z) * (T::ONE - new * new);
            d_r[i] = d_n[i] * h_n[i] * r * (T::ONE - r);
            d_z[i] = d * (state[i] - new) * z * (T::ONE - z);
            d_state[i] = d * z;
            h_r[i] = d_r[i];
            h_z[i] = d_z[i];
            h_n[i] = d_n[i] * r;
        }
    }
}

/// i = σ(xᵢ + hᵢ), f = σ(x_f + h_f), g = tanh(x_g + h_g), o = σ(xₒ + hₒ), c' = f·c + i·g, h' = o·tanh(c')
/// (Hochreiter & Schmidhuber 1997; Gers et al. 2000). The state is h, then c.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lstm;

impl Cell for Lstm {
    const NAME: &'static str = "lstm";
    const GATES: usize = 4;
    const STATES: usize = 2;

    fn forward<T: Float>(self, x: &[T], hidden: &[T], state: &mut [T]) {
        lstm_forward(x, hidden, state)
    }

    fn backward<T: Float>(self, x: &[T], hidden: &mut [T], state: &[T], d_state: &mut [T], d_x: &mut [T]) {
        lstm_backward(x, hidden, state, d_state, d_x)
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
    fn lstm_forward<T: Float>(x: &[T], hidden: &[T], state: &mut [T]) {
        let n = state.len() / 2;
        let [x_i, x_f, x_g, x_o] = gates(x, n);
        let [h_i, h_f, h_g, h_o] = gates(hidden, n);
        let [h, c] = gates_mut(state, n);
        for i in 0..n {
            let add = (x_i[i] + h_i[i]).sigmoid() * (x_g[i] + h_g[i]).tanh();
            c[i] = (x_f[i] + h_f[i]).sigmoid() * c[i] + add;
            h[i] = (x_o[i] + h_o[i]).sigmoid() * c[i].tanh();
        }
    }
}

simd! {
    fn lstm_backward<T: Float>(
        x: &[T], hidden: &mut [T], state: &[T], d_state: &mut [T], d_x: &mut [T],
    ) {
        let n = state.len() / 2;
        let [_, c] = gates(state, n);
        let [d_h, d_c] = gates_mut(d_state, n);
        let [x_i, x_f, x_g, x_o] = gates(x, n);
        let [h_i, h_f, h_g, h_o] = gates_mut(hidden, n);
        let [d_i, d_f, d_g, d_o] = gates_mut(d_x, n);
        for j in 0..n {
            let i = (x_i[j] + h_i[j]).sigmoid();
            let f = (x_f[j] + h_f[j]).sigmoid();
            let g = (x_g[j] + h_g[j]).tanh();
            let o = (x_o[j] + h_o[j]).sigmoid();
            let squashed = (f * c[j] + i * g).tanh();
            let d_cell = d_c[j] + d_h[j] * o * (T::ONE - squashed * squashed);
            d_i[j] = d_cell * g * i * (T::ONE - i);
            d_f[j] = d_cell * c[j] * f * (T::ONE - f);
            d_g[j] = d_cell * i * (T::ONE - g * g);
            d_o[j] = d_h[j] * squashed * o * (T::ONE - o);
            d_c[j] = d_cell * f;
            d_h[j] = T::ZERO;
            h_i[j] = d_i[j];
            h_f[j] = d_f[j];
            h_g[j] = d_g[j];
            h_o[j] = d_o[j];
        }
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
