//! Large, small and missing numbers: what must stay finite does, and what is wrong is said.

use candle_core::{DType, Device, Result, Tensor, Var};
use nn::{AttentionMask, Module, ModuleT, VarMap, loss, ops};

/// Runs a test of both paths: the CPU kernels and candle's own operations.
fn both(test: impl Fn() -> Result<()>) {
    test().expect("the CPU kernels");
    nn::composed(test).expect("candle's operations");
}

fn var(values: &[f32]) -> Var {
    Var::new(values, &Device::Cpu).expect("a variable")
}

/// The values of a function and the gradient of their sum.
fn value_and_slope(function: impl Fn(&Tensor) -> Result<Tensor>, x: &[f32]) -> Result<(Vec<f32>, Vec<f32>)> {
    let x = var(x);
    let y = function(&x)?;
    let gradients = y.sum_all()?.backward()?;
    let gradient = gradients.get(&x).expect("a gradient");
    Ok((y.flatten_all()?.to_vec1()?, gradient.to_vec1()?))
}

fn message(result: Result<Tensor>) -> String {
    result.expect_err("an error").to_string()
}

#[test]
fn activations_are_right_far_from_zero() {
    // Function, values far below and far above, slopes there.
    type Case = (fn(&Tensor) -> Result<Tensor>, [f32; 2], [f32; 2]);
    let cases: [Case; 12] = [
        (ops::relu, [0.0, 1e4], [0.0, 1.0]),
        (|x| ops::leaky_relu(x, 0.5), [-5e3, 1e4], [0.5, 1.0]),
        (|x| ops::elu(x, 1.0), [-1.0, 1e4], [0.0, 1.0]),
        (|x| ops::selu(x, 2.0, 3.0), [-6.0, 3e4], [0.0, 3.0]),
        (ops::gelu_erf, [0.0, 1e4], [0.0, 1.0]),
        (ops::gelu, [0.0, 1e4], [0.0, 1.0]),
        (ops::silu, [0.0, 1e4], [0.0, 1.0]),
        (ops::sigmoid, [0.0, 1.0], [0.0, 0.0]),
        (ops::log_sigmoid, [-1e4, 0.0], [1.0, 0.0]),
        (ops::tanh, [-1.0, 1.0], [0.0, 0.0]),
        (ops::softplus, [0.0, 1e4], [0.0, 1.0]),
        (ops::mish, [0.0, 1e4], [0.0, 1.0]),
    ];
    both(|| {
        for (index, (function, values, slopes)) in cases.iter().enumerate() {
            let found = value_and_slope(function, &[-1e4, 1e4])?;
            assert_eq!(found, (values.to_vec(), slopes.to_vec()), "case {index}");
            let (values, slopes) = value_and_slope(function, &[-110.0, -88.0, 0.0, 88.0, 110.0])?;
            assert!(
                values.iter().chain(&slopes).all(|v| v.is_finite()),
                "case {index}: {slopes:?}"
            );
        }
        Ok(())
    });
}

#[test]
fn softmax_of_large_and_of_forbidden_scores() {
    both(|| {
        let (y, _) = value_and_slope(|x| ops::softmax(x, 0), &[1e4, -1e4, 1e4])?;
        assert_eq!(y, [0.5, 0.0, 0.5]);
        let (y, _) = value_and_slope(|x| ops::log_softmax(x, 0), &[2e4, -2e4])?;
        assert_eq!(y, [0.0, -4e4]);
        // Additive masks of -1e9 are common. Alone they leave a uniform row, as in PyTorch.
        let (y, _) = value_and_slope(|x| ops::softmax(x, 0), &[-1e9, -1e9])?;
        assert_eq!(y, [0.5, 0.5]);
        let (y, slope) = value_and_slope(|x| ops::softmax(x, 0)?.sqr(), &[f32::NEG_INFINITY; 3])?;
        assert_eq!((y, slope), (vec![0.0; 3], vec![0.0; 3]));
        let (y, _) = value_and_slope(|x| ops::softmax(x, 0), &[f32::NAN, 1.0])?;
        assert!(y[0].is_nan(), "a NaN must be seen, not hidden");
        Ok(())
    });
}

