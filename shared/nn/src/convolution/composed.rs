//! Convolution from candle's own operations, chosen so that each has a right gradient: what runs off the CPU.

use candle_core::{D, Result, Tensor};

use super::plan::Plan;

impl Plan {
    /// The convolution of `x` with `weight`, without bias.
    pub fn compose(&self, x: &Tensor, weight: &Tensor) -> Result<Tensor> {
        let (span_h, span_w) = self.span();
        let ((stride_h, stride_w), (dilation_h, dilation_w)) = (self.stride, self.dilation);
        // The windows tile exactly what is left. Where some rows or columns are in no window, candle's gradient
        // to the input guesses their number from the height alone, and fails on the width.
        let x = place(
            x,
            2,
            self.padding.0 as isize,
            (self.result.0 - 1) * stride_h + span_h,
        )?;
        let x = place(
            &x,
            3,
            self.padding.1 as isize,
            (self.result.1 - 1) * stride_w + span_w,
        )?;
        if self.groups == 1 && stride_h == stride_w && dilation_h == dilation_w {
            #[allow(
                clippy::disallowed_methods,
                reason = "this is the geometry whose gradient is right"
            )]
            return x.contiguous()?.conv2d(weight, 0, stride_h, dilation_h, 1);
        }
        // candle has no other geometry, and convolves groups one by one: hundreds of launches for a depthwise
        // layer. So the columns are made here, for one batched matrix product.
        let mut taps = Vec::with_capacity(self.taps());
        for tap in 0..self.taps() {
            let (down, right) = (tap / self.kernel.1, tap % self.kernel.1);
            let lines = strided(&x, 2, down * dilation_h, stride_h, self.result.0)?;
            let tap = strided(&lines, 3, right * dilation_w, stride_w, self.result.1)?;
            taps.push(tap.flatten_from(2)?.unsqueeze(2)?);
        }
        let depth = self.inputs * self.taps();
        let columns = Tensor::cat(&taps, 2)?.reshape((self.batch, self.groups, depth, self.planes().1))?;
        let weight = weight.reshape((1, self.groups, self.outputs, depth))?;
        weight.broadcast_matmul(&columns)?.reshape(&self.shapes().1)
    }

    /// The transposed convolution of `x` with `weight`, without bias: a convolution with the kernel turned
    /// around, over an input with zeros between its elements.
    pub fn compose_transposed(&self, x: &Tensor, weight: &Tensor) -> Result<Tensor> {
        let (span_h, span_w) = self.span();
        let along = |x: &Tensor, dim: usize, stride: usize, span: usize, padding: usize, size: usize| {
            let spread = match x.dim(dim)? {
                1 => x.clone(),
                count => x
                    .unsqueeze(dim + 1)?
                    .pad_with_zeros(dim + 1, 0, stride - 1)?
                    .flatten(dim, dim + 1)?
                    .narrow(dim, 0, (count - 1) * stride + 1)?,
            };
            place(
                &spread,
                dim,
                span as isize - 1 - padding as isize,
                size + span - 1,
            )
        };
        let x = along(x, 2, self.stride.0, span_h, self.padding.0, self.size.0)?;
        let x = along(&x, 3, self.stride.1, span_w, self.padding.1, self.size.1)?;
        let weight = weight.reshape((self.groups, self.outputs, self.inputs, self.taps()))?;
        let weight = weight.transpose(1, 2)?.contiguous()?;
        let backwards: Vec<u32> = (0..self.taps() as u32).rev().collect();
        let backwards = Tensor::new(backwards, weight.device())?;
        let weight = weight.index_select(&backwards, D::Minus1)?;
        let (kernel_h, kernel_w) = self.kernel;
        let weight = weight.reshape((self.groups * self.inputs, self.outputs, kernel_h, kernel_w))?;
        let forward = Plan {
            inputs: self.outputs,
            outputs: self.inputs,
            size: (self.size.0 + span_h - 1, self.size.1 + span_w - 1),
            result: self.size,
            stride: (1, 1),
            padding: (0, 0),
            ..*self
        };
        forward.compose(&x, &weight)
    }
}

/// `x` from element `start` of a dimension of `length` zeros, cut where it reaches beyond either end.
fn place(x: &Tensor, dim: usize, start: isize, length: usize) -> Result<Tensor> {
    // With strides larger than the kernel the windows may reach nothing but padding: then nothing of `x` is left.
    let skip = start.min(0).unsigned_abs().min(x.dim(dim)?);
    let before = (start.max(0) as usize).min(length);
    let count = (x.dim(dim)? - skip).min(length - before);
    let x = x.narrow(dim, skip, count)?;
    x.pad_with_zeros(dim, before, length - before - count)
}

/// Every `step`-th element along `dim`, `count` of them from `start`.
pub(crate) fn strided(x: &Tensor, dim: usize, start: usize, step: usize, count: usize) -> Result<Tensor> {
    if step == 1 || count == 1 {
        return x.narrow(dim, start, count);
    }
    // In pieces of `step` elements of which the first is kept: its gradient is cheap, where index_select's adds
    // one by one.
    let present = (count * step).min(x.dim(dim)? - start);
    let x = x
        .narrow(dim, start, present)?
        .pad_with_zeros(dim, 0, count * step - present)?;
    let mut dims = x.dims().to_vec();
    dims.splice(dim..dim + 1, [count, step]);
    x.reshape(dims)?.narrow(dim + 1, 0, 1)?.squeeze(dim + 1)
}
