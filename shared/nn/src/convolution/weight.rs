//! The third pass of a convolution: the gradient to the weight.
//!
//! Each weight's gradient is the product of two planes, one of the input and one of the result's gradient, summed over
//! all places and images. It is cut by the sizes of the problem alone, so that the sums, and every bit, are the same
//! whatever the number of cores.

use std::ops::Range;

use super::kernel::{BUFFER, TASKS, resize, sum_parts};
use super::layout::{Flat, apart};
use super::plan::Plan;
use super::tiles::{COMBINATIONS, Products, SLACK};
use crate::cpu::Shared;
use crate::float::Float;
use crate::threads::share;

/// Numbers of a plane, over all images that are added up at once: a product reads five such planes, which should stay in
/// a core's first-level cache.
const PLANE: usize = 1920;

/// What one task adds up: the weights of some results of a group, over some samples.
struct Part<'a, T> {
    flat: &'a Flat,
    x: &'a [T],
    gradient: &'a [T],
    group: usize,
    outputs: Range<usize>,
}

/// Planes of some images, flat, for the rows of `band`.
struct Planes<'a, T> {
    values: &'a [T],
    /// From one plane to the next, and from one image to the next.
    plane: usize,
    image: usize,
}

impl Plan {
    /// The gradient to the weight, given the input and the `gradient` of the result.
    pub fn back_to_weight<T: Float>(&self, x: &[T], gradient: &[T]) -> Vec<T> {
        if self.is_pointwise() {
            return self.pointwise_back_to_weight(x, gradient);
        }
        let flat = Flat::new(self);
        let depth = self.inputs * self.taps();
        let length = self.groups * self.outputs * depth;
        // By groups and outputs, which needs no further sum; and where the weight is small also by samples, each part
        // into a copy of its own.
        let parts = (2 * BUFFER / length.max(1))
            .min(TASKS.div_ceil(self.groups))
            .clamp(1, self.batch.max(1));
        let per_part = self.batch.div_ceil(parts);
        let blocks = TASKS
            .div_ceil(self.groups * parts)
            .min(self.outputs.div_ceil(4))
            .max(1);
        let block = self.outputs.div_ceil(blocks).next_multiple_of(4);
        let blocks = self.outputs.div_ceil(block);
        let rows = (PLANE / flat.line).clamp(1, self.result.0);
        let together = (PLANE / (rows * flat.line)).max(1);
        let mut partial = vec![T::ZERO; parts * length];
        let target = Shared::new(&mut partial);
        let work = |buffers: &mut (Vec<T>, Vec<T>), task: usize| {
            let number = task / blocks / self.groups;
            let first = task % blocks * block;
            let part = Part {
                flat: &flat,
                x,
                gradient,
                group: task / blocks % self.groups,
                outputs: first..(first + block).min(self.outputs),
            };
            let start = number * length + (part.group * self.outputs + first) * depth;
            // SAFETY: these outputs of this copy are this task's alone.
            let total = unsafe { target.slice(start, part.outputs.len() * depth) };
            let end = ((number + 1) * per_part).min(self.batch);
            for band in (0..self.result.0).step_by(rows) {
                for image in (number * per_part..end).step_by(together) {
                    let band = band..(band + rows).min(self.result.0);
                    self.add_images(&part, image..(image + together).min(end), band, buffers, total);
                }
            }
        };
        share(
            (0..parts * self.groups * blocks).collect(),
            Default::default,
            work,
        );
        sum_parts(partial, length)
    }