#[test]
fn binary_cross_entropy_is_finite_for_any_logit() {
    both(|| {
        for logit in [0f32, 17.0, 120.0, 1e4] {
            let x = [-logit, logit, -logit, logit];
            let target = Tensor::new(&[0f32, 1.0, 1.0, 0.0], &Device::Cpu)?;
            let loss = |x: &Tensor| loss::binary_cross_entropy_with_logit(x, &target);
            let (value, slope) = value_and_slope(loss, &x)?;
            // Two are right and cost ln(1 + e⁻ˣ), two are wrong and cost x more.
            let expected = (-logit as f64).exp().ln_1p() + logit as f64 / 2.0;
            assert!(
                (value[0] as f64 - expected).abs() < 1e-6 * expected.max(1.0),
                "{logit}: {value:?}"
            );
            let sigmoid = 1.0 / (1.0 + (-logit as f64).exp());
            for (slope, expected) in slope
                .iter()
                .zip([1.0 - sigmoid, sigmoid - 1.0, -sigmoid, sigmoid])
            {
                assert!((*slope as f64 - expected / 4.0).abs() < 1e-7, "{logit}: {slope}");
            }
        }
        Ok(())
    });
}

#[test]
fn cross_entropy_of_large_logits() {
    both(|| {
        let labels = Tensor::new(&[0u32, 1], &Device::Cpu)?;
        let loss = |x: &Tensor| loss::cross_entropy(&x.reshape((2, 2))?, &labels);
        let (value, slope) = value_and_slope(loss, &[1e4, -1e4, 1e4, -1e4])?;
        assert_eq!((value, slope), (vec![1e4], vec![0.0, 0.0, 0.5, -0.5]));
        // A class that is ruled out counts for nothing.
        let (value, slope) = value_and_slope(loss, &[0.0, f32::NEG_INFINITY, 0.0, 0.0])?;
        assert_eq!(
            (value, slope),
            (vec![2f32.ln() / 2.0], vec![0.0, 0.0, 0.25, -0.25])
        );
        Ok(())
    });
}

#[test]
fn a_batch_of_nothing_but_padding_costs_nothing() {
    both(|| {
        let labels = Tensor::new(&[9u32, 9], &Device::Cpu)?;
        let options = loss::CrossEntropyOptions {
            ignore_index: Some(9),
            label_smoothing: 0.1,
            ..Default::default()
        };
        let loss = |x: &Tensor| loss::cross_entropy_with(&x.reshape((2, 2))?, &labels, &options);
        let (value, slope) = value_and_slope(loss, &[1.0, 2.0, 3.0, 4.0])?;
        assert_eq!((value, slope), (vec![0.0], vec![0.0; 4]));
        Ok(())
    });
}

/// Deviations of about 1 around a mean of 10⁴, where E[x²] - E[x]² has no digits left in f32.
#[test]
fn norms_keep_their_digits_far_from_zero() {
    both(|| {
        let values: Vec<f32> = (0..6000).map(|i| 1e4 + (i as f32 * 0.7).sin()).collect();
        let x = Tensor::new(&values[..], &Device::Cpu)?;
        let mean = values.iter().map(|&v| v as f64).sum::<f64>() / 6000.0;
        let variance = values.iter().map(|&v| (v as f64 - mean).powi(2)).sum::<f64>() / 6000.0;
        let vars = VarMap::new();
        let vb = nn::seeded(&vars, 0, DType::F32, &Device::Cpu);
        let layer = nn::layer_norm(6000, 1e-5, vb.pp("layer"))?.forward(&x)?;
        let batch = nn::batch_norm(1, 1e-5, vb.pp("batch"))?.forward_t(&x.reshape((6, 1, 1000))?, true)?;
        let group = nn::group_norm(1, 1, 1e-5, vb.pp("group"))?.forward(&x.reshape((1, 1, 6000))?)?;
        for y in [layer, batch.flatten_all()?, group.flatten_all()?] {
            for (x, y) in values.iter().zip(y.to_vec1::<f32>()?) {
                let expected = (*x as f64 - mean) / (variance + 1e-5).sqrt();
                assert!((y as f64 - expected).abs() < 3e-3, "{y} and not {expected}");
            }
        }
        Ok(())
    });
}

/// Candle's own `LayerNorm`, `RmsNorm`, `softmax_last_dim` and `rope` give none, silently.
#[test]
fn gradients_arrive() {
    both(|| {
        let vars = VarMap::new();
        let vb = nn::seeded(&vars, 0, DType::F32, &Device::Cpu);
        let x = Var::new(&[[[[1f32, 2.0, 4.0, 3.0], [3.0, 0.0, 1.0, 9.0]]]], &Device::Cpu)?;
        let y = nn::layer_norm(4, 1e-5, vb.pp("layer"))?.forward(&x)?;
        let y = nn::rms_norm(4, 1e-5, vb.pp("rms"))?.forward(&y)?;
        let (cos, sin) = nn::rope_angles(2, 4, 1e4, DType::F32, &Device::Cpu)?;
        let y = ops::softmax_last_dim(&nn::rope(&y, &cos, &sin)?)?;
        let gradients = y.sqr()?.sum_all()?.backward()?;
        for var in vars.all_vars().iter().chain([&x]) {
            let gradient = gradients.get(var).expect("a gradient");
            assert!(gradient.abs()?.sum_all()?.to_scalar::<f32>()? > 1e-4);
        }
        assert_eq!(vars.all_vars().len(), 3);
        Ok(())
    });
}

