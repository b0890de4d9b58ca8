//! The parameters of a recurrence, and their gradient.

use candle_core::{Device, Result, Tensor};

use super::kernel::Sizes;
use crate::cpu::{Matrix, Real, Shared, by_dtype, multiply, read};
use crate::float::Float;
use crate::tape::record;
use crate::threads::share;

/// Gates that a task takes of the product with all states: half a hundred microseconds of work.
const GATES: usize = 64;

/// The weight (gates·hidden, hidden) and, if there are any, the two biases, the input's and the state's, behind each
/// other in one vector: an operation on the tape has three inputs, and a recurrence has two others.
pub(super) fn pack(weight: &Tensor, biases: Option<(&Tensor, &Tensor)>) -> Result<Tensor> {
    let parts: Vec<Tensor> = [Some(weight), biases.map(|b| b.0), biases.map(|b| b.1)]
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    by_dtype!(weight.dtype(), T => pack_parts::<T>(parts))
}

fn pack_parts<T: Real>(parts: Vec<Tensor>) -> Result<Tensor> {
    let mut values: Vec<T> = Vec::with_capacity(parts.iter().map(Tensor::elem_count).sum());
    for part in &parts {
        read([part], |[part]: [&[T]; 1]| values.extend_from_slice(part))?;
    }
    let len = values.len();
    let inputs = parts.clone();
    record(values, len, &inputs.iter().collect::<Vec<_>>(), move |gradient| {
        read([gradient], |[gradient]: [&[T]; 1]| {
            let mut rest = gradient;
            let mut next = |part: &Tensor| {
                let (values, behind) = rest.split_at(part.elem_count());
                rest = behind;
                Ok(Some(Tensor::from_slice(values, part.shape(), &Device::Cpu)?))
            };
            parts.iter().map(&mut next).collect()
        })?
    })
}

/// What [`pack`] packs.
#[derive(Clone, Copy)]
pub(super) struct Parameters<'a, T> {
    pub weight: &'a [T],
    /// Both, or none.
    biases: &'a [T],
}

impl<'a, T: Float> Parameters<'a, T> {
    pub fn new(packed: &'a [T], s: Sizes) -> Self {
        let (weight, biases) = packed.split_at(s.gates * s.hidden);
        Self { weight, biases }
    }

    /// What the projections of a state start from: the state's bias, and the input's too where the two projections are
    /// only added; and the other input biases.
    pub fn starts(&self, s: Sizes) -> (Vec<T>, Vec<T>) {
        if self.biases.is_empty() {
            return (vec![T::ZERO; s.gates], vec![T::ZERO; s.own]);
        }
        let (input, hidden) = self.biases.split_at(s.gates);
        let mut start = hidden.to_vec();
        start[..s.shared]
            .iter_mut()
            .zip(input)
            .for_each(|(sum, input)| *sum += *input);
        (start, input[s.shared..].to_vec())
    }

    /// Appends the gradients of the biases to that of the weight: each task's sums over its rows and steps are those of
    /// the input's bias, and then the state's of the gates that are not shared.
    pub fn append_biases(&self, gradient: &mut Vec<T>, tasks: &[Vec<T>], s: Sizes) {
        if self.biases.is_empty() {
            return;
        }
        let mut total = vec![T::ZERO; s.gates + s.own];
        for sums in tasks {
            total.iter_mut().zip(sums).for_each(|(total, sum)| *total += *sum);
        }
        gradient.extend_from_slice(&total[..s.gates]);
        gradient.extend_from_slice(&total[..s.shared]);
        gradient.extend_from_slice(&total[s.gates..]);
    }
}

/// Σ gradient of a state's projection · the output before it, over all steps of all rows.
///
/// The outputs lie one step beside the gradients, all rows behind each other: one product, but for the first step of
/// each row, which follows on the initial state and is in a product of its own. (For the time of the first its
/// gradients are 0.) `gradients` are those of the shared gates, in the input's projection, and of the others.
pub(super) fn weight_gradient<T: Float>(
    (d_projected, d_own): (&mut [T], &mut [T]),
    (shown, initial): (&[T], &[T]),
    firsts: &[Option<usize>],
    reverse: bool,
    s: Sizes,
) -> Vec<T> {
    let (rows, all) = (firsts.len(), firsts.len() * s.steps);
    let mut beginnings = vec![T::ZERO; rows * s.gates];
    for (row, kept) in beginnings.chunks_mut(s.gates).enumerate() {
        let Some(first) = firsts[row] else { continue };
        let at = row * s.steps + first;
        let (shared, own) = kept.split_at_mut(s.shared);
        shared.swap_with_slice(&mut d_projected[at * s.gates..][..s.shared]);
        own.swap_with_slice(&mut d_own[at * s.own..][..s.own]);
    }
    let mut d_weight = Vec::with_capacity(s.gates * (s.hidden + 2));
    let target = Shared::from(d_weight.as_mut_ptr());
    // The first gradient and the first output of the long product.
    let (gate_row, output_row) = if reverse { (0, 1) } else { (1, 0) };
    let pieces = |from: usize, to: usize| {
        (from..to)
            .step_by(GATES)
            .map(move |start| (start, to.min(start + GATES)))
    };
    let pieces: Vec<_> = pieces(0, s.shared).chain(pieces(s.shared, s.gates)).collect();
    share(
        pieces,
        || (),
        |_, (start, end)| {
            let (gates, column) = match start < s.shared {
                true => (Matrix::rows(d_projected, s.gates), start),
                false => (Matrix::rows(d_own, s.own), start - s.shared),
            };
            // SAFETY: gates from `start` to `end` of the first step of each row, and of all steps but one; the outputs or
            // states that belong to them; rows of `d_weight` that are this task's own, within its capacity, and written by
            // the first product before the second adds to them.
            unsafe {
                let c = target.add(start * s.hidden);
                let before = Matrix::rows(&beginnings, s.gates).from(0, start).transposed();
                let size = (end - start, rows, s.hidden);
                multiply(size, before, Matrix::rows(initial, s.states), c, s.hidden, false);
                if all > 1 {
                    let gates = gates.from(gate_row, column).transposed();
                    let outputs = Matrix::rows(shown, s.shown).from(output_row, 0);
                    multiply(
                        (end - start, all - 1, s.hidden),
                        gates,
                        outputs,
                        c,
                        s.hidden,
                        true,
                    );
                }
            }
        },
    );
    // SAFETY: every row has been written.
    unsafe { d_weight.set_len(s.gates * s.hidden) };
    for (row, kept) in beginnings.chunks(s.gates).enumerate() {
        let Some(first) = firsts[row] else { continue };
        let at = row * s.steps + first;
        let (shared, own) = kept.split_at(s.shared);
        d_projected[at * s.gates..][..s.shared].copy_from_slice(shared);
        d_own[at * s.own..][..s.own].copy_from_slice(own);
    }
    d_weight
}
