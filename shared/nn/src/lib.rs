//! Layers, functions and losses for [candle](candle_core) that train right: candle-nn's names and conventions,
//! each with a gradient that is proved. Swap `candle_nn::` for `nn::`.
//!
//! ```
//! use nn::{Module, VarMap};
//! # fn main() -> candle_core::Result<()> {
//! let vars = VarMap::new();
//! let vb = nn::seeded(&vars, 7, candle_core::DType::F32, &candle_core::Device::Cpu);
//! let stem = nn::conv2d(3, 16, 3, nn::Conv2dConfig { stride: 2, padding: 1, ..Default::default() }, vb.pp("stem"))?;
//! # let x = candle_core::Tensor::zeros((1, 3, 7, 9), candle_core::DType::F32, &candle_core::Device::Cpu)?;
//! # assert_eq!(stem.forward(&x)?.dims(), [1, 16, 4, 5]);
//! # Ok(()) }
//! ```
//!
//! # What changes against candle 0.11
//!
//! | in candle | here |
//! |---|---|
//! | `max_pool2d`: gradient divided by the window's size; wrong on odd sizes; an error where kernel ≠ stride | [`max_pool2d`]: the maximum gets the whole gradient, any kernel, stride, padding and size |
//! | `avg_pool2d`: wrong on odd sizes | [`avg_pool2d`], [`adaptive_avg_pool2d`]: any size |
//! | `conv2d` with stride 2 on a non-square input: an error in backward | [`conv2d`], [`conv2d_rectangular`]: any geometry |
//! | `conv_transpose1d`: no backward; `conv_transpose2d`: no groups | [`conv_transpose1d`], [`conv_transpose2d`] |
//! | `upsample_nearest2d`: overwrites the gradient of an input that is used twice; whole factors only | [`upsample_nearest2d`]: adds, any target size |
//! | `upsample_bilinear2d`: no backward | [`upsample_bilinear2d`] |
//! | the CPU generator cannot be seeded: other weights and other dropout masks in every run | [`seeded`], [`begin_step`], [`Dropout`]: a function of seed, name and step |
//! | convolution and pooling on the CPU are 5 to 20 times slower than they could be | tiled, on all cores, and the same bits whatever the number of cores |
//!
//! # How it is proved
//!
//! `tests/gradients` compares the gradient of every public operation, to its inputs and to its parameters, with
//! central differences, on both the CPU kernels and the compositions of candle's operations that run on a GPU
//! (see [`composed`]). A public operation without a case in that table fails the test.

mod activation;
mod conv;
mod convolution;
mod cpu;
mod dropout;
mod elementwise;
mod float;
mod init;
mod linear;
mod linear_map;
pub mod loss;
mod norm;
pub mod ops;
mod random;
mod simd;
mod softmax;

pub use activation::{Activation, PReLU, prelu};
pub use conv::{
    Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d, conv_transpose1d, conv_transpose1d_no_bias,
    conv_transpose2d, conv_transpose2d_no_bias, conv_transpose2d_rectangular, conv1d, conv1d_no_bias, conv2d,
    conv2d_no_bias, conv2d_rectangular,
};
pub use convolution::Geometry;
pub use cpu::composed;
pub use dropout::Dropout;
pub use init::{is_buffer, seeded};
pub use linear::{Linear, linear, linear_b, linear_no_bias};
pub use norm::{
    BatchNorm, BatchNormConfig, GroupNorm, InstanceNorm, LayerNorm, LayerNormConfig, RmsNorm, batch_norm,
    group_norm, instance_norm, instance_norm_no_affine, layer_norm, layer_norm_no_bias, rms_norm,
};
pub use random::{Random, begin_step, random, random_in_step};

pub use candle_core::{Module, ModuleT};
pub use candle_nn::{
    Conv1dConfig, Conv2dConfig, ConvTranspose1dConfig, ConvTranspose2dConfig, Embedding, Func, FuncT, Init,
    Optimizer, Sequential, VarBuilder, VarMap, embedding, func, func_t, seq,
};
