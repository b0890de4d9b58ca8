//! Whole runs: they learn, they stop where they must, they leave the files they promise.

use anyhow::Result;
use candle_core::{Tensor, Var};
use nn::{Module, ModuleT};
use training::{
    Classification, InMemory, Learner, OptimiserChoice, Plan, Run, RunFolder, Schedule, Splits,
    TrainingError, optimiser::SgdConfig,
};

use crate::problem::{Network, bits, flags_in, learner, rings, splits};

#[test]
fn learns_what_a_linear_model_cannot_and_leaves_a_whole_run_folder() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut learner = learner(flags_in(folder.path(), &["--batch-size", "16"]))?;
    learner.fit_one_cycle(20, 0.02)?;
    let test = learner.test()?;
    assert_eq!(
        test.outputs.len(),
        99,
        "the last partial batch must not be dropped"
    );
    assert!(
        test.score("accuracy").unwrap() > 0.97,
        "accuracy {:?}",
        test.scores
    );
    learner.save_model(&["inner", "outer"])?;
    learner.finish("Rings", &test, &[("majority", 0.5)], &[])?;

    for file in [
        RunFolder::CONFIG,
        RunFolder::METRICS,
        RunFolder::RESULT,
        RunFolder::PREDICTIONS,
        RunFolder::MODEL,
        RunFolder::CHECKPOINT,
    ] {
        assert!(folder.path().join(file).exists(), "{file} is missing");
    }
    let metrics = std::fs::read_to_string(folder.path().join(RunFolder::METRICS))?;
    assert_eq!(metrics.lines().count(), 21);
    let predictions = std::fs::read_to_string(folder.path().join(RunFolder::PREDICTIONS))?;
    assert_eq!(predictions.lines().count(), 100);
    assert!(predictions.starts_with("name,target,predicted,p(inner),p(outer)\n0,"));
    let result: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join(RunFolder::RESULT))?)?;
    for key in [
        "project",
        "data",
        "device",
        "seed",
        "epochs",
        "parameters",
        "seconds",
        "metrics",
        "baselines",
    ] {
        assert!(!result[key].is_null(), "{key} is missing");
    }
    assert_eq!(result["parameters"], 2 * 32 + 32 + 32 * 2 + 2);

    let device = candle_core::Device::Cpu;
    let (classes, network) = training::load_model(
        "rings",
        Some(folder.path()),
        &device,
        |_: &Vec<String>, weights| Network::new(weights),
    )?;
    assert_eq!(classes, ["inner", "outer"]);
    let logits = network.forward_t(&Tensor::new(&[[0.7f32, 0.0], [0.0, 1.5]], &device)?, false)?;
    assert_eq!(logits.argmax(1)?.to_vec1::<u32>()?, [0, 1]);
    Ok(())
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_others() -> Result<()> {
    let run = |seed: &str| -> Result<_> {
        let folder = tempfile::tempdir()?;
        let mut learner = learner(flags_in(folder.path(), &["--seed", seed]))?;
        learner.fit_one_cycle(3, 0.02)?;
        Ok(bits(&learner))
    };
    let first = run("4")?;
    assert_eq!(first, run("4")?);
    assert_ne!(first, run("5")?);
    Ok(())
}

#[test]
fn the_linear_baseline_cannot_learn_rings_but_can_learn_halves() -> Result<()> {
    let table = |shift: f32, place: &str| {
        let mut random = nn::random(3, place);
        let row = |index: usize| {
            let angle: f32 = rand::Rng::random_range(&mut random, 0.0..std::f32::consts::TAU);
            let radius = if index.is_multiple_of(2) { 0.7 } else { 1.5 };
            vec![
                radius * angle.cos() + shift * (index % 2) as f32,
                radius * angle.sin(),
            ]
        };
        training::baseline::Table {
            features: (0..200).map(row).collect(),
            classes: (0..200).map(|index| index % 2).collect(),
        }
    };
    let tables = |shift| Splits {
        train: table(shift, "train"),
        valid: table(shift, "valid"),
        test: table(shift, "test"),
    };
    assert!(training::baseline::linear(&tables(0.0), 2, 1)? < 0.65);
    assert!(training::baseline::linear(&tables(9.0), 2, 1)? > 0.97);
    assert_eq!(training::baseline::majority(&[0, 1, 1], &[1, 0, 0, 1]), 0.5);
    Ok(())
}

