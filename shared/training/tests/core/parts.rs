//! The parts, each against arithmetic written out again.

use anyhow::Result;
use candle_core::{DType, Device, Tensor};
use nn::VarMap;
use training::{
    Batch, Batches, ClassOutput, Classification, Dataset, Gradients, InMemory, Labelled, Parameters, Pass,
    Schedule, Task, TrainingError, WeightAverage,
    metrics::{Average, ConfusionMatrix, ErrorRate, edit_distance, f_beta, top_k_accuracy},
    optimiser::{AdamW, AdamWConfig, Optimiser, Sgd, SgdConfig},
};

/// One matrix and one vector, whose loss is Σ (value − target)² / 2, so that the gradient is value − target.
fn two_parameters() -> Result<(VarMap, Parameters)> {
    let variables = VarMap::new();
    let weights = nn::seeded(&variables, 1, DType::F32, &Device::Cpu);
    weights.get_with_hints((2, 1), "weight", nn::Init::Const(1.0))?;
    weights.get_with_hints(1, "bias", nn::Init::Const(-2.0))?;
    let parameters = Parameters::new(&variables);
    Ok((variables, parameters))
}

fn gradients(parameters: &Parameters) -> Result<Gradients> {
    let mut loss = Tensor::zeros((), DType::F32, &Device::Cpu)?;
    for parameter in parameters.iter() {
        loss = (loss + (parameter.value.affine(1.0, -3.0)?.sqr()?.sum_all()? / 2.0)?)?;
    }
    Ok(Gradients::of(&loss, parameters)?)
}

fn values(parameters: &Parameters) -> Vec<f64> {
    let value = |parameter: &training::Parameter| {
        f64::from(parameter.value.flatten_all().unwrap().to_vec1::<f32>().unwrap()[0])
    };
    parameters.iter().map(value).collect()
}

fn near(left: &[f64], right: &[f64]) {
    let close = left.len() == right.len()
        && left
            .iter()
            .zip(right)
            .all(|(left, right)| (left - right).abs() < 1e-5);
    assert!(close, "{left:?} is not {right:?}");
}

#[test]
fn adamw_follows_the_paper_and_decays_matrices_only() -> Result<()> {
    let (_, parameters) = two_parameters()?;
    let config = AdamWConfig {
        weight_decay: 0.1,
        ..Default::default()
    };
    let mut optimiser = AdamW::new(config);
    // [bias, weight], as the names are sorted.
    let (mut value, mut first, mut second) = ([-2.0f64, 1.0], [0.0; 2], [0.0; 2]);
    for step in 1..=5 {
        optimiser.step(&parameters, &gradients(&parameters)?, 0.05)?;
        for index in 0..2 {
            let gradient = value[index] - 3.0;
            first[index] = 0.9 * first[index] + 0.1 * gradient;
            second[index] = 0.999 * second[index] + 0.001 * gradient * gradient;
            let mean = first[index] / (1.0 - 0.9f64.powi(step));
            let square = second[index] / (1.0 - 0.999f64.powi(step));
            let decay = if index == 1 {
                0.05 * 0.1 * value[index]
            } else {
                0.0
            };
            value[index] -= 0.05 * mean / (square.sqrt() + 1e-8) + decay;
        }
        near(&values(&parameters), &value);
    }
    Ok(())
}

#[test]
fn sgd_follows_its_formula_with_momentum_nesterov_and_decay() -> Result<()> {
    for nesterov in [false, true] {
        let (_, mut parameters) = two_parameters()?;
        parameters.scale_rate("bias", 0.5)?;
        let mut optimiser = Sgd::new(SgdConfig {
            momentum: 0.8,
            nesterov,
            weight_decay: 0.1,
        });
        let (mut value, mut velocity) = ([-2.0f64, 1.0], [0.0; 2]);
        for _ in 0..5 {
            optimiser.step(&parameters, &gradients(&parameters)?, 0.1)?;
            for index in 0..2 {
                let gradient = value[index] - 3.0 + if index == 1 { 0.1 * value[index] } else { 0.0 };
                velocity[index] = 0.8 * velocity[index] + gradient;
                let step = if nesterov {
                    gradient + 0.8 * velocity[index]
                } else {
                    velocity[index]
                };
                value[index] -= [0.05, 0.1][index] * step;
            }
            near(&values(&parameters), &value);
        }
    }
    Ok(())
}

