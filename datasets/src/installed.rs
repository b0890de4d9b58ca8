//! Sets that are in their place: found, verified, removed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::card::{Card, Source};
use crate::error::At;
use crate::install::Site;
use crate::walk::{self, Ignored};
use crate::{DataError, OnProgress, Result, checksum, data_dir, fetch, made};

/// The folder of this set, if it is there: below [`data_dir`], under the card's name.
pub fn installed(card: &Card) -> Option<PathBuf> {
    let folder = data_dir().join(card.name);
    folder.is_dir().then_some(folder)
}

/// Bytes and number of the files below a folder.
///
/// # Errors
/// [`DataError::Unreadable`] where a folder may not be read.
pub fn size_of(folder: &Path) -> Result<(u64, usize)> {
    let files = walk::files(folder, &[], &mut Ignored::default())?;
    let bytes = files.iter().filter_map(|file| fs::metadata(file).ok());
    Ok((bytes.map(|data| data.len()).sum(), files.len()))
}

/// Checks a set that is there against its card, as far as the card goes, and says what was checked.
///
/// A fetched set: the number of its files, and their SHA-256 where the card has one over all of them or for each. A
/// made set: the number of its files.
///
/// # Errors
/// [`DataError::Contents`] or [`DataError::Checksum`] says what is wrong with it and what to do.
pub fn verify(card: &Card, folder: &Path) -> Result<String> {
    if let Source::Made(_) = card.source {
        return match made::missing(folder)? {
            (files, 0) => Ok(format!("{files} files, none missing since it was made")),
            (files, missing) => Err(fetch::contents(
                card,
                folder,
                format!("{missing} of its {} files are missing", files + missing),
                "It is made anew when it is next used, or by `make`",
            )),
        };
    }
    let next = "Remove it, and fetch it anew";
    let files = fetch::holds_all(card, folder, next)?;
    if let Some(expected) = card.contents.sha256 {
        return match checksum::of_folder(folder, &files)? == expected {
            true => Ok(format!("{} files, all bytes as on the card", files.len())),
            false => {
                let problem = "the checksum over its files is not the one on the card".into();
                Err(fetch::contents(card, folder, problem, next))
            }
        };
    }
    let Source::Files { files: remote, .. } = card.source else {
        return Ok(format!("{} files; the card has no checksum of them", files.len()));
    };
    let mut checked = 0;
    for file in remote
        .iter()
        .filter(|file| file.unpack.is_none() && !file.sha256.is_empty())
    {
        let path = folder.join(file.path);
        let found = checksum::of_file(&path)?;
        if !file.sha256.contains(&found.as_str()) {
            return Err(DataError::Checksum {
                name: card.name.into(),
                what: path.display().to_string(),
                found,
                expected: file.sha256.join(" or "),
            });
        }
        checked += 1;
    }
    Ok(match checked {
        0 => format!(
            "{} files; the archive was checked when it was unpacked, the card has no checksum of its files",
            files.len()
        ),
        _ => format!(
            "{} files, {checked} of them with the bytes that are on the card",
            files.len()
        ),
    })
}

/// What an interrupted download or making of this set has left, if anything.
pub fn partial(card: &Card) -> Option<PathBuf> {
    let work = data_dir().join(format!(".{}.part", card.name));
    work.is_dir().then_some(work)
}

/// Removes a set, and what an interrupted attempt at it left. Waits for a program that is making or fetching it. Of a
/// folder that is a link, the link is removed and the files stay.
///
/// # Errors
/// [`DataError::InTheWay`] for a folder under the name of a made set that was not made here, [`DataError::File`] where
/// the system refuses.
pub fn remove(card: &Card, on_progress: OnProgress<'_>) -> Result<()> {
    let site = Site::take(&data_dir(), card.name, on_progress)?;
    if site.folder.is_symlink() {
        fs::remove_file(&site.folder).at("remove", &site.folder)?;
    } else if site.folder.is_dir() {
        if let Source::Made(_) = card.source {
            made::missing(&site.folder)?;
        }
        // Out of its place in one step: interrupted, half a set would be taken for a whole one.
        let old = site.work.join("removed");
        fs::create_dir_all(&site.work).at("create", &site.work)?;
        if old.exists() {
            fs::remove_dir_all(&old).at("remove", &old)?;
        }
        fs::rename(&site.folder, &old).at("rename", &site.folder)?;
    }
    if site.work.exists() {
        fs::remove_dir_all(&site.work).at("remove", &site.work)?;
    }
    Ok(())
}
