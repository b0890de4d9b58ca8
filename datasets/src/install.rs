//! A set is there whole or not at all: it is put together beside its place and renamed into it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::error::At;
use crate::{OnProgress, Result};

/// The place of one set below the data folder, held by one process at a time.
pub(crate) struct Site {
    /// Where the set will be.
    pub folder: PathBuf,
    /// Where it is put together; what is worth keeping of an interrupted attempt stays here.
    pub work: PathBuf,
    // The system drops the lock with the process, however that ends.
    _lock: Option<File>,
}

impl Site {
    /// Takes the place of set `name`, waiting for another process that holds it.
    pub fn take(data: &Path, name: &str, on_progress: OnProgress<'_>) -> Result<Self> {
        fs::create_dir_all(data).at("create", data)?;
        let path = data.join(format!(".{name}.lock"));
        let lock = File::create(&path).at("create", &path)?;
        let held = match lock.try_lock() {
            Ok(()) => Some(lock),
            Err(fs::TryLockError::WouldBlock) => {
                on_progress(&format!("waiting for another process that prepares {name}"), 0, 0);
                lock.lock().at("lock", &path)?;
                Some(lock)
            }
            // Some network disks know no locks; there the rename still keeps half a set from being seen.
            Err(fs::TryLockError::Error(_)) => None,
        };
        Ok(Self {
            folder: data.join(name),
            work: data.join(format!(".{name}.part")),
            _lock: held,
        })
    }

    /// An empty folder to put the set together in.
    pub fn fresh(&self) -> Result<PathBuf> {
        let whole = self.work.join("whole");
        if whole.exists() {
            fs::remove_dir_all(&whole).at("empty", &whole)?;
        }
        fs::create_dir_all(&whole).at("create", &whole)?;
        Ok(whole)
    }

    /// Puts the finished folder in its place, instead of an older one if there is one.
    pub fn install(&self) -> Result<()> {
        let (whole, old) = (self.work.join("whole"), self.work.join("old"));
        if old.exists() {
            fs::remove_dir_all(&old).at("remove", &old)?;
        }
        if self.folder.exists() {
            fs::rename(&self.folder, &old).at("rename", &self.folder)?;
        }
        fs::rename(&whole, &self.folder).at("rename", &whole)?;
        fs::remove_dir_all(&self.work).at("remove", &self.work)
    }
}
