//! The command-line flags that every project shares, so that knowing one project is knowing all.

use std::path::PathBuf;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{DeviceChoice, RunFolder, TrainingError};

/// Flags of every project's training command; `#[command(flatten)]` them into the project's own.
#[derive(clap::Args, Clone, Debug, Serialize, Deserialize)]
pub struct RunArguments {
    /// Examples in a batch
    #[arg(long, default_value_t = 32, value_name = "N")]
    pub batch_size: usize,
    /// Seed of the weights, the order of the batches and the augmentation: same seed, same result
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    pub device: DeviceChoice,
    /// Processor threads for the network; the results are the same for any number [default: all, or one where the first
    /// steps are faster so]
    #[arg(long, value_name = "N")]
    #[serde(skip)]
    pub threads: Option<usize>,
    /// Folder for the results [default: the next number in runs/NAME]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on with an interrupted run, with the flags that it was started with
    #[arg(long, value_name = "DIR")]
    #[serde(skip)]
    pub resume: Option<PathBuf>,
    /// A few batches of everything: does it run at all?
    #[arg(long)]
    pub quick: bool,
    /// Only sweep the learning rate over 100 batches, draw the losses and suggest a rate
    #[arg(long)]
    #[serde(skip)]
    pub find_learning_rate: bool,
    /// Only check that the network can learn one batch by heart, the first thing to try when it learns nothing
    #[arg(long)]
    #[serde(skip)]
    pub overfit_one_batch: bool,
}

/// A project's training flags: its own and, flattened into them, the shared [`RunArguments`].
pub trait TrainArguments: clap::Args + Serialize + DeserializeOwned + Clone {
    /// The shared flags within.
    fn run(&mut self) -> &mut RunArguments;

    /// The flags to train with: as given or, with `--resume DIR`, those that the run in DIR was started with.
    ///
    /// Errors when DIR holds no run of `project`, or when another flag was given that contradicts the run. (A flag
    /// given with its default value cannot be told from one not given: then the run's holds.)
    fn resolve(mut self, project: &str) -> anyhow::Result<Self> {
        let Some(folder) = self.run().resume.clone() else {
            return Ok(self);
        };
        let mut saved: Self = RunFolder::read_arguments(&folder, project)?;
        let given = by_flag(&self)?;
        let default = by_flag(&defaults::<Self>()?)?;
        let kept = by_flag(&saved)?;
        for (flag, value) in &given {
            if Some(value) != default.get(flag) && Some(value) != kept.get(flag) {
                return Err(TrainingError::Settings(format!(
                    "--resume {} goes on with the flags of that run, where --{} is {}; you gave {value}. \
                     Leave the flag out, or start a new run without --resume",
                    folder.display(),
                    flag.replace('_', "-"),
                    kept.get(flag).unwrap_or(&Value::Null),
                ))
                .into());
            }
        }
        saved.run().resume = Some(folder);
        saved.run().threads = self.run().threads;
        saved.run().find_learning_rate = self.run().find_learning_rate;
        saved.run().overfit_one_batch = self.run().overfit_one_batch;
        Ok(saved)
    }
}

fn defaults<A: clap::Args>() -> anyhow::Result<A> {
    let matches = A::augment_args(clap::Command::new("defaults")).try_get_matches_from(["defaults"])?;
    Ok(A::from_arg_matches(&matches)?)
}

/// The flags and their values, those of flattened arguments among them.
fn by_flag(arguments: &impl Serialize) -> anyhow::Result<Map<String, Value>> {
    let mut flags = Map::new();
    if let Value::Object(fields) = serde_json::to_value(arguments)? {
        for (name, value) in fields {
            match value {
                Value::Object(inner) => flags.extend(inner),
                value => drop(flags.insert(name, value)),
            }
        }
    }
    Ok(flags)
}
