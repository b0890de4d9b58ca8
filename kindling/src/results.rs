//! What a project reaches, from the `result.json` files of its own runs.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

/// What a manifest says of one column of results.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reached {
    /// The runs: `results/NAME-*.json` in the project's folder, each the `result.json` of one run.
    pub results: String,
    /// Which of their metrics.
    pub score: String,
    /// Which of their baselines stands beside it.
    pub beside: String,
    /// What that baseline is called.
    pub beside_is: String,
    /// What the score is one of: "of music by artists never heard".
    pub of: String,
    /// The command of the first seed.
    pub command: String,
}

/// The same numbers of several seeds.
#[derive(Debug, PartialEq)]
pub struct Numbers {
    /// The score for each seed, in the order of the seeds.
    pub scores: Vec<f64>,
    /// The baseline's.
    pub beside: Vec<f64>,
    /// The seconds of the quickest run: others may have shared the machine with something else.
    pub seconds: f64,
}

impl Reached {
    /// The numbers from the files in `project/results`. Several files of one seed are parts of one number: their mean.
    pub fn numbers(&self, project: &Path) -> Result<Numbers> {
        let files = self.files(project)?;
        Ok(Numbers {
            scores: by_seed(&files, "metrics", &self.score)?,
            beside: by_seed(&files, "baselines", &self.beside)?,
            seconds: quickest(&files)?,
        })
    }

    /// The result files, sorted.
    pub fn files(&self, project: &Path) -> Result<Vec<PathBuf>> {
        sets(project)?.remove(&self.results).with_context(|| {
            format!(
                "there is no {}-SEED.json in {}: run `{}` and put its result.json there",
                self.results,
                project.join("results").display(),
                self.command
            )
        })
    }
}

/// The result files of a project, sorted, by what they are called without `-SEED` or `-SEED-PART`.
pub fn sets(project: &Path) -> Result<BTreeMap<String, Vec<PathBuf>>> {
    let folder = project.join("results");
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut sets: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let Some(name) = name.strip_suffix(".json") else {
            continue;
        };
        let is_number = |word: &str| !word.is_empty() && word.bytes().all(|letter| letter.is_ascii_digit());
        let set = match name.rsplit_once('-') {
            Some((set, seed)) if is_number(seed) => set,
            Some((rest, _part)) => match rest.rsplit_once('-') {
                Some((set, seed)) if is_number(seed) => set,
                _ => continue,
            },
            None => continue,
        };
        sets.entry(set.into()).or_default().push(path.clone());
    }
    sets.values_mut().for_each(|files| files.sort());
    Ok(sets)
}

/// A number of each seed, in the order of the seeds: `name` in the part `section` of the files, the mean of those of one
/// seed.
pub fn by_seed(files: &[PathBuf], section: &str, name: &str) -> Result<Vec<f64>> {
    let mut by_seed: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for file in files {
        let result = read(file)?;
        let seed = result["seed"].as_u64();
        let seed = seed.with_context(|| format!("{} has no seed", file.display()))?;
        let number = result[section][name].as_f64();
        let number = number.with_context(|| format!("{} has no number {name}", file.display()))?;
        by_seed.entry(seed).or_default().push(number);
    }
    let mean = |numbers: &Vec<f64>| numbers.iter().sum::<f64>() / numbers.len() as f64;
    Ok(by_seed.values().map(mean).collect())
}

/// The seconds of the quickest of these runs.
pub fn quickest(files: &[PathBuf]) -> Result<f64> {
    let mut quickest = f64::INFINITY;
    for file in files {
        let seconds = read(file)?["seconds"].as_f64();
        let seconds = seconds.with_context(|| format!("{} has no number seconds", file.display()))?;
        quickest = quickest.min(seconds);
    }
    Ok(quickest)
}

/// A `result.json`.
pub fn read(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}

/// Numbers as pages write them: `0.911, 0.944, 0.922`; equal ones once, numbers above ten without decimals.
pub fn listed(numbers: &[f64]) -> String {
    let mut words: Vec<String> = numbers
        .iter()
        .map(|number| match number.abs() >= 10.0 {
            true => format!("{number:.0}"),
            false => format!("{number:.3}"),
        })
        .collect();
    if words.iter().all(|word| *word == words[0]) {
        words.truncate(1);
    }
    words.join(", ")
}

/// A duration as pages write it: `55 s`, `7 minutes`.
pub fn duration(seconds: f64) -> String {
    match seconds >= 180.0 {
        true => format!("{:.0} minutes", seconds / 60.0),
        false => format!("{:.0} s", seconds.max(1.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_seed_are_one_number() {
        let project = tempfile::tempdir().unwrap();
        let folder = project.path().join("results");
        fs::create_dir(&folder).unwrap();
        for (name, seed, score) in [
            ("held-out-1-a", 1, 0.8),
            ("held-out-1-b", 1, 0.6),
            ("held-out-2-a", 2, 0.9),
            ("held-out-other-1", 1, 0.0),
        ] {
            let text = format!(
                r#"{{"seed": {seed}, "seconds": {}, "metrics": {{"accuracy": {score}}}, "baselines": {{"linear": 0.5}}}}"#,
                10 * seed
            );
            fs::write(folder.join(format!("{name}.json")), text).unwrap();
        }
        let reached = Reached {
            results: "held-out".into(),
            score: "accuracy".into(),
            beside: "linear".into(),
            beside_is: "linear model".into(),
            of: "of all".into(),
            command: "cargo run".into(),
        };
        let numbers = reached.numbers(project.path()).unwrap();
        assert_eq!(listed(&numbers.scores), "0.700, 0.900");
        assert_eq!(listed(&numbers.beside), "0.500");
        assert_eq!(duration(numbers.seconds), "10 s");

        let missing = Reached {
            results: "nothing".into(),
            ..reached.clone()
        };
        let said = missing.numbers(project.path()).unwrap_err().to_string();
        assert!(
            said.contains("nothing-SEED.json") && said.contains("cargo run"),
            "{said}"
        );
        let other = Reached {
            score: "recall".into(),
            ..reached
        };
        assert!(
            other
                .numbers(project.path())
                .unwrap_err()
                .to_string()
                .contains("recall")
        );
    }

    #[test]
    fn numbers_are_written_as_pages_write_them() {
        assert_eq!(listed(&[0.1, 0.1004]), "0.100");
        assert_eq!(listed(&[500.0, 498.4]), "500, 498");
        assert_eq!(duration(54.6), "55 s");
        assert_eq!(duration(420.0), "7 minutes");
    }
}
