//! The maximum of windows, whose gradient goes to one element each.

use std::ops::Range;

use candle_core::{D, Result, Tensor};

use crate::cpu::{self, Real, by_dtype};
use crate::float::Float;
use crate::simd::simd;
use crate::tape::record;
use crate::threads::share;

/// The windows along one direction, each the elements that it covers.
pub(crate) type Windows = Vec<Range<usize>>;

/// The maximum of `x` (batch, channels, height, width) over each of `rows` × `columns`.
pub(crate) fn max_of_windows(x: &Tensor, rows: Windows, columns: Windows) -> Result<Tensor> {
    if cpu::has_kernel(x) {
        return by_dtype!(x.dtype(), T => MaxPool { rows, columns }.apply::<T>(&x.contiguous()?));
    }
    let (batch, channels, height, _) = x.dims4()?;
    if x.elem_count() == 0 {
        // An empty batch, of which candle takes no argmax.
        let shape = (batch, channels, rows.len(), columns.len());
        return Tensor::zeros(shape, x.dtype(), x.device());
    }
    let longest = |windows: &[Range<usize>]| windows.iter().map(Range::len).max().unwrap_or(0);
    let (tall, wide) = (longest(&rows), longest(&columns));
    let x = x.contiguous()?.index_select(&indices(&columns, wide, x)?, 3)?;
    let x = x
        .reshape((batch, channels, height, columns.len() * wide))?
        .index_select(&indices(&rows, tall, &x)?, 2)?;
    let x = x.reshape(vec![batch, channels, rows.len(), tall, columns.len(), wide])?;
    let windows = x.permute(vec![0, 1, 2, 4, 3, 5])?.flatten_from(4)?.contiguous()?;
    // Not candle's `max`: its gradient goes to all of several equal maxima.
    let place = windows.argmax_keepdim(D::Minus1)?;
    windows.gather(&place, D::Minus1)?.squeeze(D::Minus1)
}

/// The elements of all windows in turn, each window filled up to `length` with its last element.
fn indices(windows: &[Range<usize>], length: usize, like: &Tensor) -> Result<Tensor> {
    let one = |window: &Range<usize>| {
        let (start, last) = (window.start, window.end - 1);
        (0..length).map(move |i| (start + i).min(last) as u32)
    };
    Tensor::new(windows.iter().flat_map(one).collect::<Vec<_>>(), like.device())
}

struct MaxPool {
    rows: Windows,
    columns: Windows,
}

impl MaxPool {
    fn apply<T: Float>(self, x: &Tensor) -> Result<Tensor> {
        let (batch, channels, height, width) = x.dims4()?;
        let shape = (batch, channels, self.rows.len(), self.columns.len());
        let (y, chosen) = cpu::read([x], |[x]: [&[T]; 1]| self.run(x, height * width, width))?;
        let like = x.shape().clone();
        record(y, shape, &[x], move |gradient| {
            let of_x = cpu::read([gradient], |[g]: [&[T]; 1]| self.back(g, &chosen, height * width))?;
            Ok(vec![Some(Tensor::from_vec(of_x, &like, gradient.device())?)])
        })
    }

