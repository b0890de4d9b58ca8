//! Work on consecutive pieces of a tensor, on all cores where it is enough work to pay for waking them.
//!
//! The pieces are cut at fixed places, never by the number of threads, so the same input gives the same bits
//! however many cores run it.

use crate::float::Float;
use crate::threads::{share, threads};

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
pub(crate) fn for_each_piece<T: Send>(
    values: &mut [T],
    width: usize,
    change: impl Fn(usize, &mut [T]) + Sync,
) {
    let width = width.max(1);
    let task = width * TASK.div_ceil(width);
    let work = |task_start: usize, values: &mut [T]| {
        let pieces = values.chunks_mut(width).enumerate();
        pieces.for_each(|(piece, values)| change(task_start + piece * width, values));
    };
    if values.len() <= task || threads() == 1 {
        return work(0, values);
    }
    let tasks = values.chunks_mut(task).enumerate().collect();
    share(tasks, || (), |_, (number, values)| work(number * task, values));
}

/// `compute` of each of `count` pieces of `width` values, in order.
pub(crate) fn map<R: Send + Default>(
    count: usize,
    width: usize,
    compute: impl Fn(usize) -> R + Sync + Send,
) -> Vec<R> {
    let mut results: Vec<R> = (0..count).map(|_| R::default()).collect();
    let together = TASK.div_ceil(width.max(1));
    let work = |start: usize, results: &mut [R]| {
        let numbered = results.iter_mut().enumerate();
        numbered.for_each(|(i, result)| *result = compute(start + i));
    };
    if count <= together || threads() == 1 {
        work(0, &mut results);
    } else {
        let tasks = results.chunks_mut(together).enumerate().collect();
        share(
            tasks,
            || (),
            |_, (number, results)| work(number * together, results),
        );
    }
    results
}