    /// Adds what the rows of `band` of `images` give to `total`.
    fn add_images<T: Float>(
        &self,
        part: &Part<'_, T>,
        images: Range<usize>,
        band: Range<usize>,
        (xs, gs): &mut (Vec<T>, Vec<T>),
        total: &mut [T],
    ) {
        let (flat, (from, to)) = (part.flat, self.planes());
        let plane = apart((band.len() * flat.line).next_multiple_of(SLACK));
        let image = part.outputs.len() * plane;
        resize(gs, images.len() * image);
        for (number, out) in images.clone().zip(gs.chunks_exact_mut(image)) {
            let first = (number * self.groups + part.group) * self.outputs + part.outputs.start;
            for (output, out) in out.chunks_exact_mut(plane).enumerate() {
                let (body, rest) = out.split_at_mut(band.len() * flat.line);
                rest.fill(T::ZERO);
                let gradient = &part.gradient[(first + output) * to..][..to];
                self.widen(flat, gradient, band.start as isize, body);
            }
        }
        let gradients = Planes {
            values: gs,
            plane,
            image,
        };
        let channel = flat.channel_len(band.len());
        let some = (BUFFER / (images.len() * channel)).clamp(1, self.inputs);
        for input in (0..self.inputs).step_by(some) {
            let inputs = input..(input + some).min(self.inputs);
            let image = inputs.len() * channel;
            resize(xs, images.len() * image);
            for (number, out) in images.clone().zip(xs.chunks_exact_mut(image)) {
                let first = (number * self.groups + part.group) * self.inputs + inputs.start;
                for (input, out) in out.chunks_exact_mut(channel).enumerate() {
                    self.deal(flat, &part.x[(first + input) * from..][..from], band.clone(), out);
                }
            }
            let channels = Planes {
                values: xs,
                plane: channel,
                image,
            };
            self.multiply_planes_of(
                flat,
                &gradients,
                &channels,
                inputs,
                images.len(),
                band.len(),
                total,
            );
        }
    }

    /// Adds the products of all `gradients` with all `channels` and taps, those of `inputs`.
    #[allow(
        clippy::too_many_arguments,
        reason = "two sides, and what they have in common"
    )]
    fn multiply_planes_of<T: Float>(
        &self,
        flat: &Flat,
        gradients: &Planes<'_, T>,
        channels: &Planes<'_, T>,
        inputs: Range<usize>,
        images: usize,
        rows: usize,
        total: &mut [T],
    ) {
        let (offsets, places, depth) = (flat.offsets(rows), flat.places(rows), self.inputs * self.taps());
        // Each combination of a channel and a tap, in the order of the weight. Beyond the last that one is computed
        // again.
        let combinations: Vec<usize> = (0..inputs.len())
            .flat_map(|input| offsets.iter().map(move |offset| input * channels.plane + offset))
            .collect();
        let runs: Vec<[usize; COMBINATIONS]> = combinations
            .chunks(COMBINATIONS)
            .map(|some| std::array::from_fn(|i| some[i.min(some.len() - 1)]))
            .collect();
        let most = T::tiles().products.len();
        let outputs = total.len() / depth;
        // A few planes of the gradient stay in the fastest cache while all of x passes by.
        for first in (0..outputs).step_by(most) {
            let count = most.min(outputs - first);
            for (run, offsets) in runs.iter().enumerate() {
                let mut sums = [[T::ZERO; COMBINATIONS]; 4];
                let mut job = Products {
                    a: gradients.values[first * gradients.plane..].as_ptr(),
                    a_plane: gradients.plane,
                    a_image: gradients.image,
                    b: channels.values.as_ptr(),
                    offsets,
                    b_image: channels.image,
                    images,
                    places,
                    out: &mut sums[..count],
                };
                // SAFETY: `add_images` has written all planes of all images, and `resize` made room for the slack; the
                // gradient is 0 behind its places.
                unsafe { T::tiles().products[count - 1](&mut job) };
                let start = run * COMBINATIONS;
                let length = COMBINATIONS.min(combinations.len() - start);
                for (output, sums) in (first..).zip(&sums[..count]) {
                    let at = output * depth + inputs.start * self.taps() + start;
                    let total = &mut total[at..at + length];
                    total.iter_mut().zip(sums).for_each(|(total, sum)| *total += *sum);
                }
            }
        }
    }
}
