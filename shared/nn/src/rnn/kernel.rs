//! The recurrence over all steps as one operation.
//!
//! Each task takes some rows of the batch through the whole sequence, so tasks never wait for each other. The
//! backward pass computes the gates again from the states, which are its result anyway, in one matrix product
//! per row: that is cheaper than keeping them.

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::cells::Cell;
use crate::cpu::{Matrix, by_dtype, multiply, read};
use crate::float::Float;
use crate::tape::record_with_result;

/// Rows of the batch that a task takes: enough for the matrix product of a step to be worth its while.
const ROWS: usize = 16;

/// Arguments: the projected input (batch, steps, gates·hidden); the recurrent weight (gates·hidden, hidden + 1),
/// whose last column is the bias; the initial states (batch, states·hidden). Result: the states after each step,
/// (batch, steps, states·hidden). Beyond its length a row keeps its state.
pub(super) struct Sequence<C> {
    pub cell: C,
    pub reverse: bool,
    pub lengths: Vec<usize>,
}

/// The sizes of one call.
#[derive(Clone, Copy)]
struct Sizes {
    steps: usize,
    hidden: usize,
    gates: usize,
    states: usize,
}

impl<C: Cell> Sequence<C> {
    fn sizes(&self, projected: &[usize]) -> Sizes {
        let hidden = projected[2] / C::GATES;
        Sizes {
            steps: projected[1],
            hidden,
            gates: C::GATES * hidden,
            states: C::STATES * hidden,
        }
    }

    pub fn apply(self, projected: &Tensor, weight: &Tensor, initial: &Tensor) -> Result<Tensor> {
        let (projected, weight, initial) = (
            projected.contiguous()?,
            weight.contiguous()?,
            initial.contiguous()?,
        );
        let s = self.sizes(projected.dims());
        let shape = (self.lengths.len(), s.steps, s.states);
        by_dtype!(projected.dtype(), T => {
            let out = read([&projected, &weight, &initial], |[p, w, i]: [&[T]; 3]| self.forward(p, w, i, s))?;
            let inputs = [projected.clone(), weight.clone(), initial.clone()];
            record_with_result(out, shape, &[&projected, &weight, &initial], move |out, gradient| {
                let [projected, weight, initial] = &inputs;
                let gradients = read(
                    [projected, weight, initial, out, gradient],
                    |arguments: [&[T]; 5]| self.backward(arguments, s),
                )?;
                let tensor = |(values, like): (Vec<T>, &Tensor)| {
                    Ok(Some(Tensor::from_vec(values, like.shape(), like.device())?))
                };
                gradients.into_iter().zip(&inputs).map(tensor).collect()
            })
        })
    }

    /// The steps in the order in which the recurrence takes them.
    fn order(&self, steps: usize) -> impl DoubleEndedIterator<Item = usize> {
        let reverse = self.reverse;
        (0..steps).map(move |step| if reverse { steps - 1 - step } else { step })
    }

    fn forward<T: Float>(&self, projected: &[T], weight: &[T], initial: &[T], s: Sizes) -> Vec<T> {
        let mut out = vec![T::ZERO; self.lengths.len() * s.steps * s.states];
        let bias: Vec<T> = weight.chunks(s.hidden + 1).map(|row| row[s.hidden]).collect();
        out.par_chunks_mut(ROWS * s.steps * s.states)
            .zip(projected.par_chunks(ROWS * s.steps * s.gates))
            .zip(initial.par_chunks(ROWS * s.states))
            .zip(self.lengths.par_chunks(ROWS))
            .for_each(|(((out, projected), initial), lengths)| {
                let mut state = initial.to_vec();
                for step in self.order(s.steps) {
                    let mut hidden = bias.repeat(lengths.len());
                    // SAFETY: rows × hidden of `state`, all of the weight and of `hidden`.
                    unsafe {
                        multiply(
                            (lengths.len(), s.hidden, s.gates),
                            Matrix::rows(&state, s.states),
                            Matrix::rows(weight, s.hidden + 1).transposed(),
                            hidden.as_mut_ptr(),
                            s.gates,
                            true,
                        );
                    }
                    for (row, &length) in lengths.iter().enumerate() {
                        let at = row * s.steps + step;
                        let state = &mut state[row * s.states..][..s.states];
                        if step < length {
                            let x = &projected[at * s.gates..][..s.gates];
                            self.cell.forward(x, &hidden[row * s.gates..][..s.gates], state);
                        }
                        out[at * s.states..][..s.states].copy_from_slice(state);
                    }
                }
            });
        out
    }

