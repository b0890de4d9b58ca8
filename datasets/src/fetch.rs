//! Named public sets: from a mirror or their official home, verified, then put in place whole.

use std::fs;
use std::path::{Path, PathBuf};

use crate::card::{Card, RemoteFile, Source};
use crate::download::{Patience, download, length};
use crate::error::At;
use crate::install::Site;
use crate::unpack::unpack;
use crate::walk::{self, Ignored};
use crate::{DataError, OnProgress, Result, cards, checksum, data_dir};

/// The folder of the named set below [`data_dir`]; fetched, or made, if it is not there yet.
///
/// It is looked for in the mirror first, `$KINDLING_MIRROR` (a folder or an address that begins with `http`), as
/// `MIRROR/SET/FILE` or, in a folder, as an unpacked copy `MIRROR/SET/…`; then at its official home. A download
/// that is cut off goes on where it stopped, now or at the next call. Nothing is unpacked or used before its
/// SHA-256 is that of the [card](crate::Card); a set is there whole or not at all.
///
/// # Errors
/// See [`DataError`]. Sets that only a person can fetch say where to get them.
pub fn fetch(name: &str, on_progress: OnProgress<'_>) -> Result<PathBuf> {
    let card = cards::named(name)?;
    if let Source::Made(make) = card.source {
        return Ok(make(card.name, &data_dir(), on_progress)?.0);
    }
    let mirror = std::env::var("KINDLING_MIRROR")
        .ok()
        .filter(|mirror| !mirror.is_empty());
    install(
        card,
        &data_dir(),
        mirror.as_deref(),
        Patience::default(),
        on_progress,
    )
}

/// Where a mirror keeps one set.
enum Mirror {
    None,
    Folder(PathBuf),
    Address(String),
}

impl Mirror {
    fn of(card: &Card, mirror: Option<&str>) -> Result<Self> {
        Ok(match mirror {
            None => Self::None,
            Some(address) if address.starts_with("http://") || address.starts_with("https://") => {
                Self::Address(format!("{}/{}", address.trim_end_matches('/'), card.mirror))
            }
            Some(folder) => {
                // A mirror that is set but not there is a slip to be told of, not a reason to use the network.
                fs::read_dir(folder).at("read", Path::new(folder))?;
                Self::Folder(Path::new(folder).join(card.mirror))
            }
        })
    }

    fn describe(&self) -> String {
        match self {
            Self::None => " (a folder or address that has it can be set as KINDLING_MIRROR)".into(),
            Self::Folder(folder) => format!(" (the mirror does not have it: {})", folder.display()),
            Self::Address(address) => format!(" (the mirror does not have it: {address})"),
        }
    }
}

pub(crate) fn install(
    card: &Card,
    data: &Path,
    mirror: Option<&str>,
    patience: Patience,
    on_progress: OnProgress<'_>,
) -> Result<PathBuf> {
    let folder = data.join(card.name);
    if !folder.is_dir() {
        let site = Site::take(data, card.name, on_progress)?;
        if !folder.is_dir() {
            let job = Job {
                card,
                site: &site,
                mirror: Mirror::of(card, mirror)?,
                patience,
                on_progress,
            };
            job.room(data)?;
            if let Err(error) = job.assemble() {
                // What was refused is not kept; what was only cut off is.
                if matches!(
                    error,
                    DataError::Archive { .. } | DataError::Contents { .. } | DataError::Checksum { .. }
                ) {
                    fs::remove_dir_all(&site.work).at("remove", &site.work)?;
                }
                return Err(error);
            }
            site.install()?;
        }
    }
    let next = "Complete it, or move it away and it is fetched anew";
    holds_all(card, &folder, next)?;
    Ok(folder)
}

/// Checks the number of files; the checksum over them was checked when they were installed.
pub(crate) fn holds_all(card: &Card, folder: &Path, next: &str) -> Result<Vec<PathBuf>> {
    let files = walk::files(folder, card.contents.extensions, &mut Ignored::default())?;
    if files.len() < card.contents.files {
        let kinds = card.contents.extensions.join(" or ");
        let problem = format!(
            "{} {kinds} files where the set has {}",
            files.len(),
            card.contents.files
        );
        return Err(contents(card, folder, problem, next));
    }
    Ok(files)
}

pub(crate) fn contents(card: &Card, folder: &Path, problem: String, next: &str) -> DataError {
    DataError::Contents {
        name: card.name.into(),
        path: folder.into(),
        problem,
        next: next.into(),
    }
}

struct Job<'a> {
    card: &'a Card,
    site: &'a Site,
    mirror: Mirror,
    patience: Patience,
    on_progress: OnProgress<'a>,
}

