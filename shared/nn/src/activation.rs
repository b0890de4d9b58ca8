//! Activations: as functions, and as modules that a configuration can name.

use candle_core::{D, Module, Result, Tensor};

use crate::elementwise::apply;
use crate::elementwise::functions::{
    Elu, Gelu, GeluErf, HardSigmoid, HardSwish, LeakyRelu, Mish, Relu, Sigmoid, Silu, Softplus, Tanh,
};

pub use candle_nn::{PReLU, prelu};

/// max(x, 0). The derivative at 0 is 0 on the CPU, and 1 where candle's own operation runs.
pub fn relu(x: &Tensor) -> Result<Tensor> {
    apply(Relu, x)
}

/// x where it is positive, `negative_slope`·x elsewhere.
pub fn leaky_relu(x: &Tensor, negative_slope: f64) -> Result<Tensor> {
    apply(LeakyRelu(negative_slope), x)
}

/// x where it is positive, `alpha`·(eˣ - 1) elsewhere (Clevert et al. 2015).
pub fn elu(x: &Tensor, alpha: f64) -> Result<Tensor> {
    apply(Elu(alpha), x)
}

/// `gamma`·[`elu`]: 1.6732 and 1.0507 keep mean 0 and variance 1 from layer to layer (Klambauer et al. 2017).
pub fn selu(x: &Tensor, alpha: f32, gamma: f32) -> Result<Tensor> {
    elu(x, alpha as f64)? * gamma as f64
}

/// x·Φ(x), with the normal distribution's Φ computed exactly: PyTorch's `gelu`, candle's `gelu_erf`.
pub fn gelu_erf(x: &Tensor) -> Result<Tensor> {
    apply(GeluErf, x)
}

/// The approximation of [`gelu_erf`] by a tanh that GPT-2 and BERT were trained with; candle's `gelu`.
pub fn gelu(x: &Tensor) -> Result<Tensor> {
    apply(Gelu, x)
}

/// x·σ(x), also called swish.
pub fn silu(x: &Tensor) -> Result<Tensor> {
    apply(Silu, x)
}

/// Splits the last dimension into halves a and b: [`silu`]`(a)`·b (Shazeer 2020).
pub fn swiglu(x: &Tensor) -> Result<Tensor> {
    let halves = x.chunk(2, D::Minus1)?;
    silu(&halves[0])? * &halves[1]
}

/// σ(x) = 1 / (1 + e⁻ˣ).
pub fn sigmoid(x: &Tensor) -> Result<Tensor> {
    apply(Sigmoid, x)
}

/// ln σ(x), finite where σ(x) itself is rounded to 0.
pub fn log_sigmoid(x: &Tensor) -> Result<Tensor> {
    softplus(&x.neg()?)?.neg()
}

/// The hyperbolic tangent.
pub fn tanh(x: &Tensor) -> Result<Tensor> {
    apply(Tanh, x)
}

/// ln(1 + eˣ), a smooth [`relu`].
pub fn softplus(x: &Tensor) -> Result<Tensor> {
    apply(Softplus, x)
}

/// (x + 3) / 6, held within 0 and 1.
pub fn hard_sigmoid(x: &Tensor) -> Result<Tensor> {
    apply(HardSigmoid, x)
}

/// x·[`hard_sigmoid`]`(x)` (MobileNetV3).
pub fn hard_swish(x: &Tensor) -> Result<Tensor> {
    apply(HardSwish, x)
}

/// x·tanh([`softplus`]`(x))` (Misra 2019).
pub fn mish(x: &Tensor) -> Result<Tensor> {
    apply(Mish, x)
}

/// An activation function named in a model's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Activation {
    /// [`gelu_erf`]
    #[default]
    Gelu,
    /// [`gelu`]
    NewGelu,
    /// [`gelu`]
    GeluPytorchTanh,
    /// [`relu`]
    Relu,
    /// [`relu`], squared
    Relu2,
    /// [`relu`], at most 6
    Relu6,
    /// [`leaky_relu`] with this slope below 0
    LeakyRelu(f64),
    /// [`elu`] with this alpha
    Elu(f64),
    /// [`silu`]
    Silu,
    /// [`silu`]
    Swish,
    /// [`swiglu`]
    Swiglu,
    /// [`mish`]
    Mish,
    /// [`sigmoid`]
    Sigmoid,
    /// [`hard_sigmoid`]
    HardSigmoid,
    /// [`hard_swish`]
    HardSwish,
    /// [`tanh`]
    Tanh,
    /// [`softplus`]
    Softplus,
}

impl Module for Activation {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match *self {
            Self::Gelu => gelu_erf(x),
            Self::NewGelu | Self::GeluPytorchTanh => gelu(x),
            Self::Relu => relu(x),
            Self::Relu2 => relu(x)?.sqr(),
            Self::Relu6 => x.clamp(0.0, 6.0),
            Self::LeakyRelu(negative_slope) => leaky_relu(x, negative_slope),
            Self::Elu(alpha) => elu(x, alpha),
            Self::Silu | Self::Swish => silu(x),
            Self::Swiglu => swiglu(x),
            Self::Mish => mish(x),
            Self::Sigmoid => sigmoid(x),
            Self::HardSigmoid => hard_sigmoid(x),
            Self::HardSwish => hard_swish(x),
            Self::Tanh => tanh(x),
            Self::Softplus => softplus(x),
        }
    }
}
