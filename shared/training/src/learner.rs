//! The learner: data, network and task in one place, with the usual ways to train behind a method each.

use std::sync::Arc;

use anyhow::{Context, Result};
use candle_core::{DType, Tensor};
use nn::{VarBuilder, VarMap};
use serde::Serialize;

use crate::{
    Batch, Batches, Dataset, Parameters, Pass, Plan, Run, Schedule, Scores, Splits, State, Task,
    TrainingError, WeightAverage,
    fit::fit,
    optimiser::{AdamW, AdamWConfig, Optimiser, Sgd, SgdConfig},
    save,
    state::Problem,
};

/// Which optimiser, with which settings.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimiserChoice {
    /// AdamW: the first choice for almost everything.
    AdamW(AdamWConfig),
    /// SGD with momentum.
    Sgd(SgdConfig),
}

impl OptimiserChoice {
    fn build(self) -> Box<dyn Optimiser> {
        match self {
            OptimiserChoice::AdamW(config) => Box::new(AdamW::new(config)),
            OptimiserChoice::Sgd(config) => Box::new(Sgd::new(config)),
        }
    }
}

/// How a learner trains. The defaults suit most networks; change a field before the first fit.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Examples in a batch; `--batch-size`.
    pub batch_size: usize,
    /// The optimiser: AdamW with weight decay 0.01.
    pub optimiser: OptimiserChoice,
    /// The gradient is shortened to this length when it is longer: 1.
    pub clip_norm: Option<f64>,
    /// Batches whose gradients are added up for one step: 1. For batches that memory has no room for.
    pub accumulate: usize,
    /// The average of the weights that is validated and saved instead of the last weights keeps this share of
    /// itself at each step (0.999, say): none.
    pub average: Option<f64>,
    /// Stop after this many epochs without a better score on the validation set: never.
    pub early_stopping: Option<usize>,
    /// Go back to the weights of the best epoch on the validation set when training ends: yes.
    pub keep_best: bool,
}

/// The outputs of a task over one part of the data, in the order of the data, and their scores.
pub struct Evaluation<O> {
    /// One for each example.
    pub outputs: Vec<O>,
    /// Over all of them.
    pub scores: Scores,
}

impl<O> Evaluation<O> {
    /// The score called `name`.
    pub fn score(&self, name: &str) -> Option<f64> {
        self.scores
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| *value)
    }
}

/// Data, network and task in one place.
///
/// ```no_run
/// # use training::*;
/// # fn example<M: nn::ModuleT, D: Dataset<Batch = Labelled>>(run: Run, data: Splits<D>, network: impl FnOnce(nn::VarBuilder) -> candle_core::Result<M>) -> anyhow::Result<()> {
/// let mut learner = Learner::new(run, "my-set", data, Classification::new(&["cat", "dog"]), network)?;
/// learner.fit_one_cycle(10, 3e-3)?;
/// let test = learner.test()?;
/// # Ok(()) }
/// ```
///
/// All fields are public: a loop of your own may use some of them and leave the rest.
pub struct Learner<T: Task, D> {
    /// Folder, device, seed.
    pub run: Run,
    /// The three parts of the data.
    pub data: Splits<Arc<D>>,
    /// What is learned.
    pub task: T,
    /// The network.
    pub model: T::Model,
    /// Its variables by name.
    pub parameters: Parameters,
    /// How it trains.
    pub settings: Settings,
    /// How far it is.
    pub state: State,
    pub(crate) average: Option<WeightAverage>,
    phases: usize,
    pub(crate) resumed: Option<Vec<(String, Tensor)>>,
}

