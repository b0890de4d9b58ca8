//! What a learner writes: checkpoints while it trains, the model, the result and the report when it is done.

use anyhow::{Context, Result};
use candle_core::Tensor;
use serde::Serialize;

use crate::{
    Dataset, Evaluation, Learner, RunFolder, State, Task, TrainingError, files, optimiser::Optimiser, report,
    state::Best, write_json,
};

impl<T: Task, D: Dataset<Batch = T::Batch>> Learner<T, D> {
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

    pub(crate) fn load_checkpoint(&mut self) -> Result<()> {
        let path = self.run.folder.file(RunFolder::CHECKPOINT);
        if !path.exists() {
            println!("resuming before the first checkpoint: training starts from the beginning");
            return Ok(());
        }
        let (state, tensors) = files::read_tensors::<State>(&path, "checkpoint", &self.run.project)?;
        let fits = self.parameters.restore(&strip(&tensors, "model/"));
        fits.with_context(|| format!("{}: the checkpoint is of another network", path.display()))?;
        if state.problem != self.state.problem {
            return Err(TrainingError::Data(format!(
                "the data has changed since the run in {} began: it had {}, now there is {}. Put it back, or start a new run",
                self.run.folder.path().display(),
                state.problem,
                self.state.problem
            ))
            .into());
        }
        println!("resuming after epoch {}, batch {}", state.epoch, state.batch);
        self.run.seconds_before = state.seconds;
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

    /// Ends a run: writes `result.json`, `predictions.csv` and `report.html`, and prints the result beside the
    /// baselines. The report holds the result, the project's own `sections`, the learning curves, the
    /// configuration and the machine.
    pub fn report(
        &self,
        title: &str,
        test: &Evaluation<T::Output>,
        baselines: &[(&str, f64)],
        sections: &[report::Section],
    ) -> Result<()> {
        self.save_result(test, baselines)?;
        let path = self.run.folder.file(RunFolder::REPORT);
        let (goal, _) = self.task.goal();
        let words = format!(
            "{} test examples of {}; {goal} compared with the baselines.",
            test.outputs.len(),
            self.run.data
        );
        let mut all = vec![report::result(&test.scores, goal, baselines, &words)];
        all.extend_from_slice(sections);
        all.push(report::curves(&self.state.history)?);
        all.push(report::configuration(&self.run.config));
        report::write_report(&path, title, &all)?;

        println!(
            "test      {}",
            listed(test.scores.iter().map(|(name, value)| (name.as_str(), *value)))
        );
        println!("baselines {} ({goal})", listed(baselines.iter().copied()));
        println!("report    {}", path.display());
        Ok(())
    }
}

fn prefixed(prefix: &str, tensors: Vec<(String, Tensor)>) -> Vec<(String, Tensor)> {
    tensors
        .into_iter()
        .map(|(name, tensor)| (format!("{prefix}{name}"), tensor))
        .collect()
}

pub(crate) fn strip(tensors: &[(String, Tensor)], prefix: &str) -> Vec<(String, Tensor)> {
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

fn listed<'a>(scores: impl Iterator<Item = (&'a str, f64)>) -> String {
    let words: Vec<String> = scores
        .map(|(name, value)| format!("{} {value:.3}", name.replace('_', " ")))
        .collect();
    words.join(", ")
}
