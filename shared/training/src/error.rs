//! What can go wrong in training, each with what to do next.

use std::{path::PathBuf, process::ExitCode};

/// A failure of the training core.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    /// Trainable parameters that the loss does not depend on: they would stay at their first values for ever.
    #[error(
        "no gradient reached {} of {total} trainable parameters: {}. Either forward() does not use them, \
         or the path to the loss is cut (a detach(), an operation of candle without a gradient: use the one \
         in `nn`). Freeze them if that is meant",
        names.len(), names.join(", ")
    )]
    NoGradient {
        /// The parameters without a gradient, sorted.
        names: Vec<String>,
        /// How many parameters were to be trained.
        total: usize,
    },
    /// A loss or a gradient that is not a finite number.
    #[error(
        "the {what} is {value} at step {step}, so training stopped. Losses before it: {}. Start a new run with a \
         lower learning rate ({learning_rate:.1e} here) or stronger gradient clipping, or look for NaN and for zero \
         variance in the inputs. What earlier epochs saved is as it was",
        losses.iter().map(|loss| format!("{loss:.4}")).collect::<Vec<_>>().join(" ")
    )]
    NotFinite {
        /// "loss" or "gradient norm".
        what: &'static str,
        /// The value found.
        value: f64,
        /// The optimiser step, counted from 0.
        step: u64,
        /// The last losses before it, oldest first.
        losses: Vec<f64>,
        /// The learning rate of the step.
        learning_rate: f64,
    },
    /// The user asked to stop, and everything is saved.
    #[error("stopped as you asked after {after}. Everything is saved; go on with\n  cargo run -p {project} -- train --resume {}", folder.display())]
    Interrupted {
        /// The project.
        project: String,
        /// What was done last: "epoch 3, batch 17".
        after: String,
        /// The run folder.
        folder: PathBuf,
    },
    /// A file that is no checkpoint or model of this program, or is damaged.
    #[error("{}: {problem}", path.display())]
    BadFile {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A data split that cannot be trained on.
    #[error("{0}")]
    Data(String),
    /// Settings that make no sense together.
    #[error("{0}")]
    Settings(String),
}

/// What a program ends with: prints an error as one message, without the frames of a backtrace, which help nobody
/// whose folder was misspelt. A run that was stopped on purpose ends with 130, as a shell expects of Ctrl-C.
///
/// ```
/// fn main() -> std::process::ExitCode {
///     training::exit_code((|| -> anyhow::Result<()> { Ok(()) })())
/// }
/// ```
pub fn exit_code(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    if let Some(stopped @ TrainingError::Interrupted { .. }) = error.downcast_ref() {
        eprintln!("{stopped}");
        return ExitCode::from(130);
    }
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}
