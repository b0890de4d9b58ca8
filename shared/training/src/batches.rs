//! Batches in a seeded order, made on background threads while the last one trains.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
    mpsc::{Receiver, sync_channel},
};

use anyhow::{Result, anyhow};
use rand::seq::SliceRandom;

use crate::{Dataset, Pass};

/// The batches of one pass over a data set, in order, as an iterator of results.
///
/// Two threads make batches ahead of the loop. Which thread makes a batch never changes what is in it,
/// because [`Pass::random`] depends on the example alone. The last batch may be smaller; it is never dropped.
pub struct Batches<B> {
    lanes: Vec<Receiver<Result<B>>>,
    next: usize,
    total: usize,
    stop: Arc<AtomicBool>,
}

/// How many threads make batches, and how many finished batches each holds ready.
const THREADS: usize = 2;
const READY: usize = 2;

/// The order in which pass `pass` visits `len` examples: shuffled by (seed, epoch) in training, else as stored.
pub fn order(len: usize, pass: Pass) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    if pass.train {
        order.shuffle(&mut nn::random(pass.seed, &format!("order/epoch {}", pass.epoch)));
    }
    order
}

impl<B: Send + 'static> Batches<B> {
    /// The batches of `pass` from number `first` on (0 but for a resumed epoch), `limit` batches at most.
    pub fn new<D: Dataset<Batch = B>>(
        data: &Arc<D>,
        batch_size: usize,
        pass: Pass,
        first: usize,
        limit: Option<usize>,
    ) -> Self {
        let order = Arc::new(order(data.len(), pass));
        let total = batch_count(order.len(), batch_size, limit);
        let stop = Arc::new(AtomicBool::new(false));
        let lanes = (0..THREADS)
            .map(|thread| {
                let (sender, receiver) = sync_channel(READY);
                let (data, order, stop) = (data.clone(), order.clone(), stop.clone());
                // Lane `number % THREADS` makes batch `number`, so the loop reads the lanes in turn.
                let numbers = (first..total).filter(move |number| number % THREADS == thread);
                std::thread::spawn(move || {
                    for number in numbers {
                        let start = number * batch_size;
                        let end = (start + batch_size).min(order.len());
                        let batch = data.batch(&order[start..end], pass);
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
            total,
            stop,
        }
    }
}

/// How many batches `len` examples make.
pub fn batch_count(len: usize, batch_size: usize, limit: Option<usize>) -> usize {
    len.div_ceil(batch_size.max(1)).min(limit.unwrap_or(usize::MAX))
}

impl<B> Iterator for Batches<B> {
    type Item = Result<B>;

    fn next(&mut self) -> Option<Result<B>> {
        if self.next >= self.total {
            return None;
        }
        let number = self.next;
        self.next += 1;
        let batch = self.lanes[number % THREADS].recv();
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
