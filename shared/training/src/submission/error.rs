//! What can be wrong with a submission and with what it is made from.

use std::{io, path::PathBuf};

/// Why a submission could not be made or scored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmissionError {
    /// The operating system refuses to read a table.
    #[error("cannot read {}: {source}. Check the spelling and who may read it", path.display())]
    Unreadable {
        /// The table.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A table that cannot be used.
    #[error("{}{}: {problem}", path.display(), if *line > 0 { format!(", line {line}") } else { String::new() })]
    Table {
        /// The table.
        path: PathBuf,
        /// The line, counted from 1; 0 for the table as a whole.
        line: u64,
        /// What is wrong with it and what to do.
        problem: String,
    },
    /// Rows that nothing answers.
    #[error("{missing} of {rows} rows of {} have no answer; the first are {first}. A row's id must be the file's name, with or without folder and extension", path.display())]
    Unanswered {
        /// The sample.
        path: PathBuf,
        /// How many rows have no answer.
        missing: usize,
        /// How many rows there are.
        rows: usize,
        /// The first ids without one.
        first: String,
    },
    /// An id that could be more than one file, or a file that could be more than one id.
    #[error("{what} could be any of {candidates}; rename the files so that one is left")]
    Ambiguous {
        /// The id or the file.
        what: String,
        /// What it could be.
        candidates: String,
    },
    /// Class probabilities that are none.
    #[error(
        "the answer to {id:?} is {answer:?}, not {classes} probabilities from 0 to 1: the model that gave it is damaged or of other classes"
    )]
    BadAnswer {
        /// The row's id.
        id: String,
        /// What was given.
        answer: Vec<f32>,
        /// How many classes there are.
        classes: usize,
    },
    /// A class that is not among the known ones.
    #[error("there is no class {name:?}; the classes are {classes}")]
    NoClass {
        /// The name asked for.
        name: String,
        /// The known names.
        classes: String,
    },
}

/// The first few of some names, quoted, and how many more there are.
pub(super) fn few<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown: Vec<String> = names.iter().take(5).map(|name| format!("{name:?}")).collect();
    match names.len().saturating_sub(5) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
