//! Matrix products of fully connected layers.
//!
//! The second factor is packed once into panels as wide as a tile, for all tasks together. The first is read where it
//! lies if its rows are consecutive; else each task packs its own rows. With a general matrix product in a task for
//! each tile both were packed again and again, a fifth of the time.

mod small;
mod tile;

use crate::cpu::{self, Matrix, Shared};
use crate::float::Float;
use crate::threads::share;
pub(crate) use small::{COLUMNS, ROWS, Spread, Target, small_product};
use tile::Tile;
pub(crate) use tile::{Tiles, product_tiles_f32, product_tiles_f64};

/// Terms that are summed in one go: a panel of so many rows stays in the first two caches.
const DEPTH: usize = 256;

/// On all cores: `a·b`, plus `bias` in each row, as a row-major matrix of m×n elements.
pub(crate) fn product<T: Float>(
    (m, k, n): (usize, usize, usize),
    a: Matrix<T>,
    b: Matrix<T>,
    bias: Option<&[T]>,
) -> Vec<T> {
    // Too little to be worth the packing.
    if m < 8 || n < 8 || k < 8 {
        return cpu::product((m, k, n), a, b, bias);
    }
    product_by((m, k, n), a, b, bias, T::product_tiles())
}

fn product_by<T: Float>(
    (m, k, n): (usize, usize, usize),
    a: Matrix<T>,
    b: Matrix<T>,
    bias: Option<&[T]>,
    tiles: &'static Tiles<T>,
) -> Vec<T> {
    let panels = Panels::new((k, n), b, tiles);
    let (rows, across) = tasks((m, k, n), panels.width);
    let mut values: Vec<T> = Vec::with_capacity(m * n);
    let job = Job {
        sizes: (m, k, n),
        a,
        panels: &panels,
        bias,
        c: Shared::from(values.as_mut_ptr()),
        tiles,
    };
    let groups = panels.count().div_ceil(across);
    let compute = |scratch: &mut Vec<T>, task: usize| {
        let (i, panel) = (task / groups * rows, task % groups * across);
        job.compute(
            scratch,
            i..m.min(i + rows),
            panel..panels.count().min(panel + across),
        );
    };
    match m.div_ceil(rows) * groups {
        1 => compute(&mut Vec::new(), 0),
        count => share((0..count).collect(), Vec::new, compute),
    }
    // SAFETY: the capacity; and every element of every task has been written.
    unsafe { values.set_len(m * n) };
    values
}

/// The rows and panels of a product that one task computes: by the sizes alone, not by the number of cores.
fn tasks((m, k, n): (usize, usize, usize), width: usize) -> (usize, usize) {
    let panels = n.div_ceil(width);
    // Below about a tenth of a millisecond of work, handing out tasks costs more than it brings.
    if m * k * n < 1 << 20 {
        return (m, panels);
    }
    let (mut rows, mut across) = (128, 8);
    while m.div_ceil(rows) * panels.div_ceil(across) < 8 && (rows > 32 || across > 1) {
        match rows > 32 {
            true => rows /= 2,
            false => across /= 2,
        }
    }
    (rows, across)
}

/// A matrix of k rows in panels of `width` columns, each row by row. The last is narrower, but filled up with zeros to
/// whole registers.
struct Panels<T> {
    values: Vec<T>,
    sizes: (usize, usize),
    width: usize,
    lanes: usize,
}

