//! Answers to a competition: its sample submission read, filled in its own row order, and scored.
//!
//! ```no_run
//! # use std::{collections::BTreeMap, path::Path};
//! use training::submission::{Sample, score};
//! # fn predict(_file: &str) -> Vec<f32> { vec![] }
//! # let classes = ["cat".to_string(), "dog".to_string()];
//! # let files: Vec<String> = vec![];
//! let sample = Sample::read("sample_submission.csv")?;
//! let form = sample.form(&classes, None)?; // what to write: a class, its number, or probabilities
//! let matched = sample.match_files(&files)?; // which file each row means
//! let answers: BTreeMap<String, Vec<f32>> =
//!     matched.pairs(&sample).map(|(id, file)| (id.to_string(), predict(&files[file]))).collect();
//! let filled = sample.fill(&form, &classes, &answers)?;
//! training::write_whole(Path::new("submission.csv"), filled.csv.as_bytes())?;
//! println!("{}", score("submission.csv", "labels.csv", Some(&classes), None)?);
//! # anyhow::Ok(())
//! ```
//!
//! Answers are kept by id, never by place: whichever order files are read in, a row gets its own answer.

mod error;
mod fill;
mod form;
mod matching;
mod measures;
mod score;
mod table;

pub use error::SubmissionError;
pub use fill::Filled;
pub use form::Form;
pub use matching::MatchedFiles;
pub use score::{ScoreReport, score};

use std::path::Path;

use table::Table;

/// The rows to answer, in order, as a competition's sample submission lists them: a column of ids, which is the
/// first, and one column or more of values.
#[derive(Clone, Debug)]
pub struct Sample {
    table: Table,
}

impl Sample {
    /// Reads a sample submission. Quoted cells, Windows line ends and a byte-order mark are understood.
    ///
    /// # Errors
    /// Where the file cannot be read, has no rows, fewer than two columns, rows of different lengths, or an id twice.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, SubmissionError> {
        Table::read(path.as_ref()).map(|table| Sample { table })
    }

    /// The names of all columns, the ids' first.
    pub fn columns(&self) -> &[String] {
        &self.table.columns
    }

    /// The ids in the sample's order, as they are written: "007" is not "7".
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &str> {
        self.table.rows.iter().map(|row| row.id.as_str())
    }
}
