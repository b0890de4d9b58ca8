//! The learner: data, network and task in one place, with the usual ways to train behind a method each.

use std::sync::Arc;

use anyhow::{Context, Result};
use candle_core::{DType, Tensor};
use nn::{VarBuilder, VarMap};
use serde::Serialize;

use crate::{
    Batch, Batches, Dataset, Parameters, Pass, Plan, Run, RunFolder, Schedule, Scores, Splits, State, Task,
    TrainingError, WeightAverage, files,
    fit::fit,
    optimiser::{AdamW, AdamWConfig, Optimiser, Sgd, SgdConfig},
    state::Best,
    write_json,
};

/// Which optimiser, with which settings.
#[derive(Clone, Copy, Debug)]
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
#[derive(Clone, Debug)]
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
    resumed: Option<Vec<(String, Tensor)>>,
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
            state: State::default(),
            average: None,
            phases: 0,
            resumed: None,
            run,
        };
        println!(
            "data     {data_name}: {} training, {} validation, {} test",
            learner.data.train.len(),
            learner.data.valid.len(),
            learner.data.test.len()
        );
        println!("network  {} parameters", learner.parameters.count());
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
        self.record(plan)?;
        let mut optimiser = self.settings.optimiser.build();
        if let (Some(decay), None) = (self.settings.average, &self.average) {
            self.average = Some(WeightAverage::new(&self.parameters, decay)?);
        }
        // A checkpoint at the border of two phases holds the optimiser of the one that ended.
        if let (Some(saved), true) = (self.resumed.take(), self.state.phase_step > 0) {
            optimiser.set_state(&self.parameters, &strip(&saved, "optimiser/"))?;
            if let Some(average) = &mut self.average {
                average.set_state(&strip(&saved, "average/"), self.state.average_steps)?;
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
        let trained_here = self.run.started.elapsed().as_secs_f64();
        trained_here + self.seconds_before()
    }

    fn seconds_before(&self) -> f64 {
        // The history of a resumed run goes on from the seconds in the checkpoint.
        self.run.config["seconds_before"].as_f64().unwrap_or(0.0)
    }

    fn record(&mut self, plan: Plan) -> Result<()> {
        let settings = format!("{:?}", self.settings);
        let key = format!("phase {}", self.phases);
        self.run.record(
            &key,
            serde_json::json!({ "plan": format!("{plan:?}"), "settings": settings }),
        )
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

    pub(crate) fn save_best(&self) -> Result<()> {
        if !self.settings.keep_best {
            return Ok(());
        }
        let path = self.run.folder.file(RunFolder::BEST);
        files::write_tensors(
            &path,
            "best weights",
            &self.run.project,
            &self.state.epoch,
            &self.parameters.snapshot()?,
        )
    }

    /// Writes everything that a resumed run needs.
    pub(crate) fn save_checkpoint(&mut self, optimiser: &dyn Optimiser) -> Result<()> {
        let mut tensors = prefixed("model/", self.parameters.snapshot()?);
        tensors.extend(prefixed("optimiser/", optimiser.state()?));
        if let Some(average) = &self.average {
            let (values, steps) = average.state();
            tensors.extend(prefixed("average/", values.to_vec()));
            self.state.average_steps = steps;
        }
        let path = self.run.folder.file(RunFolder::CHECKPOINT);
        files::write_tensors(&path, "checkpoint", &self.run.project, &self.state, &tensors)
    }

    fn load_checkpoint(&mut self) -> Result<()> {
        let path = self.run.folder.file(RunFolder::CHECKPOINT);
        if !path.exists() {
            println!("resuming before the first checkpoint: training starts from the beginning");
            return Ok(());
        }
        let (state, tensors) = files::read_tensors::<State>(&path, "checkpoint", &self.run.project)?;
        let fits = self.parameters.restore(&strip(&tensors, "model/"));
        fits.with_context(|| format!("{}: the checkpoint is of another network", path.display()))?;
        println!("resuming after epoch {}, batch {}", state.epoch, state.batch);
        self.run.config["seconds_before"] = state.seconds.into();
        self.state = state;
        self.resumed = Some(tensors);
        Ok(())
    }

    /// Ends a phase: the weights become those of its best epoch, and the checkpoint says so.
    pub(crate) fn finish_phase(&mut self, optimiser: &dyn Optimiser) -> Result<()> {
        if let (true, Some(Best { epoch, .. })) = (self.settings.keep_best, self.state.best) {
            let path = self.run.folder.file(RunFolder::BEST);
            let (stored, weights) = files::read_tensors::<usize>(&path, "best weights", &self.run.project)?;
            anyhow::ensure!(
                stored == epoch,
                "{} holds epoch {stored}, the best was {epoch}: it was changed from outside",
                path.display()
            );
            self.parameters.restore(&weights)?;
        } else if let Some(average) = &mut self.average {
            average.swap(&self.parameters)?;
        }
        self.average = None;
        self.state.end_phase();
        self.save_checkpoint(optimiser)
    }

    /// Writes `model.safetensors`: the weights and `about`, all that `predict` must know of classes and
    /// preprocessing.
    pub fn save_model(&self, about: &impl Serialize) -> Result<()> {
        let path = self.run.folder.file(RunFolder::MODEL);
        crate::save_model(&path, &self.run.project, about, &self.parameters)
    }

    /// Writes `predictions.csv` and `result.json`: the scores on the test set beside those of `baselines`.
    pub fn save_result(&self, test: &Evaluation<T::Output>, baselines: &[(&str, f64)]) -> Result<()> {
        let mut csv = format!("name,{}\n", self.task.columns().join(","));
        for (index, output) in test.outputs.iter().enumerate() {
            let row = std::iter::once(self.data.test.name(index)).chain(self.task.row(output));
            csv += &(row.map(|cell| quoted(&cell)).collect::<Vec<_>>().join(",") + "\n");
        }
        files::write_whole(&self.run.folder.file(RunFolder::PREDICTIONS), csv.as_bytes())?;
        let map = |pairs: Vec<(String, f64)>| {
            serde_json::Map::from_iter(pairs.into_iter().map(|(name, value)| (name, value.into())))
        };
        let baselines = baselines
            .iter()
            .map(|(name, value)| (name.to_string(), *value))
            .collect();
        write_json(
            &self.run.folder.file(RunFolder::RESULT),
            &serde_json::json!({
                "project": self.run.project,
                "data": self.run.data,
                "device": self.run.device_name,
                "seed": self.run.seed(),
                "epochs": self.state.epoch,
                "parameters": self.parameters.count(),
                "seconds": (self.seconds() * 10.0).round() / 10.0,
                "quick": self.run.arguments.quick,
                "examples": { "train": self.data.train.len(), "valid": self.data.valid.len(), "test": test.outputs.len() },
                "metrics": map(test.scores.clone()),
                "baselines": map(baselines),
            }),
        )
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

fn prefixed(prefix: &str, tensors: Vec<(String, Tensor)>) -> Vec<(String, Tensor)> {
    tensors
        .into_iter()
        .map(|(name, tensor)| (format!("{prefix}{name}"), tensor))
        .collect()
}

fn strip(tensors: &[(String, Tensor)], prefix: &str) -> Vec<(String, Tensor)> {
    let stripped =
        |(name, tensor): &(String, Tensor)| Some((name.strip_prefix(prefix)?.to_string(), tensor.clone()));
    tensors.iter().filter_map(stripped).collect()
}

/// A cell of a comma-separated file, quoted where it must be (RFC 4180).
fn quoted(cell: &str) -> String {
    match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_string(),
    }
}
