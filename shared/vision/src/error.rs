//! What can go wrong with pictures, each with what to do next.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a picture, or a file of pictures, cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VisionError {
    /// The operating system refuses to read a file.
    #[error("cannot read {}: {problem}. Check the spelling, who may read it and that the disk is attached", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said. Not called the source: the message says it already, and once is enough.
        problem: io::Error,
    },
    /// A file that holds no picture of a known form.
    #[error("{}: not a picture that can be read ({what}). Known are png, jpeg, webp, gif and bmp; convert others first", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// What it seems to be.
        what: String,
    },
    /// More pixels than are worth their memory.
    #[error("{}: {width} × {height} pixels are refused before any memory is taken: {most} million are the most. Make it smaller first", path.display(), most = crate::MOST_PIXELS / 1_000_000)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// A picture that stops in the middle: a download that broke off.
    #[error("{}: the picture is cut off (its end is missing). Fetch it again", path.display())]
    CutOff {
        /// The file.
        path: PathBuf,
    },
    /// Any other damage.
    #[error("{}: the picture is damaged: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        problem: String,
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
        move |problem| Self::Unreadable { path, problem }
    }

    /// [`Packed`](Self::Packed), with its problem.
    pub(crate) fn packed(path: &Path, problem: impl Into<String>) -> Self {
        Self::Packed {
            path: path.to_path_buf(),
            problem: problem.into(),
        }
    }
}
