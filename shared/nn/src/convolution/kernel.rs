//! Two of the three passes of a convolution on the CPU: forward, and back to the input.
//!
//! Each result is one sum in one order, so the work may be cut as suits the machine: the bits stay the same.

use std::ops::Range;

use super::layout::{Flat, apart, cut_lines};
use super::plan::Plan;
use super::tiles::{SLACK, Sums};
use crate::cpu::Shared;
use crate::float::Float;
use crate::simd::sum;
use crate::threads::{map, share, threads};

/// Tasks to cut a pass into, where the batch alone gives fewer: enough for a desktop's cores.
pub(super) const TASKS: usize = 16;

/// Numbers that a task works on at once: they should stay in a core's second-level cache.
pub(super) const BUFFER: usize = 96 * 1024;

/// Weights in the order in which tiles read them.
struct Packed<T> {
    values: Vec<T>,
    /// The results that are computed together, of each group.
    blocks: Vec<Range<usize>>,
    /// Weights of one result.
    depth: usize,
}

impl<T: Float> Packed<T> {
    /// `weight` says where in `values` the weight of (group, result, channel, tap) is.
    fn new(
        values: &[T],
        groups: usize,
        (results, channels): (usize, usize),
        taps: &[usize],
        weight: impl Fn(usize, usize, usize) -> usize + Sync,
    ) -> Self {
        let count = results.div_ceil(T::tiles().sums.len()).max(1);
        let border = |i: usize| i * results / count;
        let blocks: Vec<_> = (0..count).map(|i| border(i)..border(i + 1)).collect();
        let depth = channels * taps.len();
        let mut packed = vec![T::ZERO; groups * results * depth];
        let mut pieces = Vec::with_capacity(groups * count);
        let mut rest = &mut packed[..];
        for group in 0..groups {
            for block in &blocks {
                let (piece, others) = rest.split_at_mut(block.len() * depth);
                pieces.push((group, block.clone(), piece));
                rest = others;
            }
        }
        share(
            pieces,
            || (),
            |_, (group, block, piece)| {
                for (m, result) in block.clone().enumerate() {
                    let mut to = piece[m..].iter_mut().step_by(block.len());
                    for channel in 0..channels {
                        let start = weight(group, result, channel);
                        for (&tap, to) in taps.iter().zip(&mut to) {
                            *to = values[start + tap];
                        }
                    }
                }
            },
        );
        Self {
            values: packed,
            blocks,
            depth,
        }
    }

    /// Each block of a group with its weights.
    fn of_group(&self, group: usize) -> impl Iterator<Item = (Range<usize>, &[T])> {
        let results = self.blocks.last().map_or(0, |block| block.end);
        let group = &self.values[group * results * self.depth..][..results * self.depth];
        self.blocks
            .iter()
            .map(move |block| (block.clone(), &group[block.start * self.depth..]))
    }
}

/// A piece of the work of a pass: some rows of some parts, where a part is a group of an image.
struct Task {
    parts: Range<usize>,
    rows: Range<usize>,
}

impl Plan {
    /// All `rows` of all parts in pieces, of which one row of one part fills `row` of the buffer and `extra` rows are
    /// needed besides.
    fn tasks(&self, rows: Range<usize>, row: usize, extra: usize) -> Vec<Task> {
        let parts = self.batch * self.groups;
        let fitting = (BUFFER / row.max(1)).saturating_sub(extra).max(2 * extra + 4);
        let wanted = rows.len().div_ceil(TASKS.div_ceil(parts.max(1))).max(extra + 4);
        let band = fitting.min(wanted).min(rows.len()).max(1);
        let unit = (band + extra) * row;
        let together = match band < rows.len() {
            true => 1,
            false => (BUFFER / unit.max(1)).min(parts / (4 * threads())).max(1),
        };
        let parts = (0..parts)
            .step_by(together)
            .map(|start| start..(start + together).min(parts));
        let bands = rows
            .clone()
            .step_by(band)
            .map(|start| start..(start + band).min(rows.end));
        parts
            .flat_map(|parts| {
                bands.clone().map(move |rows| Task {
                    parts: parts.clone(),
                    rows,
                })
            })
            .collect()
    }

    /// The parts of a task in runs that share their weights, each with its group.
    fn runs(&self, parts: Range<usize>) -> impl Iterator<Item = (usize, Range<usize>)> {
        let step = if self.groups == 1 { parts.len().max(1) } else { 1 };
        let (groups, end) = (self.groups, parts.end);
        parts
            .step_by(step)
            .map(move |start| (start % groups, start..(start + step).min(end)))
    }

