//! The three matrix products of a convolution on the CPU: forward, to the input, and to the weight.
//!
//! The work is cut by the sizes of the problem alone, so every sum has one order whatever the number of cores.

use rayon::prelude::*;

use super::plan::Plan;
use crate::cpu::{Matrix, Real, Shared, multiply};
use crate::float::Float;
use crate::simd::sum;

/// Tasks to cut a pass into, where the batch alone gives fewer: enough for a desktop's cores.
const TASKS: usize = 16;

impl Plan {
    /// `columns`, a matrix with a row for each (channel, tap) of `x` and a column for each element of the result's
    /// `rows`; the input itself where that is the same.
    fn columns<T: Real>(&self, x: &[T], rows: std::ops::Range<usize>, buffer: &mut Vec<T>) -> Matrix<T> {
        let width = self.result.1;
        if self.is_pointwise() {
            return Matrix::rows(&x[rows.start * width..], self.planes().0);
        }
        let channels = x.len() / self.planes().0;
        let count = channels * self.taps() * rows.len() * width;
        // Never shrinks: the buffer is a thread's from tile to tile.
        if buffer.len() < count {
            buffer.resize(count, T::zero());
        }
        let across = rows.len() * width;
        self.gather(x, rows, &mut buffer[..count]);
        Matrix::rows(buffer, across)
    }

    /// The convolution of `x` with `weight`, plus `bias`.
    pub fn run<T: Real>(&self, x: &[T], weight: &[T], bias: Option<&[T]>) -> Vec<T> {
        let (from, to) = self.planes();
        let depth = self.inputs * self.taps();
        let mut y = filled(self.batch, self.groups * self.outputs, to, bias);
        let tiles: Vec<_> = self.tiles(self.inputs).collect();
        let target = Shared::new(&mut y);
        (0..self.batch * self.groups * tiles.len())
            .into_par_iter()
            .for_each_init(Vec::new, |buffer, task| {
                let (part, rows) = (task / tiles.len(), tiles[task % tiles.len()].clone());
                let x = &x[part * self.inputs * from..][..self.inputs * from];
                let weight = &weight[part % self.groups * self.outputs * depth..];
                let start = part * self.outputs * to + rows.start * self.result.1;
                let size = (self.outputs, depth, rows.len() * self.result.1);
                let columns = self.columns(x, rows, buffer);
                // SAFETY: the tasks' rows of the result are disjoint, and the slices outlive the call.
                unsafe {
                    multiply(
                        size,
                        Matrix::rows(weight, depth),
                        columns,
                        target.add(start),
                        to,
                        bias.is_some(),
                    )
                }
            });
        y
    }

    /// The gradient to the input, given the `gradient` of the result; for a transposed convolution of `gradient`
    /// this is the forward pass, and `bias` is added.
    pub fn back_to_input<T: Real>(&self, weight: &[T], gradient: &[T], bias: Option<&[T]>) -> Vec<T> {
        let (from, to) = self.planes();
        let (taps, depth) = (self.taps(), self.inputs * self.taps());
        let mut x = filled(self.batch, self.groups * self.inputs, from, bias);
        // Windows overlap, so a task owns whole channels.
        let blocks = TASKS.div_ceil((self.batch * self.groups).max(1));
        let block = self.inputs.div_ceil(blocks).max(1);
        let tasks: Vec<_> = x
            .chunks_mut((self.inputs * from).max(1))
            .enumerate()
            .flat_map(|(part, x)| {
                let blocks = x.chunks_mut(block * from).enumerate();
                blocks.map(move |(i, x)| (part, i * block, x))
            })
            .collect();
        tasks
            .into_par_iter()
            .for_each_init(Vec::new, |buffer, (part, channel, x)| {
                let channels = x.len() / from;
                let gradient = &gradient[part * self.outputs * to..][..self.outputs * to];
                let weight = &weight[part % self.groups * self.outputs * depth + channel * taps..];
                let weight = Matrix::rows(weight, depth).transposed();
                for rows in self.tiles(channels) {
                    let across = rows.len() * self.result.1;
                    let size = (channels * taps, self.outputs, across);
                    let gradient = Matrix::rows(&gradient[rows.start * self.result.1..], to);
                    if self.is_pointwise() {
                        let x = &mut x[rows.start * self.result.1..];
                        // SAFETY: `x` is this task's; the tile's rows lie within its channels.
                        unsafe { multiply(size, weight, gradient, x.as_mut_ptr(), from, true) };
                        continue;
                    }
                    buffer.resize(buffer.len().max(size.0 * across), T::zero());
                    // SAFETY: the buffer is this task's and has room for size.0 × across elements.
                    unsafe { multiply(size, weight, gradient, buffer.as_mut_ptr(), across, false) };
                    self.scatter(&buffer[..size.0 * across], rows, x);
                }
            });
        x
    }

