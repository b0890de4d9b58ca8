//! A resumed run ends with the bits of an unbroken one, wherever it was broken.

use std::path::Path;

use anyhow::Result;
use candle_core::Tensor;
use training::{
    Batch, Dataset, InMemory, Labelled, Learner, Pass, Plan, Run, RunFolder, Schedule, Task,
    optimiser::SgdConfig,
};

use crate::problem::{Network, Rings, bits, flags_in, learner, splits};

type Inner = training::Classification<Network>;

/// The task of the rings, which fails at its `fails_at`th batch: as if the power went.
struct Breaking {
    inner: Inner,
    fails_at: std::cell::Cell<usize>,
}

impl Task for Breaking {
    type Model = Network;
    type Batch = Labelled;
    type Output = training::ClassOutput;

    fn loss(&self, model: &Network, batch: &Labelled) -> Result<Tensor> {
        let left = self.fails_at.get();
        anyhow::ensure!(left > 0, "the power went");
        self.fails_at.set(left - 1);
        self.inner.loss(model, batch)
    }

    fn evaluate(&self, model: &Network, batch: &Labelled) -> Result<Vec<training::ClassOutput>> {
        self.inner.evaluate(model, batch)
    }

    fn scores(&self, outputs: &[training::ClassOutput]) -> training::Scores {
        self.inner.scores(outputs)
    }

    fn goal(&self) -> (&str, bool) {
        self.inner.goal()
    }

    fn columns(&self) -> Vec<String> {
        self.inner.columns()
    }

    fn row(&self, output: &training::ClassOutput) -> Vec<String> {
        self.inner.row(output)
    }
}

/// Two phases: a head alone, then everything, with an average of the weights and a plateau schedule.
fn train<T: Task>(learner: &mut Learner<T, InMemory>) -> Result<()>
where
    InMemory: Dataset<Batch = T::Batch>,
    T::Batch: Batch,
{
    learner.settings.average = Some(0.9);
    learner.freeze("hidden")?;
    learner.fit(Plan {
        epochs: 2,
        learning_rate: 0.02,
        schedule: Schedule::Cosine { warm_up: 3 },
    })?;
    learner.unfreeze("hidden")?;
    learner.settings.average = None;
    learner.fit(Plan {
        epochs: 3,
        learning_rate: 0.02,
        schedule: Schedule::ReduceOnPlateau {
            factor: 0.5,
            patience: 0,
        },
    })
}

fn unbroken(folder: &Path) -> Result<Rings> {
    let mut learner = learner(flags_in(folder, &[]))?;
    train(&mut learner)?;
    Ok(learner)
}

#[test]
fn broken_at_any_place_it_ends_with_the_same_bits() -> Result<()> {
    let whole = tempfile::tempdir()?;
    let whole = bits(&unbroken(whole.path())?);
    // 250 examples in batches of 32 are 8 a pass: inside the first epoch, at borders, in the second phase.
    for fails_at in [3, 8, 11, 16, 17, 29, 39] {
        let folder = tempfile::tempdir()?;
        let (_, run) = Run::start("rings", flags_in(folder.path(), &[]))?;
        let inner = Inner::new(&["inner", "outer"]).mixup(0.1);
        let task = Breaking {
            inner,
            fails_at: fails_at.into(),
        };
        let mut broken = Learner::new(run, "rings", splits(), task, |weights| Network::new(weights))?;
        let error = format!("{:#}", train(&mut broken).unwrap_err());
        assert!(error.contains("the power went"), "{error}");
        assert_eq!(
            error.contains("--resume"),
            fails_at >= 8,
            "advice to resume where nothing was saved"
        );

        let mut resumed = learner(resume(folder.path(), &[]))?;
        train(&mut resumed)?;
        assert_eq!(bits(&resumed), whole, "broken at batch {fails_at}");
        assert_eq!(resumed.state.history.len(), 5);
    }
    Ok(())
}

fn resume(folder: &Path, words: &[&str]) -> crate::problem::Flags {
    let resume = ["--resume", folder.to_str().unwrap()];
    crate::problem::flags(&[&resume, words].concat())
}

#[test]
fn a_finished_run_resumes_to_its_result() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut first = learner(flags_in(folder.path(), &[]))?;
    first.settings.optimiser = training::OptimiserChoice::Sgd(SgdConfig {
        nesterov: true,
        ..Default::default()
    });
    first.fit_one_cycle(2, 0.02)?;
    let mut again = learner(resume(folder.path(), &[]))?;
    // The phase is done: nothing of it is trained again.
    again.fit_one_cycle(2, 0.02)?;
    assert_eq!(bits(&again), bits(&first));
    Ok(())
}

