//! How many threads the kernels use, and how they share work.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

/// What [`use_threads`] has set; 0 for as many as there are.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// How many threads the CPU kernels use from now on: at least one, at most as many as rayon has (one for each
/// processor, or what `RAYON_NUM_THREADS` says). The results are the same bits for any number.
///
/// More are not always faster. To hand out work takes a few millionths of a second, which a convolution does not feel,
/// but a small network's step may consist of: a recurrent network over short sequences, or an agent's, is often
/// fastest on one. The training loop of the crate `training` tries, in the first steps.
pub fn use_threads(threads: usize) {
    THREADS.store(threads.max(1), Ordering::Relaxed);
}

/// How many threads the CPU kernels use.
pub fn threads() -> usize {
    let available = || rayon::current_num_threads().max(1);
    match THREADS.load(Ordering::Relaxed) {
        0 => available(),
        1 => 1,
        threads => threads.min(available()),
    }
}

/// Makes the calling thread, which is about to train, one of rayon's `threads` (0 for one for each processor): it then
/// takes part in the work that it hands out, where it would otherwise sleep until others have been woken and are
/// done. Call it once, before anything uses rayon; later it has no effect.
pub fn join_threads(threads: usize) {
    let threads = match threads {
        0 => std::env::var("RAYON_NUM_THREADS")
            .ok()
            .and_then(|number| number.parse().ok()),
        threads => Some(threads),
    };
    let threads: usize = threads
        .filter(|&threads| threads > 0)
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get));
    if threads == 1 {
        // Alone in the pool, this thread could be waited for by one that it waits for itself.
        use_threads(1);
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    // An error says that there is a pool already, which serves as well.
    _ = match threads {
        1 => pool.build_global(),
        _ => pool.use_current_thread().build_global(),
    };
}

/// Calls `work` with each of `items`, on as many threads as are in [use](use_threads). Each thread makes itself a
/// `state` to work with.
///
/// ```
/// let mut sums = [0; 3];
/// let rows = [[1, 2], [3, 4], [5, 6]];
/// let items = sums.iter_mut().zip(&rows).collect();
/// nn::share(items, || (), |_, (sum, row): (&mut i32, &[i32; 2])| *sum = row.iter().sum());
/// assert_eq!(sums, [3, 7, 11]);
/// ```
pub fn share<I: Send, S>(
    items: Vec<I>,
    state: impl Fn() -> S + Sync + Send,
    work: impl Fn(&mut S, I) + Sync + Send,
) {
    let threads = threads();
    if threads == 1 || items.len() < 2 {
        let mut state = state();
        items.into_iter().for_each(|item| work(&mut state, item));
        return;
    }
    let least = match threads < rayon::current_num_threads() {
        true => items.len().div_ceil(threads),
        false => 1,
    };
    items
        .into_par_iter()
        .with_min_len(least)
        .for_each_init(state, work);
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
