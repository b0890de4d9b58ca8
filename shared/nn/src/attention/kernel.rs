//! Attention as one operation on the CPU: the scores of a few queries at a time, which never leave the cache.
//!
//! Each head is copied from wherever its vectors lie into scratch memory with room for whole tiles. The scores stand
//! there with the keys below each other and the queries side by side. Nothing of the size queries × keys is kept for
//! the way back: it computes the weights again (Dao et al. 2022, <https://arxiv.org/abs/2205.14135>).

use candle_core::{Result, Shape, Tensor};

use super::heads::{Heads, Source, Strides, memory};
use super::softmax::{softmax, softmax_again, softmax_backward};
use crate::cpu::{Shared, read};
use crate::float::Float;
use crate::product::{COLUMNS, ROWS, Spread, Target, small_product};
use crate::simd::simd;
use crate::tape::record;
use crate::threads::share;

/// Queries that are worked on at a time.
pub(super) const BLOCK: usize = 32;

/// The numbers of everything.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub batch: usize,
    pub heads: usize,
    pub queries: usize,
    pub keys: usize,
    /// Of a query and of a key.
    pub size: usize,
    /// Of a value.
    pub value: usize,
}

/// Attention with all that decides about its weights, except queries and keys.
#[derive(Clone, Debug)]
pub(super) struct Attention {
    pub sizes: Sizes,
    pub causal: bool,
    /// For each of the batch and each key, whether it may be attended to.
    pub allowed: Option<Vec<bool>>,
    /// (batch, heads, queries, keys), added to the scores.
    pub bias: Option<Tensor>,
    /// (batch, heads, queries, keys), by which the weights are multiplied.
    pub dropout: Option<Tensor>,
}

impl Attention {
    /// Attends with the queries, keys and values that `sources` finds in `tensors`, and arranges the result as `heads`.
    pub fn apply<T: Float>(self, tensors: Vec<Tensor>, sources: [Source; 3], heads: Heads) -> Result<Tensor> {
        let Sizes {
            batch,
            heads: count,
            queries,
            value,
            ..
        } = self.sizes;
        let shape = match heads {
            Heads::Apart => Shape::from((batch, count, queries, value)),
            Heads::Joined { .. } => Shape::from((batch, queries, count * value)),
        };
        let result = Strides::contiguous(heads, &shape);
        let strides = sources.map(|source| Strides::of(source.heads, &tensors[source.tensor]));
        let (y, kept) = self.read::<T, _>(&tensors, sources, |q, k, v, extra| {
            self.forward([q, k, v], extra, strides, result)
        })?;
        let inputs = tensors.clone();
        let inputs: Vec<&Tensor> = inputs.iter().collect();
        record(y, shape, &inputs, move |gradient| {
            let copies =
                sources.map(|source| Strides::contiguous(source.heads, tensors[source.tensor].shape()));
            let mut out: Vec<Vec<T>> = tensors
                .iter()
                .map(|tensor| Vec::with_capacity(tensor.elem_count()))
                .collect();
            let into = sources.map(|source| Shared::from(out[source.tensor].as_mut_ptr()));
            self.read::<T, _>(&tensors, sources, |q, k, v, extra| {
                read([gradient], |[gradient]: [&[T]; 1]| {
                    self.backward(
                        [q, k, v],
                        extra,
                        strides,
                        (gradient, result),
                        &kept,
                        (into, copies),
                    )
                })
            })??;
            for (out, tensor) in out.iter_mut().zip(&tensors) {
                // SAFETY: the capacity; and every vector of every head, of which the tensors consist, was written.
                unsafe { out.set_len(tensor.elem_count()) };
            }
            let out = out.into_iter().zip(&tensors);
            out.map(|(out, tensor)| Ok(Some(Tensor::from_vec(out, tensor.shape(), tensor.device())?)))
                .collect()
        })
    }

