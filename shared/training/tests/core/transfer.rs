//! Weights from elsewhere, features computed once, layers that learn at rates of their own.

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use candle_core::{DType, Device, Result, Tensor};
use nn::{BatchNorm, Linear, Module, ModuleT, VarBuilder, VarMap};
use training::{Classification, InMemory, Learner, Parameters, Run, TrainingError, Transfer, Weights};

use crate::problem::{flags_in, splits};

/// Two hidden layers, one with a batch norm, and a head.
struct Network {
    first: Linear,
    norm: BatchNorm,
    second: Linear,
    head: Linear,
    kept: AtomicUsize,
    /// How often the body has run on how many examples.
    seen: AtomicUsize,
}

impl Network {
    fn new(weights: VarBuilder<'_>) -> Result<Self> {
        let body = weights.pp("body");
        Ok(Network {
            first: nn::linear(2, 24, body.pp("first"))?,
            norm: nn::batch_norm(24, 1e-5, body.pp("norm"))?,
            second: nn::linear(24, 16, body.pp("second"))?,
            head: nn::linear(16, 2, weights.pp("head"))?,
            kept: AtomicUsize::new(0),
            seen: AtomicUsize::new(0),
        })
    }

    fn body(&self, points: &Tensor, train: bool) -> Result<Tensor> {
        self.seen.fetch_add(points.dim(0)?, Ordering::Relaxed);
        let kept = self.kept.load(Ordering::Relaxed);
        let hidden = self.first.forward(points)?.relu()?;
        let hidden = self.norm.forward_t(&hidden, train && kept == 0)?;
        let hidden = if kept > 0 { hidden.detach() } else { hidden };
        self.second.forward(&hidden)?.relu()
    }
}

impl ModuleT for Network {
    fn forward_t(&self, input: &Tensor, train: bool) -> Result<Tensor> {
        match input.dim(1)? {
            16 => self.head.forward(input),
            _ => self.head.forward(&self.body(input, train)?),
        }
    }
}

impl Transfer for Network {
    fn features(&self, points: &Tensor) -> Result<Tensor> {
        self.body(points, false)
    }

    fn groups(&self) -> Vec<Vec<String>> {
        let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
        vec![
            names(&["body.first", "body.norm"]),
            names(&["body.second"]),
            names(&["head"]),
        ]
    }

    fn keep(&self, groups: usize) {
        self.kept.store(groups, Ordering::Relaxed);
    }
}

type Fine = Learner<Classification<Network>, InMemory>;

fn learner(folder: &Path, words: &[&str]) -> anyhow::Result<Fine> {
    let (_, run) = Run::start("rings", flags_in(folder, words))?;
    let task = Classification::new(&["inner", "outer"]);
    Learner::new(run, "rings", splits(), task, |weights| Network::new(weights))
}

fn values(learner: &Fine, name: &str) -> Vec<f32> {
    let snapshot = learner.parameters.snapshot().unwrap();
    let (_, value) = snapshot.into_iter().find(|(other, _)| other == name).unwrap();
    value.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn the_head_learns_from_features_that_are_computed_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut learner = learner(folder.path(), &[]).unwrap();
    let before = ["body.first.weight", "body.norm.running_mean", "body.second.bias"]
        .map(|name| values(&learner, name));
    let head = values(&learner, "head.weight");
    learner.fit_head(25, 2e-2).unwrap();
    // 250 training and 101 validation examples, once each, not 25 times.
    assert_eq!(learner.model.seen.load(Ordering::Relaxed), 351);
    let after = ["body.first.weight", "body.norm.running_mean", "body.second.bias"]
        .map(|name| values(&learner, name));
    assert_eq!(before, after, "the frozen body has changed");
    assert_ne!(head, values(&learner, "head.weight"));
    // What was learned from the features holds for the whole network.
    let by_features = learner.state.history.last().unwrap().valid[1].1;
    assert!(by_features > 0.8, "{by_features}");
    let best = learner
        .state
        .history
        .iter()
        .map(|row| row.valid[1].1)
        .fold(0.0, f64::max);
    assert_eq!(learner.validate().unwrap().score("accuracy"), Some(best));
}

