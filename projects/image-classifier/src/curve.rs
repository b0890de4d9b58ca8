//! How many examples does it take? Accuracy against their number, from scratch and from weights.

use std::{ops::Range, sync::Arc};

use anyhow::{Result, ensure};
use candle_core::DType;
use nn::VarMap;
use training::{
    Batch, Batches, Classification, Gradients, Learner, Parameters, Pass, Progress, Schedule, Task, Transfer,
    Weights,
    optimiser::{AdamW, AdamWConfig, Optimiser},
    report::{self, Section},
};
use vision::models::Classifier;

use crate::{data::Pictures, model::Network};

/// Steps of training at each point of the curve, of batches of this many.
const STEPS: usize = 240;
const BATCH: usize = 32;

/// The numbers of examples of a class to compare at: as asked, or by default for what takes seconds.
pub fn sizes(asked: Option<&[usize]>, data: &str, network: Network) -> Result<Option<Vec<usize>>> {
    match asked {
        Some(sizes) => {
            ensure!(
                !sizes.contains(&0),
                "--curve 0: there is nothing to learn from no example"
            );
            Ok(Some(sizes.to_vec()))
        }
        None if data == "made-cats-dogs" && network == Network::Small => Ok(Some(vec![10, 20, 40, 80, 160])),
        None => Ok(None),
    }
}

/// Trains the network on few examples of each class, from scratch and from weights, and draws what both reach on the
/// validation pictures. Nothing is chosen by these pictures here: every run ends after the same number of steps.
pub fn section(
    learner: &Learner<Classification<Classifier>, Pictures>,
    network: Network,
    weights: &Weights,
    sizes: &[usize],
) -> Result<Section> {
    let (mut scratch, mut transfer) = (Vec::new(), Vec::new());
    let mut progress = Progress::new("accuracy by number of examples", 2 * sizes.len());
    let smallest = learner.data.train.smallest_class();
    let (sizes, beyond): (Vec<usize>, Vec<usize>) = sizes.iter().partition(|size| **size <= smallest);
    ensure!(
        !sizes.is_empty(),
        "--curve: the smallest class has {smallest} training pictures; give numbers up to that"
    );
    if !beyond.is_empty() {
        training::say(format!(
            "note      no curve at {beyond:?}: the smallest class has {smallest} pictures"
        ));
    }
    for size in sizes {
        let few = Arc::new(learner.data.train.first_of_each_class(size));
        scratch.push((
            size as f64,
            Trial::new(learner, network, few.clone())?.train_all()?,
        ));
        progress.advance();
        transfer.push((
            size as f64,
            Trial::new(learner, network, few)?.fine_tune(weights)?,
        ));
        progress.advance();
    }
    let words = format!(
        "The same network on a few training pictures of each class, measured on the validation pictures: from random \
         weights, and from {}.",
        weights.file.display()
    );
    let lines = [("from scratch", scratch), ("from weights", transfer)];
    report::lines(
        "Accuracy by number of examples",
        &words,
        ("examples of a class", "accuracy"),
        &lines,
    )
}

/// A network and the few pictures that it learns from.
struct Trial<'a> {
    learner: &'a Learner<Classification<Classifier>, Pictures>,
    few: Arc<Pictures>,
    model: Classifier,
    parameters: Parameters,
}

impl<'a> Trial<'a> {
    fn new(
        learner: &'a Learner<Classification<Classifier>, Pictures>,
        network: Network,
        few: Arc<Pictures>,
    ) -> Result<Self> {
        let variables = VarMap::new();
        let weights = nn::seeded(&variables, learner.run.seed(), DType::F32, &learner.run.device);
        Ok(Trial {
            learner,
            few,
            model: network.build(
                learner.data.valid.view.side,
                learner.task.classes().len(),
                weights,
            )?,
            parameters: Parameters::new(&variables),
        })
    }

    /// Every layer at the same rate.
    fn train_all(self) -> Result<f64> {
        self.train(0..STEPS, 5e-3)?;
        self.accuracy()
    }

    /// First the head alone, then every layer, the first ones at a hundredth of the rate.
    fn fine_tune(mut self, weights: &Weights) -> Result<f64> {
        self.parameters.load(weights, "body")?;
        let body = self.model.groups().len() - 1;
        self.model.unfreeze_to(body, &mut self.parameters)?;
        self.train(0..STEPS / 3, 5e-3)?;
        self.model.unfreeze_to(0, &mut self.parameters)?;
        self.train(STEPS / 3..STEPS, 5e-3)?;
        self.accuracy()
    }

    /// The shortest loop there is: batches, forward, backward, a step down the gradient.
    fn train(&self, steps: Range<usize>, learning_rate: f64) -> Result<()> {
        let (seed, device) = (self.learner.run.seed(), &self.learner.run.device);
        let count = self.learner.run.batch_limit().unwrap_or(steps.len());
        let mut optimiser = AdamW::new(AdamWConfig::default());
        let epochs = (0..).map(|epoch| Pass {
            seed,
            epoch: steps.start + epoch,
            train: true,
        });
        let batches = epochs.flat_map(|pass| Batches::new(&self.few, BATCH, pass, 0, None));
        for (step, batch) in batches.take(count).enumerate() {
            nn::begin_step(seed, (steps.start + step) as u64);
            let loss = self.learner.task.loss(&self.model, &batch?.to_device(device)?)?;
            let mut gradients = Gradients::of(&loss, &self.parameters)?;
            gradients.clip_norm(1.0)?;
            let rate = Schedule::OneCycle.rate(step as u64, count as u64, learning_rate, 0);
            optimiser.step(&self.parameters, &gradients, rate)?;
        }
        Ok(())
    }

    fn accuracy(&self) -> Result<f64> {
        let (valid, pass) = (
            &self.learner.data.valid,
            Pass::evaluation(self.learner.run.seed()),
        );
        let mut outputs = Vec::new();
        for batch in Batches::new(valid, BATCH, pass, 0, self.learner.run.batch_limit()) {
            let batch = batch?.to_device(&self.learner.run.device)?;
            outputs.extend(self.learner.task.evaluate(&self.model, &batch)?);
        }
        Ok(self.learner.task.confusion_matrix(&outputs).accuracy())
    }
}