    /// The convolution of `x` with `weight`, plus `bias`.
    pub fn run<T: Float>(&self, x: &[T], weight: &[T], bias: Option<&[T]>) -> Vec<T> {
        if self.is_pointwise() {
            return self.run_pointwise(x, weight, bias);
        }
        let flat = Flat::new(self);
        let (from, to) = self.planes();
        let taps: Vec<usize> = (0..self.taps()).collect();
        let at = |group, output, input| ((group * self.outputs + output) * self.inputs + input) * self.taps();
        let packed = Packed::new(weight, self.groups, (self.outputs, self.inputs), &taps, at);
        let length = self.batch * self.groups * self.outputs * to;
        let mut y: Vec<T> = Vec::with_capacity(length);
        let target = Shared::from(y.as_mut_ptr());
        let row = self.inputs * flat.phases.len() * flat.line;
        let work = |(buffer, sums): &mut (Vec<T>, Vec<T>), task: Task| {
            let rows = task.rows.len();
            let (offsets, places) = (flat.offsets(rows), flat.places(rows));
            let channel = flat.channel_len(rows);
            let line = rows * flat.line + SLACK;
            for (group, parts) in self.runs(task.parts) {
                let used = parts.len() * self.inputs * channel;
                resize(buffer, used);
                let planes = parts.start * self.inputs..parts.end * self.inputs;
                for (plane, out) in planes.zip(buffer.chunks_exact_mut(channel)) {
                    self.deal(&flat, &x[plane * from..][..from], task.rows.clone(), out);
                }
                for (block, weights) in packed.of_group(group) {
                    resize(sums, block.len() * line);
                    for (i, part) in parts.clone().enumerate() {
                        let job = Sums {
                            weights: weights.as_ptr(),
                            x: buffer[i * self.inputs * channel..].as_ptr(),
                            channels: self.inputs,
                            channel,
                            offsets: &offsets,
                            places,
                            out: sums.as_mut_ptr(),
                            line,
                        };
                        // SAFETY: `deal` has written all channels, `resize` made room for the slack of both, and a
                        // block has as many weights for each channel and tap as it has results.
                        unsafe { T::tiles().sums[block.len() - 1](&job) };
                        for (output, sums) in block.clone().zip(sums.chunks_exact(line)) {
                            let start = (part * self.outputs + output) * to + task.rows.start * self.result.1;
                            // SAFETY: no other task has these rows of this plane.
                            let y = unsafe { target.slice(start, rows * self.result.1) };
                            let bias = bias.map_or(T::ZERO, |bias| bias[group * self.outputs + output]);
                            cut_lines(sums, flat.line, self.result.1, bias, y);
                        }
                    }
                }
            }
        };
        let tasks = self.tasks(0..self.result.0, row, flat.reach.0);
        share(tasks, Default::default, work);
        // SAFETY: the tasks have written every row of every plane.
        unsafe { y.set_len(length) };
        y
    }

