//! Linear maps of images that act on rows and columns separately: average pooling and resizing are all of this kind,
//! so one operation with one gradient serves them.

use candle_core::{Result, Tensor};

use crate::cpu::{self, Real, by_dtype};
use crate::float::Float;
use crate::tape::record;
use crate::threads::share;

/// The map along one direction.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// Elements that go in.
    pub size: usize,
    /// For each element that comes out, the elements that it is the weighted sum of.
    pub taps: Vec<Vec<(usize, f64)>>,
}

impl Axis {
    /// The map that leaves `size` elements as they are.
    pub fn identity(size: usize) -> Self {
        let taps = (0..size).map(|i| vec![(i, 1.0)]).collect();
        Self { size, taps }
    }

    /// The map as a matrix with a row for each element that comes out.
    fn matrix(&self, like: &Tensor) -> Result<Tensor> {
        let mut values = vec![0.0; self.taps.len() * self.size];
        for (row, taps) in values.chunks_exact_mut(self.size.max(1)).zip(&self.taps) {
            taps.iter().for_each(|&(i, weight)| row[i] += weight);
        }
        let shape = (self.taps.len(), self.size);
        Tensor::from_vec(values, shape, &candle_core::Device::Cpu)?
            .to_dtype(like.dtype())?
            .to_device(like.device())
    }

    fn typed<T: Real>(&self) -> Vec<Vec<(usize, T)>> {
        let typed =
            |taps: &Vec<(usize, f64)>| taps.iter().map(|&(i, weight)| (i, T::from_f64(weight))).collect();
        self.taps.iter().map(typed).collect()
    }
}

/// Applies `rows` and `columns` to the last two dimensions of `x` (batch, channels, height, width).
pub(crate) fn apply(x: &Tensor, rows: Axis, columns: Axis) -> Result<Tensor> {
    if cpu::has_kernel(x) {
        return by_dtype!(x.dtype(), T => Separable { rows, columns }.apply::<T>(&x.contiguous()?));
    }
    // Two dense matrix products: more arithmetic than needed, but of the kind that a GPU is made for.
    let (batch, channels, height, width) = x.dims4()?;
    let (new_height, new_width) = (rows.taps.len(), columns.taps.len());
    let x = x
        .reshape((batch * channels * height, width))?
        .matmul(&columns.matrix(x)?.t()?)?;
    let x = x.reshape((batch * channels, height, new_width))?;
    rows.matrix(&x)?
        .unsqueeze(0)?
        .broadcast_matmul(&x)?
        .reshape((batch, channels, new_height, new_width))
}

struct Separable {
    rows: Axis,
    columns: Axis,
}

impl Separable {
    fn planes(&self) -> (usize, usize) {
        (
            self.rows.size * self.columns.size,
            self.rows.taps.len() * self.columns.taps.len(),
        )
    }

    fn apply<T: Float>(self, x: &Tensor) -> Result<Tensor> {
        let (batch, channels, _, _) = x.dims4()?;
        let shape = (batch, channels, self.rows.taps.len(), self.columns.taps.len());
        let y = cpu::read([x], |[x]: [&[T]; 1]| self.run(x))?;
        let like = x.shape().clone();
        record(y, shape, &[x], move |gradient| {
            let of_x = cpu::read([gradient], |[g]: [&[T]; 1]| self.back(g))?;
            Ok(vec![Some(Tensor::from_vec(of_x, &like, gradient.device())?)])
        })
    }

    fn run<T: Real>(&self, x: &[T]) -> Vec<T> {
        let (from, to) = self.planes();
        let (rows, columns) = (self.rows.typed::<T>(), self.columns.typed::<T>());
        let mut y = vec![T::zero(); x.len() / from * to];
        let planes = y.chunks_exact_mut(to).zip(x.chunks_exact(from));
        share(
            planes.collect(),
            || vec![T::zero(); self.columns.size],
            |line, (y, x)| {
                for (y, taps) in y.chunks_exact_mut(columns.len()).zip(&rows) {
                    line.fill(T::zero());
                    for &(i, weight) in taps {
                        let x = &x[i * line.len()..][..line.len()];
                        line.iter_mut().zip(x).for_each(|(sum, v)| *sum += weight * *v);
                    }
                    for (y, taps) in y.iter_mut().zip(&columns) {
                        taps.iter().for_each(|&(i, weight)| *y += weight * line[i]);
                    }
                }
            },
        );
        y
    }

    /// The transposed map.
    fn back<T: Real>(&self, gradient: &[T]) -> Vec<T> {
        let (from, to) = self.planes();
        let (rows, columns) = (self.rows.typed::<T>(), self.columns.typed::<T>());
        let mut x = vec![T::zero(); gradient.len() / to * from];
        let planes = x.chunks_exact_mut(from).zip(gradient.chunks_exact(to));
        share(
            planes.collect(),
            || vec![T::zero(); self.columns.size],
            |line, (x, gradient)| {
                for (gradient, taps) in gradient.chunks_exact(columns.len()).zip(&rows) {
                    line.fill(T::zero());
                    for (gradient, taps) in gradient.iter().zip(&columns) {
                        taps.iter().for_each(|&(i, weight)| line[i] += weight * *gradient);
                    }
                    for &(i, weight) in taps {
                        let x = &mut x[i * line.len()..][..line.len()];
                        x.iter_mut().zip(&*line).for_each(|(sum, v)| *sum += weight * *v);
                    }
                }
            },
        );
        x
    }
}
