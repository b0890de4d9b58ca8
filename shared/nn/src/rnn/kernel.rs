//! The recurrence over all steps as one operation.
//!
//! Each task takes some rows of the batch through the whole sequence, so tasks never wait for each other. The way back
//! needs the gates again: they are kept, in place of the projected input, which it does not need.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use candle_core::{Device, Result, Tensor, bail};

use super::cells::{Backward, Cell, Forward};
use super::panels::{Number, Panels};
use super::weight::{Parameters, weight_gradient};
use crate::cpu::{Shared, by_dtype, read};
use crate::tape::record;
use crate::threads::map;

/// Rows of the batch that a task takes: enough for the matrix product of a step to be worth its while.
const ROWS: usize = 16;

/// Arguments: the projected input without its bias (batch, steps, gates·hidden); the [`Parameters`]; the initial
/// states (batch, states·hidden).
pub(super) struct Sequence<C> {
    pub cell: C,
    pub reverse: bool,
    pub lengths: Vec<usize>,
    /// Whether the states after each step are shown as a whole, or their outputs alone.
    pub whole: bool,
}

/// The sizes of one call, as numbers of elements.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub steps: usize,
    pub hidden: usize,
    /// Of all gates; of those whose two projections are only added; of the others.
    pub gates: usize,
    pub shared: usize,
    pub own: usize,
    /// Of a whole state; of what is shown of it; of what the way back needs of a step.
    pub states: usize,
    pub shown: usize,
    pub kept: usize,
}

/// What a forward pass leaves for the way back.
struct Past<'a, T> {
    kept: &'a [T],
    shown: &'a [T],
    parameters: &'a [T],
    initial: &'a [T],
}

impl<C: Cell> Sequence<C> {
    fn sizes(&self, projected: &[usize]) -> Sizes {
        let hidden = projected[2] / C::GATES;
        let shown = if self.whole { C::STATES } else { 1 };
        Sizes {
            steps: projected[1],
            hidden,
            gates: C::GATES * hidden,
            shared: C::SHARED * hidden,
            own: (C::GATES - C::SHARED) * hidden,
            states: C::STATES * hidden,
            shown: shown * hidden,
            kept: C::KEPT * hidden,
        }
    }

    /// What is shown after each step, (batch, steps, hidden or states·hidden), 0 beyond a row's length; and the last
    /// states (batch, states·hidden).
    pub fn apply(
        self,
        projected: &Tensor,
        parameters: &Tensor,
        initial: &Tensor,
    ) -> Result<(Tensor, Tensor)> {
        let s = self.sizes(projected.dims());
        by_dtype!(projected.dtype(), T => self.apply_to::<T>(projected, parameters, initial, s))
    }

    /// The operation on the tape is the last states. What is shown hangs on them, so that it goes back first: it leaves
    /// its gradient for them, and the way back through the recurrence takes both at once. As one tensor the two would
    /// need gradients filled up with zeros wherever only one of them is used.
    fn apply_to<T: Number>(
        self,
        projected: &Tensor,
        parameters: &Tensor,
        initial: &Tensor,
        s: Sizes,
    ) -> Result<(Tensor, Tensor)> {
        let rows = self.lengths.len();
        let inputs = [projected, parameters, initial];
        let keep = inputs.iter().any(|input| input.track_op());
        let [shown, last, kept] = read(inputs, |arguments: [&[T]; 3]| self.forward(arguments, keep, s))?;
        let history = Arc::new(OnceLock::<Tensor>::new());
        let left = Arc::new(Mutex::new(None::<Tensor>));
        let past = (history.clone(), left.clone(), parameters.clone(), initial.clone());
        let last = record(last, (rows, s.states), &inputs, move |d_last| {
            let (history, left, parameters, initial) = &past;
            let Some(history) = history.get() else {
                bail!("the backward pass of a recurrence came before its forward pass")
            };
            let d_shown = left.lock().unwrap_or_else(PoisonError::into_inner).take();
            let back = |[shown, parameters, initial, d_last]: [&[T]; 4], d_shown: Option<&[T]>| {
                let past = Past {
                    kept: &kept,
                    shown,
                    parameters,
                    initial,
                };
                self.backward(past, d_last, d_shown, s)
            };
            let arguments = [history, parameters, initial, d_last];
            let [d_projected, d_parameters, d_initial] = match &d_shown {
                None => read(arguments, |arguments| back(arguments, None))?,
                Some(d_shown) => read([d_shown], |[d_shown]: [&[T]; 1]| {
                    read(arguments, |arguments| back(arguments, Some(d_shown)))
                })??,
            };
            Ok(vec![
                Some(Tensor::from_vec(
                    d_projected,
                    (rows, s.steps, s.gates),
                    &Device::Cpu,
                )?),
                Some(Tensor::from_vec(d_parameters, parameters.shape(), &Device::Cpu)?),
                Some(Tensor::from_vec(d_initial, initial.shape(), &Device::Cpu)?),
            ])
        })?;
        let nothing = Tensor::zeros(last.shape(), last.dtype(), last.device())?;
        let shown = record(shown, (rows, s.steps, s.shown), &[&last], move |gradient| {
            *left.lock().unwrap_or_else(PoisonError::into_inner) = Some(gradient.clone());
            Ok(vec![Some(nothing.copy()?)])
        })?;
        // Without its own way back, which would close a circle that is never freed.
        _ = history.set(shown.detach());
        Ok((shown, last))
    }