impl<T: Task, D: Dataset<Batch = T::Batch>> Learner<T, D> {
    /// Builds the network with weights drawn from the run's seed and, when the run is resumed, puts back its
    /// last checkpoint. `data_name` is what `result.json` calls the data.
    ///
    /// Errors when a part of the data is empty, when `build` fails, or when the checkpoint does not fit.
    pub fn new(
        mut run: Run,
        data_name: &str,
        data: Splits<D>,
        task: T,
        build: impl FnOnce(VarBuilder<'_>) -> candle_core::Result<T::Model>,
    ) -> Result<Self> {
        for (part, len) in [
            ("training", data.train.len()),
            ("validation", data.valid.len()),
            ("test", data.test.len()),
        ] {
            if len == 0 {
                return Err(TrainingError::Data(format!("the {part} part of {data_name} is empty")).into());
            }
        }
        let variables = VarMap::new();
        let model = build(nn::seeded(&variables, run.seed(), DType::F32, &run.device))
            .context("cannot build the network")?;
        run.data = data_name.to_string();
        let problem = Problem {
            data: data_name.to_string(),
            examples: [data.train.len(), data.valid.len(), data.test.len()],
            answers: task.columns(),
        };
        let mut learner = Learner {
            settings: Settings {
                batch_size: run.arguments.batch_size,
                optimiser: OptimiserChoice::AdamW(AdamWConfig::default()),
                clip_norm: Some(1.0),
                accumulate: 1,
                average: None,
                early_stopping: None,
                keep_best: true,
            },
            data: Splits {
                train: Arc::new(data.train),
                valid: Arc::new(data.valid),
                test: Arc::new(data.test),
            },
            task,
            model,
            parameters: Parameters::new(&variables),
            state: State {
                problem,
                ..State::default()
            },
            average: None,
            phases: 0,
            resumed: None,
            run,
        };
        println!(
            "data      {data_name}: {} training, {} validation, {} test",
            learner.data.train.len(),
            learner.data.valid.len(),
            learner.data.test.len()
        );
        println!("network   {} parameters", learner.parameters.count());
        if learner.run.arguments.resume.is_some() {
            learner.load_checkpoint()?;
        }
        Ok(learner)
    }

    /// Trains for `epochs` passes with the one-cycle schedule, its peak at `learning_rate`.
    pub fn fit_one_cycle(&mut self, epochs: usize, learning_rate: f64) -> Result<()> {
        self.fit(Plan {
            epochs,
            learning_rate,
            schedule: Schedule::OneCycle,
        })
    }

    /// Trains one phase. Call it again (after unfreezing, say) for the next; a resumed run skips the phases
    /// that it had done.
    ///
    /// Errors, with everything saved, when the user asks to stop or when the loss is no longer a number.
    pub fn fit(&mut self, plan: Plan) -> Result<()> {
        let phase = self.phases;
        self.phases += 1;
        if phase < self.state.phase {
            return Ok(());
        }
        if self.settings.accumulate == 0 || self.settings.batch_size == 0 {
            return Err(
                TrainingError::Settings("batch_size and accumulate must be at least 1".into()).into(),
            );
        }
        let settings = serde_json::json!({ "plan": plan, "settings": self.settings });
        self.run.record(&format!("phase {}", self.phases), settings)?;
        let mut optimiser = self.settings.optimiser.build();
        if let (Some(decay), None) = (self.settings.average, &self.average) {
            self.average = Some(WeightAverage::new(&self.parameters, decay)?);
        }
        // A checkpoint at the border of two phases holds the optimiser of the one that ended.
        if let (Some(saved), true) = (self.resumed.take(), self.state.phase_step > 0) {
            optimiser.set_state(&self.parameters, &save::strip(&saved, "optimiser/"))?;
            if let Some(average) = &mut self.average {
                average.set_state(&save::strip(&saved, "average/"), self.state.average_steps)?;
            }
        }
        fit(self, plan, optimiser.as_mut())
    }

    /// Keeps the parameters under `prefix` as they are from now on.
    pub fn freeze(&mut self, prefix: &str) -> Result<()> {
        self.parameters.freeze(prefix)
    }

    /// Trains the parameters under `prefix` from now on.
    pub fn unfreeze(&mut self, prefix: &str) -> Result<()> {
        self.parameters.unfreeze(prefix)
    }

    /// The outputs and scores on the validation set.
    pub fn validate(&self) -> Result<Evaluation<T::Output>> {
        self.evaluate(&self.data.valid)
    }

    /// The outputs and scores on the test set. Read it once, when nothing is left to choose.
    pub fn test(&self) -> Result<Evaluation<T::Output>> {
        self.evaluate(&self.data.test)
    }

    /// The outputs and scores on `data`, every example of it but with `--quick`.
    pub fn evaluate(&self, data: &Arc<D>) -> Result<Evaluation<T::Output>> {
        let pass = Pass::evaluation(self.run.seed());
        let mut outputs = Vec::with_capacity(data.len());
        for batch in Batches::new(data, self.settings.batch_size, pass, 0, self.run.batch_limit()) {
            outputs.extend(
                self.task
                    .evaluate(&self.model, &batch?.to_device(&self.run.device)?)?,
            );
        }
        Ok(Evaluation {
            scores: self.task.scores(&outputs),
            outputs,
        })
    }

    /// Seconds since the run began, those before an interruption included.
    pub fn seconds(&self) -> f64 {
        self.run.seconds_before + self.run.started.elapsed().as_secs_f64()
    }

    /// Runs `work` with the averaged weights in place of the current ones, where there is an average.
    pub(crate) fn average_swapped<R>(&mut self, work: impl FnOnce(&Self) -> Result<R>) -> Result<R> {
        let Some(mut average) = self.average.take() else {
            return work(self);
        };
        average.swap(&self.parameters)?;
        let result = work(self);
        average.swap(&self.parameters)?;
        self.average = Some(average);
        result
    }

    /// Does what `--find-learning-rate` or `--overfit-one-batch` asks for, and says whether that was all: then
    /// the project has nothing more to do.
    pub fn only_checks(&mut self) -> Result<bool> {
        if self.run.arguments.find_learning_rate {
            self.find_learning_rate()?;
        }
        if self.run.arguments.overfit_one_batch {
            self.overfit_one_batch()?;
        }
        Ok(self.run.arguments.find_learning_rate || self.run.arguments.overfit_one_batch)
    }
}