impl<T: Float> Panels<T> {
    fn new((k, n): (usize, usize), b: Matrix<T>, tiles: &Tiles<T>) -> Self {
        let (width, lanes) = (tiles.columns(), tiles.lanes);
        let len = k * n.next_multiple_of(lanes);
        let values = crate::pieces::fill(len, k * width, |at, panel| {
            let from = at / k;
            let (columns, full) = (width.min(n - from), panel.len() / k);
            // SAFETY: columns `from` to `from + columns` and all k rows lie in the matrix.
            unsafe {
                let b = b.from(0, from);
                if b.column == 1 {
                    for (row, to) in panel.chunks_exact_mut(full).enumerate() {
                        let (to, rest) = to.split_at_mut(columns);
                        to.copy_from_slice(std::slice::from_raw_parts(b.start.add(row * b.row), columns));
                        rest.fill(T::ZERO);
                    }
                    return;
                }
                if columns < full {
                    panel.fill(T::ZERO);
                }
                for column in 0..columns {
                    let from = b.start.add(column * b.column);
                    for (row, to) in panel.chunks_exact_mut(full).enumerate() {
                        to[column] = *from.add(row * b.row);
                    }
                }
            }
        });
        Self {
            values,
            sizes: (k, n),
            width,
            lanes,
        }
    }

    fn count(&self) -> usize {
        self.sizes.1.div_ceil(self.width)
    }

    /// A panel from a row on: its start, how many of its columns count, and how many it has.
    fn panel(&self, number: usize, row: usize) -> (*const T, usize, usize) {
        let (k, n) = self.sizes;
        let columns = self.width.min(n - number * self.width);
        let full = columns.next_multiple_of(self.lanes);
        let start = number * self.width * k + row * full;
        (self.values[start..].as_ptr(), columns, full)
    }
}

struct Job<'a, T: 'static> {
    sizes: (usize, usize, usize),
    a: Matrix<T>,
    panels: &'a Panels<T>,
    bias: Option<&'a [T]>,
    c: Shared<T>,
    tiles: &'static Tiles<T>,
}

impl<T: Float> Job<'_, T> {
    /// The rows `rows` of the panels `panels`.
    fn compute(&self, scratch: &mut Vec<T>, rows: std::ops::Range<usize>, panels: std::ops::Range<usize>) {
        let (_, k, n) = self.sizes;
        let step = self.tiles.rows();
        let mut edge = vec![T::ZERO; step * self.panels.width];
        for from in (0..k).step_by(DEPTH) {
            let depth = DEPTH.min(k - from);
            if self.a.column != 1 {
                self.pack(scratch, rows.clone(), from, depth);
            }
            for panel in panels.clone() {
                let (b, columns, full) = self.panels.panel(panel, from);
                let column = panel * self.panels.width;
                for i in rows.clone().step_by(step) {
                    let height = step.min(rows.end - i);
                    let (a, a_row, a_column) = match self.a.column {
                        // SAFETY: the tile's first row is in the matrix.
                        1 => (unsafe { self.a.from(i, from) }.start, self.a.row, 1),
                        _ => (
                            scratch[(i - rows.start) / step * packed_tile(depth, step)..].as_ptr(),
                            1,
                            step,
                        ),
                    };
                    // SAFETY: the tile's start lies in the result.
                    let c = unsafe { self.c.add(i * n + column) };
                    let (start, start_row) = match (from, self.bias) {
                        (0, None) => (std::ptr::null(), 0),
                        (0, Some(bias)) => (bias[column..].as_ptr(), 0),
                        _ => (c.cast_const(), n),
                    };
                    let mut job = Tile {
                        k: depth,
                        a,
                        a_row,
                        a_column,
                        b,
                        b_row: full,
                        from: start,
                        from_row: start_row,
                        c,
                        c_row: n,
                    };
                    let compute = self.tiles.tiles[full / self.tiles.lanes - 1][height - 1];
                    if columns == full {
                        // SAFETY: `height` rows of `a` and of the result, `full` columns of the result and of the
                        // panel, and `depth` terms are there; the result's are this task's alone, and were written
                        // before they are read.
                        unsafe { compute(&job) };
                        continue;
                    }
                    // The last columns do not fill the register, so the tile is computed elsewhere.
                    // SAFETY: as above, with the tile in `edge`.
                    unsafe {
                        for row in 0..if start.is_null() { 0 } else { height } {
                            let start = start.add(row * start_row);
                            edge[row * full..]
                                .as_mut_ptr()
                                .copy_from_nonoverlapping(start, columns);
                        }
                        job.c = edge.as_mut_ptr();
                        job.c_row = full;
                        job.from = if start.is_null() { start } else { edge.as_ptr() };
                        job.from_row = full;
                        compute(&job);
                        for row in 0..height {
                            c.add(row * n)
                                .copy_from_nonoverlapping(edge[row * full..].as_ptr(), columns);
                        }
                    }
                }
            }
        }
    }

    /// Copies terms of some rows of `a` to `scratch`: tile by tile, the column of a tile in one piece.
    fn pack(&self, scratch: &mut Vec<T>, rows: std::ops::Range<usize>, from: usize, depth: usize) {
        let step = self.tiles.rows();
        let tile = packed_tile(depth, step);
        scratch.resize(rows.len().div_ceil(step) * tile, T::ZERO);
        let whole = rows.len() / step;
        for term in 0..depth {
            // SAFETY: `rows` and this term of each lie in the matrix.
            unsafe {
                let a = self.a.from(rows.start, from + term);
                let to = &mut scratch[term * step..];
                match (a.row, step) {
                    (1, 8) => copy_pieces::<T, 8>(std::slice::from_raw_parts(a.start, whole * 8), to, tile),
                    (1, 4) => copy_pieces::<T, 4>(std::slice::from_raw_parts(a.start, whole * 4), to, tile),
                    _ => (0..whole * step)
                        .for_each(|i| to[i / step * tile + i % step] = *a.start.add(i * a.row)),
                }
                for i in whole * step..rows.len() {
                    to[i / step * tile + i % step] = *a.start.add(i * a.row);
                }
            }
        }
    }
}