    /// Calls `f` with the memory of queries, keys and values, and of what there is of bias and dropout.
    fn read<T: Float, R>(
        &self,
        tensors: &[Tensor],
        sources: [Source; 3],
        f: impl FnOnce(&[T], &[T], &[T], Extra<'_, T>) -> R,
    ) -> Result<R> {
        let all = sources.iter().map(|source| &tensors[source.tensor]);
        let all: Vec<&Tensor> = all.chain(&self.bias).chain(&self.dropout).collect();
        memory(&all, |all| {
            let bias = self
                .bias
                .as_ref()
                .map(|bias| (all[3], Strides::of(Heads::Apart, bias)));
            let dropout = self
                .dropout
                .as_ref()
                .map(|dropout| (all[all.len() - 1], Strides::of(Heads::Apart, dropout)));
            f(all[0], all[1], all[2], Extra { bias, dropout })
        })
    }

    /// The result, and for each head and query what [`softmax`] leaves.
    fn forward<T: Float>(
        &self,
        [q, k, v]: [&[T]; 3],
        extra: Extra<'_, T>,
        [of_q, of_k, of_v]: [Strides; 3],
        of_result: Strides,
    ) -> (Vec<T>, Vec<T>) {
        let Sizes {
            batch,
            heads,
            queries,
            keys,
            value,
            ..
        } = self.sizes;
        let len = batch * heads * queries * value;
        let mut out = Vec::with_capacity(len);
        let result = Shared::from(out.as_mut_ptr());
        let blocks = queries.div_ceil(BLOCK);
        let mut kept = vec![T::ZERO; batch * heads * blocks * 2 * BLOCK];
        let all_kept = Shared::new(&mut kept);
        self.for_each_head(
            || Scratch::new(self.sizes),
            |scratch, number| {
                let head = (number / heads, number % heads);
                scratch.k.gather(k, of_k, head, 0..keys, T::ONE);
                scratch.v.gather(v, of_v, head, 0..keys, T::ONE);
                for block in 0..blocks {
                    let (from, rows, seen) = self.block(block);
                    scratch.scores(q, of_q, head, from, rows, seen, self.scale());
                    let s = &mut scratch.s.values[..seen * BLOCK];
                    self.restrict(s, extra, head, from, rows);
                    // SAFETY: each block of each head has its own part.
                    let kept = unsafe { all_kept.slice((number * blocks + block) * 2 * BLOCK, 2 * BLOCK) };
                    let (maxima, inverses) = kept.split_at_mut(BLOCK);
                    softmax(s, rows.next_multiple_of(COLUMNS), maxima, inverses);
                    self.drop_some(s, extra, head, from, rows);
                    small_product(
                        (rows, seen, value),
                        scratch.s.transposed(),
                        scratch.v.rows(),
                        scratch.o.target(false),
                    );
                    // SAFETY: each query of each head has its own vector in the result.
                    unsafe {
                        scratch
                            .o
                            .scatter(result, of_result, head, from..from + rows, T::ONE)
                    };
                }
            },
        );
        // SAFETY: the capacity; and every query's vector in every head was written.
        unsafe { out.set_len(len) };
        (out, kept)
    }

    /// Writes the gradients of queries, keys and values.
    fn backward<T: Float>(
        &self,
        [q, k, v]: [&[T]; 3],
        extra: Extra<'_, T>,
        [of_q, of_k, of_v]: [Strides; 3],
        (gradient, of_gradient): (&[T], Strides),
        kept: &[T],
        ([into_q, into_k, into_v], [to_q, to_k, to_v]): ([Shared<T>; 3], [Strides; 3]),
    ) {
        let Sizes {
            heads,
            queries,
            keys,
            size,
            value,
            ..
        } = self.sizes;
        let blocks = queries.div_ceil(BLOCK);
        self.for_each_head(
            || Backward::new(self.sizes),
            |all, number| {
                let head = (number / heads, number % heads);
                let Backward {
                    forward,
                    g,
                    gt,
                    ds,
                    dq,
                    dk,
                    dv,
                } = all;
                forward.k.gather(k, of_k, head, 0..keys, T::ONE);
                forward.v.gather(v, of_v, head, 0..keys, T::ONE);
                dk.values.fill(T::ZERO);
                dv.values.fill(T::ZERO);
                for block in 0..blocks {
                    let (from, rows, seen) = self.block(block);
                    let columns = rows.next_multiple_of(COLUMNS);
                    let kept = &kept[(number * blocks + block) * 2 * BLOCK..][..2 * BLOCK];
                    let (maxima, inverses) = kept.split_at(BLOCK);
                    forward.scores(q, of_q, head, from, rows, seen, self.scale());
                    let s = &mut forward.s.values[..seen * BLOCK];
                    self.restrict(s, extra, head, from, rows);
                    softmax_again(s, columns, maxima, inverses);
                    g.gather(gradient, of_gradient, head, from..from + rows, T::ONE);
                    g.transpose(rows, gt);
                    small_product(
                        (seen, value, rows),
                        forward.v.matrix(),
                        gt.rows(),
                        ds.target(false),
                    );
                    let gradient = &mut ds.values[..seen * BLOCK];
                    self.drop_some(gradient, extra, head, from, rows);
                    softmax_backward(s, gradient, columns);
                    self.drop_some(s, extra, head, from, rows);
                    small_product((seen, rows, value), forward.s.matrix(), g.rows(), dv.target(true));
                    small_product(
                        (rows, seen, size),
                        ds.transposed(),
                        forward.k.rows(),
                        dq.target(false),
                    );
                    small_product((seen, rows, size), ds.matrix(), forward.q.rows(), dk.target(true));
                    // SAFETY: each query of each head has its own vector in the gradient.
                    unsafe { dq.scatter(into_q, to_q, head, from..from + rows, self.scale()) };
                }
                // SAFETY: as for the queries; where the three share a tensor, each has its own part.
                unsafe {
                    dk.scatter(into_k, to_k, head, 0..keys, T::ONE);
                    dv.scatter(into_v, to_v, head, 0..keys, T::ONE);
                }
            },
        );
    }

    fn scale<T: Float>(&self) -> T {
        T::of(1.0 / (self.sizes.size as f64).sqrt())
    }

    /// The first query of a block, how many there are, and the keys up to the last that any of them may see. These are
    /// all, or fill the rows of a product: it rounds up, and must not add to the gradients of keys behind them.
    fn block(&self, number: usize) -> (usize, usize, usize) {
        let Sizes { queries, keys, .. } = self.sizes;
        let from = number * BLOCK;
        let rows = BLOCK.min(queries - from);
        let seen = match self.causal {
            true => keys.min((keys - queries + from + rows).next_multiple_of(ROWS)),
            false => keys,
        };
        (from, rows, seen)
    }

    /// Adds the bias to scores, and takes out what is forbidden.
    fn restrict<T: Float>(
        &self,
        scores: &mut [T],
        extra: Extra<'_, T>,
        head: (usize, usize),
        from: usize,
        rows: usize,
    ) {
        let Sizes { queries, keys, .. } = self.sizes;
        let never = -T::ONE / T::ZERO;
        if let Some((bias, strides)) = extra.bias {
            for row in 0..rows {
                let bias = &bias[strides.at(head, from + row)..];
                for (key, scores) in scores.chunks_exact_mut(BLOCK).enumerate() {
                    scores[row] += bias[key * strides.element];
                }
            }
        }
        if let Some(allowed) = &self.allowed {
            let allowed = &allowed[head.0 * keys..][..keys];
            for (scores, _) in scores
                .chunks_exact_mut(BLOCK)
                .zip(allowed)
                .filter(|(_, allowed)| !**allowed)
            {
                scores.fill(never);
            }
        }
        if self.causal {
            // The key that the block's first query may see last.
            let first = keys - queries + from;
            for (key, scores) in scores.chunks_exact_mut(BLOCK).enumerate().skip(first + 1) {
                scores[..(key - first).min(BLOCK)].fill(never);
            }
        }
    }

    /// Multiplies weights, or their gradient, by what dropout leaves of them.
    fn drop_some<T: Float>(
        &self,
        weights: &mut [T],
        extra: Extra<'_, T>,
        head: (usize, usize),
        from: usize,
        rows: usize,
    ) {
        let Some((factors, strides)) = extra.dropout else {
            return;
        };
        for row in 0..rows {
            let factors = &factors[strides.at(head, from + row)..];
            for (key, weights) in weights.chunks_exact_mut(BLOCK).enumerate() {
                weights[row] *= factors[key * strides.element];
            }
        }
    }

    /// Calls `work` with the number of each head of each of the batch, on all cores where that is enough work.
    fn for_each_head<S>(
        &self,
        scratch: impl Fn() -> S + Sync + Send,
        work: impl Fn(&mut S, usize) + Sync + Send,
    ) {
        let Sizes {
            batch,
            heads,
            queries,
            keys,
            size,
            value,
        } = self.sizes;
        // About 20 microseconds.
        let together = ((1 << 20) / (queries * keys * (size + value)).max(1)).max(1);
        let all = batch * heads;
        let tasks = (0..all)
            .step_by(together)
            .map(|first| first..all.min(first + together));
        share(tasks.collect(), scratch, |scratch, heads| {
            heads.for_each(|head| work(scratch, head));
        });
    }
}

/// What else acts on scores and weights, with the distances in its memory.
#[derive(Clone, Copy)]
struct Extra<'a, T> {
    bias: Option<(&'a [T], Strides)>,
    dropout: Option<(&'a [T], Strides)>,
}

/// Memory for one matrix, with room for whole tiles.
struct Room<T> {
    values: Vec<T>,
    /// From row to row.
    width: usize,
    /// The columns that count.
    size: usize,
}

impl<T: Float> Room<T> {
    fn new(rows: usize, size: usize) -> Self {
        let width = size.next_multiple_of(COLUMNS);
        Self {
            values: vec![T::ZERO; rows.next_multiple_of(COLUMNS) * width],
            width,
            size,
        }
    }

    fn matrix(&self) -> Spread<'_, T> {
        Spread {
            values: &self.values,
            row: self.width,
            column: 1,
        }
    }

    fn transposed(&self) -> Spread<'_, T> {
        Spread {
            values: &self.values,
            row: 1,
            column: self.width,
        }
    }

