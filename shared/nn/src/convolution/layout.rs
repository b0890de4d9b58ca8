//! Flat images: what the tiles of a convolution read and write.
//!
//! With a stride of s, the windows' first taps lie s apart. So the padded input is dealt into s·s *phases* (every s-th
//! element of every s-th line), in each of which the windows of successive results are neighbours: a convolution of
//! any stride, padding and dilation becomes sums over phases at stride 1. A phase's lines have the length of the
//! result's lines plus the reach of the taps, in the forward pass as in both gradients, so one set of offsets
//! serves all three.

use std::ops::Range;

use super::plan::Plan;
use crate::float::Float;
use crate::simd::simd;

/// One tap: its phase, and where in that it lies from the window's first place.
#[derive(Clone, Copy)]
pub(super) struct Tap {
    pub phase: usize,
    pub place: (usize, usize),
}

/// How a plan's images lie flat.
pub(super) struct Flat {
    /// In the order of the weights.
    pub taps: Vec<Tap>,
    /// (line, column) of each phase's first element in the padded input, for the phases that any tap reads.
    pub phases: Vec<(usize, usize)>,
    /// How many lines and columns the farthest tap lies from a window's first place.
    pub reach: (usize, usize),
    /// Elements of a line.
    pub line: usize,
}

impl Flat {
    pub fn new(plan: &Plan) -> Self {
        let mut phases = Vec::new();
        let mut reach = (0, 0);
        let mut taps = Vec::with_capacity(plan.taps());
        for tap in 0..plan.taps() {
            let at = (
                tap / plan.kernel.1 * plan.dilation.0,
                tap % plan.kernel.1 * plan.dilation.1,
            );
            let phase = (at.0 % plan.stride.0, at.1 % plan.stride.1);
            let place = (at.0 / plan.stride.0, at.1 / plan.stride.1);
            reach = (reach.0.max(place.0), reach.1.max(place.1));
            let known = phases.iter().position(|&known| known == phase);
            let phase = known.unwrap_or_else(|| {
                phases.push(phase);
                phases.len() - 1
            });
            taps.push(Tap { phase, place });
        }
        Self {
            taps,
            phases,
            reach,
            line: plan.result.1 + reach.1,
        }
    }

    /// Elements of one phase that serves `rows` rows of the result.
    pub fn phase_len(&self, rows: usize) -> usize {
        (rows + self.reach.0) * self.line
    }

    /// From one channel's phases to the next channel's. Not a multiple of 1 KiB, or channels would compete for the
    /// same few places of the cache.
    pub fn channel_len(&self, rows: usize) -> usize {
        apart(self.phases.len() * self.phase_len(rows))
    }

    /// Where each tap lies in a channel from the place of its window.
    pub fn offsets(&self, rows: usize) -> Vec<usize> {
        let offset = |tap: &Tap| tap.phase * self.phase_len(rows) + tap.place.0 * self.line + tap.place.1;
        self.taps.iter().map(offset).collect()
    }

    /// Places from the first window to the last of `rows` rows of the result.
    pub fn places(&self, rows: usize) -> usize {
        rows * self.line - self.reach.1
    }
}

/// `len`, or a little more where that keeps planes from the same places of the cache.
pub(super) fn apart(len: usize) -> usize {
    if len.is_multiple_of(256) { len + 16 } else { len }
}

impl Plan {
    /// Deals `plane`, a channel of the input, into its phases, as far as `rows` of the result read them.
    pub(super) fn deal<T: Float>(&self, flat: &Flat, plane: &[T], rows: Range<usize>, out: &mut [T]) {
        let lines = rows.len() + flat.reach.0;
        let (height, width) = self.size;
        let (phases, rest) = out.split_at_mut(flat.phases.len() * lines * flat.line);
        rest.fill(T::ZERO);
        for (phase, out) in flat.phases.iter().zip(phases.chunks_exact_mut(lines * flat.line)) {
            let inside = inside(phase.1, self.padding.1, self.stride.1, width, flat.line);
            let first = inside.start * self.stride.1 + phase.1;
            for (line, out) in (rows.start..).zip(out.chunks_exact_mut(flat.line)) {
                let y = (line * self.stride.0 + phase.0).wrapping_sub(self.padding.0);
                if y >= height || inside.is_empty() {
                    out.fill(T::ZERO);
                    continue;
                }
                out[..inside.start].fill(T::ZERO);
                out[inside.end..].fill(T::ZERO);
                let from = &plane[y * width + first - self.padding.1..(y + 1) * width];
                copy(from, self.stride.1, 1, &mut out[inside.clone()]);
            }
        }
    }