    /// The gradients of the projected input, the weight and the initial states.
    fn backward<T: Float>(&self, arguments: [&[T]; 5], s: Sizes) -> [Vec<T>; 3] {
        let [projected, weight, initial, out, gradient] = arguments;
        let mut d_projected = vec![T::ZERO; projected.len()];
        let mut d_initial = vec![T::ZERO; initial.len()];
        let parts: Vec<Vec<T>> = d_projected
            .par_chunks_mut(ROWS * s.steps * s.gates)
            .zip(d_initial.par_chunks_mut(ROWS * s.states))
            .enumerate()
            .map(|(task, (d_projected, d_initial))| {
                let rows = |values, width| rows_of(values, task, width);
                let part = Part {
                    projected: rows(projected, s.steps * s.gates),
                    initial: rows(initial, s.states),
                    out: rows(out, s.steps * s.states),
                    gradient: rows(gradient, s.steps * s.states),
                    lengths: rows_of(&self.lengths, task, 1),
                };
                self.backward_part(part, weight, d_projected, d_initial, s)
            })
            .collect();
        let mut d_weight = vec![T::ZERO; weight.len()];
        for part in parts {
            for (total, part) in d_weight.iter_mut().zip(part) {
                *total += part;
            }
        }
        [d_projected, d_weight, d_initial]
    }

    /// The gradient of the weight that comes from one task's rows.
    fn backward_part<T: Float>(
        &self,
        part: Part<'_, T>,
        weight: &[T],
        d_projected: &mut [T],
        d_state: &mut [T],
        s: Sizes,
    ) -> Vec<T> {
        let rows = part.lengths.len();
        let bias: Vec<T> = weight.chunks(s.hidden + 1).map(|row| row[s.hidden]).collect();
        let mut hidden = bias.repeat(rows * s.steps);
        let weight = Matrix::rows(weight, s.hidden + 1);
        for row in 0..rows {
            for (from, to, steps) in part.previous(row, self.reverse, s) {
                let c = hidden[(row * s.steps + to) * s.gates..].as_mut_ptr();
                let size = (steps, s.hidden, s.gates);
                // SAFETY: `from` holds the states before `steps` steps, whose gates start at `c`.
                unsafe { multiply(size, from, weight.transposed(), c, s.gates, true) }
            }
        }
        for step in self.order(s.steps).rev() {
            for row in 0..rows {
                let at = row * s.steps + step;
                let d_state = &mut d_state[row * s.states..][..s.states];
                for (d, &more) in d_state.iter_mut().zip(&part.gradient[at * s.states..]) {
                    *d += more;
                }
                let hidden = &mut hidden[at * s.gates..][..s.gates];
                if step >= part.lengths[row] {
                    hidden.fill(T::ZERO);
                    continue;
                }
                let first = if self.reverse { s.steps - 1 } else { 0 };
                let state = match step == first {
                    true => &part.initial[row * s.states..],
                    false if self.reverse => &part.out[(at + 1) * s.states..],
                    false => &part.out[(at - 1) * s.states..],
                };
                let x = &part.projected[at * s.gates..][..s.gates];
                let d_x = &mut d_projected[at * s.gates..][..s.gates];
                self.cell.backward(x, hidden, &state[..s.states], d_state, d_x);
            }
            let gates = Matrix {
                start: hidden[step * s.gates..].as_ptr(),
                row: s.steps * s.gates,
                column: 1,
            };
            // SAFETY: the gates of `step` in each row, the weight without its last column, all of `d_state`.
            unsafe {
                let size = (rows, s.gates, s.hidden);
                multiply(size, gates, weight, d_state.as_mut_ptr(), s.states, true);
            }
        }
        let mut d_weight = vec![T::ZERO; s.gates * (s.hidden + 1)];
        for row in 0..rows {
            for (from, to, steps) in part.previous(row, self.reverse, s) {
                let gates = Matrix::rows(&hidden[(row * s.steps + to) * s.gates..], s.gates);
                let size = (s.gates, steps, s.hidden);
                // SAFETY: as where the gates were computed; `d_weight` is this task's own.
                unsafe {
                    let c = d_weight.as_mut_ptr();
                    multiply(size, gates.transposed(), from, c, s.hidden + 1, true);
                }
            }
        }
        for gates in hidden.chunks(s.gates) {
            for (d_row, &gate) in d_weight.chunks_mut(s.hidden + 1).zip(gates) {
                d_row[s.hidden] += gate;
            }
        }
        d_weight
    }
}

/// The rows of one task.
struct Part<'a, T> {
    projected: &'a [T],
    initial: &'a [T],
    out: &'a [T],
    gradient: &'a [T],
    lengths: &'a [usize],
}

impl<T: Float> Part<'_, T> {
    /// Where the states before the steps of `row` lie, each with the step that it precedes and the number of
    /// steps: the initial state, and the states after every step but the last.
    fn previous(&self, row: usize, reverse: bool, s: Sizes) -> [(Matrix<T>, usize, usize); 2] {
        let out = &self.out[row * s.steps * s.states..];
        let initial = Matrix::rows(&self.initial[row * s.states..], s.states);
        let first = if reverse { s.steps - 1 } else { 0 };
        let (from, to) = if reverse { (1, 0) } else { (0, 1) };
        // With a single step there is nothing after the initial state, and `from` may lie behind the end.
        let others = Matrix::rows(out.get(from * s.states..).unwrap_or(&[]), s.states);
        [(initial, first, 1), (others, to.min(s.steps - 1), s.steps - 1)]
    }
}

/// The rows of `values`, each of `width`, that belong to `task`.
fn rows_of<T>(values: &[T], task: usize, width: usize) -> &[T] {
    let rest = &values[task * ROWS * width..];
    &rest[..rest.len().min(ROWS * width)]
}