#[test]
fn a_query_with_nothing_to_attend_to_gets_zeros() {
    both(|| {
        let x = Var::rand(-1f32, 1.0, (2, 1, 3, 4), &Device::Cpu)?;
        let padding = Tensor::new(&[[0u8, 0, 0], [0, 1, 1]], &Device::Cpu)?;
        let mask = AttentionMask {
            keys: Some(&padding),
            ..AttentionMask::causal()
        };
        let y = nn::scaled_dot_product_attention(&x, &x, &x, &mask, None)?;
        let rows = y.squeeze(1)?.abs()?.sum(2)?.to_vec2::<f32>()?;
        assert_eq!(rows[0], [0.0; 3]);
        assert_eq!(rows[1][0], 0.0);
        assert!(rows[1][1] > 0.0 && rows[1][2] > 0.0);
        let gradients = y.sqr()?.sum_all()?.backward()?;
        let gradient = gradients
            .get(&x)
            .expect("a gradient")
            .flatten_all()?
            .to_vec1::<f32>()?;
        assert!(gradient.iter().all(|v| v.is_finite()));
        assert!(gradient[..12].iter().all(|&v| v == 0.0));
        Ok(())
    });
}

/// Queries behind cached keys see what they would see in the whole sequence.
#[test]
fn causal_attention_ends_at_the_last_key() {
    both(|| {
        let x = Tensor::rand(-1f32, 1.0, (1, 2, 5, 4), &Device::Cpu)?;
        let mask = AttentionMask::causal();
        let whole = nn::scaled_dot_product_attention(&x, &x, &x, &mask, None)?;
        let last = x.narrow(2, 3, 2)?;
        let last = nn::scaled_dot_product_attention(&last, &x, &x, &mask, None)?;
        let distance = (whole.narrow(2, 3, 2)? - last)?
            .abs()?
            .max_all()?
            .to_scalar::<f32>()?;
        assert!(distance < 1e-6);
        Ok(())
    });
}

#[test]
fn batch_norm_keeps_its_statistics_in_the_variables() {
    both(|| {
        let vars = VarMap::new();
        let vb = nn::seeded(&vars, 0, DType::F32, &Device::Cpu);
        let norm = nn::batch_norm(1, 1e-5, vb.pp("norm"))?;
        let x = Tensor::new(&[[1f32], [2.0], [3.0]], &Device::Cpu)?;
        norm.forward_t(&x, false)?;
        let read = |name: &str| vars.data().lock().unwrap()[name].to_vec1::<f32>();
        assert_eq!(
            (read("norm.running_mean")?, read("norm.running_var")?),
            (vec![0.0], vec![1.0])
        );
        norm.forward_t(&(x * 2.0)?, true)?;
        let (mean, variance) = (read("norm.running_mean")?[0], read("norm.running_var")?[0]);
        // The mean is 4 and the unbiased variance 4, of which a tenth moves in.
        assert!(
            (mean - 0.4).abs() < 1e-6 && (variance - 1.3).abs() < 1e-6,
            "{mean} {variance}"
        );
        Ok(())
    });
}

#[test]
fn each_sequence_of_a_padded_batch_is_as_if_alone() {
    both(|| {
        let vb = nn::seeded(&VarMap::new(), 0, DType::F32, &Device::Cpu);
        let config = nn::GRUConfig {
            layers: 2,
            bidirectional: true,
            bias: true,
        };
        let gru = nn::gru(3, 5, config, vb.pp("gru"))?;
        let x = Tensor::rand(-1f32, 1.0, (3, 7, 3), &Device::Cpu)?;
        let lengths = [7, 1, 4];
        let (y, last) = gru.forward_sequence(&x, None, Some(&lengths))?;
        for (row, &length) in lengths.iter().enumerate() {
            let alone = x.narrow(0, row, 1)?.narrow(1, 0, length)?;
            let (expected, expected_last) = gru.forward_sequence(&alone, None, None)?;
            let found = y.narrow(0, row, 1)?;
            let distance = (found.narrow(1, 0, length)? - expected)?.abs()?.max_all()?;
            assert!(distance.to_scalar::<f32>()? < 1e-6);
            for (last, expected) in last.iter().zip(&expected_last) {
                let distance = (last.h.narrow(0, row, 1)? - &expected.h)?.abs()?.max_all()?;
                assert!(distance.to_scalar::<f32>()? < 1e-6);
            }
            if length < 7 {
                let padding = found.narrow(1, length, 7 - length)?.abs()?.max_all()?;
                assert_eq!(padding.to_scalar::<f32>()?, 0.0);
            }
        }
        Ok(())
    });
}

