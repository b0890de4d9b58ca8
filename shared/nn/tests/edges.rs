//! Bad arguments, and the ends of what is allowed: each is an error that names the sizes, or a result on which the
//! kernels and candle's own operations agree.

#![allow(clippy::unwrap_used)] // the helpers of tests, too, may panic

use std::collections::HashMap;

use candle_core::{DType, Device, Result, Tensor, Var};
use candle_nn::RNN;
use nn::loss::{self, CrossEntropyOptions};
use nn::{Geometry, Module, VarBuilder, VarMap, ops};

fn ones(dims: &[usize]) -> Tensor {
    Tensor::ones(dims, DType::F32, &Device::Cpu).unwrap()
}

fn says<T>(result: Result<T>, words: &[&str]) {
    let error = result.err().expect("an error").to_string();
    for words in words {
        assert!(error.contains(words), "{error:?} should say {words:?}");
    }
}

/// Runs `test` on the CPU kernels, and on candle's own operations.
fn both(test: impl Fn() -> Result<()>) {
    test().expect("with the kernels");
    nn::composed(test).expect("composed");
}

fn values(x: &Tensor) -> Vec<f32> {
    x.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn an_id_outside_of_the_vocabulary_is_an_error() {
    let words = nn::Embedding::new(ones(&[5, 3]), 3);
    for (ids, id) in [(vec![0i64, 5], "id 5"), (vec![4, -1], "id -1")] {
        let ids = Tensor::new(ids, &Device::Cpu).unwrap();
        says(words.forward(&ids), &[id, "number 1 of 2", "vocabulary of 5"]);
    }
}

#[test]
fn heads_that_do_not_divide_the_size_are_an_error() {
    both(|| {
        let (mask, x) = (nn::AttentionMask::default(), ones(&[2, 3, 10]));
        says(nn::self_attention(&x, 2, &mask, None), &["10", "2 heads"]);
        says(
            nn::joined_attention(&x, &x, &x, 4, &mask, None),
            &["10", "4 heads"],
        );
        says(
            nn::joined_attention(&x, &ones(&[1, 3, 10]), &x, 2, &mask, None),
            &["[2, 3, 10]", "[1, 3, 10]"],
        );
        Ok(())
    });
}

#[test]
fn a_bias_of_the_wrong_length_is_an_error() {
    both(|| {
        let (x, plain) = (ones(&[1, 4, 5, 5]), Geometry::default());
        let grouped = Geometry { groups: 2, ..plain };
        let (weight, bias) = (ones(&[6, 4, 3, 3]), ones(&[3]));
        says(
            ops::conv2d(&x, &weight, Some(&bias), plain),
            &["[6, 4, 3, 3]", "must be [6], not [3]"],
        );
        let turned = ones(&[4, 3, 3, 3]);
        says(
            ops::conv_transpose2d(&x, &turned, Some(&bias), grouped),
            &["[4, 3, 3, 3]", "must be [6], not [3]"],
        );
        let y = ops::conv_transpose2d(&x, &turned, Some(&ones(&[6])), grouped)?;
        assert_eq!(y.dims(), [1, 6, 7, 7]);
        says(
            nn::Linear::new(ones(&[2, 4]), Some(ones(&[3]))).forward(&ones(&[7, 4])),
            &["[2, 4]", "a bias of [2], not [3]"],
        );
        says(
            nn::GroupNorm::new(ones(&[4]), ones(&[2]), 4, 2, 1e-5),
            &["[4], not [4] and [2]"],
        );
        says(
            nn::GroupNorm::new(ones(&[2]), ones(&[4]), 4, 2, 1e-5),
            &["[4], not [2] and [4]"],
        );
        Ok(())
    });
}

#[test]
fn sizes_that_overflow_are_errors() {
    both(|| {
        let (x, weight, plain) = (ones(&[1, 1, 3, 3]), ones(&[1, 1, 2, 2]), Geometry::default());
        for huge in [1 << 61, 1 << 62, 1 << 63, usize::MAX] {
            for both in [(huge, 0), (0, huge), (1 << 30, 1 << 31)] {
                let padded = Geometry {
                    padding: both,
                    ..plain
                };
                says(ops::conv2d(&x, &weight, None, padded), &["overflow"]);
                assert!(ops::conv_transpose2d(&x, &weight, None, padded).is_err());
                assert!(nn::max_pool2d(&x, 2, 2, both).is_err());
            }
            let strided = Geometry {
                stride: (huge, huge),
                ..plain
            };
            says(ops::conv_transpose2d(&x, &weight, None, strided), &["overflow"]);
            assert_eq!(ops::conv2d(&x, &weight, None, strided)?.dims(), [1, 1, 1, 1]);
            let dilated = Geometry {
                dilation: (1, huge),
                ..plain
            };
            says(ops::conv2d(&x, &weight, None, dilated), &["too large"]);
            let grouped = Geometry {
                groups: huge,
                ..plain
            };
            assert!(ops::conv2d(&x, &weight, None, grouped).is_err());
        }
        Ok(())
    });
}

/// Each direction alone would fit: it is their product that wraps around.
#[test]
fn dilations_whose_product_is_too_large_are_errors() {
    let geometry = Geometry {
        dilation: (4_295_032_831, 4_294_901_760),
        padding: (2_147_516_415, 2_147_450_880),
        ..Default::default()
    };
    both(|| {
        let (x, weight) = (ones(&[1, 1, 2, 1]), ones(&[1, 1, 2, 2]));
        says(ops::conv2d(&x, &weight, None, geometry), &["overflow"]);
        Ok(())
    });
}

#[test]
fn channels_and_features_may_be_none_or_an_error() -> Result<()> {
    let plain = Geometry::default();
    let none = Tensor::zeros((0, 1, 3, 3), DType::F32, &Device::Cpu)?;
    says(
        ops::conv2d(&ones(&[1, 1, 5, 5]), &none, None, plain),
        &["at least one channel"],
    );
    let (x, weight) = (
        Tensor::zeros((5, 0), DType::F32, &Device::Cpu)?,
        Var::zeros((3, 0), DType::F32, &Device::Cpu)?,
    );
    assert_eq!(
        ops::linear(&x, &weight, None)?.to_vec2::<f32>()?,
        vec![vec![0.0; 3]; 5]
    );
    Ok(())
}

#[test]
fn windows_may_reach_nothing_but_padding() {
    let x = Var::from_tensor(&ones(&[1, 1, 1, 2])).unwrap();
    let (weight, bias) = (ones(&[1, 1, 1, 1]), (ones(&[1]) * 5.0).unwrap());
    both(|| {
        let sparse = Geometry {
            stride: (1, 100),
            padding: (0, 3),
            ..Default::default()
        };
        let y = ops::conv2d(&x, &weight, Some(&bias), sparse)?;
        assert_eq!(values(&y), [5.0]);
        y.sum_all()?.backward()?;

        let cut = Geometry {
            stride: (1, 10),
            padding: (0, 4),
            output_padding: (0, 9),
            ..Default::default()
        };
        let y = ops::conv_transpose2d(&x.narrow(3, 0, 1)?, &weight, Some(&bias), cut)?;
        assert_eq!(values(&y), [5.0, 5.0]);
        y.sum_all()?.backward()?;
        Ok(())
    });
}

#[test]
fn a_recurrent_network_needs_a_step() {
    let vb = nn::seeded(&VarMap::new(), 1, DType::F32, &Device::Cpu);
    let gru = nn::gru(3, 5, Default::default(), vb.pp("gru")).unwrap();
    let lstm = nn::lstm(3, 5, Default::default(), vb.pp("lstm")).unwrap();
    both(|| {
        says(gru.seq(&ones(&[2, 0, 3])), &["at least one step", "[2, 0, 3]"]);
        let state = lstm.zero_state(2)?;
        says(
            lstm.seq_init(&ones(&[2, 0, 3]), &state),
            &["at least one step", "[2, 0, 3]"],
        );
        says(gru.forward(&ones(&[2, 0, 3])), &["at least one step"]);
        Ok(())
    });
}

#[test]
fn a_recurrent_weight_may_be_a_view() {
    let (x, input) = (ones(&[2, 4, 3]), ones(&[15, 3]));
    let hidden = Tensor::arange(0f32, 75.0, &Device::Cpu).unwrap();
    let hidden = (hidden.reshape((5, 15)).unwrap() * 0.01).unwrap().t().unwrap();
    let run = |hidden: Tensor| {
        let named = [("weight_ih_l0", input.clone()), ("weight_hh_l0", hidden)];
        let named: HashMap<_, _> = named.map(|(name, x)| (name.to_string(), x)).into();
        let vb = VarBuilder::from_tensors(named, DType::F32, &Device::Cpu);
        let config = nn::GRUConfig::default_no_bias();
        values(&nn::gru(3, 5, config, vb).unwrap().forward(&x).unwrap())
    };
    let copied = run(hidden.contiguous().unwrap());
    assert_eq!(run(hidden), copied);
}

#[test]
fn a_panic_leaves_the_kernels_on() {
    let uses_kernel = || {
        // Only the kernel gives relu the slope 0 at 0.
        let x = Var::new(&[0f32], &Device::Cpu).unwrap();
        let gradients = ops::relu(&x).unwrap().backward().unwrap();
        values(gradients.get(&x).unwrap()) == [0.0]
    };
    let panicked = std::panic::catch_unwind(|| nn::composed(|| assert!(uses_kernel(), "on purpose")));
    assert!(panicked.is_err() && uses_kernel());
}

#[test]
fn an_empty_batch_is_pooled_to_an_empty_batch() {
    both(|| {
        let x = ones(&[0, 3, 6, 5]);
        assert_eq!(nn::max_pool2d(&x, 2, 2, 0)?.dims(), [0, 3, 3, 2]);
        assert_eq!(nn::avg_pool2d(&x, 2, 2, 0)?.dims(), [0, 3, 3, 2]);
        Ok(())
    });
}

#[test]
fn class_weights_are_checked() {
    let logits = Var::new(&[[1f32, 0.0, 2.0], [0.0, 3.0, 1.0]], &Device::Cpu).unwrap();
    let labels = Tensor::new(&[0u32, 0], &Device::Cpu).unwrap();
    let with = |weights: [f64; 3]| {
        let options = CrossEntropyOptions {
            label_smoothing: 0.1,
            class_weights: Some(weights.to_vec()),
            ..Default::default()
        };
        loss::cross_entropy_with(&logits, &labels, &options)
    };
    both(|| {
        for wrong in [-1.0, f64::NAN, f64::INFINITY] {
            says(with([1.0, wrong, 1.0]), &["class 1", "at least 0"]);
        }
        // Smoothing spreads over classes that weigh something, but no label does.
        let nothing = with([0.0, 1.0, 1.0])?;
        assert_eq!(nothing.to_scalar::<f32>()?, 0.0);
        let gradients = nothing.backward()?;
        assert_eq!(values(gradients.get(&logits).unwrap()), [0.0; 6]);
        assert!(with([1.0, 0.0, 1.0])?.to_scalar::<f32>()? > 0.0);
        Ok(())
    });
}

#[test]
fn gelu_is_flat_far_out() {
    let x = Var::new(&[-1e20f32, -30.0, 30.0, 1e20], &Device::Cpu).unwrap();
    both(|| {
        let y = ops::gelu(&x)?;
        assert_eq!(values(&y), [0.0, 0.0, 30.0, 1e20]);
        assert_eq!(values(y.backward()?.get(&x).unwrap()), [0.0, 0.0, 1.0, 1.0]);
        Ok(())
    });
}

#[test]
fn half_precision_is_computed_in_single() {
    both(|| {
        for dtype in [DType::F16, DType::BF16] {
            // 300² and the sum of the batch are beyond f16; a bf16 sum of ones stops at 256.
            let far = (ones(&[4096]) * 300.0)?.to_dtype(dtype)?;
            let none = far.zeros_like()?;
            assert_eq!(loss::mse(&far, &none)?.to_scalar::<f32>()?, 90_000.0);
            assert_eq!(loss::l1(&far, &none)?.to_scalar::<f32>()?, 300.0);
            let binary = loss::binary_cross_entropy_with_logit(&far, &none)?;
            assert_eq!(binary.to_scalar::<f32>()?, 300.0);
            let logits = Var::from_tensor(&ones(&[700, 3]).to_dtype(dtype)?)?;
            let labels = Tensor::zeros(700, DType::U32, &Device::Cpu)?;
            let loss = loss::cross_entropy(&logits, &labels)?;
            assert!((loss.to_scalar::<f32>()? - 3f32.ln()).abs() < 1e-6);
            let gradients = loss.backward()?;
            assert_eq!(gradients.get(&logits).unwrap().dtype(), dtype);
            // 300 blanks, of each of which the loss is ln 2.
            let logits = Var::from_tensor(&ones(&[1, 300, 2]).to_dtype(dtype)?)?;
            let loss = loss::ctc(&logits, &[300], &[vec![]])?;
            assert!((loss.to_scalar::<f32>()? / (300.0 * 2f32.ln()) - 1.0).abs() < 1e-5);
            let gradients = loss.backward()?;
            assert_eq!(gradients.get(&logits).unwrap().dtype(), dtype);

            let y = ops::gelu(&far)?;
            assert_eq!(y.dtype(), dtype);
            assert_eq!(y.to_dtype(DType::F32)?.max(0)?.to_scalar::<f32>()?, 300.0);
            // 1 / 4096 of each, exact in both; the sum of the powers is not.
            let shares = ops::softmax(&far, 0)?.to_dtype(DType::F32)?;
            assert_eq!(values(&shares), [1.0 / 4096.0; 4096]);

            let vars = VarMap::new();
            let vb = nn::seeded(&vars, 1, dtype, &Device::Cpu);
            let norm = nn::batch_norm(1, 1e-5, vb)?;
            let two = Tensor::new(&[[[0f32, 2000.0]]], &Device::Cpu)?.to_dtype(dtype)?;
            let y = norm.forward_train(&two)?.to_dtype(DType::F32)?;
            assert_eq!(values(&y), [-1.0, 1.0]);
            assert_eq!(norm.running_mean().to_vec1::<f32>()?, [100.0]);
            let variance = norm.running_var().to_vec1::<f32>()?[0];
            assert!((variance - 200_000.9).abs() < 1.0, "{variance}");
            assert_eq!(norm.forward_eval(&two)?.dtype(), dtype);
        }
        Ok(())
    });
}

#[test]
fn ctc_names_the_sequence_that_cannot_be() {
    both(|| {
        let logits = ones(&[2, 5, 4]);
        let loss = |lengths: &[usize], targets: &[Vec<u32>]| loss::ctc(&logits, lengths, targets);
        let fine = || vec![1, 2, 3];
        says(
            loss(&[5, 6], &[fine(), fine()]),
            &["sequence 1", "length 6", "steps, 5"],
        );
        says(loss(&[0, 5], &[fine(), fine()]), &["sequence 0", "length 0"]);
        says(
            loss(&[5], &[fine(), fine()]),
            &["[2, 5, 4]", "1 lengths", "2 targets"],
        );
        says(loss(&[5, 5], &[fine()]), &["2 lengths", "1 targets"]);
        says(
            loss(&[5, 5], &[fine(), vec![1, 0]]),
            &["symbol 0 at place 1", "sequence 1", "blank"],
        );
        says(
            loss(&[5, 5], &[vec![4], fine()]),
            &["symbol 4 at place 0", "sequence 0", "from 1 to 3"],
        );
        says(
            loss(&[5, 3], &[fine(), vec![2, 2, 3]]),
            &["sequence 1", "needs 4 steps", "3 symbols", "1 blanks", "has 3"],
        );
        says(
            loss::ctc(&ones(&[5, 4]), &[5], &[fine()]),
            &["[5, 4]", "(batch, steps, symbols)"],
        );
        says(loss::ctc(&ones(&[0, 5, 4]), &[], &[]), &["at least one sequence"]);
        // As many steps as the target takes, and no symbol but the blank.
        assert!(
            loss(&[5, 4], &[vec![1, 1, 2, 3], vec![2, 2, 3]])?
                .to_scalar::<f32>()?
                .is_finite()
        );
        let blanks = loss::ctc(&ones(&[1, 2, 1]), &[2], &[vec![]])?;
        assert_eq!(blanks.to_scalar::<f32>()?, 0.0);
        Ok(())
    });
}

#[test]
fn ctc_decoders_refuse_what_has_no_probabilities() {
    let logits = ones(&[3, 4]);
    says(nn::ctc::greedy(&ones(&[1, 3, 4])), &["one sequence", "[1, 3, 4]"]);
    says(nn::ctc::greedy(&ones(&[0, 4])), &["at least one of each"]);
    says(nn::ctc::beam_search(&logits, 0), &["width 0"]);
    says(nn::ctc::align(&logits, &[1, 1, 2]), &["needs 4 steps", "has 3"]);
    says(
        nn::ctc::align(&logits, &[1, 4]),
        &["symbol 4 at place 1", "from 1 to 3"],
    );
    let row = [f32::NAN, 0.0];
    let missing = Tensor::new(&[[1f32, 0.0], row], &Device::Cpu).unwrap();
    says(nn::ctc::beam_search(&missing, 3), &["step 1", "NaN"]);
    let never = Tensor::new(&[[0f32, f32::NEG_INFINITY]; 2], &Device::Cpu).unwrap();
    says(nn::ctc::align(&never, &[1]), &["[1]", "probability 0"]);
    assert_eq!(nn::ctc::align(&never, &[]).unwrap(), []);
}
