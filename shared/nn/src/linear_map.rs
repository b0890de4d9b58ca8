//! The fully connected layer as a function, with its CPU kernel.

use candle_core::{Result, Tensor, bail};

use crate::cpu::{self, Matrix, by_dtype};
use crate::float::Float;
use crate::pieces::map;
use crate::product::product;
use crate::simd::simd;
use crate::tape::record;

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
    if !cpu::has_kernel(x) {
        let y = x.reshape(((), in_dim))?.matmul(&weight.t()?)?;
        let y = match bias {
            None => y,
            Some(bias) => y.broadcast_add(bias)?,
        };
        return y.reshape([leading, &[out_dim]].concat());
    }
    let (x, weight) = (x.contiguous()?, weight.contiguous()?);
    by_dtype!(x.dtype(), T => multiply::<T>(&x, &weight, bias))
}

fn multiply<T: Float>(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let (n, k) = weight.dims2()?;
    let m = x.dims()[..x.rank() - 1].iter().product();
    let forward = |x: &[T], w: &[T], bias: Option<&[T]>| {
        let (x, w) = (Matrix::rows(x, k), Matrix::rows(w, k).transposed());
        product((m, k, n), x, w, bias)
    };
    let y = match bias {
        None => cpu::read([x, weight], |[x, w]| forward(x, w, None))?,
        Some(bias) => cpu::read([x, weight, bias], |[x, w, b]| forward(x, w, Some(b)))?,
    };
    let mut dims = x.dims().to_vec();
    dims.truncate(x.rank() - 1);
    dims.push(n);
    let inputs: Vec<&Tensor> = [x, weight].into_iter().chain(bias).collect();
    let (x, weight, bias) = (x.clone(), weight.clone(), bias.cloned());
    record(y, dims, &inputs, move |gradient| {
        let of_x = || -> Result<Tensor> {
            let back = |[g, w]: [&[T]; 2]| product((m, n, k), Matrix::rows(g, n), Matrix::rows(w, k), None);
            Tensor::from_vec(cpu::read([gradient, &weight], back)?, x.shape(), x.device())
        };
        let of_weight = || -> Result<Tensor> {
            let back = |[g, x]: [&[T]; 2]| {
                product(
                    (n, m, k),
                    Matrix::rows(g, n).transposed(),
                    Matrix::rows(x, k),
                    None,
                )
            };
            Tensor::from_vec(cpu::read([gradient, &x], back)?, (n, k), x.device())
        };
        let of_bias = |bias: &Tensor| -> Result<Tensor> {
            let sums = cpu::read([gradient], |[g]: [&[T]; 1]| sum_columns(g, n))?;
            Tensor::from_vec(sums, bias.shape(), x.device())
        };
        let bias = bias.as_ref().filter(|bias| bias.track_op());
        Ok(vec![
            x.track_op().then(of_x).transpose()?,
            weight.track_op().then(of_weight).transpose()?,
            bias.map(of_bias).transpose()?,
        ])
    })
}

/// The sums of the columns of `values`, whose rows have `width` elements, in a fixed order of addition.
pub(crate) fn sum_columns<T: Float>(values: &[T], width: usize) -> Vec<T> {
    let rows_per_task = (65536 / width.max(1)).max(1);
    let task = rows_per_task * width.max(1);
    let partial = |part: usize| {
        let mut sums = vec![T::ZERO; width];
        let end = values.len().min((part + 1) * task);
        add_rows(&values[part * task..end], &mut sums);
        sums
    };
    let mut parts = map(values.len().div_ceil(task), task, partial).into_iter();
    let mut total = parts.next().unwrap_or_else(|| vec![T::ZERO; width]);
    parts.for_each(|part| add_rows(&part, &mut total));
    total
}

simd! {
    fn add_rows<T: Float>(rows: &[T], sums: &mut [T]) {
        for row in rows.chunks_exact(sums.len().max(1)) {
            sums.iter_mut().zip(row).for_each(|(sum, v)| *sum += *v);
        }
    }
}
