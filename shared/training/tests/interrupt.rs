//! Ctrl-C in the middle of an epoch, in a program of its own because a signal reaches every test at once.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, in its helpers too"
)]
#![allow(dead_code, reason = "the small problem has more to it than is needed here")]

#[path = "core/problem.rs"]
mod problem;

use std::{cell::Cell, process::Command, time::Duration};

use anyhow::Result;
use candle_core::Tensor;
use problem::{Flags, Network, flags, flags_in, splits};
use training::{
    ClassOutput, Classification, InMemory, Labelled, Learner, Plan, Run, Schedule, Scores, Task,
    TrainingError,
};

/// The rings, and a Ctrl-C during batch number `at`.
struct Pressed {
    rings: Classification<Network>,
    at: Cell<i64>,
}

impl Task for Pressed {
    type Model = Network;
    type Batch = Labelled;
    type Output = ClassOutput;

    fn loss(&self, model: &Network, batch: &Labelled) -> Result<Tensor> {
        self.at.set(self.at.get() - 1);
        if self.at.get() == 0 {
            let status = Command::new("kill")
                .args(["-INT", &std::process::id().to_string()])
                .status()?;
            assert!(status.success());
            // The signal is heard on another thread.
            std::thread::sleep(Duration::from_millis(100));
        }
        self.rings.loss(model, batch)
    }

    fn evaluate(&self, model: &Network, batch: &Labelled) -> Result<Vec<ClassOutput>> {
        self.rings.evaluate(model, batch)
    }

    fn scores(&self, outputs: &[ClassOutput]) -> Scores {
        self.rings.scores(outputs)
    }

    fn goal(&self) -> (&str, bool) {
        self.rings.goal()
    }

    fn columns(&self) -> Vec<String> {
        self.rings.columns()
    }

    fn row(&self, output: &ClassOutput) -> Vec<String> {
        self.rings.row(output)
    }
}

type Pressable = Learner<Pressed, InMemory>;

fn learner(flags: Flags, at: i64) -> Result<Pressable> {
    let (_, run) = Run::start("rings", flags)?;
    let rings = Classification::new(&["inner", "outer"]).mixup(0.1);
    Learner::new(
        run,
        "rings",
        splits(),
        Pressed { rings, at: at.into() },
        |weights| Network::new(weights),
    )
}

/// Everything that has a state of its own: an average, accumulation, a plateau, dropout, mixup.
fn train(learner: &mut Pressable) -> Result<()> {
    learner.settings.average = Some(0.9);
    learner.settings.accumulate = 3;
    let schedule = Schedule::ReduceOnPlateau {
        factor: 0.5,
        patience: 0,
    };
    learner.fit(Plan {
        epochs: 3,
        learning_rate: 0.05,
        schedule,
    })
}

fn outcome(learner: &Pressable) -> Result<(Vec<Vec<u32>>, String)> {
    let bits = |(_, tensor): &(String, Tensor)| -> Result<Vec<u32>> {
        Ok(tensor
            .flatten_all()?
            .to_vec1::<f32>()?
            .into_iter()
            .map(f32::to_bits)
            .collect())
    };
    let weights = learner
        .parameters
        .snapshot()?
        .iter()
        .map(bits)
        .collect::<Result<_>>()?;
    let history = learner
        .state
        .history
        .iter()
        .map(|row| format!("{} {:?}\n", row.train_loss, row.valid));
    Ok((weights, history.collect()))
}

#[test]
fn a_run_stopped_inside_an_epoch_ends_with_the_bits_of_an_unbroken_one() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut unbroken = learner(flags_in(folder.path(), &[]), 0)?;
    train(&mut unbroken)?;
    let mut inside = 0;
    // An epoch has 8 batches, which make steps of 3, 3 and 2.
    for at in [1, 3, 5, 8, 9, 14, 21] {
        let folder = tempfile::tempdir()?;
        let mut stopped = learner(flags_in(folder.path(), &[]), at)?;
        let error = train(&mut stopped).unwrap_err();
        let Some(TrainingError::Interrupted { after, .. }) = error.downcast_ref() else {
            panic!("{error:#}");
        };
        inside += usize::from(!after.ends_with("batch 0"));
        let mut resumed = learner(flags(&["--resume", folder.path().to_str().unwrap()]), 0)?;
        train(&mut resumed)?;
        assert_eq!(outcome(&resumed)?, outcome(&unbroken)?, "stopped at batch {at}");
    }
    assert!(inside >= 4, "only {inside} stops were inside an epoch");
    Ok(())
}
