//! A run: its folder, its seed, its device. One folder layout for every project.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result};
use candle_core::Device;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{RunArguments, TrainArguments, TrainingError, choose_device, write_json};

/// The folder of a run, and the files in it.
#[derive(Clone, Debug)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// `config.json`, the flags and settings of the run.
    pub const CONFIG: &str = "config.json";
    /// `metrics.csv`, a row an epoch.
    pub const METRICS: &str = "metrics.csv";
    /// `result.json`, the scores on the test set beside the baselines.
    pub const RESULT: &str = "result.json";
    /// `predictions.csv`, a row for each test example, in the order of the data set.
    pub const PREDICTIONS: &str = "predictions.csv";
    /// `model.safetensors`, all that `predict` needs.
    pub const MODEL: &str = "model.safetensors";
    /// `checkpoint.safetensors`, all that `--resume` needs.
    pub const CHECKPOINT: &str = "checkpoint.safetensors";
    /// `report.html`.
    pub const REPORT: &str = "report.html";

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The training flags stored in `folder`. Errors when it holds no run of `project`.
    pub fn read_arguments<A: DeserializeOwned>(folder: &Path, project: &str) -> Result<A> {
        let path = folder.join(Self::CONFIG);
        let bad = |problem: String| TrainingError::BadFile {
            path: path.clone(),
            problem,
        };
        let text = fs::read_to_string(&path).map_err(|error| {
            bad(format!(
                "cannot read it ({error}), so {} is no run to go on with",
                folder.display()
            ))
        })?;
        let config: Value = serde_json::from_str(&text).map_err(|error| bad(format!("not JSON: {error}")))?;
        if config["project"] != project {
            return Err(bad(format!("a run of {}, not of {project}", config["project"])).into());
        }
        let arguments = serde_json::from_value(config["arguments"].clone());
        Ok(arguments.map_err(|error| {
            bad(format!(
                "its flags are not those of this version of {project}: {error}"
            ))
        })?)
    }
}

/// A training run that has begun.
pub struct Run {
    /// The name of the project: its cargo package.
    pub project: String,
    /// Where everything is written.
    pub folder: RunFolder,
    /// Where tensors live.
    pub device: Device,
    /// The device in words.
    pub device_name: String,
    /// The shared flags.
    pub arguments: RunArguments,
    /// What the data set is called in `result.json`; [`Learner::new`](crate::Learner::new) sets it.
    pub data: String,
    pub(crate) started: Instant,
    /// Seconds of the run before it was interrupted.
    pub(crate) seconds_before: f64,
    pub(crate) config: Value,
    made_folder: bool,
}

impl Run {
    /// Begins a run of `project` with all its `arguments`, or goes on with the one named by `--resume` (whose
    /// arguments then replace the given ones). Gives the arguments that hold and the run.
    ///
    /// Chooses the device, makes the folder (`--out`, else the next number in `runs/PROJECT`), writes
    /// `config.json` and says where the results will be.
    pub fn start<A: TrainArguments>(project: &str, arguments: A) -> Result<(A, Run)> {
        let mut arguments = arguments.resolve(project)?;
        let flags = arguments.run().clone();
        if flags.batch_size == 0 {
            return Err(
                TrainingError::Settings("--batch-size 0: a batch needs at least one example".into()).into(),
            );
        }
        if flags.threads == Some(0) {
            return Err(
                TrainingError::Settings("--threads 0: at least one thread must compute".into()).into(),
            );
        }
        if let Some(threads) = flags.threads {
            nn::use_threads(threads);
        }
        let (device, device_name) = choose_device(flags.device)?;
        let made_folder = flags.out.as_ref().is_none_or(|folder| !folder.exists());
        let folder = match &flags.resume {
            Some(folder) => RunFolder(folder.clone()),
            None => RunFolder(new_folder(project, &flags)?),
        };
        let mut config = match flags.resume.is_some() {
            true => serde_json::from_slice(&fs::read(folder.file(RunFolder::CONFIG))?)?,
            false => json!({ "project": project, "arguments": arguments }),
        };
        config["machine"] = machine();
        crate::say(format!("device    {device_name}"));
        crate::say(format!("results   {}", folder.path().display()));
        let run = Run {
            project: project.to_string(),
            folder,
            device,
            device_name,
            arguments: flags,
            data: String::new(),
            started: Instant::now(),
            seconds_before: 0.0,
            config,
            made_folder,
        };
        run.write_config()?;
        Ok((arguments, run))
    }

    /// The seed of the run.
    pub fn seed(&self) -> u64 {
        self.arguments.seed
    }

    /// Seconds since the run began, those before an interruption included.
    pub fn seconds(&self) -> f64 {
        self.seconds_before + self.started.elapsed().as_secs_f64()
    }

