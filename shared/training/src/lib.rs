//! The training core: what stands between a network and a result that can be trusted.
//!
//! Three layers. **The learner** trains in three statements:
//!
//! ```no_run
//! # use training::*;
//! # fn example<A: TrainArguments, M: nn::ModuleT, D: Dataset<Batch = Labelled>>(args: A, data: Splits<D>, network: impl FnOnce(nn::VarBuilder) -> candle_core::Result<M>) -> anyhow::Result<()> {
//! let (args, run) = Run::start("my-project", args)?;
//! let mut learner = Learner::new(run, "my-set", data, Classification::new(&["cat", "dog"]), network)?;
//! learner.fit_one_cycle(10, 3e-3)?;
//! # Ok(()) }
//! ```
//!
//! **The loop** behind it is one short file, `fit.rs`, made of public parts: [`Batches`], [`Gradients`],
//! [`optimiser`], [`Schedule`], [`Guard`], [`Interrupt`], [`Progress`]. A project whose training is not
//! "batches in, loss out" writes its own loop from them; [`baseline::linear`] is the shortest example.
//! **`nn`** is underneath: the layers and losses whose gradients are proved.
//!
//! Every random draw is a function of the seed and of where it happens (`nn::random`), so the same seed gives
//! the same bits on a CPU, and a resumed run those of an unbroken one.

mod arguments;
mod average;
pub mod baseline;
mod batches;
pub mod canvas;
mod checks;
pub mod colour;
mod data;
mod device;
mod edits;
mod epoch_table;
mod error;
mod files;
mod fit;
mod guard;
mod interrupt;
mod learner;
pub mod metrics;
mod model_file;
pub mod optimiser;
mod outcome;
mod parameters;
mod pretrained;
mod progress;
pub mod report;
mod run;
mod save;
mod schedule;
mod state;
pub mod submission;
mod task;
mod threads;
mod transfer;

pub use arguments::{RunArguments, TrainArguments};
pub use average::WeightAverage;
pub use batches::{BatchPlan, Batches, by_length, order};
pub use data::{Batch, Dataset, InMemory, Labelled, Pass, Splits, pad_sequences};
pub use device::{DeviceChoice, choose_device};
pub use error::{TrainingError, exit_code};
pub use files::{
    Tensors, read_header, read_tensors, with_prefix, without_prefix, write_json, write_tensors, write_whole,
};
pub use fit::Plan;
pub use guard::Guard;
pub use interrupt::Interrupt;
pub use learner::{Evaluation, Learner, OptimiserChoice, Settings};
pub use metrics::ConfusionMatrix;
pub use model_file::{load_model, save_model};
pub use outcome::Outcome;
pub use parameters::{Gradients, Parameter, Parameters};
pub use pretrained::{LoadReport, Weights};
pub use progress::{Progress, Told, say};
pub use run::{Run, RunFolder, find_model, machine, models};
pub use schedule::Schedule;
pub use state::{Best, EpochRow, Problem, State, exact};
pub use task::{ClassOutput, Classification, Scores, Task, worst_mistakes};
pub use transfer::Transfer;