#[test]
fn errors_name_what_is_wrong() {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
    let labels = |values: &[u32]| Tensor::new(values, &Device::Cpu).unwrap();
    let vb = nn::seeded(&VarMap::new(), 0, DType::F32, &Device::Cpu);
    let norm = nn::batch_norm(3, 1e-5, vb.pp("norm")).unwrap();
    let gru = nn::gru(3, 5, nn::GRUConfig::default(), vb.pp("gru")).unwrap();
    let attend = |mask: &Tensor| {
        let x = zeros(&[2, 1, 3, 4]);
        let mask = AttentionMask {
            keys: Some(mask),
            ..Default::default()
        };
        nn::scaled_dot_product_attention(&x, &x, &x, &mask, None)
    };
    for (found, expected) in [
        (
            loss::cross_entropy(&zeros(&[2, 3]), &labels(&[0, 3])),
            "label 3 of row 1 is not one of the 3 classes",
        ),
        (
            loss::cross_entropy(&zeros(&[2, 3]), &labels(&[0])),
            "[2, 3] and labels of [1]",
        ),
        (loss::cross_entropy(&zeros(&[2, 3]), &zeros(&[2])), "not F32"),
        (
            loss::mse(&zeros(&[2, 3]), &zeros(&[3, 2])),
            "[2, 3] with a target of [3, 2]",
        ),
        (norm.forward_train(&zeros(&[1, 3])), "a variance needs two"),
        (norm.forward_train(&zeros(&[2, 4])), "(batch, 3)"),
        (
            nn::layer_norm(3, 1e-5, vb.pp("l"))
                .unwrap()
                .forward(&zeros(&[2, 4])),
            "the last dimension must be 3",
        ),
        (
            nn::group_norm(1, 3, 1e-5, vb.pp("g"))
                .unwrap()
                .forward(&zeros(&[2, 4, 5])),
            "over 3 channels",
        ),
        (
            nn::instance_norm_no_affine(3, 1e-5)
                .unwrap()
                .forward(&zeros(&[2, 3, 1])),
            "a single value each",
        ),
        (gru.forward(&zeros(&[2, 4, 2])), "(batch, steps, 3)"),
        (attend(&zeros(&[2, 3])), "of F32"),
        (attend(&labels(&[1, 1, 1]).to_dtype(DType::U8).unwrap()), "(2, 3)"),
    ] {
        let found = message(found);
        assert!(found.contains(expected), "{expected:?} is not in {found:?}");
    }
    let wrong = gru.forward_sequence(&zeros(&[2, 4, 3]), None, Some(&[4, 5]));
    assert!(wrong.expect_err("an error").to_string().contains("[4, 5]"));
}

/// The same input gives the same bits, forward and backward, however many threads there are.
#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    let run = |threads: usize| -> Result<Vec<f32>> {
        nn::use_threads(threads);
        let vars = VarMap::new();
        let vb = nn::seeded(&vars, 3, DType::F32, &Device::Cpu);
        let values: Vec<f32> = (0..70 * 9 * 40).map(|i| (i as f32 * 0.37).sin()).collect();
        let x = Var::from_tensor(&Tensor::from_vec(values, (70, 9, 40), &Device::Cpu)?)?;
        let y = nn::lstm(40, 33, nn::LSTMConfig::default(), vb.pp("lstm"))?.forward(&x)?;
        let y = nn::layer_norm(33, 1e-5, vb.pp("layer"))?.forward(&y)?;
        let y = nn::batch_norm(9, 1e-5, vb.pp("batch"))?.forward_t(&ops::gelu_erf(&y)?, true)?;
        let labels = Tensor::from_vec((0..630u32).map(|i| i % 33).collect(), 630, &Device::Cpu)?;
        let loss = loss::cross_entropy(&ops::softmax(&y, 2)?.reshape((630, 33))?, &labels)?;
        let gradients = loss.backward()?;
        let mut bits = loss.reshape(1)?.to_vec1::<f32>()?;
        let mut names: Vec<_> = vars.data().lock().unwrap().clone().into_iter().collect();
        names.sort_by(|a, b| a.0.cmp(&b.0));
        let trained = names.iter().filter(|(name, _)| !nn::is_buffer(name));
        for var in trained.map(|(_, var)| var).chain([&x]) {
            bits.extend(
                gradients
                    .get(var)
                    .expect("a gradient")
                    .flatten_all()?
                    .to_vec1::<f32>()?,
            );
        }
        Ok(bits)
    };
    let one = run(1).unwrap();
    assert!(one.iter().any(|&v| v != 0.0));
    assert_eq!(one, run(2).unwrap());
    assert_eq!(one, run(3).unwrap());
}
