//! Work on consecutive pieces of a tensor, on all cores where it is enough work to pay for waking them.
//!
//! The pieces are cut at fixed places, never by the number of threads, so the same input gives the same bits
//! however many cores run it.

use rayon::prelude::*;

use crate::float::Float;

/// Values that a task should at least work through, or handing it out costs more than it brings.
pub(crate) const TASK: usize = 16 * 1024;

/// A vector of `len` values, written in pieces of `width`: `write` gets where a piece starts, and the piece.
pub(crate) fn fill<T: Float>(len: usize, width: usize, write: impl Fn(usize, &mut [T]) + Sync) -> Vec<T> {
    let mut out = vec![T::ZERO; len];
    if len <= TASK {
        let pieces = out.chunks_mut(width).enumerate();
        pieces.for_each(|(piece, out)| write(piece * width, out));
    } else {
        out.par_chunks_mut(width)
            .enumerate()
            .with_min_len(TASK.div_ceil(width))
            .for_each(|(piece, out)| write(piece * width, out));
    }
    out
}

/// `compute` of each of `count` pieces of `width` values, in order.
pub(crate) fn map<R: Send>(count: usize, width: usize, compute: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
    if count * width <= TASK {
        return (0..count).map(compute).collect();
    }
    let pieces = (0..count).into_par_iter();
    pieces.with_min_len(TASK.div_ceil(width)).map(compute).collect()
}