    /// The gradient to the weight, given the input and the `gradient` of the result.
    pub fn back_to_weight<T: Real>(&self, x: &[T], gradient: &[T]) -> Vec<T> {
        let (from, to) = self.planes();
        let (taps, depth) = (self.taps(), self.inputs * self.taps());
        let length = self.groups * self.outputs * depth;
        // First by channels, which needs no further sum, but not into slivers that waste the matrix product;
        // then by samples, each part into a copy of its own.
        let block = self
            .inputs
            .div_ceil(TASKS)
            .max(64usize.div_ceil(taps))
            .min(self.inputs)
            .max(1);
        let blocks = self.inputs.div_ceil(block);
        let parts = TASKS
            .div_ceil((self.groups * blocks).max(1))
            .clamp(1, self.batch.max(1));
        let per_part = self.batch.div_ceil(parts);
        let mut partial = vec![T::zero(); parts * length];
        let target = Shared::new(&mut partial);
        (0..parts * self.groups * blocks)
            .into_par_iter()
            .for_each_init(Vec::new, |buffer, task| {
                let (part, group, channel) = (
                    task / blocks / self.groups,
                    task / blocks % self.groups,
                    task % blocks * block,
                );
                let channels = block.min(self.inputs - channel);
                let start = part * length + group * self.outputs * depth + channel * taps;
                for sample in part * per_part..((part + 1) * per_part).min(self.batch) {
                    let group = sample * self.groups + group;
                    let x = &x[(group * self.inputs + channel) * from..][..channels * from];
                    let gradient = &gradient[group * self.outputs * to..][..self.outputs * to];
                    for rows in self.tiles(channels) {
                        let first = rows.start * self.result.1;
                        let size = (self.outputs, rows.len() * self.result.1, channels * taps);
                        let columns = self.columns(x, rows, buffer).transposed();
                        let gradient = Matrix::rows(&gradient[first..], to);
                        // SAFETY: (part, group, channels) is this task's block of `partial`.
                        unsafe { multiply(size, gradient, columns, target.add(start), depth, true) }
                    }
                }
            });
        let (total, others) = partial.split_at_mut(length);
        for other in others.chunks_exact(length.max(1)) {
            total.iter_mut().zip(other).for_each(|(sum, v)| *sum += *v);
        }
        partial.truncate(length);
        partial
    }
}

/// A batch of images whose channels are filled with `bias`, or with zeros.
fn filled<T: Real>(batch: usize, channels: usize, plane: usize, bias: Option<&[T]>) -> Vec<T> {
    let mut values = vec![T::zero(); batch * channels * plane];
    if let (Some(bias), true) = (bias, plane > 0) {
        let planes = values.chunks_exact_mut(plane);
        // Once for each image: the bias is as long as there are channels.
        planes
            .zip(bias.iter().cycle())
            .for_each(|(plane, bias)| plane.fill(*bias));
    }
    values
}

/// The sum of every channel of a batch of images: the gradient to a bias.
pub(crate) fn sum_channels<T: Float>(images: &[T], channels: usize, plane: usize) -> Vec<T> {
    let total = |channel: usize| {
        let planes = images.chunks_exact(plane.max(1)).skip(channel).step_by(channels);
        planes
            .map(|plane| sum(plane, |v| v))
            .fold(T::zero(), |sum, v| sum + v)
    };
    (0..channels).into_par_iter().map(total).collect()
}
