//! The functions underneath the layers, as in `candle_nn::ops`.

pub use crate::activation::{
    elu, gelu, gelu_erf, hard_sigmoid, hard_swish, leaky_relu, log_sigmoid, mish, relu, selu, sigmoid, silu,
    softplus, swiglu, tanh,
};
pub use crate::convolution::{conv_transpose1d, conv_transpose2d, conv1d, conv2d};
pub use crate::linear_map::linear;
pub use crate::norm::functions::{layer_norm, rms_norm};
pub use crate::residual::{add, add_relu};
pub use crate::softmax::{log_softmax, softmax, softmax_last_dim};