#[test]
fn an_optimisers_state_can_be_taken_out_and_put_back() -> Result<()> {
    let optimisers: [fn() -> Box<dyn Optimiser>; 2] = [
        || Box::new(AdamW::new(AdamWConfig::default())),
        || Box::new(Sgd::new(SgdConfig::default())),
    ];
    for make in optimisers {
        let (_, parameters) = two_parameters()?;
        let mut first = make();
        for _ in 0..3 {
            first.step(&parameters, &gradients(&parameters)?, 0.1)?;
        }
        let (weights, state) = (parameters.snapshot()?, first.state()?);
        first.step(&parameters, &gradients(&parameters)?, 0.1)?;
        let after = values(&parameters);
        parameters.restore(&weights)?;
        let mut second = make();
        second.set_state(&parameters, &state)?;
        second.step(&parameters, &gradients(&parameters)?, 0.1)?;
        assert_eq!(values(&parameters), after);
        let foreign = vec![
            ("first/other".to_string(), state[0].1.clone()),
            ("velocity/other".to_string(), state[0].1.clone()),
        ];
        assert!(
            second
                .set_state(&parameters, &foreign)
                .unwrap_err()
                .to_string()
                .contains("other")
        );
    }
    Ok(())
}

#[test]
fn clipping_shortens_long_gradients_only() -> Result<()> {
    let (_, parameters) = two_parameters()?;
    // Gradients: bias −5, weight (−2, −2); √33 long.
    let mut long = gradients(&parameters)?;
    let norm = long.clip_norm(1.0)?.to_scalar::<f32>()?;
    assert!((norm - 33f32.sqrt()).abs() < 1e-5);
    assert!((long.norm()?.to_scalar::<f32>()? - 1.0).abs() < 1e-5);
    let mut short = gradients(&parameters)?;
    short.clip_norm(6.0)?;
    assert_eq!(short.iter().flatten().next().unwrap().to_vec1::<f32>()?, [-5.0]);
    let mut sum = gradients(&parameters)?;
    sum.add(gradients(&parameters)?)?;
    assert_eq!(sum.iter().flatten().next().unwrap().to_vec1::<f32>()?, [-10.0]);
    Ok(())
}

#[test]
fn schedules_go_where_they_say() {
    let cosine = Schedule::Cosine { warm_up: 10 };
    assert!((cosine.rate(0, 110, 1.0, 0) - 0.1).abs() < 1e-12);
    assert!((cosine.rate(9, 110, 1.0, 0) - 1.0).abs() < 1e-12);
    assert!((cosine.rate(60, 110, 1.0, 0) - 0.5).abs() < 1e-12);
    assert!(cosine.rate(110, 110, 1.0, 0) < 1e-12);
    let cycle: Vec<f64> = (0..200)
        .map(|step| Schedule::OneCycle.rate(step, 200, 1.0, 0))
        .collect();
    assert!((cycle[0] - 0.04).abs() < 1e-12 && (cycle[50] - 1.0).abs() < 1e-12);
    assert!(cycle[..50].is_sorted() && cycle[50..].iter().rev().is_sorted());
    assert_eq!(Schedule::Constant.rate(7, 9, 0.3, 5), 0.3);
    let plateau = Schedule::ReduceOnPlateau {
        factor: 0.1,
        patience: 2,
    };
    assert!((plateau.rate(7, 9, 1.0, 2) - 0.01).abs() < 1e-12);
    // A phase of a single step divides by nothing.
    assert!(Schedule::OneCycle.rate(0, 1, 1.0, 0).is_finite());
}