#[test]
fn fine_tuning_moves_the_first_layers_least() {
    let folder = tempfile::tempdir().unwrap();
    let mut learner = learner(folder.path(), &[]).unwrap();
    let names = ["body.first.weight", "body.second.weight", "head.weight"];
    learner.fit_head(2, 1e-2).unwrap();
    let before = names.map(|name| values(&learner, name));
    learner.settings.keep_best = false;
    learner.unfreeze_to(0).unwrap();
    learner.fit_one_cycle(2, 1e-2).unwrap();
    let moved: Vec<f32> = names
        .iter()
        .zip(&before)
        .map(|(name, before)| {
            let after = values(&learner, name);
            let steps = before.iter().zip(&after).map(|(a, b)| (a - b).abs());
            steps.sum::<f32>() / before.len() as f32
        })
        .collect();
    assert!(
        0.0 < moved[0] && 4.0 * moved[0] < moved[1] && 2.0 * moved[1] < moved[2],
        "{moved:?}"
    );
}

#[test]
fn a_resumed_fine_tuning_ends_as_an_unbroken_one() {
    let bits = |learner: &Fine| -> Vec<Vec<u32>> {
        let all = learner
            .parameters
            .iter()
            .map(|parameter| values(learner, &parameter.name));
        all.map(|values| values.into_iter().map(f32::to_bits).collect())
            .collect()
    };
    let (whole, broken) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut unbroken = learner(whole.path(), &[]).unwrap();
    unbroken.fine_tune(3, 1e-2).unwrap();
    {
        let mut first = learner(broken.path(), &[]).unwrap();
        first.fit_head(12, 1e-2).unwrap();
    }
    let (_, run) = Run::start(
        "rings",
        crate::problem::flags(&["--resume", broken.path().to_str().unwrap(), "--device", "cpu"]),
    )
    .unwrap();
    let task = Classification::new(&["inner", "outer"]);
    let mut second = Learner::new(run, "rings", splits(), task, |weights| Network::new(weights)).unwrap();
    second.fine_tune(3, 1e-2).unwrap();
    assert_eq!(bits(&unbroken), bits(&second));
    // The head's phase was done: its features were not computed again.
    assert_eq!(second.model.seen.load(Ordering::Relaxed), 3 * (250 + 101));
}

/// Parameters of a network drawn from `seed`.
fn parameters(seed: u64) -> Parameters {
    let variables = VarMap::new();
    Network::new(nn::seeded(&variables, seed, DType::F32, &Device::Cpu)).unwrap();
    Parameters::new(&variables)
}

fn weights(tensors: Vec<(&str, Tensor)>) -> Weights {
    Weights {
        file: "theirs.safetensors".into(),
        tensors: tensors
            .into_iter()
            .map(|(name, tensor)| (name.to_string(), tensor))
            .collect(),
    }
}

#[test]
fn weights_from_elsewhere_are_matched_by_name_and_shape_and_the_rest_is_named() {
    let (theirs, mine) = (parameters(7), parameters(8));
    let mut tensors: Vec<(String, Tensor)> = theirs.snapshot().unwrap();
    tensors.retain(|(name, _)| name != "body.second.bias");
    for (name, _) in &mut tensors {
        // Half of the names as other programs write them.
        if name.starts_with("body.first") {
            *name = name.replace("body.", "");
        }
    }
    tensors.push((
        "body.norm.num_batches_tracked".into(),
        Tensor::new(&[3i64], &Device::Cpu).unwrap(),
    ));
    let report = mine
        .load(
            &Weights {
                file: "theirs.safetensors".into(),
                tensors,
            },
            "body",
        )
        .unwrap();
    assert_eq!(report.matched.len(), 7, "{report}");
    assert_eq!(report.missing, ["body.second.bias"]);
    assert_eq!(report.unused, ["head.bias", "head.weight"]);
    let said = report.to_string();
    assert!(
        said.contains("7 tensors of theirs.safetensors") && said.contains("head.bias"),
        "{said}"
    );
    let (theirs, mine) = (theirs.snapshot().unwrap(), mine.snapshot().unwrap());
    for ((name, theirs), (_, mine)) in theirs.iter().zip(&mine) {
        let same = theirs.flatten_all().unwrap().to_vec1::<f32>().unwrap()
            == mine.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let taken = name.starts_with("body") && name != "body.second.bias";
        // A norm's scale starts at 1 in both.
        assert!(same == taken || name.contains("norm"), "{name}");
    }
}

