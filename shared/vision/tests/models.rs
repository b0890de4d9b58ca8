//! The well-known networks: their sizes, and that each variable belongs to one stage.

use candle_core::{DType, Device, Result, Tensor};
use nn::{VarBuilder, VarMap};
use vision::models::{Body, efficientnet_lite0, mobilenet_v2, resnet18, resnet34};

type Build = fn(VarBuilder<'_>) -> Result<Body>;

fn build(build: Build) -> Result<(Body, VarMap)> {
    let variables = VarMap::new();
    let body = build(nn::seeded(&variables, 1, DType::F32, &Device::Cpu))?;
    Ok((body, variables))
}

/// Networks, their parameters, and (channels, height, width) after each stage for a picture of 64 × 96.
#[rustfmt::skip]
const NETWORKS: [(&str, Build, usize, &[[usize; 3]]); 4] = [
    ("resnet18", resnet18, 11_176_512, &[[64, 16, 24], [64, 16, 24], [128, 8, 12], [256, 4, 6], [512, 2, 3]]),
    ("resnet34", resnet34, 21_284_672, &[[64, 16, 24], [64, 16, 24], [128, 8, 12], [256, 4, 6], [512, 2, 3]]),
    ("mobilenet_v2", mobilenet_v2, 2_223_872, &[[16, 32, 48], [24, 16, 24], [32, 8, 12], [96, 4, 6], [1280, 2, 3]]),
    ("efficientnet_lite0", efficientnet_lite0, 3_371_008, &[
        [32, 32, 48], [16, 32, 48], [24, 16, 24], [40, 8, 12], [80, 4, 6], [112, 4, 6], [192, 2, 3], [320, 2, 3],
        [1280, 2, 3],
    ]),
];

#[test]
fn sizes() -> Result<()> {
    for (name, network, parameters, shapes) in NETWORKS {
        let (body, variables) = build(network)?;
        let count: usize = variables
            .data()
            .lock()
            .unwrap()
            .iter()
            .filter(|(name, _)| !nn::is_buffer(name))
            .map(|(_, variable)| variable.elem_count())
            .sum();
        assert_eq!(count, parameters, "{name}");
        assert_eq!(body.stages.len(), shapes.len(), "{name}");
        let mut maps = Tensor::ones((2, 3, 64, 96), DType::F32, &Device::Cpu)?;
        for (stage, [channels, height, width]) in body.stages.iter().zip(shapes) {
            maps = stage.layers.forward_t(&maps, true)?;
            assert_eq!(maps.dims(), [2, *channels, *height, *width], "{name}");
        }
        assert_eq!(maps.dims()[1], body.channels, "{name}");
    }
    Ok(())
}

#[test]
fn each_variable_belongs_to_one_stage() -> Result<()> {
    for (name, network, ..) in NETWORKS {
        let (body, variables) = build(network)?;
        let prefixes = || body.stages.iter().flat_map(|stage| &stage.prefixes);
        let covers = |prefix: &str, variable: &str| {
            let rest = variable.strip_prefix(prefix);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let variables = variables.data().lock().unwrap();
        for variable in variables.keys() {
            let owners = prefixes().filter(|prefix| covers(prefix, variable)).count();
            assert_eq!(owners, 1, "{name}: {variable}");
        }
        for prefix in prefixes() {
            let any = variables.keys().any(|variable| covers(prefix, variable));
            assert!(any, "{name}: no variable under {prefix}");
        }
    }
    Ok(())
}

#[test]
fn weights_of_a_near_relative_are_refused() {
    use training::{Parameters, Weights};
    type Make = fn(VarBuilder<'_>) -> candle_core::Result<Body>;
    let parameters = |make: Make| {
        let variables = VarMap::new();
        make(nn::seeded(&variables, 1, DType::F32, &Device::Cpu)).unwrap();
        Parameters::new(&variables)
    };
    let (small, large) = (parameters(resnet18), parameters(resnet34));
    let weights = |from: &Parameters| Weights {
        file: "theirs.safetensors".into(),
        tensors: from.snapshot().unwrap(),
    };
    // Every name and shape of ResNet-18 is in ResNet-34, but the layers do not belong together; and the other way
    // half of the network would stay random.
    for (from, into) in [(&large, &small), (&small, &large)] {
        let error = into.load(&weights(from), "").unwrap_err().to_string();
        assert!(error.contains("not the weights of this network"), "{error}");
    }
    let mut own = weights(&small);
    for name in ["fc.weight", "fc.bias"] {
        own.tensors
            .push((name.into(), Tensor::zeros(3, DType::F32, &Device::Cpu).unwrap()));
    }
    assert_eq!(small.load(&own, "").unwrap().unused, ["fc.weight", "fc.bias"]);
}