#[test]
fn the_average_of_weights_lags_behind_and_swaps() -> Result<()> {
    let (_, parameters) = two_parameters()?;
    let mut average = WeightAverage::new(&parameters, 0.5)?;
    let mut optimiser = Sgd::new(SgdConfig {
        momentum: 0.0,
        ..Default::default()
    });
    let mut expected = -2.0;
    for step in 1..=4 {
        optimiser.step(&parameters, &gradients(&parameters)?, 0.1)?;
        average.update(&parameters)?;
        let keep = 0.5f64.min((1.0 + f64::from(step)) / (10.0 + f64::from(step)));
        expected = keep * expected + (1.0 - keep) * values(&parameters)[0];
    }
    let current = values(&parameters)[0];
    average.swap(&parameters)?;
    near(&[values(&parameters)[0]], &[expected]);
    average.swap(&parameters)?;
    assert_eq!(values(&parameters)[0], current);
    Ok(())
}

#[test]
fn buffers_are_saved_but_not_trained() -> Result<()> {
    let variables = VarMap::new();
    let weights = nn::seeded(&variables, 1, DType::F32, &Device::Cpu);
    weights.get_with_hints(3, "norm.weight", nn::Init::Const(1.0))?;
    weights.get_with_hints(3, "norm.running_mean", nn::Init::Const(0.0))?;
    let mut parameters = Parameters::new(&variables);
    parameters.unfreeze("")?;
    let trained: Vec<&str> = parameters
        .iter()
        .filter(|parameter| parameter.trainable)
        .map(|parameter| parameter.name.as_str())
        .collect();
    assert_eq!(trained, ["norm.weight"]);
    assert_eq!((parameters.count(), parameters.snapshot()?.len()), (3, 2));
    let mut other = parameters.snapshot()?;
    other[0].1 = Tensor::zeros(4, DType::F32, &Device::Cpu)?;
    assert!(
        parameters
            .restore(&other)
            .unwrap_err()
            .to_string()
            .contains("norm.running_mean")
    );
    assert!(parameters.restore(&[]).is_err(), "loading nothing succeeded");
    Ok(())
}

#[test]
fn metrics_agree_with_hand_counts() {
    // Truth 0: called 0, 0, 1; truth 1: called 1, 1, 1, 0; truth 2: never; called 2: never; truth 3: called 0.
    let pairs = [(0, 0), (0, 0), (0, 1), (1, 1), (1, 1), (1, 1), (1, 0), (3, 0)];
    let matrix = ConfusionMatrix::of(4, pairs);
    assert_eq!((matrix.total(), matrix.count(1, 0)), (8, 1));
    let close = |left: f64, right: f64| assert!((left - right).abs() < 1e-12, "{left} is not {right}");
    close(matrix.accuracy(), 5.0 / 8.0);
    close(matrix.precision_of(0), 2.0 / 4.0);
    close(matrix.recall_of(0), 2.0 / 3.0);
    close(matrix.recall_of(3), 0.0);
    close(matrix.precision(Average::Macro), (0.5 + 0.75 + 0.0) / 3.0);
    close(matrix.recall(Average::Macro), (2.0 / 3.0 + 0.75 + 0.0) / 3.0);
    close(matrix.f_beta(Average::Macro, 1.0), (4.0 / 7.0 + 0.75 + 0.0) / 3.0);
    close(matrix.f_beta(Average::Micro, 1.0), 5.0 / 8.0);
    close(f_beta(0.5, 1.0, 2.0), 5.0 * 0.5 / (4.0 * 0.5 + 1.0));
    close(f_beta(0.0, 0.0, 1.0), 0.0);
    assert_eq!(matrix.most_confused(), [(0, 1, 1), (1, 0, 1), (3, 0, 1)]);
    close(ConfusionMatrix::new(3).accuracy(), 0.0);
    let rows = [vec![0.1f32, 0.6, 0.3], vec![0.2, 0.2, 0.6], vec![0.4, 0.3, 0.3]];
    let examples = |truth: [usize; 3]| truth.into_iter().zip(rows.iter().map(Vec::as_slice));
    close(top_k_accuracy(examples([1, 2, 0]), 1), 1.0);
    close(top_k_accuracy(examples([2, 2, 0]), 2), 1.0);
    close(top_k_accuracy(examples([0, 0, 1]), 2), 0.0);
}

