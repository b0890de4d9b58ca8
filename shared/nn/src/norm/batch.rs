//! Batch normalisation.

use candle_core::{DType, ModuleT, Result, Tensor, Var, bail};
use candle_nn::{Init, VarBuilder};

use super::planes::{NormalisePlanes, Rectifier, Sets, moments};
use crate::cpu::{has_kernel, widen};

/// How a [`BatchNorm`] is built.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchNormConfig {
    /// What is added to the variance, so that constant inputs do not divide by 0.
    pub eps: f64,
    /// Whether a learnt weight and bias follow.
    pub affine: bool,
    /// How far each training batch moves the running statistics: `running · (1 - momentum) + batch · momentum`.
    pub momentum: f64,
}

impl Default for BatchNormConfig {
    fn default() -> Self {
        Self {
            eps: 1e-5,
            affine: true,
            momentum: 0.1,
        }
    }
}

impl From<f64> for BatchNormConfig {
    fn from(eps: f64) -> Self {
        Self {
            eps,
            ..Self::default()
        }
    }
}

/// Batch normalisation (Ioffe & Szegedy 2015, <https://arxiv.org/abs/1502.03167>) of (batch, channels) or
/// (batch, channels, positions…).
///
/// In training each channel is normalised by the mean and variance of the batch, and the running statistics
/// move towards them (the variance unbiased, as in PyTorch); otherwise the running statistics normalise. They
/// are variables, `running_mean` and `running_var`, so they are saved with the weights, but not trained. They are
/// f32 where the weights are of half precision, which would swallow their small steps.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use nn::{BatchNormConfig, ModuleT, VarMap, batch_norm};
/// # fn main() -> candle_core::Result<()> {
/// let vars = VarMap::new();
/// let vb = nn::seeded(&vars, 7, DType::F32, &Device::Cpu);
/// let norm = batch_norm(3, BatchNormConfig::default(), vb.pp("norm"))?;
/// let x = Tensor::ones((4, 3, 5, 7), DType::F32, &Device::Cpu)?;
/// let y = norm.forward_t(&x, true)?;
/// assert_eq!(y.dims(), [4, 3, 5, 7]);
/// assert_eq!(norm.running_mean().to_vec1::<f32>()?, [0.1; 3]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct BatchNorm {
    running_mean: Var,
    running_var: Var,
    weight_and_bias: Option<(Tensor, Tensor)>,
    eps: f64,
    momentum: f64,
}

impl BatchNorm {
    /// The running mean of each channel.
    pub fn running_mean(&self) -> &Tensor {
        self.running_mean.as_tensor()
    }

    /// The running variance of each channel.
    pub fn running_var(&self) -> &Tensor {
        self.running_var.as_tensor()
    }

    /// The learnt scale and shift of each channel.
    pub fn weight_and_bias(&self) -> Option<(&Tensor, &Tensor)> {
        self.weight_and_bias.as_ref().map(|(w, b)| (w, b))
    }

    /// What is added to the variance.
    pub fn eps(&self) -> f64 {
        self.eps
    }

    /// How far each training batch moves the running statistics.
    pub fn momentum(&self) -> f64 {
        self.momentum
    }

    /// Normalises by the statistics of the batch and moves the running ones.
    ///
    /// # Errors
    /// If a channel has a single value, whose variance is unknown: a batch of one, without positions.
    pub fn forward_train(&self, x: &Tensor) -> Result<Tensor> {
        self.train(x, Rectifier::None)
    }

    /// Normalises by the running statistics.
    pub fn forward_eval(&self, x: &Tensor) -> Result<Tensor> {
        self.evaluate(x, Rectifier::None)
    }

    /// [`relu`](crate::ops::relu) of what [`forward_t`](ModuleT::forward_t) gives: faster than both one after the
    /// other, and without the memory for what lies between.
    pub fn forward_relu_t(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        match train {
            true => self.train(x, Rectifier::Relu),
            false => self.evaluate(x, Rectifier::Relu),
        }
    }

    /// [`forward_relu_t`](Self::forward_relu_t) whose results are at most 6: ReLU6, as networks for phones have it.
    pub fn forward_relu6_t(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        match train {
            true => self.train(x, Rectifier::Relu6),
            false => self.evaluate(x, Rectifier::Relu6),
        }
    }

    fn train(&self, x: &Tensor, rectifier: Rectifier) -> Result<Tensor> {
        let channels = self.channels(x)?;
        let count = x.elem_count() / channels;
        if count < 2 {
            bail!(
                "batch normalisation cannot train on {:?}: it leaves {count} value(s) a channel, and a \
                 variance needs two; use a larger batch (or drop a last batch of one example)",
                x.shape()
            )
        }
        if let Some(y) = by_positions(x, |x| self.train(x, rectifier)) {
            return y;
        }
        if !has_kernel(x) {
            let y = self.composed_train(x, count as f64)?;
            return rectifier.composed(y);
        }
        let x = x.contiguous()?;
        let moments = moments(&x, Sets::Channel)?;
        let statistics = moments.iter().map(|m| (m.mean, m.variance()));
        let (mean, variance): (Vec<f64>, Vec<f64>) = statistics.unzip();
        let tensor = |values: &[f64]| Tensor::new(values, x.device())?.to_dtype(x.dtype());
        self.move_running(&tensor(&mean)?, &tensor(&variance)?, count as f64)?;
        self.normalise(&x, &mean, &variance, true, rectifier)
    }

