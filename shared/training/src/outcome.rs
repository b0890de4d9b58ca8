//! The end of a run: result, predictions and report, the same for every project, whatever loop it trained with.

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::{EpochRow, Run, RunFolder, Scores, report, write_json, write_whole};

/// What a run came to.
pub struct Outcome<'a> {
    /// Epochs trained, or what the project counts instead.
    pub epochs: usize,
    /// How many numbers the model learned.
    pub parameters: usize,
    /// The number of training, validation and test examples.
    pub examples: [usize; 3],
    /// The scores on the test set.
    pub scores: &'a Scores,
    /// The score to compare with the baselines, and whether more of it is better.
    pub goal: (&'a str, bool),
    /// That score of simpler answers.
    pub baselines: &'a [(&'a str, f64)],
    /// A row an epoch; none where the project has curves of its own among its sections.
    pub history: &'a [EpochRow],
    /// The header and the rows of `predictions.csv`.
    pub predictions: Vec<Vec<String>>,
}

impl Run {
    /// Ends a run: writes `result.json`, `predictions.csv` and `report.html`, and prints the scores beside the
    /// baselines. The report holds the result, the project's own `sections`, the learning curves, the
    /// configuration and the machine.
    pub fn finish(&self, title: &str, outcome: &Outcome<'_>, sections: &[report::Section]) -> Result<()> {
        self.write_result(outcome)?;
        let (goal, higher) = outcome.goal;
        let words = format!(
            "{} test examples of {}. Compared with the baselines: {}, {} is better.",
            outcome.examples[2],
            self.data,
            goal.replace('_', " "),
            if higher { "more" } else { "less" }
        );
        let mut all = vec![report::result(outcome.scores, goal, outcome.baselines, &words)];
        all.extend_from_slice(sections);
        if !outcome.history.is_empty() {
            all.push(report::curves(outcome.history)?);
        }
        all.push(report::configuration(&self.config));
        let path = self.folder.file(RunFolder::REPORT);
        report::write_report(&path, title, &all)?;

        let scores = outcome.scores.iter().map(|(name, value)| (name.as_str(), *value));
        crate::say(format!("test      {}", listed(scores)));
        crate::say(format!(
            "baselines {} ({goal})",
            listed(outcome.baselines.iter().copied())
        ));
        crate::say(format!("report    {}", path.display()));
        Ok(())
    }

    fn write_result(&self, outcome: &Outcome<'_>) -> Result<()> {
        let mut csv = String::new();
        for row in &outcome.predictions {
            let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
            csv += &(cells.join(",") + "\n");
        }
        write_whole(&self.folder.file(RunFolder::PREDICTIONS), csv.as_bytes())?;
        let scores = outcome
            .scores
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(*value)));
        let baselines = outcome
            .baselines
            .iter()
            .map(|(name, value)| (name.to_string(), Value::from(*value)));
        let [train, valid, test] = outcome.examples;
        write_json(
            &self.folder.file(RunFolder::RESULT),
            &json!({
                "project": self.project,
                "data": self.data,
                "device": self.device_name,
                "seed": self.seed(),
                "epochs": outcome.epochs,
                "parameters": outcome.parameters,
                "seconds": (self.seconds() * 10.0).round() / 10.0,
                "quick": self.arguments.quick,
                "examples": { "train": train, "valid": valid, "test": test },
                "metrics": Map::from_iter(scores),
                "baselines": Map::from_iter(baselines),
            }),
        )
    }
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