#[test]
fn flags_come_from_the_run_and_contradictions_are_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    learner(flags_in(folder.path(), &["--seed", "9", "--batch-size", "16"]))?.fit_one_cycle(1, 0.01)?;
    let resumed = learner(resume(folder.path(), &[]))?;
    assert_eq!((resumed.run.seed(), resumed.settings.batch_size), (9, 16));
    learner(resume(folder.path(), &["--seed", "9"]))?;
    let error = learner(resume(folder.path(), &["--seed", "8"]))
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("--seed is 9; you gave 8"), "{error}");
    let error = learner(flags_in(folder.path(), &[])).err().unwrap().to_string();
    assert!(
        error.contains("already holds a run") && error.contains("--resume"),
        "{error}"
    );
    let error = learner(resume(Path::new("nowhere"), &[]))
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("no run to go on with"), "{error}");
    Ok(())
}

#[test]
fn a_checkpoint_cut_short_of_another_network_or_of_the_future_is_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    unbroken(folder.path())?;
    let path = folder.path().join(RunFolder::CHECKPOINT);
    let good = std::fs::read(&path)?;
    let attempt = |bytes: &[u8]| -> Result<String> {
        std::fs::write(&path, bytes)?;
        Ok(format!(
            "{:#}",
            learner(resume(folder.path(), &[]))
                .err()
                .expect("it was accepted")
        ))
    };
    for length in [0, 4, 100, good.len() / 2, good.len() - 1] {
        let error = attempt(&good[..length])?;
        assert!(
            error.contains("checkpoint.safetensors") && error.contains("cut off"),
            "{length}: {error}"
        );
    }
    // The header is JSON inside JSON; these edits keep its length.
    let edited = |from: &str, to: &str| {
        let text: Vec<u8> = good.clone();
        let at = text
            .windows(from.len())
            .position(|window| window == from.as_bytes())
            .expect("not in the header");
        let mut text = text;
        text[at..at + from.len()].copy_from_slice(to.as_bytes());
        text
    };
    let error = attempt(&edited("\\\"version\\\":1", "\\\"version\\\":9"))?;
    assert!(error.contains("later version"), "{error}");
    let error = attempt(&edited(
        "\\\"project\\\":\\\"rings\\\"",
        "\\\"project\\\":\\\"books\\\"",
    ))?;
    assert!(error.contains("\"books\""), "{error}");
    let error = attempt(&edited("model/hidden.bias", "model/hidden.size"))?;
    assert!(
        error.contains("another network") && error.contains("hidden.bias"),
        "{error}"
    );
    Ok(())
}

#[test]
fn a_phase_is_not_gone_on_with_other_settings() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (_, run) = Run::start("rings", flags_in(folder.path(), &[]))?;
    let inner = Inner::new(&["inner", "outer"]);
    let task = Breaking {
        inner,
        fails_at: 20.into(),
    };
    let mut broken = Learner::new(run, "rings", splits(), task, |weights| Network::new(weights))?;
    broken.fit_one_cycle(4, 0.02).unwrap_err();
    let config = std::fs::read_to_string(folder.path().join(RunFolder::CONFIG))?;
    for (rate, optimiser) in [
        (0.03, training::OptimiserChoice::AdamW(Default::default())),
        (0.02, training::OptimiserChoice::Sgd(SgdConfig::default())),
    ] {
        let mut resumed = learner(resume(folder.path(), &[]))?;
        resumed.settings.optimiser = optimiser;
        let error = resumed.fit_one_cycle(4, rate).unwrap_err().to_string();
        assert!(error.contains("cannot go on with other settings"), "{error}");
    }
    learner(resume(folder.path(), &[]))?.fit_one_cycle(4, 0.02)?;
    assert_eq!(
        std::fs::read_to_string(folder.path().join(RunFolder::CONFIG))?,
        config
    );
    Ok(())
}

#[test]
fn order_and_augmentation_depend_on_the_place_alone() {
    let pass = Pass {
        seed: 3,
        epoch: 2,
        train: true,
    };
    assert_eq!(training::order(50, pass), training::order(50, pass));
    assert_ne!(
        training::order(50, pass),
        training::order(50, Pass { epoch: 3, ..pass })
    );
    let mut sorted = training::order(50, pass);
    sorted.sort_unstable();
    assert_eq!(sorted, (0..50).collect::<Vec<_>>());
    assert_eq!(training::order(5, Pass::evaluation(3)), [0, 1, 2, 3, 4]);
}