#[test]
fn a_parameter_without_a_gradient_is_named_before_the_first_step() -> Result<()> {
    struct Forgetful {
        used: nn::Linear,
    }
    impl ModuleT for Forgetful {
        fn forward_t(&self, points: &Tensor, _train: bool) -> candle_core::Result<Tensor> {
            self.used.forward(points)
        }
    }
    let folder = tempfile::tempdir()?;
    let (_, run) = Run::start("forgetful", flags_in(folder.path(), &[]))?;
    let task = Classification::<Forgetful>::new(&["inner", "outer"]);
    let mut learner = Learner::new(run, "rings", splits(), task, |weights| {
        nn::linear(3, 3, weights.pp("forgotten"))?;
        Ok(Forgetful {
            used: nn::linear(2, 2, weights.pp("used"))?,
        })
    })?;
    let error = learner.fit_one_cycle(1, 0.01).unwrap_err();
    match error.downcast_ref::<TrainingError>() {
        Some(TrainingError::NoGradient { names, total: 4 }) => {
            assert_eq!(names, &["forgotten.bias", "forgotten.weight"])
        }
        other => panic!("{other:?} of {error}"),
    }
    // Frozen on purpose, it trains.
    learner.freeze("forgotten")?;
    learner.fit_one_cycle(1, 0.01)?;
    assert!(
        learner
            .freeze("misspelt")
            .unwrap_err()
            .to_string()
            .contains("forgotten.bias")
    );
    Ok(())
}

#[test]
fn a_loss_that_is_no_number_stops_training_and_keeps_the_checkpoint() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (_, run) = Run::start("rings", flags_in(folder.path(), &["--batch-size", "50"]))?;
    // The rings, and one more point, seen in the second epoch or the first: infinity.
    let train = rings(249, "train");
    let all: Vec<usize> = (0..249).collect();
    let batch = training::Dataset::batch(&train, &all, training::Pass::evaluation(1))?;
    let endless = Tensor::new(&[[f32::INFINITY, 0.0]], &candle_core::Device::Cpu)?;
    let points = Tensor::cat(&[batch.inputs, endless], 0)?;
    let classes = Tensor::cat(
        &[batch.targets, Tensor::new(&[0u32], &candle_core::Device::Cpu)?],
        0,
    )?;
    let data = Splits {
        train: InMemory::new(points, classes)?,
        ..splits()
    };
    let mut learner = Learner::new(
        run,
        "rings",
        data,
        Classification::new(&["inner", "outer"]),
        |weights| Network::new(weights),
    )?;
    let error = learner.fit_one_cycle(3, 0.01).unwrap_err();
    assert!(
        matches!(error.downcast_ref(), Some(TrainingError::NotFinite { .. })),
        "{error}"
    );
    assert!(error.to_string().contains("lower learning rate"), "{error}");
    let finite = learner.parameters.iter().all(|parameter| {
        let numbers = parameter.value.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        numbers.iter().all(|number| number.is_finite())
    });
    assert!(finite, "the weights were touched");
    Ok(())
}

#[test]
fn the_kept_weights_are_those_of_the_best_epoch() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut learner = learner(flags_in(folder.path(), &[]))?;
    // Plain SGD far too fast: validation goes up and down.
    learner.settings.optimiser = OptimiserChoice::Sgd(SgdConfig::default());
    learner.settings.early_stopping = Some(4);
    learner.fit(Plan {
        epochs: 40,
        learning_rate: 2.0,
        schedule: Schedule::Constant,
    })?;
    assert!(learner.state.history.len() < 40, "it did not stop early");
    let accuracy =
        |row: &training::EpochRow| row.valid.iter().find(|(name, _)| name == "accuracy").unwrap().1;
    let best = learner.state.history.iter().map(accuracy).fold(0.0, f64::max);
    assert_eq!(learner.validate()?.score("accuracy"), Some(best));
    Ok(())
}

#[test]
fn accumulated_batches_step_like_one_large_batch() -> Result<()> {
    let train = |batch_size: &str, accumulate: usize| -> Result<_> {
        let folder = tempfile::tempdir()?;
        let (_, run) = Run::start("rings", flags_in(folder.path(), &["--batch-size", batch_size]))?;
        let data = Splits {
            // The last step has fewer examples.
            train: rings(243, "train"),
            ..splits()
        };
        let task = Classification::new(&["inner", "outer"]);
        let mut learner = Learner::new(run, "rings", data, task, |weights| {
            nn::linear(2, 2, weights.pp("linear")).map(Plain)
        })?;
        learner.settings.accumulate = accumulate;
        learner.fit_one_cycle(2, 0.01)?;
        let weight = learner
            .parameters
            .iter()
            .find(|parameter| parameter.name == "linear.weight")
            .unwrap();
        Ok((learner.state.step, weight.value.flatten_all()?.to_vec1::<f32>()?))
    };
    let (large, small) = (train("60", 1)?, train("20", 3)?);
    assert_eq!(large.0, small.0);
    for (large, small) in large.1.iter().zip(&small.1) {
        assert!((large - small).abs() < 1e-5, "{large} and {small}");
    }
    Ok(())
}

