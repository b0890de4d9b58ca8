//! Work on consecutive pieces of a tensor, on all cores where it is enough work to pay for waking them.
//!
//! The pieces are cut at fixed places, never by the number of threads, so the same input gives the same bits
//! however many cores run it.

use rayon::prelude::*;

use crate::float::Float;

/// Values that a task should at least work through, or handing it out costs more than it brings.
pub(crate) const TASK: usize = 16 * 1024;

/// A vector of `len` values, written in pieces of `width`: `write` gets where a piece starts, and the piece, of
/// which it must write every value before it reads any. (They are not zeroed first: that would take as long as
/// a cheap kernel itself.)
pub(crate) fn fill<T: Float>(len: usize, width: usize, write: impl Fn(usize, &mut [T]) + Sync) -> Vec<T> {
    let mut out = Vec::with_capacity(len);
    // SAFETY: the capacity is `len`. Nothing is read before it is written, and numbers need no drop.
    let values: &mut [T] = unsafe { std::slice::from_raw_parts_mut(out.as_mut_ptr(), len) };
    for_each_piece(values, width, write);
    // SAFETY: every piece has been written.
    unsafe { out.set_len(len) };
    out
}

/// Calls `change` with each piece of `width` values of `values`, and where it starts.
pub(crate) fn for_each_piece<T: Send>(values: &mut [T], width: usize, change: impl Fn(usize, &mut [T]) + Sync) {
    if values.len() <= TASK {
        let pieces = values.chunks_mut(width).enumerate();
        pieces.for_each(|(piece, values)| change(piece * width, values));
    } else {
        values
            .par_chunks_mut(width)
            .enumerate()
            .with_min_len(TASK.div_ceil(width))
            .for_each(|(piece, values)| change(piece * width, values));
    }
}

/// `compute` of each of `count` pieces of `width` values, in order.
pub(crate) fn map<R: Send>(count: usize, width: usize, compute: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
    if count * width <= TASK {
        return (0..count).map(compute).collect();
    }
    let pieces = (0..count).into_par_iter();
    pieces.with_min_len(TASK.div_ceil(width)).map(compute).collect()
}
