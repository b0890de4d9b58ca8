//! Convolution as a matrix product: a window becomes a column (im2col), and columns are added back into the
//! windows that they came from (col2im).

use std::ops::Range;

use super::plan::Plan;
use crate::cpu::Real;

/// Elements of a tile of columns: it should stay in a core's second-level cache between being written and read.
const TILE: usize = 96 * 1024;

impl Plan {
    /// The rows of the result in pieces whose columns, for `channels` channels, fill about one tile.
    pub fn tiles(&self, channels: usize) -> impl Iterator<Item = Range<usize>> + Clone + use<> {
        let rows = self.rows_per_tile(channels);
        let all = self.result.0;
        (0..all)
            .step_by(rows)
            .map(move |start| start..(start + rows).min(all))
    }

    /// Rows of the result in one tile.
    pub fn rows_per_tile(&self, channels: usize) -> usize {
        let row = channels * self.taps() * self.result.1;
        (TILE / row.max(1)).clamp(1, self.result.0.max(1))
    }

    /// Writes the columns of the result's `rows` over the channels of `x` to `columns`, which has one row for each
    /// (channel, tap), and one element in it for each element of the result.
    pub fn gather<T: Real>(&self, x: &[T], rows: Range<usize>, columns: &mut [T]) {
        let width = self.result.1;
        let mut columns = columns.chunks_exact_mut(rows.len() * width);
        for plane in x.chunks_exact(self.planes().0) {
            for tap in 0..self.taps() {
                let Some(column) = columns.next() else { return };
                let inside = self.inside(tap);
                for (y, line) in rows.clone().zip(column.chunks_exact_mut(width)) {
                    let Some(source) = self.source(tap, y, &inside) else {
                        line.fill(T::zero());
                        continue;
                    };
                    line[..inside.start].fill(T::zero());
                    line[inside.end..].fill(T::zero());
                    let line = &mut line[inside.clone()];
                    match self.stride.1 {
                        1 => line.copy_from_slice(&plane[source..source + line.len()]),
                        stride => {
                            let source = plane[source..].iter().step_by(stride);
                            line.iter_mut().zip(source).for_each(|(to, from)| *to = *from);
                        }
                    }
                }
            }
        }
    }

    /// Adds the columns of the result's `rows` to the elements of `x` that [`Plan::gather`] reads them from.
    pub fn scatter<T: Real>(&self, columns: &[T], rows: Range<usize>, x: &mut [T]) {
        let width = self.result.1;
        let mut columns = columns.chunks_exact(rows.len() * width);
        for plane in x.chunks_exact_mut(self.planes().0) {
            for tap in 0..self.taps() {
                let Some(column) = columns.next() else { return };
                let inside = self.inside(tap);
                for (y, line) in rows.clone().zip(column.chunks_exact(width)) {
                    let Some(target) = self.source(tap, y, &inside) else {
                        continue;
                    };
                    let line = &line[inside.clone()];
                    match self.stride.1 {
                        1 => {
                            let target = &mut plane[target..target + line.len()];
                            target.iter_mut().zip(line).for_each(|(to, from)| *to += *from);
                        }
                        stride => {
                            let target = plane[target..].iter_mut().step_by(stride);
                            target.zip(line).for_each(|(to, from)| *to += *from);
                        }
                    }
                }
            }
        }
    }

    /// The elements of a result's line whose `tap` lies inside the input, not in the padding.
    fn inside(&self, tap: usize) -> Range<usize> {
        let (stride, padding, size) = (self.stride.1, self.padding.1, self.size.1);
        let offset = tap % self.kernel.1 * self.dilation.1;
        let end = (size + padding)
            .saturating_sub(offset)
            .div_ceil(stride)
            .min(self.result.1);
        let start = padding.saturating_sub(offset).div_ceil(stride).min(end);
        start..end
    }

    /// Where in its plane the first element of `inside` of the result's line `y` reads `tap`; none if the whole
    /// line lies in the padding.
    fn source(&self, tap: usize, y: usize, inside: &Range<usize>) -> Option<usize> {
        let line = (y * self.stride.0 + tap / self.kernel.1 * self.dilation.0).checked_sub(self.padding.0)?;
        if line >= self.size.0 || inside.is_empty() {
            return None;
        }
        let column = inside.start * self.stride.1 + tap % self.kernel.1 * self.dilation.1 - self.padding.1;
        Some(line * self.size.1 + column)
    }
}
