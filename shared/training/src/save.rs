//! What a learner writes: checkpoints while it trains, the model and the result when it is done.

use anyhow::{Context, Result};
use serde::Serialize;

use crate::{
    Dataset, Evaluation, Learner, Outcome, RunFolder, State, Task, TrainingError,
    files::{self, with_prefix, without_prefix},
    optimiser::Optimiser,
    report,
};

impl<T: Task, D: Dataset<Batch = T::Batch>> Learner<T, D> {
    /// Writes everything that a resumed run needs, in one file, so that its parts never disagree.
    pub(crate) fn save_checkpoint(&mut self, optimiser: &dyn Optimiser) -> Result<()> {
        let mut tensors = with_prefix("model/", &self.parameters.snapshot()?);
        tensors.extend(with_prefix("optimiser/", &optimiser.state()?));
        tensors.extend(with_prefix("best/", &self.best));
        if let Some(average) = &self.average {
            let (values, steps) = average.state();
            tensors.extend(with_prefix("average/", values));
            self.state.average_steps = steps;
        }
        let path = self.run.folder.file(RunFolder::CHECKPOINT);
        files::write_tensors(&path, "checkpoint", &self.run.project, &self.state, &tensors)
    }

    pub(crate) fn load_checkpoint(&mut self) -> Result<()> {
        let path = self.run.folder.file(RunFolder::CHECKPOINT);
        if !path.exists() {
            crate::say("resuming before the first checkpoint: training starts from the beginning");
            return Ok(());
        }
        let (state, tensors) = files::read_tensors::<State>(&path, "checkpoint", &self.run.project)?;
        let fits = self.parameters.restore(&without_prefix("model/", &tensors));
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
        crate::say(format!(
            "resuming after epoch {}, batch {}",
            state.epoch, state.batch
        ));
        self.run.seconds_before = state.seconds;
        self.state = state;
        self.best = without_prefix("best/", &tensors);
        self.resumed = Some(tensors);
        Ok(())
    }

    /// Ends a phase: the weights become those of its best epoch, and the checkpoint says so.
    pub(crate) fn finish_phase(&mut self, optimiser: &dyn Optimiser) -> Result<()> {
        if !self.best.is_empty() {
            self.parameters.restore(&std::mem::take(&mut self.best))?;
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

    /// Ends a run with what the test set said, beside the goal's score of some `baselines`: see [`Run::finish`].
    ///
    /// [`Run::finish`]: crate::Run::finish
    pub fn finish(
        &self,
        title: &str,
        test: &Evaluation<T::Output>,
        baselines: &[(&str, f64)],
        sections: &[report::Section],
    ) -> Result<()> {
        let header = std::iter::once("name".to_string())
            .chain(self.task.columns())
            .collect();
        let row = |(index, output)| {
            let name = std::iter::once(self.data.test.name(index));
            name.chain(self.task.row(output)).collect()
        };
        let outcome = Outcome {
            epochs: self.state.epoch,
            parameters: self.parameters.count(),
            examples: [self.data.train.len(), self.data.valid.len(), test.outputs.len()],
            scores: &test.scores,
            goal: self.task.goal(),
            baselines,
            history: &self.state.history,
            predictions: std::iter::once(header)
                .chain(test.outputs.iter().enumerate().map(row))
                .collect(),
        };
        self.run.finish(title, &outcome, sections)
    }
}