    /// Spreads the lines of `plane`, a channel of the result, from number `first` on: they become as long as a phase's,
    /// with zeros at the end, and those that do not exist are zeros.
    pub(super) fn widen<T: Float>(&self, flat: &Flat, plane: &[T], first: isize, out: &mut [T]) {
        let (height, width) = self.result;
        for (line, out) in (first..).zip(out.chunks_exact_mut(flat.line)) {
            let (values, zeros) = out.split_at_mut(width);
            zeros.fill(T::ZERO);
            match usize::try_from(line) {
                Ok(line) if line < height => values.copy_from_slice(&plane[line * width..][..width]),
                _ => values.fill(T::ZERO),
            }
        }
    }

    /// [`widen`](Plan::widen) with zeros in front too: before the first line, as far as taps reach back.
    pub(super) fn spread<T: Float>(&self, flat: &Flat, plane: &[T], first: isize, out: &mut [T]) {
        let (zeros, lines) = out.split_at_mut(flat.reach.1);
        zeros.fill(T::ZERO);
        self.widen(flat, plane, first, lines);
    }

    /// Writes `sums`, the elements of a phase on its lines from `line` on, plus `bias`, to `rows`: those of a channel of
    /// the input from number `top` on.
    #[allow(
        clippy::too_many_arguments,
        reason = "two places, each a channel's and a line's"
    )]
    pub(super) fn collect<T: Float>(
        &self,
        flat: &Flat,
        phase: (usize, usize),
        sums: &[T],
        line: usize,
        bias: T,
        rows: &mut [T],
        top: usize,
    ) {
        let width = self.size.1;
        let inside = inside(phase.1, self.padding.1, self.stride.1, width, flat.line);
        if inside.is_empty() {
            return;
        }
        let first = inside.start * self.stride.1 + phase.1 - self.padding.1;
        let height = rows.len() / width;
        for (line, sums) in (line..).zip(sums.chunks_exact(flat.line)) {
            let y = (line * self.stride.0 + phase.0).wrapping_sub(self.padding.0 + top);
            if y < height {
                let to = &mut rows[y * width + first..(y + 1) * width];
                copy_plus(&sums[inside.clone()], self.stride.1, bias, to);
            }
        }
    }
}

/// The columns of a phase that lie in the image and not in the padding.
fn inside(phase: usize, padding: usize, stride: usize, width: usize, line: usize) -> Range<usize> {
    let end = (width + padding).saturating_sub(phase).div_ceil(stride).min(line);
    padding.saturating_sub(phase).div_ceil(stride).min(end)..end
}

/// Copies every `from_step`-th element of `from` to every `to_step`-th of `to`, as many as `to` has room for.
fn copy<T: Float>(from: &[T], from_step: usize, to_step: usize, to: &mut [T]) {
    match (from_step, to_step) {
        (1, 1) => to.copy_from_slice(&from[..to.len()]),
        (2, 1) => halve(from, to),
        _ => {
            let to = to.iter_mut().step_by(to_step);
            to.zip(from.iter().step_by(from_step))
                .for_each(|(to, from)| *to = *from);
        }
    }
}

simd! {
    fn halve<T: Float>(from: &[T], to: &mut [T]) {
        let pairs = from.chunks_exact(2);
        // The last may be the first of a pair that is not whole.
        if let (Some(last), &[single]) = (to.get_mut(pairs.len()), pairs.remainder()) {
            *last = single;
        }
        for (to, pair) in to.iter_mut().zip(pairs) {
            *to = pair[0];
        }
    }
}

/// Copies `from`, plus `bias`, to every `step`-th element of `to`.
fn copy_plus<T: Float>(from: &[T], step: usize, bias: T, to: &mut [T]) {
    match step {
        1 => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from + bias),
        _ => {
            let to = to.iter_mut().step_by(step);
            to.zip(from).for_each(|(to, from)| *to = *from + bias);
        }
    }
}

simd! {
    /// Takes the first `width` of every `line` elements of `sums`, plus `bias`.
    pub(super) fn cut_lines<T: Float>(sums: &[T], line: usize, width: usize, bias: T, out: &mut [T]) {
        for (out, sums) in out.chunks_exact_mut(width).zip(sums.chunks(line)) {
            for (out, sum) in out.iter_mut().zip(&sums[..width]) {
                *out = *sum + bias;
            }
        }
    }
}