    /// The steps in the order in which the recurrence takes them.
    fn order(&self, steps: usize) -> impl DoubleEndedIterator<Item = usize> {
        let reverse = self.reverse;
        (0..steps).map(move |step| if reverse { steps - 1 - step } else { step })
    }

    /// The step that a row of this length begins with.
    fn first(&self, length: usize) -> usize {
        if self.reverse { length.saturating_sub(1) } else { 0 }
    }

    /// Calls `work` with the first row and the number of rows of each task.
    fn tasks<R: Send>(&self, work: impl Fn(usize, usize) -> R + Send + Sync) -> Vec<R> {
        let rows = self.lengths.len();
        let task = |task: usize| work(task * ROWS, ROWS.min(rows - task * ROWS));
        map((0..rows.div_ceil(ROWS)).collect(), task)
    }

    /// What is shown, the last states, and what is kept.
    fn forward<T: Number>(&self, arguments: [&[T]; 3], keep: bool, s: Sizes) -> [Vec<T>; 3] {
        let [projected, parameters, initial] = arguments;
        let parameters = Parameters::new(parameters, s);
        let weight = Panels::new(s.hidden, s.gates, |k, gate| {
            parameters.weight[gate * s.hidden + k]
        });
        let (mut start, bias) = parameters.starts(s);
        start.resize(weight.width(), T::ZERO);
        let rows = self.lengths.len();
        let kept = if keep { rows * s.steps * s.kept } else { 0 };
        let mut outputs = [rows * s.steps * s.shown, rows * s.states, kept].map(Vec::<T>::with_capacity);
        let targets = outputs.each_mut().map(|output| Shared::from(output.as_mut_ptr()));
        self.tasks(|first, count| {
            // SAFETY: the rows of this task, within the capacities; they are written before they are read.
            let [shown, last, kept] = unsafe {
                [
                    targets[0].slice(first * s.steps * s.shown, count * s.steps * s.shown),
                    targets[1].slice(first * s.states, count * s.states),
                    targets[2].slice(first * kept / rows, count * kept / rows),
                ]
            };
            let (mut output, mut memory) = split(&initial[first * s.states..], count, s.hidden, s);
            let mut hidden = vec![T::ZERO; count * weight.width()];
            let mut scratch = vec![T::ZERO; s.kept];
            for step in self.order(s.steps) {
                let size = (count, 0, s.hidden);
                weight.multiply(size, (&output, s.hidden), Some(&start), &mut hidden);
                for row in 0..count {
                    let at = row * s.steps + step;
                    let shown = &mut shown[at * s.shown..][..s.shown];
                    let kept = match keep {
                        true => &mut kept[at * s.kept..][..s.kept],
                        false => &mut scratch[..],
                    };
                    if step >= self.lengths[first + row] {
                        shown.fill(T::ZERO);
                        kept.fill(T::ZERO);
                        continue;
                    }
                    let output = &mut output[row * s.hidden..][..s.hidden];
                    let memory = &mut memory[row * (s.states - s.hidden)..][..s.states - s.hidden];
                    self.cell.forward(Forward {
                        x: &projected[((first + row) * s.steps + step) * s.gates..][..s.gates],
                        hidden: &hidden[row * weight.width()..][..s.gates],
                        bias: &bias,
                        output,
                        memory,
                        kept,
                    });
                    let (shown_output, shown_memory) = shown.split_at_mut(s.hidden);
                    shown_output.copy_from_slice(output);
                    if self.whole {
                        shown_memory.copy_from_slice(memory);
                    }
                }
            }
            join((&output, s.hidden), &memory, last, s);
        });
        for (output, len) in outputs
            .iter_mut()
            .zip([rows * s.steps * s.shown, rows * s.states, kept])
        {
            // SAFETY: the tasks have written each step of each row.
            unsafe { output.set_len(len) };
        }
        outputs
    }