struct Plain(nn::Linear);

impl ModuleT for Plain {
    fn forward_t(&self, points: &Tensor, _train: bool) -> candle_core::Result<Tensor> {
        self.0.forward(points)
    }
}

#[test]
fn averaged_weights_are_validated_and_kept_and_are_not_the_last() -> Result<()> {
    let train = |average: Option<f64>| -> Result<_> {
        let folder = tempfile::tempdir()?;
        let mut learner = learner(flags_in(folder.path(), &["--batch-size", "16"]))?;
        learner.settings.average = average;
        learner.settings.keep_best = false;
        learner.fit_one_cycle(15, 0.02)?;
        let last = learner.state.history.last().unwrap().valid[0].1;
        assert_eq!(
            learner.validate()?.score("loss"),
            Some(last),
            "validated and kept weights differ"
        );
        assert!(learner.validate()?.score("accuracy").unwrap() > 0.9);
        Ok(bits(&learner))
    };
    assert_ne!(train(Some(0.98))?, train(None)?);
    Ok(())
}

#[test]
fn checks_before_training_help_and_leave_no_trace() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut learner = learner(flags_in(folder.path(), &[]))?;
    let before = bits(&learner);
    let sweep = learner.find_learning_rate()?;
    assert!((1e-5..2.0).contains(&sweep), "{sweep}");
    assert_eq!(
        learner.find_learning_rate()?,
        sweep,
        "asked again before the same phase"
    );
    assert!(folder.path().join("learning-rate.svg").exists());
    assert_eq!(bits(&learner), before);

    let (first, last) = learner.overfit_one_batch()?;
    assert!(last < first / 5.0);
    assert_eq!(bits(&learner), before);
    Ok(())
}

#[test]
fn overfitting_one_batch_fails_when_the_targets_cannot_be_learned() -> Result<()> {
    // The same point with both classes.
    let points = Tensor::ones((64, 2), candle_core::DType::F32, &candle_core::Device::Cpu)?;
    let classes = Tensor::new(
        (0..64).map(|index| index % 2).collect::<Vec<u32>>(),
        &candle_core::Device::Cpu,
    )?;
    let folder = tempfile::tempdir()?;
    let (_, run) = Run::start("rings", flags_in(folder.path(), &["--batch-size", "64"]))?;
    let data = Splits {
        train: InMemory::new(points, classes)?,
        ..splits()
    };
    let mut learner = Learner::new(
        run,
        "rings",
        data,
        Classification::new(&["inner", "outer"]),
        |weights| Network::new(weights),
    )?;
    let error = learner.overfit_one_batch().unwrap_err().to_string();
    assert!(error.contains("cannot learn a single batch"), "{error}");
    Ok(())
}

#[test]
fn frozen_parameters_keep_their_bits_and_scaled_ones_move_less() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut learner = learner(flags_in(folder.path(), &[]))?;
    let before = bits(&learner);
    learner.freeze("hidden")?;
    learner.fit_one_cycle(1, 0.01)?;
    let after = bits(&learner);
    for ((name, before), (_, after)) in before.iter().zip(&after) {
        assert_eq!(before == after, name.starts_with("hidden"), "{name}");
    }
    learner.unfreeze("")?;
    learner.parameters.scale_rate("hidden", 0.0)?;
    learner.settings.optimiser = OptimiserChoice::Sgd(SgdConfig::default());
    learner.fit_one_cycle(1, 0.01)?;
    assert_eq!(bits(&learner)[0], after[0], "a rate of nothing moved the weights");
    Ok(())
}

#[test]
fn an_empty_part_is_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (_, run) = Run::start("rings", flags_in(folder.path(), &[]))?;
    let nothing = InMemory::new(
        Var::zeros((0, 2), candle_core::DType::F32, &candle_core::Device::Cpu)?
            .as_tensor()
            .clone(),
        Tensor::zeros(0, candle_core::DType::U32, &candle_core::Device::Cpu)?,
    )?;
    let data = Splits {
        valid: nothing,
        ..splits()
    };
    let built = Learner::new(
        run,
        "rings",
        data,
        Classification::new(&["inner", "outer"]),
        |weights| Network::new(weights),
    );
    assert!(
        built
            .err()
            .unwrap()
            .to_string()
            .contains("validation part of rings is empty")
    );
    Ok(())
}

