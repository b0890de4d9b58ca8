//! The learner: data, network and task in one place, with the usual ways to train behind a method each.

use std::sync::Arc;

use anyhow::{Context, Result};
use candle_core::{DType, Tensor};
use nn::{VarBuilder, VarMap};
use serde::Serialize;

use crate::{
    Batch, Batches, Dataset, Parameters, Pass, Plan, Run, RunFolder, Schedule, Scores, Splits, State, Task,
    TrainingError, WeightAverage,
    files::without_prefix,
    fit::fit,
    optimiser::{AdamW, AdamWConfig, Optimiser, Sgd, SgdConfig},
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
    /// The optimiser, having seen nothing.
    pub fn build(self) -> Box<dyn Optimiser> {
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
    /// How many of a network's last groups of layers [`Learner::fine_tune`] trains, the head among them: all. With
    /// fewer a step is faster and takes less memory.
    pub unfreeze: Option<usize>,
}

impl Settings {
    /// Errors when these settings or `plan` cannot train anything.
    fn check(&self, plan: &Plan) -> Result<(), TrainingError> {
        let rate = plan.learning_rate;
        let wrong = [
            (
                self.batch_size == 0,
                "batch_size is 0: a batch needs at least one example".to_string(),
            ),
            (
                self.accumulate == 0,
                "accumulate is 0: a step needs at least one batch".to_string(),
            ),
            (plan.epochs == 0, "0 epochs: nothing would be trained".to_string()),
            (
                !(rate > 0.0 && rate.is_finite()),
                format!("the learning rate is {rate}: it must be above 0"),
            ),
            (
                self.clip_norm.is_some_and(|norm| norm.is_nan() || norm <= 0.0),
                format!("clip_norm is {:?}: it must be above 0, or None", self.clip_norm),
            ),
            (
                self.average.is_some_and(|decay| !(0.0..1.0).contains(&decay)),
                format!("average is {:?}: it must be from 0 to below 1", self.average),
            ),
        ];
        match wrong.into_iter().find(|(is_wrong, _)| *is_wrong) {
            Some((_, words)) => Err(TrainingError::Settings(words)),
            None => Ok(()),
        }
    }
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
    /// The weights of the best epoch of the phase under way.
    pub(crate) best: Vec<(String, Tensor)>,
    pub(crate) phases: usize,
    pub(crate) resumed: Option<Vec<(String, Tensor)>>,
    /// What takes the place of the training and validation data for a while: features of a frozen body.
    pub(crate) stand_in: Option<(Examples<T>, Examples<T>)>,
}

/// Some part of the data, of whatever type.
type Examples<T> = Arc<dyn Dataset<Batch = <T as Task>::Batch>>;

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
        for (part, len) in [("training", data.train.len()), ("validation", data.valid.len())] {
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
                unfreeze: None,
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
            best: Vec::new(),
            phases: 0,
            resumed: None,
            stand_in: None,
            run,
        };
        crate::say(format!(
            "data      {data_name}: {} training, {} validation, {} test",
            learner.data.train.len(),
            learner.data.valid.len(),
            learner.data.test.len()
        ));
        crate::say(format!("network   {} parameters", learner.parameters.count()));
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
    /// Errors when the settings make no sense, when a trainable parameter receives no gradient, when the loss is
    /// no longer a number, and, with everything saved, when the user asks to stop. What was saved before an error
    /// can be gone on from with `--resume`.
    pub fn fit(&mut self, plan: Plan) -> Result<()> {
        let phase = self.phases;
        self.phases += 1;
        if phase < self.state.phase {
            return Ok(());
        }
        self.settings.check(&plan)?;
        let settings = serde_json::json!({ "plan": plan, "settings": self.settings, "trained": self.parameters.trained() });
        let described = settings.to_string();
        self.run.record(&format!("phase {}", self.phases), settings)?;
        let mut optimiser = self.settings.optimiser.build();
        if let (Some(decay), None) = (self.settings.average, &self.average) {
            self.average = Some(WeightAverage::new(&self.parameters, decay)?);
        }
        // A checkpoint at the border of two phases holds the optimiser of the one that ended.
        if let (Some(saved), true) = (self.resumed.take(), self.state.phase_step > 0) {
            if described != self.state.plan {
                return Err(TrainingError::Settings(format!(
                    "the run in {} was training with {}, now the program says {described}: it cannot go on with other settings. \
                     Put them back, or start a new run",
                    self.run.folder.path().display(),
                    self.state.plan
                ))
                .into());
            }
            optimiser.set_state(&self.parameters, &without_prefix("optimiser/", &saved))?;
            if let Some(average) = &mut self.average {
                average.set_state(&without_prefix("average/", &saved), self.state.average_steps)?;
            }
        }
        self.state.plan = described;
        fit(self, plan, optimiser.as_mut()).map_err(|error| self.with_advice(error))
    }

    /// Adds how to go on to an error that does not say it itself.
    fn with_advice(&self, error: anyhow::Error) -> anyhow::Error {
        let folder = self.run.folder.path().display();
        let saved = self.run.folder.file(RunFolder::CHECKPOINT).exists();
        match error.downcast_ref() {
            Some(TrainingError::Interrupted { .. } | TrainingError::NotFinite { .. }) => error,
            _ if saved => error.context(format!(
                "training stopped; go on from the last checkpoint with --resume {folder}"
            )),
            _ => error,
        }
    }

    /// Keeps the parameters under `prefix` as they are from now on.
    pub fn freeze(&mut self, prefix: &str) -> Result<()> {
        self.parameters.freeze(prefix)
    }

    /// Trains the parameters under `prefix` from now on.
    pub fn unfreeze(&mut self, prefix: &str) -> Result<()> {
        self.parameters.unfreeze(prefix)
    }

    /// What the fit loop trains on: the training data or what stands in for it.
    pub(crate) fn training_examples(&self) -> Examples<T> {
        match &self.stand_in {
            Some((train, _)) => train.clone(),
            None => self.data.train.clone(),
        }
    }

    /// Whether the phase that the next fit method would train is one that a resumed run had done.
    pub(crate) fn phase_is_done(&self) -> bool {
        self.phases < self.state.phase
    }

    /// The outputs and scores on the validation set.
    pub fn validate(&self) -> Result<Evaluation<T::Output>> {
        match &self.stand_in {
            Some((_, valid)) => self.evaluate(valid),
            None => self.evaluate(&self.data.valid),
        }
    }

    /// The outputs and scores on the test set. Read it once, when nothing is left to choose. Errors when it is
    /// empty.
    pub fn test(&self) -> Result<Evaluation<T::Output>> {
        if self.data.test.is_empty() {
            return Err(TrainingError::Data(format!("the test part of {} is empty", self.run.data)).into());
        }
        self.evaluate(&self.data.test)
    }

    /// The outputs and scores on `data`, every example of it but with `--quick`.
    pub fn evaluate<E: Dataset<Batch = T::Batch> + ?Sized>(
        &self,
        data: &Arc<E>,
    ) -> Result<Evaluation<T::Output>> {
        let pass = Pass::evaluation(self.run.seed());
        let mut outputs = Vec::with_capacity(data.len());
        let batches = Batches::new(data, self.settings.batch_size, pass, 0, self.run.batch_limit());
        for (number, batch) in batches.enumerate() {
            // A task that samples in evaluation draws the same every time, and other numbers than any step.
            nn::begin_step(self.run.seed(), u64::MAX - number as u64);
            let batch = batch?.to_device(&self.run.device)?;
            outputs.extend(self.task.evaluate(&self.model, &batch)?);
        }
        Ok(Evaluation {
            scores: self.task.scores(&outputs),
            outputs,
        })
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