    /// Says that the run had taken so many seconds before it was interrupted.
    pub fn set_seconds_before(&mut self, seconds: f64) {
        self.seconds_before = seconds;
    }

    /// How many batches a pass may have: a few with `--quick`, else all.
    pub fn batch_limit(&self) -> Option<usize> {
        self.arguments.quick.then_some(4)
    }

    /// Adds `value` to `config.json` under `key`: the data's card, the settings, whatever shaped the result.
    pub fn record(&mut self, key: &str, value: impl Serialize) -> Result<()> {
        self.config[key] = serde_json::to_value(value)?;
        self.write_config()
    }

    fn write_config(&self) -> Result<()> {
        write_json(&self.folder.file(RunFolder::CONFIG), &self.config)
    }
}

impl Drop for Run {
    /// A run that ended before its first checkpoint or result (the data could not be opened, say) leaves nothing
    /// behind that looks like one.
    fn drop(&mut self) {
        let folder = self.folder.path();
        let began = [
            RunFolder::CHECKPOINT,
            RunFolder::METRICS,
            RunFolder::RESULT,
            RunFolder::MODEL,
        ];
        let began = began.iter().any(|file| self.folder.file(file).exists());
        if !began && self.arguments.resume.is_none() {
            // Best effort: the error that ended the run matters more. A folder with anything else in it stays.
            let _ = fs::remove_file(self.folder.file(RunFolder::CONFIG));
            if self.made_folder {
                let _ = fs::remove_dir(folder);
            }
        }
    }
}

/// What the numbers were made on: operating system, architecture and threads.
pub fn machine() -> Value {
    json!({
        "system": std::env::consts::OS,
        "architecture": std::env::consts::ARCH,
        "threads": nn::threads(),
    })
}

/// The folder of `project`'s runs.
fn runs_of(project: &str) -> PathBuf {
    Path::new("runs").join(project)
}

fn new_folder(project: &str, flags: &RunArguments) -> Result<PathBuf> {
    let cannot = |folder: &Path| {
        format!(
            "cannot make the run folder {}: choose another with --out",
            folder.display()
        )
    };
    if let Some(folder) = &flags.out {
        if folder.join(RunFolder::CONFIG).exists() {
            let folder = folder.display();
            return Err(TrainingError::Settings(format!(
                "--out {folder} already holds a run. Go on with it by --resume {folder}, or choose another folder"
            ))
            .into());
        }
        fs::create_dir_all(folder).with_context(|| cannot(folder))?;
        return Ok(folder.clone());
    }
    let runs = runs_of(project);
    fs::create_dir_all(&runs).with_context(|| cannot(&runs))?;
    // Quick runs have a series of their own, so that `predict` never takes one for a trained model.
    let series = if flags.quick { "quick-" } else { "" };
    let mut number = numbered(&runs, series).last().map_or(1, |(number, _)| number + 1);
    loop {
        let folder = runs.join(format!("{series}{number:03}"));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            // Another run started at the same moment.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error).with_context(|| cannot(&folder)),
        }
    }
}

/// The folders in `runs` named `series` and a number, in rising order.
fn numbered(runs: &Path, series: &str) -> Vec<(u64, PathBuf)> {
    let mut found: Vec<(u64, PathBuf)> = fs::read_dir(runs)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            Some((name.strip_prefix(series)?.parse().ok()?, entry.path()))
        })
        .collect();
    found.sort();
    found
}

/// The model to predict with: `given` (a run folder or a model file) or else the newest one of `project`.
pub fn find_model(project: &str, given: Option<&Path>) -> Result<PathBuf> {
    if let Some(given) = given {
        let file = if given.is_dir() {
            given.join(RunFolder::MODEL)
        } else {
            given.to_path_buf()
        };
        anyhow::ensure!(
            file.exists(),
            "there is no trained model at {}: name a run folder that holds {}",
            file.display(),
            RunFolder::MODEL
        );
        return Ok(file);
    }
    models(project).into_iter().next().with_context(|| {
        let runs = runs_of(project);
        format!(
            "no trained model in {}: train one with `cargo run -p {project}`, run this where you trained, or name a run with --model DIR",
            std::path::absolute(&runs).unwrap_or(runs.clone()).display()
        )
    })
}

/// The model files of `project`'s runs, the newest first; those of `--quick` runs are not among them.
pub fn models(project: &str) -> Vec<PathBuf> {
    let runs = numbered(&runs_of(project), "").into_iter().rev();
    let models = runs.map(|(_, folder)| folder.join(RunFolder::MODEL));
    models.filter(|model| model.exists()).collect()
}
