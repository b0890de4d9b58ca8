//! The same numbers as PyTorch: features, running statistics and gradients of the well-known networks against
//! `expected.json`, which `reference.py` wrote.

use std::path::PathBuf;

use candle_core::{DType, Device, Result, Tensor};
use nn::{ModuleT, VarBuilder, VarMap};
use serde_json::Value;
use vision::models::{Body, efficientnet_lite0, mobilenet_v2, resnet18, resnet34};

/// Numbers in [-1, 1) that depend on `name` and their index alone, as `reference.py` describes.
fn uniform(name: &str, dims: &[usize]) -> Result<Tensor> {
    let seed = name.bytes().fold(2166136261u32, |seed, byte| {
        (seed ^ u32::from(byte)).wrapping_mul(16777619)
    });
    let number = |index: usize| {
        let mut h = seed.wrapping_add((index as u32).wrapping_mul(0x9E3779B9));
        h = (h ^ (h >> 16)).wrapping_mul(0x85EBCA6B);
        h = (h ^ (h >> 13)).wrapping_mul(0xC2B2AE35);
        f64::from((h ^ (h >> 16)) >> 8) / f64::from(1 << 23) - 1.0
    };
    let numbers: Vec<f64> = (0..dims.iter().product()).map(number).collect();
    Tensor::from_vec(numbers, dims, &Device::Cpu)
}

/// The value of a weight, as `fill` of `reference.py`.
fn weight(name: &str, dims: &[usize]) -> Result<Tensor> {
    let u = uniform(name, dims)?;
    if dims.len() == 4 {
        let fan_in: usize = dims[1..].iter().product();
        u * (6.0 / fan_in as f64).sqrt()
    } else if name.ends_with("weight") {
        u.affine(0.1, 1.0)
    } else if name.ends_with("running_var") {
        u.abs()?.affine(0.5, 1.0)
    } else {
        u * 0.1
    }
}

/// The largest errors of a network's numbers, by what they are.
#[derive(Debug, Default)]
struct Errors {
    eval: f64,
    train: f64,
    running: f64,
    gradients: f64,
}

