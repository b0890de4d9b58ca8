//! Finding files: sorted, without hidden ones, without running in circles.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::At;
use crate::{DataError, Result};

/// What was found but not used, counted so that nothing is dropped in silence.
#[derive(Default)]
pub(crate) struct Ignored {
    hidden: usize,
    broken_links: Vec<String>,
    other: BTreeMap<String, usize>,
    /// Folders that are no class, because they hold nothing usable or lie beside `train` and `test`.
    pub folders: Vec<String>,
    /// Transcripts, which say that folders are hardly classes.
    pub transcripts: usize,
}

impl Ignored {
    /// Counts a file of another kind.
    pub fn count(&mut self, file: &Path) {
        // Where a set came from is told elsewhere.
        if name(file) == crate::text::MARKER {
            return;
        }
        self.transcripts += usize::from(is_transcript(file));
        let kind = extension(file);
        let kind = if kind.is_empty() {
            "without extension".into()
        } else {
            format!(".{kind}")
        };
        *self.other.entry(kind).or_default() += 1;
    }

    /// A sentence for the notes, if there is anything to tell.
    pub fn note(&self) -> Option<String> {
        let mut parts = Vec::new();
        if !self.other.is_empty() {
            let count: usize = self.other.values().sum();
            let kinds = self.other.iter().map(|(kind, count)| format!("{count} {kind}"));
            parts.push(format!(
                "{count} files of other kinds ({})",
                crate::text::some(kinds, 8)
            ));
        }
        if self.hidden > 0 {
            parts.push(format!("{} hidden files", self.hidden));
        }
        if !self.folders.is_empty() {
            let names = self.folders.iter().cloned();
            parts.push(format!(
                "folders that are no class: {}",
                crate::text::some(names, 8)
            ));
        }
        if !self.broken_links.is_empty() {
            let names = self.broken_links.iter().cloned();
            parts.push(format!(
                "links that lead nowhere: {}",
                crate::text::some(names, 5)
            ));
        }
        (!parts.is_empty()).then(|| format!("ignored: {}", parts.join(", ")))
    }
}

/// The visible folders and files directly in `folder`, sorted by name; links are followed.
pub(crate) fn entries(folder: &Path, ignored: &mut Ignored) -> Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).at("read", folder)? {
        let path = entry.at("read", folder)?.path();
        if name(&path).starts_with('.') {
            ignored.hidden += 1;
            continue;
        }
        match std::fs::metadata(&path) {
            Ok(data) if data.is_dir() => folders.push(path),
            Ok(_) => files.push(path),
            Err(_) => ignored.broken_links.push(name(&path)),
        }
    }
    folders.sort_by_key(|path| name(path));
    files.sort_by_key(|path| name(path));
    Ok((folders, files))
}

/// All files below `folder` with one of the `extensions` (lower case, no dot), sorted by their path in bytes. Hidden
/// files are left out.
///
/// # Errors
/// When a folder cannot be read, or a link leads in a circle.
pub fn files_in(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>> {
    files(folder, extensions, &mut Ignored::default())
}

/// All files below `folder` with one of the `extensions` (lower case, no dot; none given: all files), sorted by
/// their path in bytes.
pub(crate) fn files(folder: &Path, extensions: &[&str], ignored: &mut Ignored) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    descend(folder, extensions, ignored, &mut Vec::new(), &mut found)?;
    found.sort_by_key(|path| relative(folder, path));
    Ok(found)
}

fn descend(
    folder: &Path,
    extensions: &[&str],
    ignored: &mut Ignored,
    above: &mut Vec<PathBuf>,
    found: &mut Vec<PathBuf>,
) -> Result<()> {
    let real = folder.canonicalize().at("read", folder)?;
    if above.contains(&real) {
        return Err(DataError::LinkLoop {
            path: folder.into(),
            target: real,
        });
    }
    above.push(real);
    let (folders, files) = entries(folder, ignored)?;
    for path in files {
        if extensions.is_empty() || extensions.contains(&extension(&path).as_str()) {
            found.push(path);
        } else {
            ignored.count(&path);
        }
    }
    for path in folders {
        descend(&path, extensions, ignored, above, found)?;
    }
    above.pop();
    Ok(())
}

/// Whether this is a transcript as LibriSpeech has them.
pub(crate) fn is_transcript(file: &Path) -> bool {
    name(file).to_lowercase().ends_with(".trans.txt")
}

/// The last part of a path as text.
pub(crate) fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The extension in lower case, or nothing.
pub(crate) fn extension(path: &Path) -> String {
    path.extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase()
}

/// `path` below `root` with `/` between its parts on every system.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}
