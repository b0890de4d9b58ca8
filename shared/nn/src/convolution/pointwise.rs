//! Convolution with a kernel of one element: a matrix product for each image.

use super::kernel::{TASKS, filled};
use super::plan::Plan;
use crate::cpu::{Matrix, Real, Shared, multiply};
use crate::threads::for_each;

/// Elements of the input that a task multiplies: they should stay in a core's second-level cache.
const TILE: usize = 96 * 1024;

impl Plan {
    /// Whether the windows are single elements that follow each other.
    pub(super) fn is_pointwise(&self) -> bool {
        self.taps() == 1 && self.stride == (1, 1) && self.padding == (0, 0)
    }

    /// For each image and group the product of a weight, (results, channels), with `x`, plus `bias`.
    fn multiply_planes<T: Real>(
        &self,
        (results, channels): (usize, usize),
        weight: impl Fn(usize) -> Matrix<T> + Sync,
        x: &[T],
        bias: Option<&[T]>,
    ) -> Vec<T> {
        let (_, plane) = self.planes();
        let parts = self.batch * self.groups;
        let mut y = filled(self.batch, self.groups * results, plane, bias);
        let width = (TILE / channels.max(1))
            .min(plane.div_ceil(TASKS.div_ceil(parts.max(1))))
            .max(64);
        let tiles = plane.div_ceil(width);
        let target = Shared::new(&mut y);
        for_each(parts * tiles, |task| {
            let (part, start) = (task / tiles, task % tiles * width);
            let x = &x[part * channels * plane + start..];
            let size = (results, channels, width.min(plane - start));
            // SAFETY: the tasks' columns of the result are disjoint, and all lies in the slices.
            unsafe {
                let y = target.add(part * results * plane + start);
                multiply(
                    size,
                    weight(part % self.groups),
                    Matrix::rows(x, plane),
                    y,
                    plane,
                    bias.is_some(),
                );
            }
        });
        y
    }

    pub(super) fn run_pointwise<T: Real>(&self, x: &[T], weight: &[T], bias: Option<&[T]>) -> Vec<T> {
        let of_group = |group| Matrix::rows(&weight[group * self.outputs * self.inputs..], self.inputs);
        self.multiply_planes((self.outputs, self.inputs), of_group, x, bias)
    }

    pub(super) fn pointwise_back_to_input<T: Real>(
        &self,
        weight: &[T],
        gradient: &[T],
        bias: Option<&[T]>,
    ) -> Vec<T> {
        let of_group =
            |group| Matrix::rows(&weight[group * self.outputs * self.inputs..], self.inputs).transposed();
        self.multiply_planes((self.inputs, self.outputs), of_group, gradient, bias)
    }

    pub(super) fn pointwise_back_to_weight<T: Real>(&self, x: &[T], gradient: &[T]) -> Vec<T> {
        let (_, plane) = self.planes();
        let length = self.groups * self.outputs * self.inputs;
        // By outputs, which needs no further sum, but not into slivers that waste the matrix product; then by
        // samples, each part into a copy of its own.
        let block = self.outputs.div_ceil(TASKS).max(64).min(self.outputs).max(1);
        let blocks = self.outputs.div_ceil(block);
        let parts = TASKS
            .div_ceil((self.groups * blocks).max(1))
            .clamp(1, self.batch.max(1));
        let per_part = self.batch.div_ceil(parts);
        let mut partial = vec![T::zero(); parts * length];
        let target = Shared::new(&mut partial);
        for_each(parts * self.groups * blocks, |task| {
            let (part, group) = (task / blocks / self.groups, task / blocks % self.groups);
            let output = task % blocks * block;
            let outputs = block.min(self.outputs - output);
            for sample in part * per_part..((part + 1) * per_part).min(self.batch) {
                let group_of_sample = sample * self.groups + group;
                let x = Matrix::rows(&x[group_of_sample * self.inputs * plane..], plane).transposed();
                let gradient = &gradient[(group_of_sample * self.outputs + output) * plane..];
                let size = (outputs, plane, self.inputs);
                // SAFETY: (part, group, outputs) is this task's block of `partial`.
                unsafe {
                    let start = part * length + (group * self.outputs + output) * self.inputs;
                    multiply(
                        size,
                        Matrix::rows(gradient, plane),
                        x,
                        target.add(start),
                        self.inputs,
                        true,
                    );
                }
            }
        });
        super::kernel::sum_parts(partial, length)
    }
}
