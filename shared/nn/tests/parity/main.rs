//! The same numbers as PyTorch: outputs and gradients of functions and layers against `reference.txt`, which
//! `reference.py` printed. Both the CPU kernels and candle's own operations must meet them.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Result, Tensor, Var};
use nn::{Module, ModuleT, VarBuilder, VarMap, loss, ops};

/// sin(0.7 i + seed) for the i-th element.
fn fill(shape: &[usize], seed: usize) -> Result<Tensor> {
    let n: usize = shape.iter().product();
    let values: Vec<f64> = (0..n).map(|i| (i as f64 * 0.7 + seed as f64).sin()).collect();
    Tensor::from_vec(values, shape, &Device::Cpu)
}

/// Runs `function` as `reference.py` describes and compares; `function` returns a scalar loss, or outputs that are
/// put behind each other.
fn check(
    name: &str,
    inputs: &[&[usize]],
    function: impl Fn(VarBuilder<'_>, &[Tensor]) -> Result<Vec<Tensor>>,
) {
    let line = include_str!("reference.txt")
        .lines()
        .find(|line| line.split(' ').next() == Some(name))
        .unwrap_or_else(|| panic!("reference.txt has no {name}"));
    let expected: Vec<f64> = line
        .split(' ')
        .skip(1)
        .map(|v| v.parse().expect("a number"))
        .collect();
    let run = || measure(inputs, &function).unwrap_or_else(|error| panic!("{name}: {error}"));
    for (path, actual) in [("kernels", run()), ("composed", nn::composed(run))] {
        assert_eq!(expected.len(), actual.len(), "{name}: inputs and parameters");
        for (expected, actual) in expected.iter().zip(&actual) {
            let error = (expected - actual).abs() / expected.abs().max(1.0);
            assert!(
                error < 1e-9,
                "{name}, {path}: PyTorch has {expected}, nn has {actual}"
            );
        }
    }
}

fn measure(
    inputs: &[&[usize]],
    function: impl Fn(VarBuilder<'_>, &[Tensor]) -> Result<Vec<Tensor>>,
) -> Result<Vec<f64>> {
    let variables = VarMap::new();
    let builder = || nn::seeded(&variables, 0, DType::F64, &Device::Cpu);
    let mut x = Vec::new();
    for (seed, shape) in inputs.iter().enumerate() {
        x.push(Var::from_tensor(&(fill(shape, 1 + seed)? * 2.0)?)?);
    }
    let tensors: Vec<Tensor> = x.iter().map(|x| x.as_tensor().clone()).collect();
    function(builder(), &tensors)?;
    // The first run made the variables; now they get their values.
    let (mut parameters, mut seed) = (Vec::new(), 10);
    let all: BTreeMap<String, Var> = variables
        .data()
        .lock()
        .expect("no panic")
        .clone()
        .into_iter()
        .collect();
    for (name, var) in all {
        match name.rsplit('.').next() {
            Some("running_mean") => var.set(&var.zeros_like()?)?,
            Some("running_var") => var.set(&var.ones_like()?)?,
            _ => {
                var.set(&fill(var.dims(), seed)?)?;
                seed += 1;
                parameters.push(var);
            }
        }
    }
    let outputs = function(builder(), &tensors)?;
    let loss = match &outputs[..] {
        [loss] if loss.rank() == 0 => loss.clone(),
        _ => {
            let flat = outputs
                .iter()
                .map(Tensor::flatten_all)
                .collect::<Result<Vec<_>>>()?;
            let flat = Tensor::cat(&flat, 0)?;
            (&flat * fill(flat.dims(), 50)?)?.sum_all()?
        }
    };
    let gradients = loss.backward()?;
    let mut numbers = vec![loss.to_scalar::<f64>()?];
    for var in x.iter().chain(&parameters) {
        let gradient = gradients.get(var).expect("a gradient");
        numbers.push(
            (gradient * fill(var.dims(), 99)?)?
                .sum_all()?
                .to_scalar::<f64>()?,
        );
    }
    Ok(numbers)
}

#[test]
fn activations() {
    type Function = fn(&Tensor) -> Result<Tensor>;
    let functions: [(&str, Function); 16] = [
        ("relu", ops::relu),
        ("leaky_relu", |x| ops::leaky_relu(x, 0.1)),
        ("elu", |x| ops::elu(x, 1.3)),
        // PyTorch's constants have more digits than f32, which candle's arguments are.
        ("selu", |x| ops::elu(x, 1.6732632423543772)? * 1.0507009873554805),
        ("gelu_erf", ops::gelu_erf),
        ("gelu", ops::gelu),
        ("silu", ops::silu),
        ("sigmoid", ops::sigmoid),
        ("log_sigmoid", ops::log_sigmoid),
        ("tanh", ops::tanh),
        ("softplus", ops::softplus),
        ("hard_sigmoid", ops::hard_sigmoid),
        ("hard_swish", ops::hard_swish),
        ("mish", ops::mish),
        ("softmax", |x| ops::softmax(x, 1)),
        ("log_softmax", |x| ops::log_softmax(x, 0)),
    ];
    for (name, function) in functions {
        check(name, &[&[5, 7]], |_, x| Ok(vec![function(&(&x[0] * 3.0)?)?]));
    }
    check("prelu", &[&[2, 3, 4]], |vb, x| {
        Ok(vec![nn::prelu(Some(3), vb)?.forward(&x[0])?])
    });
}

#[test]
fn losses_of_classes() {
    let labels = Tensor::new(&[4u32, 2, 0, 1, 2, 1], &Device::Cpu).unwrap();
    let weights = Some(vec![1.0, 0.2, 3.0, 0.5, 1.7]);
    for (name, label_smoothing, class_weights, ignore_index) in [
        ("cross_entropy", 0.0, None, None),
        ("cross_entropy_smoothed", 0.1, None, None),
        ("cross_entropy_weighted", 0.0, weights.clone(), None),
        ("cross_entropy_ignored", 0.0, None, Some(2)),
        ("cross_entropy_all", 0.3, weights, Some(2)),
    ] {
        let options = loss::CrossEntropyOptions {
            label_smoothing,
            class_weights,
            ignore_index,
        };
        check(name, &[&[6, 5]], |_, x| {
            Ok(vec![loss::cross_entropy_with(&x[0], &labels, &options)?])
        });
    }
    check("soft_cross_entropy", &[&[6, 5], &[6, 5]], |_, x| {
        Ok(vec![loss::soft_cross_entropy(&x[0], &ops::softmax(&x[1], 1)?)?])
    });
    check("nll", &[&[6, 5]], |_, x| {
        Ok(vec![loss::nll(&ops::log_softmax(&x[0], 1)?, &labels)?])
    });
}

#[test]
fn losses_of_numbers() {
    let targets = Tensor::new(&[0f64, 1.0, 0.25].repeat(4)[..], &Device::Cpu)
        .unwrap()
        .reshape((3, 4))
        .unwrap();
    let weight = Tensor::new(&[1f64, 0.2, 3.0, 0.5], &Device::Cpu).unwrap();
    check("bce", &[&[3, 4]], |_, x| {
        Ok(vec![loss::binary_cross_entropy_with_logit(
            &(&x[0] * 9.0)?,
            &targets,
        )?])
    });
    check("bce_weighted", &[&[3, 4]], |_, x| {
        Ok(vec![loss::binary_cross_entropy_with_logits(
            &x[0],
            &targets,
            Some(&weight),
        )?])
    });
    type Function = fn(&Tensor, &Tensor) -> Result<Tensor>;
    let functions: [(&str, Function); 4] = [
        ("mse", loss::mse),
        ("l1", loss::l1),
        ("huber", |x, y| loss::huber(x, y, 0.7)),
        ("smooth_l1", |x, y| loss::smooth_l1(x, y, 0.4)),
    ];
    for (name, function) in functions {
        check(name, &[&[3, 4], &[3, 4]], |_, x| {
            Ok(vec![function(&x[0], &x[1])?])
        });
    }
}

#[test]
fn norms() {
    for shape in [&[5, 3][..], &[4, 3, 5], &[2, 3, 4, 5]] {
        for (mode, train) in [("train", true), ("eval", false)] {
            check(
                &format!("batch_norm_{mode}_{}", shape.len()),
                &[shape],
                |vb, x| {
                    let norm = nn::batch_norm(3, 1e-5, vb)?;
                    Ok(vec![
                        norm.forward_t(&x[0].affine(2.0, 1.0)?, true)?,
                        norm.forward_t(&x[0], train)?,
                        norm.running_mean().copy()?,
                        norm.running_var().copy()?,
                    ])
                },
            );
        }
    }
    check("layer_norm", &[&[4, 3]], |vb, x| {
        Ok(vec![nn::layer_norm(3, 1e-5, vb)?.forward(&x[0])?])
    });
    check("rms_norm", &[&[4, 3]], |vb, x| {
        Ok(vec![nn::rms_norm(3, 1e-6, vb)?.forward(&x[0])?])
    });
    check("group_norm", &[&[2, 6, 3, 4]], |vb, x| {
        Ok(vec![nn::group_norm(2, 6, 1e-5, vb)?.forward(&x[0])?])
    });
    check("instance_norm", &[&[2, 6, 3, 4]], |vb, x| {
        Ok(vec![nn::instance_norm(6, 1e-5, vb)?.forward(&x[0])?])
    });
}

#[test]
fn recurrent_networks() {
    let config = nn::RecurrentConfig {
        layers: 2,
        bidirectional: true,
        bias: true,
    };
    let lengths = Some(&[5, 2, 3][..]);
    check("gru", &[&[3, 5, 3], &[4, 3, 4]], |vb, x| {
        let initial: Vec<_> = (0..4)
            .map(|i| Ok(nn::GRUState { h: x[1].get(i)? }))
            .collect::<Result<_>>()?;
        let (y, last) = nn::gru(3, 4, config, vb)?.forward_sequence(&x[0], Some(&initial), lengths)?;
        Ok([y]
            .into_iter()
            .chain(last.into_iter().map(|state| state.h))
            .collect())
    });
    check("lstm", &[&[3, 5, 3], &[4, 3, 4], &[4, 3, 4]], |vb, x| {
        let initial: Vec<_> = (0..4)
            .map(|i| Ok(nn::LSTMState::new(x[1].get(i)?, x[2].get(i)?)))
            .collect::<Result<_>>()?;
        let (y, last) = nn::lstm(3, 4, config, vb)?.forward_sequence(&x[0], Some(&initial), lengths)?;
        let outputs = last.iter().map(|state| state.h.clone());
        let cells = last.iter().map(|state| state.c.clone());
        Ok([y].into_iter().chain(outputs).chain(cells).collect())
    });
}

#[test]
fn symbols_tags_and_pieces() {
    check("ctc", &[&[3, 6, 4]], |_, x| {
        let targets = [vec![1, 1, 3], vec![2], vec![]];
        Ok(vec![loss::ctc(&x[0], &[6, 4, 2], &targets)?])
    });
    check("crf", &[&[3, 4, 3]], |vb, x| {
        let tags = Tensor::new(&[[0u32, 2, 1, 1], [1, 1, 0, 0], [2, 0, 0, 0]], &Device::Cpu)?;
        Ok(vec![nn::crf(3, vb)?.loss(&x[0], &tags, &[4, 2, 1])?])
    });
    check("embedding_bag", &[], |vb, _| {
        let ids = Tensor::new(&[[3u32, 5, 0], [6, 6, 6], [0, 0, 0], [1, 0, 0]], &Device::Cpu)?;
        Ok(vec![nn::embedding_bag(7, 3, vb)?.forward(&ids)?])
    });
}

#[test]
fn attention() {
    let keys = Tensor::new(&[[1u8, 1, 1, 1, 1], [1, 1, 1, 0, 0]], &Device::Cpu).unwrap();
    let padded = nn::AttentionMask {
        keys: Some(&keys),
        ..Default::default()
    };
    let (q, k, v): (&[usize], &[usize], &[usize]) = (&[2, 3, 4, 6], &[2, 3, 5, 6], &[2, 3, 5, 7]);
    for (name, shapes, mask) in [
        ("attention", [q, k, v], nn::AttentionMask::default()),
        ("attention_padded", [q, k, v], padded.clone()),
        ("attention_causal", [k, k, k], nn::AttentionMask::causal()),
    ] {
        check(name, &shapes, |_, x| {
            Ok(vec![nn::scaled_dot_product_attention(
                &x[0], &x[1], &x[2], &mask, None,
            )?])
        });
    }
    check("multi_head_attention", &[&[2, 3, 6], &[2, 5, 6]], |vb, x| {
        let config = nn::MultiHeadAttentionConfig {
            heads: 2,
            ..Default::default()
        };
        let attention = nn::multi_head_attention(6, config, vb)?;
        Ok(vec![attention.forward(&x[0], &x[1], &padded, false)?])
    });
}
