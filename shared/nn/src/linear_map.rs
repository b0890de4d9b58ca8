//! The fully connected layer as a function, with its CPU kernel.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use crate::cpu::{self, Matrix, Real, by_dtype};

/// `x·weightᵀ + bias` for `x` of shape (…, in), `weight` (out, in) and `bias` (out).
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let (out_dim, in_dim) = weight.dims2()?;
    let Some((&last, leading)) = x.dims().split_last() else {
        bail!("a linear layer was given a scalar; its input is at least a vector of {in_dim} numbers")
    };
    if last != in_dim {
        bail!(
            "a linear layer from {in_dim} to {out_dim} was given an input of the shape {:?}, whose last \
             dimension should be {in_dim}",
            x.dims()
        )
    }
    if let Some(bias) = bias
        && bias.dims() != [out_dim]
    {
        bail!(
            "a linear layer with a weight of {:?} needs a bias of [{out_dim}], not {:?}",
            weight.dims(),
            bias.dims()
        )
    }
    let rows = x.reshape(((), in_dim))?;
    let y = match (cpu::has_kernel(x), bias) {
        (true, None) => rows.contiguous()?.apply_op2(&weight.contiguous()?, Multiply)?,
        (true, Some(bias)) => {
            rows.contiguous()?
                .apply_op3(&weight.contiguous()?, &bias.contiguous()?, Multiply)?
        }
        (false, None) => rows.matmul(&weight.t()?)?,
        (false, Some(bias)) => rows.matmul(&weight.t()?)?.broadcast_add(bias)?,
    };
    y.reshape([leading, &[out_dim]].concat())
}

struct Multiply;

impl Multiply {
    fn run<T: Real>(
        &self,
        (x, x_layout): (&CpuStorage, &Layout),
        (weight, weight_layout): (&CpuStorage, &Layout),
        bias: Option<(&CpuStorage, &Layout)>,
    ) -> Result<(CpuStorage, Shape)> {
        let (m, k) = x_layout.shape().dims2()?;
        let n = weight_layout.dims()[0];
        let mut y = match bias {
            Some((bias, layout)) => cpu::slice::<T>(bias, layout)?.repeat(m),
            None => vec![T::zero(); m * n],
        };
        let (x, weight) = (cpu::slice(x, x_layout)?, cpu::slice(weight, weight_layout)?);
        cpu::matmul(
            (m, k, n),
            Matrix::rows(x, k),
            Matrix::rows(weight, k).transposed(),
            &mut y,
            bias.is_some(),
        );
        Ok((T::to_cpu_storage_owned(y), (m, n).into()))
    }

    fn gradients<T: Real>(
        &self,
        x: &Tensor,
        weight: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (m, k) = x.dims2()?;
        let n = weight.dim(0)?;
        cpu::read([x, weight, gradient], |[xs, w, g]: [&[T]; 3]| {
            let of_x = x.track_op().then(|| {
                let mut of_x = vec![T::zero(); m * k];
                cpu::matmul(
                    (m, n, k),
                    Matrix::rows(g, n),
                    Matrix::rows(w, k),
                    &mut of_x,
                    false,
                );
                Tensor::from_vec(of_x, (m, k), x.device())
            });
            let of_weight = weight.track_op().then(|| {
                let mut of_weight = vec![T::zero(); n * k];
                let g = Matrix::rows(g, n).transposed();
                cpu::matmul((n, m, k), g, Matrix::rows(xs, k), &mut of_weight, false);
                Tensor::from_vec(of_weight, (n, k), x.device())
            });
            Ok((of_x.transpose()?, of_weight.transpose()?))
        })?
    }
}

/// The sums of the columns of `values`, whose rows have `width` elements, in a fixed order of addition.
fn sum_columns<T: Real>(values: &[T], width: usize) -> Vec<T> {
    let partial = |rows: &[T]| {
        let mut sums = vec![T::zero(); width];
        for row in rows.chunks_exact(width) {
            sums.iter_mut().zip(row).for_each(|(sum, v)| *sum += *v);
        }
        sums
    };
    let rows_per_task = (65536 / width.max(1)).max(1);
    let parts: Vec<_> = values
        .par_chunks(rows_per_task * width.max(1))
        .map(partial)
        .collect();
    match parts.len() {
        1 => parts.into_iter().flatten().collect(),
        _ => partial(&parts.concat()),
    }
}

impl CustomOp2 for Multiply {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        xl: &Layout,
        w: &CpuStorage,
        wl: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        by_dtype!(x.dtype(), T => self.run::<T>((x, xl), (w, wl), None))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        by_dtype!(x.dtype(), T => self.gradients::<T>(x, weight, gradient))
    }
}

impl CustomOp3 for Multiply {
    fn name(&self) -> &'static str {
        "linear with bias"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        xl: &Layout,
        w: &CpuStorage,
        wl: &Layout,
        b: &CpuStorage,
        bl: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        by_dtype!(x.dtype(), T => self.run::<T>((x, xl), (w, wl), Some((b, bl))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        by_dtype!(x.dtype(), T => {
            let (of_x, of_weight) = self.gradients::<T>(x, weight, gradient)?;
            let of_bias = cpu::read([gradient], |[g]: [&[T]; 1]| sum_columns(g, weight.dims()[0]))?;
            Ok((of_x, of_weight, Some(Tensor::from_vec(of_bias, bias.shape(), bias.device())?)))
        })
    }
}