#[test]
fn nonsense_is_refused_before_anything_changes() {
    let mine = parameters(8);
    let before = format!(
        "{:?}",
        mine.snapshot().unwrap()[0]
            .1
            .flatten_all()
            .unwrap()
            .to_vec1::<f32>()
    );
    let zeros = |dims: &[usize]| Tensor::zeros(dims, DType::F32, &Device::Cpu).unwrap();
    let refused = |weights: &Weights, part: &str| mine.load(weights, part).unwrap_err();
    let error = refused(&weights(vec![("features.0.weight", zeros(&[3, 3]))]), "body");
    assert!(matches!(
        error.downcast_ref(),
        Some(TrainingError::BadFile { .. })
    ));
    assert!(
        error.to_string().contains("not the weights of this network"),
        "{error}"
    );
    // The right names, another size.
    let other = weights(vec![
        ("first.weight", zeros(&[48, 2])),
        ("second.weight", zeros(&[32, 48])),
        ("second.bias", zeros(&[16])),
    ]);
    assert!(refused(&other, "body").to_string().contains("not the weights"));
    let bad = weights(vec![
        (
            "second.weight",
            Tensor::full(f32::NAN, (16, 24), &Device::Cpu).unwrap(),
        ),
        ("first.weight", zeros(&[24, 2])),
    ]);
    assert!(refused(&bad, "body").to_string().contains("second.weight"));
    assert!(refused(&bad, "trunk").to_string().contains("trunk"));
    let after = format!(
        "{:?}",
        mine.snapshot().unwrap()[0]
            .1
            .flatten_all()
            .unwrap()
            .to_vec1::<f32>()
    );
    assert_eq!(before, after);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weights.pth");
    std::fs::write(&file, b"\x80\x02cpickle").unwrap();
    let said = Weights::read(&file).unwrap_err().to_string();
    assert!(
        said.contains("weights.pth") && said.contains("converted"),
        "{said}"
    );
    assert!(Weights::read(&folder.path().join("absent")).is_err());
}

#[test]
fn cutmix_pastes_a_rectangle_and_shares_the_label_by_its_area() {
    /// Gives back the share of its input that is 1, as evidence for class 1.
    struct Area;
    impl ModuleT for Area {
        fn forward_t(&self, pictures: &Tensor, _train: bool) -> Result<Tensor> {
            let ones = pictures.flatten_from(1)?.mean(1)?;
            let p = ones.clamp(1e-4, 1.0 - 1e-4)?;
            Tensor::stack(&[p.affine(-1.0, 1.0)?.log()?, p.log()?], 1)
        }
    }
    use training::{Labelled, Task};
    // Eight pictures all 0 (class 0) and eight all 1 (class 1).
    let batch = Labelled {
        inputs: Tensor::cat(
            &[
                Tensor::zeros((8, 1, 12, 10), DType::F32, &Device::Cpu).unwrap(),
                Tensor::ones((8, 1, 12, 10), DType::F32, &Device::Cpu).unwrap(),
            ],
            0,
        )
        .unwrap(),
        targets: Tensor::new(&[0u32, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1], &Device::Cpu).unwrap(),
    };
    let task = Classification::<Area>::new(&["zeros", "ones"]).cutmix(1.0);
    let mut mixed = 0;
    for step in 0..20 {
        nn::begin_step(3, step);
        // An answer equal to the shares has the loss of their entropy: less than any other answer. A label shared by
        // another number than the area would give more.
        let loss = task.loss(&Area, &batch).unwrap().to_scalar::<f32>().unwrap();
        assert!((0.0..=0.694).contains(&loss), "{loss}");
        mixed += usize::from(loss > 0.05);
    }
    assert!(mixed > 8, "{mixed} of 20 batches were mixed");
}