/// Every sequence of up to four of two items, against the definition: the ends are equal, or one of three edits is made.
#[test]
fn edits_are_as_few_as_can_be() {
    fn fewest(a: &[u8], b: &[u8]) -> usize {
        let (Some((last_a, rest_a)), Some((last_b, rest_b))) = (a.split_last(), b.split_last()) else {
            return a.len() + b.len();
        };
        let replaced = fewest(rest_a, rest_b) + usize::from(last_a != last_b);
        replaced.min(1 + fewest(rest_a, b)).min(1 + fewest(a, rest_b))
    }
    let mut all = vec![vec![]];
    for length in 0..4 {
        let longest = all.iter().filter(|items| items.len() == length);
        let longer: Vec<Vec<u8>> = longest
            .flat_map(|items| [0, 1].map(|item| [&items[..], &[item]].concat()))
            .collect();
        all.extend(longer);
    }
    assert_eq!(all.len(), 31);
    for (a, b) in all.iter().flat_map(|a| all.iter().map(move |b| (a, b))) {
        assert_eq!(edit_distance(a, b), fewest(a, b), "{a:?} to {b:?}");
        let found = ErrorRate::of([(&a[..], &b[..])]);
        assert_eq!(found.reference + found.insertions, b.len() + found.deletions);
        // Backwards, what was inserted is deleted.
        let back = ErrorRate::of([(&b[..], &a[..])]);
        assert_eq!(
            (found.substitutions, found.insertions, found.deletions),
            (back.substitutions, back.deletions, back.insertions)
        );
    }
}

#[test]
fn an_error_rate_is_of_the_set() {
    let pairs = [("a b  c", "a x c d"), ("", "e"), ("f", "")];
    let words = ErrorRate::words(pairs);
    let expected = ErrorRate {
        substitutions: 1,
        insertions: 2,
        deletions: 1,
        reference: 4,
    };
    assert_eq!((words, words.rate()), (expected, 1.0));
    assert_eq!(ErrorRate::characters([("äß", "äs")]).rate(), 0.5);
    // Nothing to recognise, and something was: no set is perfect by being empty.
    assert_eq!(ErrorRate::words([("", "two words")]).rate(), 2.0);
    assert_eq!(ErrorRate::words([]).rate(), 0.0);
}

#[test]
fn scores_are_those_of_the_set_and_not_means_over_batches() {
    let output = |target, right: f32| ClassOutput {
        target,
        probabilities: vec![
            if target == 0 { right } else { 1.0 - right },
            if target == 0 { 1.0 - right } else { right },
        ],
    };
    let outputs = [output(0, 0.5), output(1, 0.25), output(1, 1.0)];
    let task = Classification::<crate::problem::Network>::new(&["a", "b"]);
    let loss = task.scores(&outputs)[0].1;
    assert!((loss - (2f64.ln() + 4f64.ln()) / 3.0).abs() < 1e-6);
}

/// Remembers nothing, but gives each example the first random number of its place.
struct Draws(usize);

impl Dataset for Draws {
    type Batch = Labelled;

    fn len(&self) -> usize {
        self.0
    }

    fn batch(&self, indices: &[usize], pass: Pass) -> Result<Labelled> {
        anyhow::ensure!(!indices.contains(&999), "example 999 is broken");
        let draws: Vec<f32> = indices
            .iter()
            .map(|&index| rand::Rng::random(&mut pass.random(index)))
            .collect();
        let targets: Vec<u32> = indices.iter().map(|&index| index as u32).collect();
        Ok(Labelled {
            inputs: Tensor::new(draws, &Device::Cpu)?,
            targets: Tensor::new(targets, &Device::Cpu)?,
        })
    }
}

