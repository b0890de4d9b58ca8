//! Batches in a seeded order, made on background threads while the last one trains.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, sync_channel},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use rand::seq::SliceRandom;

use crate::{Dataset, Pass};

/// How a pass is cut into batches.
///
/// The last batch may be smaller; it is never dropped. In training, a last batch of a single example joins the
/// one before it: there is no variance in one example for a batch norm to divide by.
#[derive(Clone, Copy, Debug)]
pub struct BatchPlan {
    examples: usize,
    batch_size: usize,
    batches: usize,
    limit: usize,
}

impl BatchPlan {
    /// Cuts `examples` into batches of `batch_size` (at least 1), of which `limit` at most are visited.
    pub fn new(examples: usize, batch_size: usize, train: bool, limit: Option<usize>) -> Self {
        let batch_size = batch_size.max(1);
        let lone = train && examples > batch_size && examples % batch_size == 1;
        let batches = examples.div_ceil(batch_size) - usize::from(lone);
        BatchPlan {
            examples,
            batch_size,
            batches,
            limit: limit.unwrap_or(usize::MAX),
        }
    }

    /// How many batches the pass visits.
    pub fn count(&self) -> usize {
        self.batches.min(self.limit)
    }

    /// The places in the pass's order that batch `number` takes.
    pub fn range(&self, number: usize) -> Range<usize> {
        let start = number * self.batch_size;
        let end = if number + 1 == self.batches {
            self.examples
        } else {
            start + self.batch_size
        };
        start..end
    }
}

/// The batches of one pass over a data set, in order, as an iterator of results.
///
/// Some threads make batches ahead of the loop. Which thread makes a batch never changes what is in it,
/// because [`Pass::random`] depends on the example alone.
pub struct Batches<B> {
    lanes: Vec<Receiver<Result<B>>>,
    next: usize,
    total: usize,
    stop: Arc<AtomicBool>,
    waited: Duration,
}

/// How many finished batches each thread holds ready.
const READY: usize = 2;

/// How many threads make batches: one for each processor, for what decodes pictures or sound takes longer than a small
/// network; but not so many that what they hold ready fills the memory.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, |processors| processors.get().clamp(2, 8))
}

/// The numbers from 0 to `len`: shuffled by (seed, epoch) in training, else as they stand.
pub fn order(len: usize, pass: Pass) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    if pass.train {
        order.shuffle(&mut nn::random(pass.seed, &format!("order/epoch {}", pass.epoch)));
    }
    order
}

/// An order for training in which each `batch_size` consecutive examples are of nearly the same length, so that little is
/// computed on padding: shuffled, sorted by length within groups of 32 batches, and the batches shuffled again. In evaluation,
/// the order of the data.
///
/// ```
/// let pass = training::Pass { seed: 7, epoch: 0, train: true };
/// let order = training::by_length(&[3, 9, 3, 9, 9, 3], 3, pass);
/// assert!(order[..3] == [1, 3, 4] || order[3..].iter().all(|place| [1, 3, 4].contains(place)) || order[..3].iter().all(|place| [1, 3, 4].contains(place)));
/// ```
pub fn by_length(lengths: &[usize], batch_size: usize, pass: Pass) -> Vec<usize> {
    let mut order = order(lengths.len(), pass);
    if !pass.train {
        return order;
    }
    let batch_size = batch_size.max(1);
    for group in order.chunks_mut(32 * batch_size) {
        group.sort_by_key(|&place| lengths[place]);
    }
    // A last batch that is not full stays last: the loop cuts batches by counting.
    let full = order.len() / batch_size * batch_size;
    let mut batches: Vec<&[usize]> = order[..full].chunks(batch_size).collect();
    batches.shuffle(&mut nn::random(
        pass.seed,
        &format!("batches/epoch {}", pass.epoch),
    ));
    batches
        .concat()
        .into_iter()
        .chain(order[full..].iter().copied())
        .collect()
}

impl<B: Send + 'static> Batches<B> {
    /// The batches of `pass` from number `first` on (0 but for a resumed epoch), `limit` batches at most.
    pub fn new<D: Dataset<Batch = B> + ?Sized>(
        data: &Arc<D>,
        batch_size: usize,
        pass: Pass,
        first: usize,
        limit: Option<usize>,
    ) -> Self {
        let order = Arc::new(data.order(pass));
        let plan = BatchPlan::new(order.len(), batch_size, pass.train, limit);
        let stop = Arc::new(AtomicBool::new(false));
        let threads = threads();
        let lanes = (0..threads)
            .map(|thread| {
                let (sender, receiver) = sync_channel(READY);
                let (data, order, stop) = (data.clone(), order.clone(), stop.clone());
                // Lane `number % threads` makes batch `number`, so the loop reads the lanes in turn.
                let numbers = (first..plan.count()).filter(move |number| number % threads == thread);
                std::thread::spawn(move || {
                    for number in numbers {
                        let batch = data.batch(&order[plan.range(number)], pass);
                        if stop.load(Ordering::Relaxed) || sender.send(batch).is_err() {
                            return;
                        }
                    }
                });
                receiver
            })
            .collect();
        Batches {
            lanes,
            next: first,
            total: plan.count(),
            stop,
            waited: Duration::ZERO,
        }
    }
}

impl<B> Batches<B> {
    /// How long [`next`](Iterator::next) has waited for batches that were not ready.
    pub fn waited(&self) -> Duration {
        self.waited
    }
}

impl<B> Iterator for Batches<B> {
    type Item = Result<B>;

    fn next(&mut self) -> Option<Result<B>> {
        if self.next >= self.total {
            return None;
        }
        let number = self.next;
        self.next += 1;
        let begin = Instant::now();
        let batch = self.lanes[number % self.lanes.len()].recv();
        self.waited += begin.elapsed();
        Some(batch.unwrap_or_else(|_| {
            self.total = 0;
            Err(anyhow!(
                "the thread that makes batches panicked at batch {number}; its message stands above"
            ))
        }))
    }
}

impl<B> Drop for Batches<B> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