/// From one packed tile to the next. Not a power of 2, or all tiles would share a few lines of the cache.
fn packed_tile(depth: usize, rows: usize) -> usize {
    depth * rows + 16
}

/// Copies pieces of N numbers to places `apart`. (Of a length that only the program knows, each would be a call of
/// `memcpy`, which takes longer than the copy.)
fn copy_pieces<T: Copy, const N: usize>(from: &[T], to: &mut [T], apart: usize) {
    for (from, to) in from.as_chunks::<N>().0.iter().zip(to.chunks_mut(apart)) {
        if let Some(to) = to.first_chunk_mut::<N>() {
            *to = *from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every size around tiles, panels and depths, of either orientation, with every instruction set that there is.
    #[test]
    fn products_are_those_of_the_definition() {
        let sizes = [
            (8, 8, 8),
            (9, 300, 49),
            (35, 17, 130),
            (130, 9, 8),
            (33, 513, 500),
        ];
        for (m, k, n) in sizes {
            let a: Vec<f32> = (0..m * k).map(|i| (i * 7 % 11) as f32 - 5.0).collect();
            let b: Vec<f32> = (0..k * n).map(|i| (i * 5 % 13) as f32 - 6.0).collect();
            let bias: Vec<f32> = (0..n).map(|i| i as f32).collect();
            for (turn_a, turn_b, with_bias) in [
                (false, false, true),
                (true, false, false),
                (false, true, false),
                (true, true, true),
            ] {
                let x = match turn_a {
                    false => Matrix::rows(&a, k),
                    true => Matrix::rows(&a, m).transposed(),
                };
                let w = match turn_b {
                    false => Matrix::rows(&b, n),
                    true => Matrix::rows(&b, k).transposed(),
                };
                let bias = with_bias.then_some(&bias[..]);
                let expected = |i: usize, j: usize| {
                    let terms = (0..k).map(|l| a[i * x.row + l * x.column] * b[l * w.row + j * w.column]);
                    bias.map_or(0.0, |bias| bias[j]) + terms.sum::<f32>()
                };
                for tiles in [tile::portable_f32(), product_tiles_f32()] {
                    let c = product_by((m, k, n), x, w, bias, tiles);
                    for (at, c) in c.iter().enumerate() {
                        assert_eq!(*c, expected(at / n, at % n), "{m}x{k}x{n}, element {at}");
                    }
                }
            }
        }
    }
}
