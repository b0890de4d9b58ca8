//! The activations as functions of one number, with their derivatives.

use candle_core::{Result, Tensor};

use super::Function;
use crate::float::Float;

#[derive(Clone, Copy)]
pub(crate) struct Relu;
impl Function for Relu {
    #[inline(always)]
    fn value<T: Float>(self, x: T) -> T {
        x.at_least(T::ZERO)
    }
    #[inline(always)]
    fn slope<T: Float>(self, x: T) -> T {
        if x > T::ZERO { T::ONE } else { T::ZERO }
    }
    fn composed(self, x: &Tensor) -> Result<Tensor> {
        x.relu()
    }
}

#[derive(Clone, Copy)]
pub(crate) struct LeakyRelu(pub f64);
impl Function for LeakyRelu {
    #[inline(always)]
    fn value<T: Float>(self, x: T) -> T {
        if x > T::ZERO { x } else { x * T::of(self.0) }
    }
    #[inline(always)]
    fn slope<T: Float>(self, x: T) -> T {
        if x > T::ZERO { T::ONE } else { T::of(self.0) }
    }
    fn composed(self, x: &Tensor) -> Result<Tensor> {
        candle_nn::ops::leaky_relu(x, self.0)
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Elu(pub f64);
impl Function for Elu {
    #[inline(always)]
    fn value<T: Float>(self, x: T) -> T {
        let negative = T::of(self.0) * (x.at_most(T::ZERO).exp() - T::ONE);
        if x > T::ZERO { x } else { negative }
    }
    #[inline(always)]
    fn slope<T: Float>(self, x: T) -> T {
        let negative = T::of(self.0) * x.at_most(T::ZERO).exp();
        if x > T::ZERO { T::ONE } else { negative }
    }
    fn composed(self, x: &Tensor) -> Result<Tensor> {
        x.elu(self.0)
    }
}

#[derive(Clone, Copy)]
pub(crate) struct GeluErf;
impl Function for GeluErf {
    #[inline(always)]
    fn value<T: Float>(self, x: T) -> T {
        x * x.normal().1
    }
    #[inline(always)]
    fn slope<T: Float>(self, x: T) -> T {
        let (density, below) = x.normal();
        below + x * density
    }
    // Candle's own `gelu_erf` has a gradient whose constants are rounded to six digits.
    fn composed(self, x: &Tensor) -> Result<Tensor> {
        let erf = (x * std::f64::consts::FRAC_1_SQRT_2)?.erf()?;
        x * erf.affine(0.5, 0.5)?
    }
}

/// √(2/π), and the weight of the cubic term, of the tanh approximation (Hendrycks & Gimpel 2016, section 2).
const GELU: (f64, f64) = (0.797_884_560_802_865_4, 0.044_715);

/// Beyond this the slope of [`Gelu`] is 0 or 1 to the last bit, and further out its factors overflow to 0·∞.
const FLAT: f64 = 20.0;

#[derive(Clone, Copy)]
pub(crate) struct Gelu;
impl Function for Gelu {
    #[inline(always)]
    fn value<T: Float>(self, x: T) -> T {
        let inner = T::of(GELU.0) * x * (T::ONE + T::of(GELU.1) * x * x);
        T::of(0.5) * x * (T::ONE + inner.tanh())
    }
    #[inline(always)]
    fn slope<T: Float>(self, x: T) -> T {
        let x = x.at_least(T::of(-FLAT)).at_most(T::of(FLAT));
        let square = T::of(GELU.1) * x * x;
        let tanh = (T::of(GELU.0) * x * (T::ONE + square)).tanh();
        let inner_slope = T::of(GELU.0) * (T::ONE + T::of(3.0) * square);
        T::of(0.5) * (T::ONE + tanh + x * (T::ONE - tanh * tanh) * inner_slope)
    }
    // Candle's own `gelu` has a gradient whose constants are rounded to six digits.
    fn composed(self, x: &Tensor) -> Result<Tensor> {
        let held = x.clamp(-FLAT, FLAT)?;
        let inner = (&held * held.sqr()?.affine(GELU.1, 1.0)?)?.affine(GELU.0, 0.0)?;
        x * inner.tanh()?.affine(0.5, 0.5)?
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Silu;
impl Function for Silu {
    #[inline(always)]
    fn value<T: Float>(self, x: T) -> T {
        x * x.sigmoid()
    }
    #[inline(always)]
    fn slope<T: Float>(self, x: T) -> T {
        let sigmoid = x.sigmoid();
        sigmoid * (T::ONE + x * (T::ONE - sigmoid))
    }
    fn composed(self, x: &Tensor) -> Result<Tensor> {
        x.silu()
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Sigmoid;
impl Function for Sigmoid {
    #[inline(always)]
    fn value<T: Float>(self, x: T) -> T {
        x.sigmoid()
    }
    #[inline(always)]
    fn slope<T: Float>(self, x: T) -> T {
        let sigmoid = x.sigmoid();
        sigmoid * (T::ONE - sigmoid)
    }
    fn composed(self, x: &Tensor) -> Result<Tensor> {
        candle_nn::ops::sigmoid(x)
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Tanh;
impl Function for Tanh {
    #[inline(always)]
    fn value<T: Float>(self, x: T) -> T {
        x.tanh()
    }
    #[inline(always)]
    fn slope<T: Float>(self, x: T) -> T {
        let tanh = x.tanh();
        T::ONE - tanh * tanh
    }
    fn composed(self, x: &Tensor) -> Result<Tensor> {
        x.tanh()
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Softplus;
impl Function for Softplus {
    #[inline(always)]
    fn value<T: Float>(self, x: T) -> T {
        x.at_least(T::ZERO) + (-x.abs()).exp().ln_1p()
    }
    #[inline(always)]
    fn slope<T: Float>(self, x: T) -> T {
        x.sigmoid()
    }
    // `relu` and not `maximum`: candle's derivatives of `relu` and of `abs` at 0 are both 1, which makes the
    // sum's derivative ½ there, as it should be.
    fn composed(self, x: &Tensor) -> Result<Tensor> {
        x.relu()? + (x.abs()?.neg()?.exp()? + 1.0)?.log()?
    }
}

#[derive(Clone, Copy)]
pub(crate) struct HardSigmoid;
impl Function for HardSigmoid {
    #[inline(always)]
    fn value<T: Float>(self, x: T) -> T {
        (x / T::of(6.0) + T::of(0.5)).at_least(T::ZERO).at_most(T::ONE)
    }
    #[inline(always)]
    fn slope<T: Float>(self, x: T) -> T {
        if x.abs() < T::of(3.0) {
            T::of(1.0 / 6.0)
        } else {
            T::ZERO
        }
    }
    fn composed(self, x: &Tensor) -> Result<Tensor> {
        x.affine(1.0 / 6.0, 0.5)?.clamp(0.0, 1.0)
    }
}

#[derive(Clone, Copy)]
pub(crate) struct HardSwish;
impl Function for HardSwish {
    #[inline(always)]
    fn value<T: Float>(self, x: T) -> T {
        x * HardSigmoid.value(x)
    }
    #[inline(always)]
    fn slope<T: Float>(self, x: T) -> T {
        HardSigmoid.value(x) + x * HardSigmoid.slope(x)
    }
    fn composed(self, x: &Tensor) -> Result<Tensor> {
        x * HardSigmoid.composed(x)?
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Mish;
impl Function for Mish {
    #[inline(always)]
    fn value<T: Float>(self, x: T) -> T {
        x * Softplus.value(x).tanh()
    }
    #[inline(always)]
    fn slope<T: Float>(self, x: T) -> T {
        let tanh = Softplus.value(x).tanh();
        tanh + x * (T::ONE - tanh * tanh) * x.sigmoid()
    }
    fn composed(self, x: &Tensor) -> Result<Tensor> {
        x * Softplus.composed(x)?.tanh()?
    }
}