    /// The gradient to the input, given the `gradient` of the result; for a transposed convolution of `gradient`
    /// this is the forward pass, and `bias` is added.
    pub fn back_to_input<T: Float>(&self, weight: &[T], gradient: &[T], bias: Option<&[T]>) -> Vec<T> {
        if self.is_pointwise() {
            return self.pointwise_back_to_input(weight, gradient, bias);
        }
        let flat = Flat::new(self);
        let (from, to) = self.planes();
        // For each phase the taps that read it, and their weights.
        let taps = |phase: usize| -> Vec<usize> {
            let all = flat.taps.iter().enumerate();
            all.filter(|(_, tap)| tap.phase == phase)
                .map(|(i, _)| i)
                .collect()
        };
        let at = |group, input, output| ((group * self.outputs + output) * self.inputs + input) * self.taps();
        let phases: Vec<_> = (0..flat.phases.len())
            .map(|phase| {
                let taps = taps(phase);
                let packed = Packed::new(weight, self.groups, (self.inputs, self.outputs), &taps, at);
                // From a place of the phase back to the result whose window has this tap there.
                let offset = |&tap: &usize| {
                    let (down, right) = flat.taps[tap].place;
                    flat.reach.1 + (flat.reach.0 - down) * flat.line - right
                };
                (
                    flat.phases[phase],
                    taps.iter().map(offset).collect::<Vec<_>>(),
                    packed,
                )
            })
            .collect();
        // The lines of the phases that lie in the image.
        let first = self
            .padding
            .0
            .saturating_sub(self.stride.0 - 1)
            .div_ceil(self.stride.0);
        let last = (self.padding.0 + self.size.0).div_ceil(self.stride.0);
        let lines = first..last.min(self.result.0 + flat.reach.0).max(first);
        // Elements between the windows, or behind the last, get nothing from any phase.
        let covered = |stride, kernel, dilation, lines, size| {
            (0..stride).all(|phase| (0..kernel).any(|tap| tap * dilation % stride == phase))
                && lines * stride >= size
        };
        let is_covered = covered(
            self.stride.0,
            self.kernel.0,
            self.dilation.0,
            self.result.0 + flat.reach.0,
            self.padding.0 + self.size.0,
        ) && covered(
            self.stride.1,
            self.kernel.1,
            self.dilation.1,
            flat.line,
            self.padding.1 + self.size.1,
        );
        let length = self.batch * self.groups * self.inputs * from;
        let mut x = match is_covered {
            true => Vec::with_capacity(length),
            false => filled(self.batch, self.groups * self.inputs, from, bias),
        };
        let target = Shared::from(x.as_mut_ptr());
        let work = |(buffer, sums): &mut (Vec<T>, Vec<T>), task: Task| {
            let rows = task.rows.len();
            let channel = apart(flat.reach.1 + flat.phase_len(rows));
            let line = rows * flat.line + SLACK;
            // The rows of the input that the task writes.
            let top = (task.rows.start * self.stride.0).saturating_sub(self.padding.0);
            let bottom = (task.rows.end * self.stride.0)
                .saturating_sub(self.padding.0)
                .min(self.size.0);
            for (group, parts) in self.runs(task.parts) {
                resize(buffer, parts.len() * self.outputs * channel);
                let planes = parts.start * self.outputs..parts.end * self.outputs;
                for (plane, out) in planes.zip(buffer.chunks_exact_mut(channel)) {
                    let before = task.rows.start as isize - flat.reach.0 as isize;
                    self.spread(&flat, &gradient[plane * to..][..to], before, out);
                }
                for (phase, offsets, packed) in &phases {
                    for (block, weights) in packed.of_group(group) {
                        resize(sums, block.len() * line);
                        for (i, part) in parts.clone().enumerate() {
                            let job = Sums {
                                weights: weights.as_ptr(),
                                x: buffer[i * self.outputs * channel..].as_ptr(),
                                channels: self.outputs,
                                channel,
                                offsets,
                                places: rows * flat.line,
                                out: sums.as_mut_ptr(),
                                line,
                            };
                            // SAFETY: as in `run`: `spread` has written all channels.
                            unsafe { T::tiles().sums[block.len() - 1](&job) };
                            for (input, sums) in block.clone().zip(sums.chunks_exact(line)) {
                                let plane = part * self.inputs + input;
                                let start = plane * from + top * self.size.1;
                                // SAFETY: no other task has these rows of this plane.
                                let x = unsafe { target.slice(start, (bottom - top) * self.size.1) };
                                let bias = bias.map_or(T::ZERO, |bias| bias[group * self.inputs + input]);
                                self.collect(
                                    &flat,
                                    *phase,
                                    &sums[..rows * flat.line],
                                    task.rows.start,
                                    bias,
                                    x,
                                    top,
                                );
                            }
                        }
                    }
                }
            }
        };
        let row = self.outputs * flat.line;
        let tasks = self.tasks(lines, row, flat.reach.0);
        share(tasks, Default::default, work);
        // SAFETY: either all was filled, or each element lies on a line of some phase, and was written.
        unsafe { x.set_len(length) };
        x
    }
}

/// Makes room for `used` numbers and the slack behind them, which becomes 0: a tile's last register reads it, and
/// what an earlier convolution left there might not be a number.
pub(super) fn resize<T: Float>(buffer: &mut Vec<T>, used: usize) {
    if buffer.len() < used + SLACK {
        buffer.resize(used + SLACK, T::ZERO);
    }
    buffer[used..used + SLACK].fill(T::ZERO);
}

/// The sum of all parts of `length`, in order.
pub(super) fn sum_parts<T: crate::cpu::Real>(mut partial: Vec<T>, length: usize) -> Vec<T> {
    let (total, others) = partial.split_at_mut(length);
    for other in others.chunks_exact(length.max(1)) {
        total.iter_mut().zip(other).for_each(|(sum, v)| *sum += *v);
    }
    partial.truncate(length);
    partial
}

/// A batch of images whose channels are filled with `bias`, or with zeros.
pub(super) fn filled<T: crate::cpu::Real>(
    batch: usize,
    channels: usize,
    plane: usize,
    bias: Option<&[T]>,
) -> Vec<T> {
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
    map((0..channels).collect(), total)
}
