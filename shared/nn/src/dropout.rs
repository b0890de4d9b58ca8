//! Dropout.

use candle_core::{Device, ModuleT, Result, Shape, Tensor, bail};
use rand::RngCore;

/// In training, sets each element to zero with probability p and multiplies the others by 1 / (1 - p), so that the
/// mean stays; in evaluation it passes its input on (Srivastava et al. 2014).
///
/// The masks come from [`begin_step`](crate::begin_step): the same seed and step give the same masks, on every device.
///
/// ```
/// use candle_core::{Device, Tensor};
/// # fn main() -> candle_core::Result<()> {
/// let x = Tensor::ones(1000, candle_core::DType::F32, &Device::Cpu)?;
/// nn::begin_step(7, 0);
/// let kept = nn::Dropout::new(0.25).forward(&x, true)?.mean_all()?.to_scalar::<f32>()?;
/// assert!((kept - 1.0).abs() < 0.1);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    p: f32,
}

impl Dropout {
    /// Drops with probability `p`. One that is not in 0 ≤ p < 1 is an error of the forward pass.
    pub fn new(p: f32) -> Self {
        Self { p }
    }

    /// `x` with elements dropped where `train` says so.
    pub fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        self.check()?;
        if !train {
            return Ok(x.clone());
        }
        match self.factors(x.shape())? {
            None => Ok(x.clone()),
            Some(factors) => x.mul(&factors.to_dtype(x.dtype())?.to_device(x.device())?),
        }
    }

    /// What elements are multiplied by in training, in f32 on the CPU; none where all stay as they are.
    pub(crate) fn factors(&self, shape: &Shape) -> Result<Option<Tensor>> {
        self.check()?;
        if self.p == 0.0 {
            return Ok(None);
        }
        let mut random = crate::random::random_in_step();
        let keep = 1.0 / (1.0 - self.p);
        let threshold = (self.p as f64 * 2f64.powi(32)) as u32;
        let mut mask = || if random.next_u32() < threshold { 0.0 } else { keep };
        let mask: Vec<f32> = (0..shape.elem_count()).map(|_| mask()).collect();
        Ok(Some(Tensor::from_vec(mask, shape, &Device::Cpu)?))
    }

    fn check(&self) -> Result<()> {
        if !(0.0..1.0).contains(&self.p) {
            bail!(
                "dropout with p = {}: a probability of at least 0 and below 1 is needed",
                self.p
            )
        }
        Ok(())
    }
}

impl ModuleT for Dropout {
    fn forward_t(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        self.forward(x, train)
    }
}