impl Job<'_> {
    fn files(&self) -> &'static [RemoteFile] {
        match self.card.source {
            Source::Files { files, .. } => files,
            _ => &[],
        }
    }

    /// Puts the set together, verified, in the working folder.
    fn assemble(&self) -> Result<()> {
        let whole = self.site.fresh()?;
        if let Some(copy) = self.unpacked_copy() {
            self.copy(&copy, &whole)?;
        } else if let Source::ByHand(how) = self.card.source {
            return Err(self.by_hand(how));
        }
        if self.unpacked_copy().is_none() {
            for file in self.files() {
                self.obtain(file, &whole)?;
            }
        }
        let next = "Nothing was installed; try again, or use another mirror";
        let files = holds_all(self.card, &whole, next)?;
        match self.card.contents.sha256 {
            Some(expected) if checksum::of_folder(&whole, &files)? != expected => {
                let problem = "the checksum over its files is not the one on the card".into();
                Err(contents(self.card, &whole, problem, next))
            }
            _ => Ok(()),
        }
    }

    /// The set's folder in a mirror, if that holds it unpacked.
    fn unpacked_copy(&self) -> Option<PathBuf> {
        let Mirror::Folder(folder) = &self.mirror else {
            return None;
        };
        let packed = self
            .files()
            .iter()
            .any(|file| file.unpack.is_none() || folder.join(file.path).exists());
        (folder.is_dir() && !packed).then(|| folder.clone())
    }

    fn copy(&self, from: &Path, whole: &Path) -> Result<()> {
        let files = walk::files(from, &[], &mut Ignored::default())?;
        for (count, file) in files.iter().enumerate() {
            let to = whole.join(file.strip_prefix(from).unwrap_or(file));
            let folder = to.parent().unwrap_or(whole);
            fs::create_dir_all(folder).at("create", folder)?;
            copy(file, &to)?;
            (self.on_progress)("copying from the mirror", count as u64 + 1, files.len() as u64);
        }
        Ok(())
    }

    fn by_hand(&self, how: &str) -> DataError {
        DataError::ByHand {
            name: self.card.name.into(),
            how: how.into(),
            mirror: self.mirror.describe(),
        }
    }

    /// Brings one file of the card into `whole`: found, verified, unpacked.
    fn obtain(&self, file: &RemoteFile, whole: &Path) -> Result<()> {
        let downloads = self.site.work.join("downloads");
        fs::create_dir_all(&downloads).at("create", &downloads)?;
        let part = downloads.join(format!("{}.part", file.path.replace('/', "_")));
        self.find(file, &part)?;
        if let Some(strip) = file.unpack {
            unpack(&part, whole, strip, self.on_progress)?;
            return fs::remove_file(&part).at("remove", &part);
        }
        let to = whole.join(file.path);
        let folder = to.parent().unwrap_or(whole);
        fs::create_dir_all(folder).at("create", folder)?;
        fs::rename(&part, &to).at("rename", &part)
    }

    /// The verified bytes of `file` in `part`, from the first place that has them.
    fn find(&self, file: &RemoteFile, part: &Path) -> Result<()> {
        match &self.mirror {
            Mirror::Folder(folder) if folder.join(file.path).is_file() => {
                let from = folder.join(file.path);
                copy(&from, part)?;
                return self.verify(file, part, &from.display().to_string());
            }
            // A mirror may hold another accepted form, of another length than the card's.
            Mirror::Address(address) => {
                let url = format!("{address}/{}", file.path);
                if self.load(file, &url, None, part)? {
                    return Ok(());
                }
            }
            _ => {}
        }
        let mut last = None;
        for url in file.urls {
            match self.load(file, url, file.bytes, part) {
                Ok(true) => return Ok(()),
                Ok(false) => last = last.or(Some(self.not_found(url))),
                Err(error) => last = last.or(Some(error)),
            }
        }
        let how = format!(
            "{} is not offered by its official home, {}, in this form",
            file.path, self.card.home
        );
        Err(last.unwrap_or_else(|| self.by_hand(&how)))
    }

    fn not_found(&self, url: &str) -> DataError {
        DataError::Download {
            url: url.into(),
            reason: "the server has no such file".into(),
            next: format!(
                "Look at {} where it has gone, and unpack it to {}{}",
                self.card.home,
                self.site.folder.display(),
                self.mirror.describe()
            ),
        }
    }

    /// Downloads and verifies. What was continued from an earlier attempt and turns out wrong may be two halves of
    /// different files: it is fetched once more from its beginning.
    fn load(&self, file: &RemoteFile, url: &str, bytes: Option<u64>, part: &Path) -> Result<bool> {
        let continued = length(part) > 0;
        if !download(url, part, bytes, self.patience, self.on_progress)? {
            return Ok(false);
        }
        match self.verify(file, part, url) {
            Err(DataError::Checksum { .. }) if continued => {
                if !download(url, part, bytes, self.patience, self.on_progress)? {
                    return Ok(false);
                }
                self.verify(file, part, url)?;
            }
            checked => checked?,
        }
        Ok(true)
    }

    /// Removes `part` if it is not what the card says.
    fn verify(&self, file: &RemoteFile, part: &Path, origin: &str) -> Result<()> {
        if file.sha256.is_empty() {
            return Ok(());
        }
        let found = checksum::of_file(part)?;
        if file.sha256.contains(&found.as_str()) {
            return Ok(());
        }
        fs::remove_file(part).at("remove", part)?;
        let (name, what, expected) = (self.card.name.into(), origin.into(), file.sha256.join(" or "));
        Err(DataError::Checksum {
            name,
            what,
            found,
            expected,
        })
    }

    /// Whether the disk can take the set and what is downloaded for it.
    fn room(&self, data: &Path) -> Result<()> {
        let archives: u64 = self
            .files()
            .iter()
            .filter(|file| file.unpack.is_some())
            .filter_map(|file| file.bytes)
            .sum();
        let needed = self.card.size + archives;
        match free_space(data) {
            Some(free) if free < needed => Err(DataError::DiskFull {
                name: self.card.name.into(),
                needed,
                free,
                path: data.into(),
            }),
            _ => Ok(()),
        }
    }
}

/// Copies the bytes only: a copy that inherits "read-only" could not be cleared away.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut source = fs::File::open(from).at("read", from)?;
    let mut target = fs::File::create(to).at("write", to)?;
    std::io::copy(&mut source, &mut target).at("write", to)?;
    Ok(())
}

/// Bytes free for this user, where the system tells.
#[cfg(unix)]
fn free_space(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free_space(_folder: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests;