    fn rows(&self) -> (&[T], usize) {
        (&self.values, self.width)
    }

    fn target(&mut self, accumulate: bool) -> Target<'_, T> {
        Target {
            values: &mut self.values,
            row: self.width,
            accumulate,
        }
    }

    /// Takes the vectors at `positions` of a head, times `scale`, for rows.
    fn gather(
        &mut self,
        x: &[T],
        strides: Strides,
        head: (usize, usize),
        positions: std::ops::Range<usize>,
        scale: T,
    ) {
        let (width, size) = (self.width.max(1), self.size);
        if strides.element == 1 && size > 0 {
            let x = &x[strides.at(head, positions.start).min(x.len())..];
            return scaled_rows(
                x,
                strides.position,
                (positions.len(), size),
                scale,
                &mut self.values,
                width,
            );
        }
        for (row, position) in self.values.chunks_exact_mut(width).zip(positions) {
            let at = strides.at(head, position);
            (0..size).for_each(|i| row[i] = x[at + i * strides.element] * scale);
        }
    }

    /// Writes the rows, times `scale`, as the vectors at `positions` of a head.
    ///
    /// # Safety
    /// `out` must have room for them at `strides`, whose elements are consecutive, and they must be no one else's.
    unsafe fn scatter(
        &self,
        out: Shared<T>,
        strides: Strides,
        head: (usize, usize),
        positions: std::ops::Range<usize>,
        scale: T,
    ) {
        for (row, position) in self.values.chunks_exact(self.width.max(1)).zip(positions) {
            // SAFETY: the caller's.
            let out = unsafe { out.slice(strides.at(head, position), self.size) };
            out.iter_mut().zip(row).for_each(|(out, &x)| *out = x * scale);
        }
    }

    /// Copies `rows` rows to columns of `to`.
    fn transpose(&self, rows: usize, to: &mut Room<T>) {
        for (i, row) in self.values.chunks_exact(self.width.max(1)).take(rows).enumerate() {
            for (x, to) in row[..self.size].iter().zip(to.values.chunks_exact_mut(BLOCK)) {
                to[i] = *x;
            }
        }
    }
}