    fn evaluate(&self, x: &Tensor, rectifier: Rectifier) -> Result<Tensor> {
        let channels = self.channels(x)?;
        if let Some(y) = by_positions(x, |x| self.evaluate(x, rectifier)) {
            return y;
        }
        let (mean, variance) = (self.running_mean().detach(), self.running_var().detach());
        if has_kernel(x) {
            let values = |t: &Tensor| t.to_dtype(DType::F64)?.to_vec1::<f64>();
            let (mean, variance) = (values(&mean)?, values(&variance)?);
            return self.normalise(x, &mean, &variance, false, rectifier);
        }
        let shape = by_channel(channels, x.rank());
        let inverse = (variance + self.eps)?.sqrt()?.recip()?.reshape(&shape[..])?;
        let y = widen(x)?
            .broadcast_sub(&mean.reshape(&shape[..])?)?
            .broadcast_mul(&inverse)?;
        let y = self.scale(y.to_dtype(x.dtype())?)?;
        rectifier.composed(y)
    }

    fn normalise(
        &self,
        x: &Tensor,
        mean: &[f64],
        variance: &[f64],
        of_input: bool,
        rectifier: Rectifier,
    ) -> Result<Tensor> {
        let inverse = |variance: &f64| 1.0 / (variance + self.eps).sqrt();
        NormalisePlanes {
            sets: Sets::Channel,
            statistics: mean.iter().copied().zip(variance.iter().map(inverse)).collect(),
            of_input,
            rectifier,
        }
        .apply(x, self.weight_and_bias.as_ref())
    }

    fn composed_train(&self, x: &Tensor, count: f64) -> Result<Tensor> {
        let dtype = x.dtype();
        let channels = widen(x)?.transpose(0, 1)?.flatten_from(1)?;
        let mean = channels.mean_keepdim(1)?;
        let centred = channels.broadcast_sub(&mean)?;
        let variance = centred.sqr()?.mean_keepdim(1)?;
        let flat = |t: &Tensor| t.detach().flatten_all();
        self.move_running(&flat(&mean)?, &flat(&variance)?, count)?;
        let y = centred.broadcast_div(&(variance + self.eps)?.sqrt()?)?;
        let mut dims = x.dims().to_vec();
        dims.swap(0, 1);
        self.scale(y.to_dtype(dtype)?.reshape(dims)?.transpose(0, 1)?)
    }

    fn scale(&self, y: Tensor) -> Result<Tensor> {
        let Some((weight, bias)) = &self.weight_and_bias else {
            return Ok(y);
        };
        let shape = by_channel(y.dim(1)?, y.rank());
        y.broadcast_mul(&weight.reshape(&shape[..])?)?
            .broadcast_add(&bias.reshape(&shape[..])?)
    }

    fn move_running(&self, mean: &Tensor, variance: &Tensor, count: f64) -> Result<()> {
        let unbiased = (variance * (count / (count - 1.0)))?;
        for (running, batch) in [(&self.running_mean, mean), (&self.running_var, &unbiased)] {
            let kept = (running.as_detached_tensor() * (1.0 - self.momentum))?;
            let moved = (batch.to_dtype(running.dtype())? * self.momentum)?;
            running.set(&(kept + moved)?)?;
        }
        Ok(())
    }

    fn channels(&self, x: &Tensor) -> Result<usize> {
        let channels = self.running_mean().elem_count();
        if x.rank() < 2 || x.dims()[1] != channels || x.elem_count() == 0 {
            bail!(
                "batch normalisation over {channels} channels cannot take {:?}: it needs \
                 (batch, {channels}) or (batch, {channels}, positions…), and at least one value",
                x.shape()
            )
        }
        Ok(channels)
    }
}

impl ModuleT for BatchNorm {
    fn forward_t(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        match train {
            true => self.forward_train(x),
            false => self.forward_eval(x),
        }
    }
}

/// (batch, channels) seen as one example with the batch for positions, so that a plane is more than one value.
fn by_positions(x: &Tensor, forward: impl Fn(&Tensor) -> Result<Tensor>) -> Option<Result<Tensor>> {
    (x.rank() == 2).then(|| forward(&x.t()?.unsqueeze(0)?)?.squeeze(0)?.t())
}

/// The shape that spreads a value per channel over a tensor of `rank`.
pub(super) fn by_channel(channels: usize, rank: usize) -> Vec<usize> {
    let mut shape = vec![1; rank];
    shape[1] = channels;
    shape
}

/// A [`BatchNorm`] over `num_features` channels, with the variables `running_mean` and `running_var` and, if
/// affine, the parameters `weight` and `bias`.
pub fn batch_norm<C: Into<BatchNormConfig>>(
    num_features: usize,
    config: C,
    vb: VarBuilder<'_>,
) -> Result<BatchNorm> {
    let config = config.into();
    if config.eps < 0.0 || !(0.0..=1.0).contains(&config.momentum) {
        bail!(
            "batch normalisation needs eps ≥ 0 and a momentum within 0 and 1, not {} and {}",
            config.eps,
            config.momentum
        )
    }
    let dtype = match vb.dtype() {
        DType::F16 | DType::BF16 => DType::F32,
        dtype => dtype,
    };
    let running = |name, value| vb.get_with_hints_dtype(num_features, name, Init::Const(value), dtype);
    let (running_mean, running_var) = (running("running_mean", 0.0)?, running("running_var", 1.0)?);
    let weight_and_bias = match config.affine {
        true => Some((
            vb.get_with_hints(num_features, "weight", Init::Const(1.0))?,
            vb.get_with_hints(num_features, "bias", Init::Const(0.0))?,
        )),
        false => None,
    };
    Ok(BatchNorm {
        running_mean: Var::from_tensor(&running_mean)?,
        running_var: Var::from_tensor(&running_var)?,
        weight_and_bias,
        eps: config.eps,
        momentum: config.momentum,
    })
}
