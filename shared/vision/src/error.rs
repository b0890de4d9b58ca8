//! What can be wrong with pictures, said so that one knows what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why a picture or a file of pictures could not be read. Every message names the file, what is wrong with it and
/// what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VisionError {
    /// The operating system refuses to read a file or a folder.
    #[error("cannot read {}: {source}. Check the spelling, who may read it and that the disk is attached", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of many pictures, or of their labels, that contradicts its layout.
    #[error("{}: {problem}", path.display())]
    Packed {
        /// The file, or the folder where one is missing.
        path: PathBuf,
        /// What is wrong with it and what to do.
        problem: String,
    },
}

impl VisionError {
    /// [`Unreadable`](Self::Unreadable), for `map_err`.
    pub(crate) fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Unreadable { path, source }
    }

    /// [`Packed`](Self::Packed), with its problem.
    pub(crate) fn packed(path: &Path, problem: impl Into<String>) -> Self {
        Self::Packed {
            path: path.to_path_buf(),
            problem: problem.into(),
        }
    }
}
