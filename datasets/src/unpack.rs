//! Unpacking a .tar.gz into a folder, and never outside it.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};

use crate::error::At;
use crate::{DataError, OnProgress, Result};

/// Unpacks the files of `archive` below `target`, without the first `strip` folders of their paths and without
/// hidden files. Links, absolute paths and `..` are refused: an honest data set has none.
pub(crate) fn unpack(archive: &Path, target: &Path, strip: usize, on_progress: OnProgress<'_>) -> Result<()> {
    let damaged = |error: io::Error| refuse(archive, format!("it is damaged ({error}); fetch it again"));
    let mut tar = Archive::new(MultiGzDecoder::new(File::open(archive).at("read", archive)?));
    let label = format!("unpacking {}", crate::walk::name(archive));
    let mut count = 0;
    for entry in tar.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let path = entry.path().map_err(damaged)?.into_owned();
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {}
            EntryType::Directory | EntryType::XGlobalHeader => continue,
            other => {
                return Err(refuse(
                    archive,
                    format!("{} is not a plain file ({other:?})", path.display()),
                ));
            }
        }
        let mut inside = PathBuf::new();
        for part in path.components().filter(|part| *part != Component::CurDir) {
            let Component::Normal(part) = part else {
                return Err(refuse(
                    archive,
                    format!("{} would be written outside its folder", path.display()),
                ));
            };
            inside.push(part);
        }
        let inside: PathBuf = inside.iter().skip(strip).collect();
        let hidden = inside.iter().any(|part| part.to_string_lossy().starts_with('.'));
        if inside.as_os_str().is_empty() || hidden {
            continue;
        }
        let file = target.join(inside);
        let folder = file.parent().unwrap_or(target);
        fs::create_dir_all(folder).at("create", folder)?;
        let mut out = File::create(&file).at("create", &file)?;
        // A damaged archive and a full disk both show here; the free room was checked before.
        io::copy(&mut entry, &mut out).map_err(damaged)?;
        count += 1;
        on_progress(&label, count, 0);
    }
    Ok(())
}

fn refuse(archive: &Path, problem: String) -> DataError {
    DataError::Archive {
        path: archive.into(),
        problem,
    }
}