#[test]
fn batches_cover_everything_once_and_can_begin_in_the_middle() -> Result<()> {
    let data = std::sync::Arc::new(Draws(23));
    let pass = Pass {
        seed: 1,
        epoch: 0,
        train: true,
    };
    let all: Vec<Labelled> = Batches::new(&data, 5, pass, 0, None).collect::<Result<_>>()?;
    assert_eq!(all.iter().map(Batch::len).collect::<Vec<_>>(), [5, 5, 5, 5, 3]);
    let numbers = |batches: &[Labelled]| {
        batches
            .iter()
            .flat_map(|batch| batch.targets.to_vec1::<u32>().unwrap())
            .collect::<Vec<_>>()
    };
    let draws = |batches: &[Labelled]| {
        batches
            .iter()
            .flat_map(|batch| batch.inputs.to_vec1::<f32>().unwrap())
            .collect::<Vec<_>>()
    };
    let mut seen = numbers(&all);
    assert_ne!(seen, (0..23).collect::<Vec<_>>(), "not shuffled");
    let tail: Vec<Labelled> = Batches::new(&data, 5, pass, 3, None).collect::<Result<_>>()?;
    assert_eq!(
        (numbers(&tail), draws(&tail)),
        (numbers(&all[3..]), draws(&all[3..]))
    );
    seen.sort_unstable();
    assert_eq!(seen, (0..23).collect::<Vec<_>>());
    assert_eq!(Batches::new(&data, 5, pass, 0, Some(2)).count(), 2);
    Ok(())
}

#[test]
fn a_lone_last_example_joins_the_batch_before_it_in_training_only() {
    let sizes = |examples: usize, train: bool| {
        let plan = training::BatchPlan::new(examples, 4, train, None);
        (0..plan.count())
            .map(|number| plan.range(number).len())
            .collect::<Vec<_>>()
    };
    assert_eq!(sizes(9, true), [4, 5]);
    assert_eq!(sizes(9, false), [4, 4, 1]);
    assert_eq!(sizes(10, true), [4, 4, 2]);
    assert_eq!(sizes(1, true), [1]);
    assert_eq!(sizes(0, true), [0; 0]);
}

#[test]
fn a_broken_example_is_an_error_of_its_batch() {
    let data = std::sync::Arc::new(Draws(1000));
    let errors: Vec<String> = Batches::new(&data, 10, Pass::evaluation(1), 0, None)
        .filter_map(Result::err)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors, ["example 999 is broken"]);
}

#[test]
fn memory_and_padding_refuse_what_does_not_fit() -> Result<()> {
    let two = Tensor::zeros((2, 3), DType::F32, &Device::Cpu)?;
    let three = Tensor::zeros((3, 3), DType::F32, &Device::Cpu)?;
    assert!(InMemory::new(two.clone(), three.clone()).is_err());
    let (padded, lengths) = training::pad_sequences(&[two.clone(), three])?;
    assert_eq!(
        (padded.dims(), lengths.to_vec1::<u32>()?),
        (&[2, 3, 3][..], vec![2, 3])
    );
    assert!(training::pad_sequences(&[]).is_err());
    assert!(training::pad_sequences(&[two, Tensor::zeros((2, 4), DType::F32, &Device::Cpu)?]).is_err());
    Ok(())
}

#[test]
fn messages_say_what_to_do() {
    let error = TrainingError::NotFinite {
        what: "loss",
        value: f64::NAN,
        step: 12,
        losses: vec![2.0, 9.5],
        learning_rate: 0.1,
    };
    let text = error.to_string();
    for part in ["step 12", "2.0000 9.5000", "1.0e-1", "gradient clipping"] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}