#[test]
fn settings_that_cannot_train_are_refused() -> Result<()> {
    let refused =
        |change: &dyn Fn(&mut crate::problem::Rings), epochs: usize, rate: f64, words: &str| -> Result<()> {
            let folder = tempfile::tempdir()?;
            let mut learner = learner(flags_in(folder.path(), &[]))?;
            change(&mut learner);
            let error = learner.fit_one_cycle(epochs, rate).unwrap_err().to_string();
            assert!(error.contains(words), "{words:?} is not in {error}");
            Ok(())
        };
    refused(&|_| {}, 0, 0.1, "0 epochs")?;
    refused(&|_| {}, 1, -0.1, "learning rate is -0.1")?;
    refused(&|_| {}, 1, f64::NAN, "learning rate is NaN")?;
    refused(
        &|learner| learner.settings.clip_norm = Some(0.0),
        1,
        0.1,
        "clip_norm",
    )?;
    refused(&|learner| learner.settings.average = Some(1.5), 1, 0.1, "average")?;
    refused(&|learner| learner.settings.accumulate = 0, 1, 0.1, "accumulate")?;
    refused(
        &|learner| learner.freeze("").unwrap(),
        1,
        0.1,
        "no parameter is trainable",
    )?;
    Ok(())
}

#[test]
fn labels_that_no_class_has_and_answers_that_are_no_numbers_are_errors() -> Result<()> {
    let device = candle_core::Device::Cpu;
    let folder = tempfile::tempdir()?;
    let (_, run) = Run::start("rings", flags_in(folder.path(), &[]))?;
    let points = Tensor::zeros((3, 2), candle_core::DType::F32, &device)?;
    let valid = InMemory::new(points, Tensor::new(&[0u32, 1, 2], &device)?)?;
    let task = Classification::new(&["inner", "outer"]);
    let data = Splits { valid, ..splits() };
    let mut learner = Learner::new(run, "rings", data, task, |weights| Network::new(weights))?;
    let error = learner.fit_one_cycle(1, 0.01).unwrap_err();
    assert!(
        format!("{error:#}").contains("labelled 2, but there are 2 classes"),
        "{error:#}"
    );
    for parameter in learner.parameters.iter() {
        parameter.value.set(&(parameter.value.as_tensor() * f64::NAN)?)?;
    }
    assert!(learner.test().err().unwrap().to_string().contains("no number"));
    Ok(())
}

/// A network with a batch norm in its body.
struct Normed {
    hidden: nn::Linear,
    norm: nn::BatchNorm,
    output: nn::Linear,
}

impl ModuleT for Normed {
    fn forward_t(&self, points: &Tensor, train: bool) -> candle_core::Result<Tensor> {
        let hidden = self.norm.forward_t(&self.hidden.forward(points)?, train)?;
        self.output.forward(&hidden.relu()?)
    }
}

fn normed(weights: nn::VarBuilder<'_>) -> candle_core::Result<Normed> {
    Ok(Normed {
        hidden: nn::linear(2, 8, weights.pp("body.hidden"))?,
        norm: nn::batch_norm(8, 1e-5, weights.pp("body.norm"))?,
        output: nn::linear(8, 2, weights.pp("output"))?,
    })
}

#[test]
fn a_frozen_batch_norm_keeps_its_statistics_and_a_lone_last_example_is_no_batch() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (_, run) = Run::start("rings", flags_in(folder.path(), &[]))?;
    // 225 are seven batches of 32 and one example.
    let data = Splits {
        train: rings(225, "train"),
        ..splits()
    };
    let task = Classification::<Normed>::new(&["inner", "outer"]);
    let mut learner = Learner::new(run, "rings", data, task, |weights| normed(weights))?;
    learner.fit_one_cycle(1, 0.01)?;
    assert_eq!(learner.state.batches, 7);
    let body = |learner: &Learner<Classification<Normed>, InMemory>| -> Result<Vec<Vec<f32>>> {
        let body = learner
            .parameters
            .iter()
            .filter(|parameter| parameter.name.starts_with("body"));
        body.map(|parameter| Ok(parameter.value.flatten_all()?.to_vec1()?))
            .collect()
    };
    let before = body(&learner)?;
    learner.freeze("body")?;
    learner.fit_one_cycle(1, 0.01)?;
    assert_eq!(body(&learner)?, before);
    learner.unfreeze("body")?;
    learner.fit_one_cycle(1, 0.01)?;
    assert_ne!(body(&learner)?, before);
    Ok(())
}

#[test]
fn a_folder_of_the_users_own_is_never_removed() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let own = folder.path().join("own");
    std::fs::create_dir(&own)?;
    drop(Run::start("rings", flags_in(&own, &[]))?);
    assert!(own.exists() && std::fs::read_dir(&own)?.next().is_none());
    let new = folder.path().join("new");
    drop(Run::start("rings", flags_in(&new, &[]))?);
    assert!(!new.exists(), "a run that never began left its folder");
    Ok(())
}