    /// The maxima, and where in its plane each was.
    fn run<T: Float>(&self, x: &[T], plane: usize, width: usize) -> (Vec<T>, Vec<u32>) {
        let to = self.rows.len() * self.columns.len();
        let mut y = vec![T::zero(); x.len() / plane * to];
        let mut chosen = vec![0u32; y.len()];
        let planes = y
            .chunks_exact_mut(to)
            .zip(chosen.chunks_exact_mut(to))
            .zip(x.chunks_exact(plane));
        let wide = self.columns.iter().map(Range::len).max().unwrap_or(0);
        let pairs = self
            .columns
            .iter()
            .enumerate()
            .all(|(i, window)| *window == (2 * i..2 * i + 2));
        // For each tap in turn the columns that it reads; windows at the edge read their last column again.
        let taps: Vec<Vec<usize>> = (0..wide)
            .map(|tap| {
                self.columns
                    .iter()
                    .map(|window| (window.start + tap).min(window.end - 1))
                    .collect()
            })
            .collect();
        share(
            planes.collect(),
            || (vec![T::ZERO; width], vec![0; width]),
            |(maxima, places), ((y, chosen), x)| {
                let lines = y
                    .chunks_exact_mut(self.columns.len())
                    .zip(chosen.chunks_exact_mut(self.columns.len()));
                for ((y, chosen), rows) in lines.zip(&self.rows) {
                    max_of_rows(x, rows.clone(), maxima, places);
                    match pairs {
                        true => max_of_pairs(maxima, places, y, chosen),
                        false => max_of_columns(maxima, places, &taps, y, chosen),
                    }
                }
            },
        );
        (y, chosen)
    }

    fn back<T: Real>(&self, gradient: &[T], chosen: &[u32], plane: usize) -> Vec<T> {
        let to = self.rows.len() * self.columns.len();
        let mut x = vec![T::zero(); gradient.len() / to * plane];
        let planes = x
            .chunks_exact_mut(plane)
            .zip(gradient.chunks_exact(to))
            .zip(chosen.chunks_exact(to));
        share(
            planes.collect(),
            || (),
            |_, ((x, gradient), chosen)| {
                gradient
                    .iter()
                    .zip(chosen)
                    .for_each(|(gradient, &i)| x[i as usize] += *gradient);
            },
        );
        x
    }
}

// Neither loop branches on the data, which the processor would guess wrong half of the time. A NaN wins, and stays: it
// should reach the loss and be seen.
simd! {
    /// The maximum of each column over `rows` of `x`, and where it is; of several the first.
    fn max_of_rows<T: Float>(x: &[T], rows: Range<usize>, maxima: &mut [T], places: &mut [u32]) {
        let width = maxima.len();
        maxima.copy_from_slice(&x[rows.start * width..][..width]);
        places.iter_mut().zip(rows.start * width..).for_each(|(place, i)| *place = i as u32);
        for row in rows.skip(1) {
            let start = (row * width) as u32;
            let line = maxima.iter_mut().zip(&mut *places).zip(&x[row * width..]);
            for (((best, place), v), i) in line.zip(start..start + width as u32) {
                let wins = (*v > *best) | v.is_nan();
                *best = if wins { *v } else { *best };
                *place = if wins { i } else { *place };
            }
        }
    }
}

simd! {
    /// The same over each two columns, the usual case.
    fn max_of_pairs<T: Float>(maxima: &[T], places: &[u32], y: &mut [T], chosen: &mut [u32]) {
        let pairs = maxima.chunks_exact(2).zip(places.chunks_exact(2));
        for ((y, chosen), (values, at)) in y.iter_mut().zip(chosen).zip(pairs) {
            let second = (values[1] > values[0])
                | (values[1] == values[0]) & (at[1] < at[0])
                | values[1].is_nan();
            *y = if second { values[1] } else { values[0] };
            *chosen = if second { at[1] } else { at[0] };
        }
    }
}

simd! {
    /// The same over the columns that `taps` name for each element of `y`.
    fn max_of_columns<T: Float>(
        maxima: &[T],
        places: &[u32],
        taps: &[Vec<usize>],
        y: &mut [T],
        chosen: &mut [u32],
    ) {
        y.fill(T::of(f64::NEG_INFINITY));
        chosen.fill(u32::MAX);
        for tap in taps {
            for ((best, place), &i) in y.iter_mut().zip(&mut *chosen).zip(tap) {
                let (v, at) = (maxima[i], places[i]);
                let wins = (v > *best) | (v == *best) & (at < *place) | v.is_nan();
                *best = if wins { v } else { *best };
                *place = if wins { at } else { *place };
            }
        }
    }
}
