//! Sequences of ids in batches: filled up to one length, and put together with others of nearly that length.

use candle_core::{Device, Result, Tensor};
use rand::seq::SliceRandom;
use training::Pass;

use crate::PADDING;

/// Rows of ids as one tensor (rows, longest), short ones filled up with [`PADDING`]; (rows, 1) where all are empty.
pub fn pad(rows: &[Vec<u32>]) -> Result<Tensor> {
    let longest = rows.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let mut ids = Vec::with_capacity(rows.len() * longest);
    for row in rows {
        ids.extend(row);
        ids.resize(ids.len() + longest - row.len(), PADDING);
    }
    Tensor::from_vec(ids, (rows.len(), longest), &Device::Cpu)
}

/// 1 where a sequence of that length has a step, 0 behind its end: (sequences, steps) of f32.
pub fn mask(lengths: &[usize], steps: usize, device: &Device) -> Result<Tensor> {
    let inside = lengths
        .iter()
        .flat_map(|&length| (0..steps).map(move |step| if step < length { 1f32 } else { 0.0 }));
    Tensor::from_vec(inside.collect(), (lengths.len(), steps), device)
}

/// An order for training in which each `batch_size` consecutive examples are of nearly the same length, so that little is
/// computed on padding: shuffled, sorted by length within groups of 32 batches, and the batches shuffled again. In evaluation,
/// the order of the data.
///
/// ```
/// let pass = training::Pass { seed: 7, epoch: 0, train: true };
/// let order = text::by_length(&[3, 9, 3, 9, 9, 3], 3, pass);
/// assert!(order[..3] == [1, 3, 4] || order[3..].iter().all(|place| [1, 3, 4].contains(place)) || order[..3].iter().all(|place| [1, 3, 4].contains(place)));
/// ```
pub fn by_length(lengths: &[usize], batch_size: usize, pass: Pass) -> Vec<usize> {
    let mut order = training::order(lengths.len(), pass);
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
