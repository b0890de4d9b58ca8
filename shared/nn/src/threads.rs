//! How many threads the kernels use, and how they share work.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::team;

/// What [`use_threads`] has set; 0 for as many as there are.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// How many threads the CPU kernels use from now on: at least one, and no more than 8 or the number of processors,
/// whichever is larger. Without it, there is one for each processor, or what `RAYON_NUM_THREADS` says. The results are
/// the same bits for any number.
///
/// More are not always faster. To hand out work takes a few millionths of a second, which a convolution does not feel,
/// but a small network's step may consist of: an agent's, or a recurrent network's over short sequences, is often
/// fastest on one. The training loop of the crate `training` tries, in the first steps.
pub fn use_threads(threads: usize) {
    THREADS.store(threads.max(1), Ordering::Relaxed);
}

/// How many threads the CPU kernels use.
pub fn threads() -> usize {
    match THREADS.load(Ordering::Relaxed) {
        0 => available(),
        threads => threads.min(most()),
    }
}

/// How many threads there can be: read once, because reading it takes longer than a small matrix product.
fn available() -> usize {
    static AVAILABLE: AtomicUsize = AtomicUsize::new(0);
    match AVAILABLE.load(Ordering::Relaxed) {
        0 => {
            let asked = std::env::var("RAYON_NUM_THREADS").ok();
            let asked = asked
                .and_then(|number| number.parse().ok())
                .filter(|&number| number > 0);
            let available =
                asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get));
            AVAILABLE.store(available, Ordering::Relaxed);
            available
        }
        available => available,
    }
}

/// How many threads can be asked for: even on a small machine some, to see that the number changes nothing.
pub(crate) fn most() -> usize {
    available().max(8)
}

/// Calls `work` with each of `items`, on as many threads as are in [use](use_threads), the calling one among them. Each
/// thread makes itself a state to work with. Where other threads are at work already (a second caller's, or the one
/// that this call is part of), the calling thread does all of it.
///
/// ```
/// let mut sums = [0; 3];
/// let rows = [[1, 2], [3, 4], [5, 6]];
/// let items = sums.iter_mut().zip(&rows).collect();
/// nn::share(items, || (), |_, (sum, row): (&mut i32, &[i32; 2])| *sum = row.iter().sum());
/// assert_eq!(sums, [3, 7, 11]);
/// ```
///
/// # Panics
/// As `work` does.
pub fn share<I: Send, S>(
    items: Vec<I>,
    new_state: impl Fn() -> S + Sync + Send,
    work: impl Fn(&mut S, I) + Sync + Send,
) {
    let helpers = (threads() - 1).min(items.len().saturating_sub(1));
    // Several at a time where there are many, or the threads would stand in line for them.
    let together = (items.len() / (16 * (helpers + 1))).max(1);
    let items = Mutex::new(items.into_iter());
    team::run(helpers, &|| {
        let mut state: Option<S> = None;
        let mut taken = Vec::with_capacity(together);
        loop {
            let mut left = items.lock().unwrap_or_else(PoisonError::into_inner);
            taken.extend(left.by_ref().take(together));
            drop(left);
            if taken.is_empty() {
                return;
            }
            let state = state.get_or_insert_with(&new_state);
            taken.drain(..).for_each(|item| work(state, item));
        }
    });
}

/// Calls `work` with each number below `count`, as [`share`].
pub(crate) fn for_each(count: usize, work: impl Fn(usize) + Sync + Send) {
    match count {
        1 => work(0),
        _ => share((0..count).collect(), || (), |_, number| work(number)),
    }
}

/// `compute` of each of `items`, in order.
pub(crate) fn map<I: Send, R: Send>(items: Vec<I>, compute: impl Fn(I) -> R + Sync + Send) -> Vec<R> {
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    let places = results.iter_mut().zip(items).collect();
    share(
        places,
        || (),
        |_, (place, item): (&mut Option<R>, I)| *place = Some(compute(item)),
    );
    results.into_iter().flatten().collect()
}