    /// The gradients of the projected input, the parameters and the initial states.
    fn backward<T: Number>(
        &self,
        past: Past<'_, T>,
        d_last: &[T],
        d_shown: Option<&[T]>,
        s: Sizes,
    ) -> [Vec<T>; 3] {
        let parameters = Parameters::new(past.parameters, s);
        let weight = Panels::new(s.gates, s.hidden, |gate, k| {
            parameters.weight[gate * s.hidden + k]
        });
        let rows = self.lengths.len();
        let lens = [rows * s.steps * s.gates, rows * s.steps * s.own, rows * s.states];
        let mut outputs = lens.map(Vec::<T>::with_capacity);
        let targets = outputs.each_mut().map(|output| Shared::from(output.as_mut_ptr()));
        let sums = self.tasks(|first, count| {
            // SAFETY: the rows of this task, within the capacities; they are written before they are read.
            let [d_projected, d_own, d_initial] = unsafe {
                std::array::from_fn(|k| targets[k].slice(first * (lens[k] / rows), count * (lens[k] / rows)))
            };
            let mut sums = vec![T::ZERO; s.gates + s.own];
            let width = weight.width();
            let (mut d_output, mut d_memory) = split(&d_last[first * s.states..], count, width, s);
            for step in self.order(s.steps).rev() {
                for row in 0..count {
                    let at = row * s.steps + step;
                    let d_x = &mut d_projected[at * s.gates..][..s.gates];
                    let d_own = &mut d_own[at * s.own..][..s.own];
                    let length = self.lengths[first + row];
                    if step >= length {
                        d_x.fill(T::ZERO);
                        d_own.fill(T::ZERO);
                        continue;
                    }
                    let d_output = &mut d_output[row * width..][..s.hidden];
                    let d_memory = &mut d_memory[row * (s.states - s.hidden)..][..s.states - s.hidden];
                    let at = (first + row) * s.steps + step;
                    if let Some(d_shown) = d_shown {
                        let (more, more_memory) = d_shown[at * s.shown..][..s.shown].split_at(s.hidden);
                        d_output.iter_mut().zip(more).for_each(|(d, more)| *d += *more);
                        d_memory
                            .iter_mut()
                            .zip(more_memory)
                            .for_each(|(d, more)| *d += *more);
                    }
                    let previous = match step == self.first(length) {
                        true => &past.initial[(first + row) * s.states..],
                        false if self.reverse => &past.shown[(at + 1) * s.shown..],
                        false => &past.shown[(at - 1) * s.shown..],
                    };
                    self.cell.backward(Backward {
                        kept: &past.kept[at * s.kept..][..s.kept],
                        previous: &previous[..s.hidden],
                        d_output,
                        d_memory,
                        d_x,
                        d_own,
                        sums: &mut sums,
                    });
                }
                let size = (count, 0, s.shared);
                let gates = (&d_projected[step * s.gates..], s.steps * s.gates);
                weight.multiply(size, gates, None, &mut d_output);
                if s.own > 0 {
                    let size = (count, s.shared, s.gates);
                    let gates = (&d_own[step * s.own..], s.steps * s.own);
                    weight.multiply(size, gates, None, &mut d_output);
                }
            }
            join((&d_output, width), &d_memory, d_initial, s);
            sums
        });
        for (output, len) in outputs.iter_mut().zip(lens) {
            // SAFETY: the tasks have written each step of each row.
            unsafe { output.set_len(len) };
        }
        let [mut d_projected, mut d_own, d_initial] = outputs;
        let firsts: Vec<Option<usize>> = self
            .lengths
            .iter()
            .map(|&n| (n > 0).then(|| self.first(n)))
            .collect();
        let gradients = (&mut d_projected[..], &mut d_own[..]);
        let states = (past.shown, past.initial);
        let mut d_parameters = weight_gradient(gradients, states, &firsts, self.reverse, s);
        parameters.append_biases(&mut d_parameters, &sums, s);
        [d_projected, d_parameters, d_initial]
    }
}

/// The outputs and the memories of `count` packed states, the outputs in rows of `width` elements.
fn split<T: Number>(states: &[T], count: usize, width: usize, s: Sizes) -> (Vec<T>, Vec<T>) {
    let mut output = vec![T::ZERO; count * width];
    let mut memory = Vec::with_capacity(count * (s.states - s.hidden));
    for (state, output) in states.chunks(s.states).zip(output.chunks_mut(width)) {
        output[..s.hidden].copy_from_slice(&state[..s.hidden]);
        memory.extend_from_slice(&state[s.hidden..]);
    }
    (output, memory)
}

/// The states that [`split`] splits.
fn join<T: Number>((output, width): (&[T], usize), memory: &[T], states: &mut [T], s: Sizes) {
    for (row, state) in states.chunks_mut(s.states).enumerate() {
        let (to_output, to_memory) = state.split_at_mut(s.hidden);
        to_output.copy_from_slice(&output[row * width..][..s.hidden]);
        to_memory.copy_from_slice(&memory[row * to_memory.len()..][..to_memory.len()]);
    }
}
