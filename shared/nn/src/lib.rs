//! Layers, functions and losses for [candle](candle_core) that train right: candle-nn's names and conventions,
//! each with a gradient that is proved. For most models it is enough to write `nn::` where it says `candle_nn::`, and
//! the functions of this crate where it calls methods of `Tensor`: see [below](#what-stays-wrong).
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
//! | `layer_norm`, `rms_norm`, `softmax_last_dim`, `rope`: no gradient, silently | [`layer_norm()`], [`rms_norm()`], [`ops::softmax_last_dim`], [`rope`] |
//! | `batch_norm` trained on one value a channel: NaN | [`BatchNorm`]: an error that says why |
//! | `mish`, `selu`: NaN gradients at large values; `gelu`, `gelu_erf`: gradients of six digits | [`ops`]: right for all values |
//! | `binary_cross_entropy_with_logit`: infinite or NaN beyond logits of ±17 | [`loss::binary_cross_entropy_with_logit`]: finite for all |
//! | `embedding`: an id outside of the vocabulary is an error without a name; the gradient is added on one core | [`embedding()`]: names the id |
//! | `cross_entropy`: no smoothing, class weights or padding; a bad label is an error without a name | [`loss::cross_entropy_with`] |
//! | no CTC loss | [`loss::ctc`]; [`ctc`] has greedy decoding, beam search and alignment |
//! | `gru`, `lstm`: one layer, one direction, a matrix product for each step's input, no padding | [`gru`], [`lstm`] |
//! | convolution on the CPU: scalar loops, in part on one core; depthwise costs as much as dense | tiles in SIMD registers on all cores, and the same bits whatever the number of cores |
//! | the backward pass adds every gradient to a tensor of zeros | gradients go from operation to operation; [`backward`] spares the zeros for the weights too |
//! | a step's memory goes back to the system, and comes again page by page | [`Pool`], an allocator that keeps it |
//!
//! # What stays wrong
//!
//! The methods of candle's own `Tensor` (`x.max_pool2d(2)`, `avg_pool2d`, `upsample_nearest2d`, `upsample_bilinear2d`,
//! `conv1d`, `conv2d`, `conv_transpose1d`, `conv_transpose2d`) stay as they are: their gradients are
//! wrong without a word, or an error in the backward pass. Call the functions of the table instead. The workspace's
//! `clippy.toml` disallows the methods, and names the function for each.
//!
//! # What else differs from candle-nn
//!
//! Convolutions have [`Conv2d::geometry`] where candle has `config()`; [`GRUConfig`] and [`LSTMConfig`] have other
//! fields; there are no optimisers here but those of the crate `training`; and weights start as PyTorch's do, where
//! no other initialisation is asked for.
//!
//! Kernels compute in f32 and f64. Of half precision (f16, bf16) are the products and the results; in between, norms,
//! activations, softmax and losses compute in f32, losses return f32, and batch statistics are kept in it. Layers of
//! half precision run on candle's own operations, on the CPU too, and are slow there.
//!
//! # How fast
//!
//! Ten of the eleven networks that were measured train faster than with PyTorch on a CPU: see the crate's `README.md`. To train as
//! fast, a program names [`Pool`] as its allocator, calls [`backward`] rather than `Tensor::backward` (the crate
//! `training` does), and takes the operations that do two things in one pass where they fit:
//! [`BatchNorm::forward_relu_t`], [`GroupNorm::forward_relu`], [`ops::add_relu`], [`ops::add`], [`self_attention`].
//!
//! # How it is proved
//!
//! `tests/gradients` compares the gradient of every public operation, to its inputs and to its parameters, with
//! central differences, on both the CPU kernels and the compositions of candle's operations that run on a GPU
//! (see [`composed`]). A public operation without a case in that table fails the test.

mod activation;
mod attention;
mod conv;
mod convolution;
mod cpu;
mod crf;
pub mod ctc;
mod dropout;
mod elementwise;
mod embedding;
mod float;
mod init;
mod lanes;
mod linear;
mod linear_map;
pub mod loss;
mod max_pool;
mod memory;
mod norm;
pub mod ops;
mod pieces;
mod pooling;
mod product;
mod random;
mod residual;
mod rnn;
mod separable;
mod simd;
mod softmax;
mod tape;
mod team;
mod threads;
mod upsample;

pub use activation::{Activation, PReLU, prelu};
pub use attention::{
    AttentionMask, MultiHeadAttention, MultiHeadAttentionConfig, joined_attention, multi_head_attention,
    rope, rope_angles, scaled_dot_product_attention, self_attention,
};
pub use conv::{
    Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d, conv_transpose1d, conv_transpose1d_no_bias,
    conv_transpose2d, conv_transpose2d_no_bias, conv_transpose2d_rectangular, conv1d, conv1d_no_bias, conv2d,
    conv2d_no_bias, conv2d_rectangular,
};
pub use convolution::Geometry;
pub use cpu::composed;
pub use crf::{CRF, crf};
pub use dropout::Dropout;
pub use embedding::{Embedding, EmbeddingBag, embedding, embedding_bag};
pub use init::{is_buffer, seeded};
pub use linear::{Linear, linear, linear_b, linear_no_bias};
pub use memory::Pool;
pub use norm::{
    BatchNorm, BatchNormConfig, GroupNorm, InstanceNorm, LayerNorm, LayerNormConfig, RmsNorm, batch_norm,
    group_norm, instance_norm, instance_norm_no_affine, layer_norm, layer_norm_no_bias, rms_norm,
};
pub use pooling::{
    adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_max_pool1d, adaptive_max_pool2d, avg_pool1d,
    avg_pool2d, max_pool1d, max_pool2d,
};
pub use random::{Random, begin_step, random, random_in_step};
pub use tape::backward;
pub use threads::{share, threads, use_threads};
pub use upsample::{upsample_bilinear2d, upsample_nearest1d, upsample_nearest2d};

pub use rnn::{GRU, GRUConfig, GRUState, LSTM, LSTMConfig, LSTMState, RecurrentConfig, gru, lstm};

pub use candle_core::{Module, ModuleT};
pub use candle_nn::{
    Conv1dConfig, Conv2dConfig, ConvTranspose1dConfig, ConvTranspose2dConfig, Func, FuncT, Init, Optimizer,
    RNN, Sequential, VarBuilder, VarMap, func, func_t, seq,
};
