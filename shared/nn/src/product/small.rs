//! Products of small matrices that were laid out with room for whole tiles.
//!
//! An attention head of 32 positions and 32 numbers is over in half a microsecond; a general matrix product needs
//! longer to lay out its operands. Here they are laid out once, and used in several products.

use super::tile::Tile;
use crate::float::Float;

/// The matrices reach this far beyond their sizes: the number of rows to a multiple of `ROWS`, that of columns to a
/// multiple of `COLUMNS`.
pub(crate) const ROWS: usize = 8;
pub(crate) const COLUMNS: usize = 16;

/// A matrix in a slice: how far apart its rows and its columns are.
#[derive(Clone, Copy)]
pub(crate) struct Spread<'a, T> {
    pub values: &'a [T],
    pub row: usize,
    pub column: usize,
}

/// Where a product goes: row by row, in place of what is there or added to it.
pub(crate) struct Target<'a, T> {
    pub values: &'a mut [T],
    pub row: usize,
    pub accumulate: bool,
}

/// `a·b` of m×k and k×n, where the rows of `b` are consecutive, on one thread. All but k is rounded up to `ROWS` and
/// `COLUMNS`, so the slices must have room for that.
pub(crate) fn small_product<T: Float>(
    (m, k, n): (usize, usize, usize),
    a: Spread<'_, T>,
    (b, b_row): (&[T], usize),
    c: Target<'_, T>,
) {
    let (m, n) = (m.next_multiple_of(ROWS), n.next_multiple_of(COLUMNS));
    if m == 0 || n == 0 {
        return;
    }
    assert!(c.values.len() >= (m - 1) * c.row + n, "the product has no room");
    if let Some(last) = k.checked_sub(1) {
        let enough = a.values.len() > (m - 1) * a.row + last * a.column && b.len() >= last * b_row + n;
        assert!(enough, "a factor is smaller than its size");
    }
    let tiles = T::product_tiles();
    for i in (0..m).step_by(tiles.rows()) {
        for j in (0..n).step_by(tiles.columns()) {
            let (rows, columns) = (tiles.rows().min(m - i), tiles.columns().min(n - j));
            let target = c.values[i * c.row + j..].as_mut_ptr();
            let job = Tile {
                k,
                a: a.values.as_ptr().wrapping_add(i * a.row),
                a_row: a.row,
                a_column: a.column,
                b: b.as_ptr().wrapping_add(j),
                b_row,
                from: if c.accumulate { target } else { std::ptr::null() },
                from_row: c.row,
                c: target,
                c_row: c.row,
            };
            // SAFETY: the slices were just found to hold what the product reads and writes; `COLUMNS` is a multiple of
            // every register's size.
            unsafe { tiles.tiles[columns / tiles.lanes - 1][rows - 1](&job) };
        }
    }
}
