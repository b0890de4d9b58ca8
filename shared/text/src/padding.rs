//! Sequences of ids in batches: filled up to one length.

use candle_core::{Device, Result, Tensor};

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
