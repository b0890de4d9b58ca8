//! Where a training run stands: everything, beside the weights and the optimiser, that a resumed run needs.

use serde::{Deserialize, Serialize};

use crate::Scores;

/// One line of `metrics.csv`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EpochRow {
    /// The epoch, counted from 1 over the whole run.
    pub epoch: usize,
    /// Which call of a fit method it belongs to, counted from 1.
    pub phase: usize,
    /// Optimiser steps taken so far.
    pub step: u64,
    /// The learning rate of the epoch's last step.
    #[serde(with = "exact")]
    pub learning_rate: f64,
    /// The mean training loss over the epoch's examples, as seen while the weights changed.
    #[serde(with = "exact")]
    pub train_loss: f64,
    /// The scores on the validation set after the epoch.
    #[serde(with = "exact::scores")]
    pub valid: Scores,
    /// Seconds of training and validation since the run began, interruptions left out.
    #[serde(with = "exact")]
    pub seconds: f64,
}

/// What a run learns from and what it answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The name of the data.
    pub data: String,
    /// The number of training, validation and test examples.
    pub examples: [usize; 3],
    /// The columns of `predictions.csv`: they name the classes.
    pub answers: Vec<String>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [train, valid, test] = self.examples;
        write!(
            f,
            "{} with {train} + {valid} + {test} examples and {}",
            self.data,
            self.answers.join(", ")
        )
    }
}

/// An epoch and its score on the validation set.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Best {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// The task's goal after it.
    #[serde(with = "exact")]
    pub score: f64,
}

/// Where a run stands. Saved in every checkpoint; together with the seed it determines all that follows,
/// because every random draw is a function of (seed, place).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// What it learns from and what it answers, so that a resumed run notices when either has changed.
    pub problem: Problem,
    /// Calls of a fit method that are done.
    pub phase: usize,
    /// Epochs done, over all phases.
    pub epoch: usize,
    /// Epochs done in this phase.
    pub phase_epoch: usize,
    /// Batches done in the epoch under way.
    pub batch: usize,
    /// Batches done over the whole run: the number that dropout and mixup draw from.
    pub batches: u64,
    /// Optimiser steps taken over the whole run.
    pub step: u64,
    /// Optimiser steps taken in this phase: the number that the schedule reads.
    pub phase_step: u64,
    /// The sum of losses over the examples seen in the epoch under way.
    #[serde(with = "exact")]
    pub loss_sum: f64,
    /// The examples seen in the epoch under way.
    pub examples: usize,
    /// The best epoch of this phase on the validation set.
    pub best: Option<Best>,
    /// The last epoch that was better than all before it in this phase.
    pub improved: usize,
    /// Epochs without a better score since then, or since the last reduction of the learning rate.
    pub stale: usize,
    /// How often the learning rate was reduced in this phase.
    pub reductions: u32,
    /// Seconds of training and validation so far, interruptions left out.
    #[serde(with = "exact")]
    pub seconds: f64,
    /// A row an epoch.
    pub history: Vec<EpochRow>,
    /// Steps in the average of the weights.
    pub average_steps: u64,
    /// The plan and settings of the phase under way, so that a resumed run notices when the code has changed them.
    pub plan: String,
    /// What the learning-rate finder suggested before which phase: a resumed run must not ask it again, with
    /// other weights.
    pub suggestions: Vec<(usize, String)>,
}

impl State {
    /// Takes in the sum of losses over some examples.
    pub(crate) fn count(&mut self, (loss_sum, examples): (f64, usize)) {
        self.loss_sum += loss_sum;
        self.examples += examples;
    }

    /// Ends the epoch that `row` describes.
    pub(crate) fn end_epoch(&mut self, row: EpochRow, better: bool) {
        (self.loss_sum, self.examples, self.batch) = (0.0, 0, 0);
        self.epoch += 1;
        self.phase_epoch += 1;
        self.seconds = row.seconds;
        self.history.push(row);
        if better {
            self.improved = self.epoch;
            self.stale = 0;
        } else {
            self.stale += 1;
        }
    }

    /// Begins the next phase: the history and the counts over the whole run stay.
    pub(crate) fn end_phase(&mut self) {
        self.phase += 1;
        self.phase_epoch = 0;
        self.phase_step = 0;
        self.best = None;
        self.improved = self.epoch;
        self.stale = 0;
        self.reductions = 0;
    }

    /// The history as comma-separated values.
    pub fn metrics_csv(&self) -> String {
        let mut text = String::from("epoch,phase,step,learning_rate,train_loss");
        if let Some(row) = self.history.first() {
            text.extend(row.valid.iter().map(|(name, _)| format!(",valid_{name}")));
        }
        text.push_str(",seconds\n");
        for row in &self.history {
            let start = (row.epoch, row.phase, row.step);
            text += &format!(
                "{},{},{},{:e},{:.6}",
                start.0, start.1, start.2, row.learning_rate, row.train_loss
            );
            text.extend(row.valid.iter().map(|(_, value)| format!(",{value:.6}")));
            text += &format!(",{:.2}\n", row.seconds);
        }
        text
    }
}

/// Numbers as text, by `#[serde(with = "training::exact")]`: JSON has no NaN, and its usual reader may miss the last
/// bit, on which a comparison with the best score so far can turn.
pub mod exact {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes a number.
    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    /// Reads a number.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }

    pub(crate) mod scores {
        use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

        use crate::Scores;

        pub fn serialize<S: Serializer>(scores: &Scores, serializer: S) -> Result<S::Ok, S::Error> {
            let texts: Vec<(&String, String)> = scores
                .iter()
                .map(|(name, value)| (name, value.to_string()))
                .collect();
            texts.serialize(serializer)
        }

        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scores, D::Error> {
            let number = |(name, text): (String, String)| Ok((name, text.parse().map_err(D::Error::custom)?));
            Vec::<(String, String)>::deserialize(deserializer)?
                .into_iter()
                .map(number)
                .collect()
        }
    }
}
