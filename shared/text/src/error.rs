//! What can go wrong with text, each with what to do next.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why messages cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// The operating system refuses to read or write a file.
    #[error("cannot read {}: {source}. Check the spelling, who may read it and that the disk is attached", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line that is not what its layout says.
    #[error("{} line {line}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it and what to do.
        problem: String,
    },
    /// A file or folder that contradicts its layout as a whole.
    #[error("{}: {problem}", path.display())]
    Layout {
        /// The file, or the folder where one is missing.
        path: PathBuf,
        /// What is wrong with it and what to do.
        problem: String,
    },
    /// Pieces of words that could not be learned or read.
    #[error("word pieces: {0}")]
    Pieces(String),
}

/// The result of reading text.
pub type Result<T> = std::result::Result<T, TextError>;

pub(crate) trait At<T> {
    fn at(self, path: &Path) -> Result<T>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, path: &Path) -> Result<T> {
        self.map_err(|source| TextError::Unreadable {
            path: path.into(),
            source,
        })
    }
}
