//! The rows of the crate's table of what changes against candle, each by the example that shows it; bad input; and
//! what "reproducible" means.

#![allow(clippy::unwrap_used)] // the helpers of tests, too, may panic

use candle_core::{DType, Device, Result, Tensor, Var};
use nn::{Conv2dConfig, Dropout, Geometry, Init, Module, VarMap, ops};

fn image(dims: [usize; 4]) -> Result<Var> {
    let count: usize = dims.iter().product();
    let values: Vec<f32> = (0..count)
        .map(|i| ((i * 37) % count) as f32 / count as f32 - 0.5)
        .collect();
    Var::from_tensor(&Tensor::from_vec(values, &dims, &Device::Cpu)?)
}

fn gradient(y: &Tensor, of: &Var) -> Result<Vec<f32>> {
    y.sum_all()?.backward()?.get(of).unwrap().flatten_all()?.to_vec1()
}

#[test]
fn a_maximum_gets_the_whole_gradient() -> Result<()> {
    let x = Var::new(&[[[[1f32, 2.0], [3.0, 4.0]]]], &Device::Cpu)?;
    for y in [
        nn::max_pool2d(&x, 2, 2, 0)?,
        nn::composed(|| nn::max_pool2d(&x, 2, 2, 0))?,
    ] {
        assert_eq!(gradient(&y, &x)?, [0.0, 0.0, 0.0, 1.0]);
    }
    // Of equal maxima the first, and it alone.
    let x = Var::new(
        &[[[[0f32, 5.0, 5.0], [5.0, 5.0, 5.0], [1.0, 5.0, 0.0]]]],
        &Device::Cpu,
    )?;
    for y in [
        nn::max_pool2d(&x, 3, 3, 0)?,
        nn::composed(|| nn::max_pool2d(&x, 3, 3, 0))?,
    ] {
        assert_eq!(gradient(&y, &x)?, [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }
    // All of a window may lie below zero, where padding would win if it were zeros.
    let x = Var::new(&[[[[-3f32, -2.0], [-4.0, -1.0]]]], &Device::Cpu)?;
    for y in [
        nn::max_pool2d(&x, 3, 2, 1)?,
        nn::composed(|| nn::max_pool2d(&x, 3, 2, 1))?,
    ] {
        assert_eq!(y.flatten_all()?.to_vec1::<f32>()?, [-1.0]);
    }
    // A NaN is passed on to the loss, where training notices it.
    let x = Var::new(&[[[[1f32, f32::NAN], [2.0, 0.0]]]], &Device::Cpu)?;
    assert!(
        nn::max_pool2d(&x, 2, 2, 0)?
            .sum_all()?
            .to_scalar::<f32>()?
            .is_nan()
    );
    Ok(())
}

#[test]
fn a_resnet_trains_through_its_stem() -> Result<()> {
    let vb = nn::seeded(&VarMap::new(), 1, DType::F32, &Device::Cpu);
    let config = Conv2dConfig {
        stride: 2,
        padding: 3,
        ..Default::default()
    };
    let stem = nn::conv2d_no_bias(3, 8, 7, config, vb)?;
    let x = image([2, 3, 33, 45])?;
    let y = nn::max_pool2d(&stem.forward(&x)?, 3, 2, 1)?;
    assert_eq!(y.dims(), [2, 8, 9, 12]);
    assert!(gradient(&y, &x)?.iter().any(|g| *g != 0.0));
    Ok(())
}

#[test]
fn a_strided_convolution_takes_a_spectrogram() -> Result<()> {
    let x = image([1, 1, 6, 7])?;
    let weight = Tensor::ones((1, 1, 3, 3), DType::F32, &Device::Cpu)?;
    let geometry = Geometry {
        stride: (2, 2),
        padding: (1, 1),
        ..Default::default()
    };
    for y in [
        ops::conv2d(&x, &weight, None, geometry)?,
        nn::composed(|| ops::conv2d(&x, &weight, None, geometry))?,
    ] {
        let gradient = gradient(&y, &x)?;
        // Each pixel counts in as many windows as cover it: 1 or 2 in each direction.
        assert_eq!(gradient[..7], [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0]);
        assert_eq!(gradient[7..14], [2.0, 4.0, 2.0, 4.0, 2.0, 4.0, 2.0]);
    }
    Ok(())
}

#[test]
fn an_upsampled_input_may_be_used_again() -> Result<()> {
    let x = image([1, 1, 2, 3])?;
    for y in [
        nn::upsample_nearest2d(&x, 4, 6)?,
        nn::composed(|| nn::upsample_nearest2d(&x, 4, 6))?,
    ] {
        let both = (y.sum_all()? + x.sum_all()?)?;
        assert_eq!(gradient(&both, &x)?, [5.0; 6]);
    }
    Ok(())
}

#[test]
fn weights_depend_on_seed_and_name_alone() -> Result<()> {
    let draw = |seed, names: &[&str]| {
        let vars = VarMap::new();
        let vb = nn::seeded(&vars, seed, DType::F32, &Device::Cpu);
        for name in names {
            nn::linear(7, 5, vb.pp(name)).unwrap();
        }
        let vars = vars.data().lock().unwrap();
        let mut values: Vec<_> = vars
            .iter()
            .map(|(name, var)| (name.clone(), var.flatten_all().unwrap().to_vec1::<f32>().unwrap()))
            .collect();
        values.sort_by(|a, b| a.0.cmp(&b.0));
        values
    };
    let first = draw(1, &["a", "b"]);
    assert_eq!(first, draw(1, &["b", "a"]));
    assert_ne!(first, draw(2, &["a", "b"]));
    assert_ne!(first[0].1, first[2].1, "a.bias and b.bias");
    Ok(())
}

#[test]
fn weights_have_the_spread_they_are_asked_for() -> Result<()> {
    let vb = nn::seeded(&VarMap::new(), 5, DType::F64, &Device::Cpu);
    let get = |name: &str, init| {
        vb.get_with_hints((50, 40, 3, 3), name, init)?
            .flatten_all()?
            .to_vec1::<f64>()
    };
    let moments = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
        (mean, variance.sqrt())
    };
    let fan_in: f64 = 40.0 * 9.0;
    let close = |values: &[f64], mean: f64, deviation: f64| {
        let found = moments(values);
        assert!(
            (found.0 - mean).abs() < 0.05 * deviation && (found.1 / deviation - 1.0).abs() < 0.02,
            "{found:?}"
        );
    };
    close(
        &get(
            "normal",
            Init::Randn {
                mean: 3.0,
                stdev: 0.5,
            },
        )?,
        3.0,
        0.5,
    );
    close(
        &get("kaiming normal", candle_nn::init::DEFAULT_KAIMING_NORMAL)?,
        0.0,
        (2.0 / fan_in).sqrt(),
    );
    close(
        &get("kaiming uniform", candle_nn::init::DEFAULT_KAIMING_UNIFORM)?,
        0.0,
        (2.0 / fan_in).sqrt(),
    );
    let uniform = get("uniform", Init::Uniform { lo: -1.0, up: 3.0 })?;
    close(&uniform, 1.0, 4.0 / 12f64.sqrt());
    assert!(uniform.iter().all(|v| (-1.0..3.0).contains(v)));
    assert!(get("constant", Init::Const(2.5))?.iter().all(|v| *v == 2.5));

    let layer = nn::conv2d(40, 50, 3, Conv2dConfig::default(), vb.pp("conv"))?;
    close(
        &layer.weight().flatten_all()?.to_vec1::<f64>()?,
        0.0,
        1.0 / (3.0 * fan_in).sqrt(),
    );
    Ok(())
}

#[test]
fn a_name_gives_the_same_variable_again_and_never_another_shape() -> Result<()> {
    let vars = VarMap::new();
    let vb = nn::seeded(&vars, 1, DType::F32, &Device::Cpu);
    let layer = nn::linear(3, 2, vb.pp("head"))?;
    vars.data().lock().unwrap()["head.weight"].set(&layer.weight().ones_like()?)?;
    let again = nn::linear(3, 2, vb.pp("head"))?;
    assert_eq!(again.weight().to_vec2::<f32>()?, [[1.0; 3]; 2]);
    assert!(vb.contains_tensor("head.bias") && !vb.contains_tensor("head.scale"));
    let error = nn::linear(4, 2, vb.pp("head")).unwrap_err().to_string();
    assert!(
        error.contains("head.weight") && error.contains("[2, 3]") && error.contains("[2, 4]"),
        "{error}"
    );
    assert!(nn::is_buffer("layer1.bn.running_mean") && nn::is_buffer("running_var"));
    assert!(!nn::is_buffer("running_mean.weight") && !nn::is_buffer("bias"));
    Ok(())
}

#[test]
fn dropout_masks_depend_on_seed_step_and_call_alone() -> Result<()> {
    let x = Tensor::ones((50, 40), DType::F32, &Device::Cpu)?;
    let draw = |seed, step| {
        nn::begin_step(seed, step);
        let mask = || {
            Dropout::new(0.3)
                .forward(&x, true)?
                .flatten_all()?
                .to_vec1::<f32>()
        };
        Ok::<_, candle_core::Error>((mask()?, mask()?))
    };
    let (first, second) = draw(1, 8)?;
    assert_eq!((first.clone(), second.clone()), draw(1, 8)?);
    assert_ne!(first, second);
    assert_ne!(first, draw(1, 9)?.0);
    assert_ne!(first, draw(2, 8)?.0);
    let kept = first.iter().filter(|v| **v != 0.0).count();
    assert!((1300..1500).contains(&kept), "{kept} of 2000 kept");
    assert!(first.iter().all(|v| *v == 0.0 || (*v - 1.0 / 0.7).abs() < 1e-6));
    assert_eq!(
        Dropout::new(0.3).forward(&x, false)?.to_vec2::<f32>()?,
        x.to_vec2::<f32>()?
    );
    assert!(Dropout::new(1.0).forward(&x, true).is_err() && Dropout::new(-0.1).forward(&x, false).is_err());
    Ok(())
}

#[test]
fn the_number_of_threads_changes_no_bit() -> Result<()> {
    let train = || {
        let vars = VarMap::new();
        let vb = nn::seeded(&vars, 3, DType::F32, &Device::Cpu);
        let x = image([5, 6, 37, 41])?;
        let config = Conv2dConfig {
            stride: 2,
            padding: 1,
            groups: 2,
            ..Default::default()
        };
        let y = nn::conv2d(6, 48, 3, config, vb.pp("grouped"))?.forward(&x)?;
        let y = nn::conv2d(48, 70, 3, Conv2dConfig::default(), vb.pp("dense"))?.forward(&y)?;
        let y = nn::avg_pool2d(&nn::max_pool2d(&y, 3, 2, 1)?, 2, 2, 0)?.flatten_from(1)?;
        let y = nn::linear(y.dim(1)?, 900, vb.pp("head"))?
            .forward(&y)?
            .sqr()?
            .sum_all()?;
        let gradients = y.backward()?;
        let mut all = vec![y.to_scalar::<f32>()?.to_bits()];
        let mut names: Vec<_> = vars
            .data()
            .lock()
            .unwrap()
            .iter()
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect();
        names.sort_by(|a, b| a.0.cmp(&b.0));
        for var in names.iter().map(|(_, var)| var).chain([&x]) {
            let gradient = gradients.get(var).unwrap().flatten_all()?.to_vec1::<f32>()?;
            all.extend(gradient.iter().map(|v| v.to_bits()));
        }
        Ok::<_, candle_core::Error>(all)
    };
    let on = |threads| {
        nn::use_threads(threads);
        train()
    };
    let one = on(1)?;
    assert!(one == on(2)?, "two threads");
    assert!(one == on(3)?, "three threads");
    assert!(one == on(8)?, "eight threads");
    Ok(())
}

#[test]
fn wrong_sizes_are_errors_that_say_so() -> Result<()> {
    let x = image([2, 3, 5, 4])?;
    let vb = nn::seeded(&VarMap::new(), 1, DType::F32, &Device::Cpu);
    let says = |result: Result<Tensor>, words: &str| {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(words), "{error:?} should say {words:?}");
    };
    let plain = Conv2dConfig::default();
    says(
        nn::conv2d(4, 2, 3, plain, vb.pp("a"))?.forward(&x),
        "takes 4 channels",
    );
    says(
        nn::conv2d(3, 2, 6, plain, vb.pp("b"))?.forward(&x),
        "window spans 6 elements",
    );
    says(
        nn::conv2d(3, 2, 3, Conv2dConfig { stride: 0, ..plain }, vb.pp("c"))?.forward(&x),
        "at least 1",
    );
    assert!(nn::conv2d(3, 2, 3, Conv2dConfig { groups: 2, ..plain }, vb.pp("d")).is_err());
    says(
        ops::conv2d(&x.narrow(3, 0, 0)?, &x, None, Geometry::default()),
        "without elements",
    );
    says(
        nn::linear(3, 2, vb.pp("e"))?.forward(&x),
        "last dimension should be 3",
    );
    says(nn::max_pool2d(&x, 6, 1, 0), "only 5 elements");
    says(nn::max_pool2d(&x, 2, 2, 2), "at most half");
    says(nn::avg_pool2d(&x, 2, 0, 0), "at least 1");
    says(nn::adaptive_avg_pool2d(&x, (0, 1)), "at least 1");
    says(nn::upsample_nearest2d(&x, 3, 0), "at least 1");
    let double = x.to_dtype(DType::F64)?;
    assert!(nn::linear(4, 2, vb.pp("f"))?.forward(&double).is_err());
    assert!(nn::conv2d(3, 2, 3, plain, vb.pp("g"))?.forward(&double).is_err());
    // An empty batch is a batch.
    let none = x.narrow(0, 0, 0)?;
    let y = nn::max_pool2d(&nn::conv2d(3, 2, 3, plain, vb.pp("h"))?.forward(&none)?, 2, 2, 0)?;
    assert_eq!(y.dims(), [0, 2, 1, 1]);
    Ok(())
}
