//! Where the vectors of attention heads lie in a tensor.

use candle_core::{Layout, Result, Shape, Storage, Tensor, bail};

use crate::cpu::Real;

/// How the heads share a tensor.
#[derive(Clone, Copy, Debug)]
pub(super) enum Heads {
    /// (batch, heads, positions, size)
    Apart,
    /// (batch, positions, parts · heads · size): in each part the vectors of all heads one behind the other.
    Joined { heads: usize, parts: usize, part: usize },
}

/// One of queries, keys and values: the number of the tensor that it is in, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    pub tensor: usize,
    pub heads: Heads,
}

/// The distances in a tensor's memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strides {
    start: usize,
    batch: usize,
    head: usize,
    pub position: usize,
    pub element: usize,
}

impl Strides {
    /// In a tensor of `dims`, whose memory has the distances `strides` from `start` on.
    fn new(heads: Heads, dims: &[usize], strides: &[usize], start: usize) -> Self {
        match heads {
            Heads::Apart => Self {
                start,
                batch: strides[0],
                head: strides[1],
                position: strides[2],
                element: strides[3],
            },
            Heads::Joined { heads, parts, part } => Self {
                start: start + dims[2] / parts * part * strides[2],
                batch: strides[0],
                head: dims[2] / parts / heads * strides[2],
                position: strides[1],
                element: strides[2],
            },
        }
    }

    pub fn of(heads: Heads, tensor: &Tensor) -> Self {
        let layout = tensor.layout();
        Self::new(heads, tensor.dims(), layout.stride(), layout.start_offset())
    }

    /// In a tensor of `shape` without gaps.
    pub fn contiguous(heads: Heads, shape: &Shape) -> Self {
        Self::new(heads, shape.dims(), Layout::contiguous(shape).stride(), 0)
    }

    /// The first element of a vector.
    pub fn at(&self, (batch, head): (usize, usize), position: usize) -> usize {
        self.start + batch * self.batch + head * self.head + position * self.position
    }
}

/// Calls `f` with the whole memory of each tensor, of which its layout says what belongs to it.
pub(super) fn memory<T: Real, R>(tensors: &[&Tensor], f: impl FnOnce(&[&[T]]) -> R) -> Result<R> {
    let locks: Vec<_> = tensors.iter().map(|t| t.storage_and_layout().0).collect();
    let slices = locks
        .iter()
        .map(|storage| match &**storage {
            Storage::Cpu(storage) => T::cpu_storage_as_slice(storage),
            _ => bail!("a CPU kernel was given a tensor that lives on a GPU"),
        })
        .collect::<Result<Vec<&[T]>>>()?;
    Ok(f(&slices))
}