/// The distance of `actual` from `expected`, relative to the latter or, where that is larger, to `scale`.
fn error(actual: f64, expected: &Value, scale: f64) -> f64 {
    let expected = number(expected);
    (actual - expected).abs() / expected.abs().max(scale)
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn summary_error(features: &Tensor, expected: &Value) -> Result<f64> {
    let features = features.to_dtype(DType::F64)?;
    let norm = features.sqr()?.sum_all()?.sqrt()?.to_scalar()?;
    let mean = features.mean_all()?.to_scalar()?;
    let mut worst = error(norm, &expected["norm"], 0.0).max(error(mean, &expected["mean"], 0.0));
    // Features come out of a ReLU: that of a channel which is almost always 0 is compared on the scale of the others.
    let scale = number(&expected["mean"]);
    let first = features.narrow(1, 0, 16)?.flatten_all()?.to_vec1()?;
    let expected = expected["first"].as_array().expect("a list");
    assert_eq!(first.len(), expected.len());
    for (first, expected) in first.into_iter().zip(expected) {
        worst = worst.max(error(first, expected, scale));
    }
    Ok(worst)
}

fn errors(build: fn(VarBuilder<'_>) -> Result<Body>, expected: &Value, dtype: DType) -> Result<Errors> {
    let variables = VarMap::new();
    let body = build(nn::seeded(&variables, 1, dtype, &Device::Cpu))?;
    let variables = variables.data().lock().expect("nobody panicked");
    for (name, variable) in variables.iter() {
        variable.set(&weight(name, variable.dims())?.to_dtype(dtype)?)?;
    }
    let size: Vec<usize> = serde_json::from_value(expected["size"].clone()).expect("two sizes");
    let pictures = uniform("pictures", &[2, 3, size[0], size[1]])?.to_dtype(dtype)?;
    let features = |train| body.forward_t(&pictures, train)?.mean((2, 3));
    let mut errors = Errors {
        eval: summary_error(&features(false)?, &expected["eval"])?,
        ..Default::default()
    };

    let features = features(true)?;
    errors.train = summary_error(&features, &expected["train"])?;
    let loss = (&features * uniform("loss", features.dims())?.to_dtype(dtype)?)?.sum_all()?;
    let gradients = nn::backward(&loss)?;
    let scalar = |tensor: Tensor| tensor.to_dtype(DType::F64)?.to_scalar::<f64>();
    errors.train = errors.train.max(error(scalar(loss)?, &expected["loss"], 1.0));
    for (name, expected) in expected["running"].as_object().expect("names") {
        let sum = variables[name].to_dtype(DType::F64)?.sum_all()?;
        errors.running = errors.running.max(error(scalar(sum)?, expected, 1.0));
    }
    for (name, expected) in expected["gradients"].as_object().expect("names") {
        let gradient = gradients
            .get(&variables[name])
            .expect("a parameter")
            .to_dtype(DType::F64)?;
        let norm = gradient.sqr()?.sum_all()?.sqrt()?;
        errors.gradients = errors.gradients.max(error(scalar(norm)?, expected, 0.0));
    }
    Ok(errors)
}

fn expected() -> Value {
    serde_json::from_str(include_str!("expected.json")).expect("JSON")
}

/// In f64, where little is left to rounding, all numbers are PyTorch's. In f32 the features are; gradients are not
/// compared: where rounding moves a value over a ReLU's kink, they jump.
fn check(name: &str, build: fn(VarBuilder<'_>) -> Result<Body>) -> Result<()> {
    let cases = &expected()[name];
    for case in cases.as_array().expect("sizes") {
        let errors = errors(build, case, DType::F64)?;
        println!("{name}, {}, f64: {errors:?}", case["size"]);
        let worst = errors
            .eval
            .max(errors.train)
            .max(errors.running)
            .max(errors.gradients);
        assert!(worst < 1e-8, "{name}, {}: {errors:?}", case["size"]);
    }
    let errors = errors(build, &cases[0], DType::F32)?;
    println!("{name}, f32: {errors:?}");
    assert!(
        errors.eval < 1e-4 && errors.train < 1e-3,
        "{name}, f32: {errors:?}"
    );
    Ok(())
}

#[test]
fn resnet18_is_that_of_pytorch() -> Result<()> {
    check("resnet18", resnet18)
}

#[test]
fn resnet34_is_that_of_pytorch() -> Result<()> {
    check("resnet34", resnet34)
}

#[test]
fn mobilenet_v2_is_that_of_pytorch() -> Result<()> {
    check("mobilenet_v2", mobilenet_v2)
}

#[test]
fn efficientnet_lite0_is_that_of_pytorch() -> Result<()> {
    check("efficientnet_lite0", efficientnet_lite0)
}

/// The published weights give the features that the Python package computes from them.
#[test]
fn published_weights_see_the_same() -> Result<()> {
    let folder = std::env::var_os("KINDLING_MIRROR").map(PathBuf::from);
    let file = folder.map(|folder| folder.join("weights/efficientnet_lite0.safetensors"));
    let Some(file) = file.filter(|file| file.is_file()) else {
        println!("skipped: KINDLING_MIRROR names no folder with weights/efficientnet_lite0.safetensors");
        return Ok(());
    };
    let tensors = candle_core::safetensors::load(file, &Device::Cpu)?;
    let body = efficientnet_lite0(VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu))?;
    let pictures = ((uniform("pictures", &[1, 3, 224, 192])? + 1.0)? * 128.0)?.floor()?;
    let pictures = ((pictures - 127.0)? / 128.0)?.to_dtype(DType::F32)?;
    let features = body.forward_t(&pictures, false)?.mean((2, 3))?;
    let error = summary_error(&features, &expected()["real weights"])?;
    println!("published weights: {error:e}");
    assert!(error < 1e-4, "{error}");
    Ok(())
}