simd! {
    /// Copies rows that lie `apart`, times `scale`. (As a plain copy each would be a call of `memcpy`.)
    fn scaled_rows<T: Float>(
        x: &[T], apart: usize, sizes: (usize, usize), scale: T, out: &mut [T], width: usize,
    ) {
        let (rows, size) = sizes;
        for (row, out) in out.chunks_exact_mut(width).take(rows).enumerate() {
            for (out, &x) in out[..size].iter_mut().zip(&x[row * apart..][..size]) {
                *out = x * scale;
            }
        }
    }
}

/// Scratch memory for one head. What lies beyond the sizes in keys and values stays 0; elsewhere it may be anything,
/// for nothing that counts is computed from it.
struct Scratch<T> {
    q: Room<T>,
    qt: Room<T>,
    k: Room<T>,
    v: Room<T>,
    /// Scores, then weights: a row for each key.
    s: Room<T>,
    o: Room<T>,
}

impl<T: Float> Scratch<T> {
    fn new(sizes: Sizes) -> Self {
        Self {
            q: Room::new(BLOCK, sizes.size),
            qt: Room::new(sizes.size, BLOCK),
            k: Room::new(sizes.keys, sizes.size),
            v: Room::new(sizes.keys, sizes.value),
            s: Room::new(sizes.keys, BLOCK),
            o: Room::new(BLOCK, sizes.value),
        }
    }

    /// The scores of some queries with the first `seen` keys.
    #[allow(clippy::too_many_arguments, reason = "where to read what")]
    fn scores(
        &mut self,
        q: &[T],
        strides: Strides,
        head: (usize, usize),
        from: usize,
        rows: usize,
        seen: usize,
        scale: T,
    ) {
        self.q.gather(q, strides, head, from..from + rows, scale);
        self.q.transpose(rows, &mut self.qt);
        let size = self.q.size;
        small_product(
            (seen, size, rows),
            self.k.matrix(),
            self.qt.rows(),
            self.s.target(false),
        );
    }
}

/// Scratch memory for the way back through one head.
struct Backward<T> {
    forward: Scratch<T>,
    g: Room<T>,
    gt: Room<T>,
    ds: Room<T>,
    dq: Room<T>,
    dk: Room<T>,
    dv: Room<T>,
}

impl<T: Float> Backward<T> {
    fn new(sizes: Sizes) -> Self {
        Self {
            forward: Scratch::new(sizes),
            g: Room::new(BLOCK, sizes.value),
            gt: Room::new(sizes.value, BLOCK),
            ds: Room::new(sizes.keys, BLOCK),
            dq: Room::new(BLOCK, sizes.size),
            dk: Room::new(sizes.keys, sizes.size),
            dv: Room::new(sizes.keys, sizes.value),
        }
    }
}
