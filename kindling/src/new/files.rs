//! Files of a copy.

use std::{fs, path::Path};

use anyhow::{Context, Result};

use super::name::Renamed;

/// What a build and the programs leave in a crate's folder when they are run there.
const LEFT_BEHIND: [&str; 4] = ["target", "runs", "data", "painted"];

/// Copies the crate in `from` to `to`, without what was built or made in it and without `but`; in files that are text,
/// and in the names of files, the project is `renamed`. Gives the number of files.
pub fn copy(from: &Path, to: &Path, renamed: Option<&Renamed>, but: &[&str]) -> Result<usize> {
    fs::create_dir_all(to).with_context(|| format!("cannot make the folder {}", to.display()))?;
    let entries = fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;
    let mut count = 0;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read {}", from.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // A link leads to something that is not the project's: a folder of photographs, say.
        let link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if link || name.starts_with('.') || but.contains(&name.as_str()) {
            continue;
        }
        let (path, new) = (
            entry.path(),
            renamed.map_or(name.clone(), |renamed| renamed.text(&name)),
        );
        if path.is_dir() {
            // Only beside a manifest are these what they are called after.
            if !(from.join("Cargo.toml").exists() && LEFT_BEHIND.contains(&name.as_str())) {
                count += copy(&path, &to.join(new), renamed, &[])?;
            }
            continue;
        }
        copy_file(&path, &to.join(new), renamed)?;
        count += 1;
    }
    Ok(count)
}

fn copy_file(from: &Path, to: &Path, renamed: Option<&Renamed>) -> Result<()> {
    let bytes = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    let bytes = match (renamed, String::from_utf8(bytes)) {
        (Some(renamed), Ok(text)) => renamed.text(&text).into_bytes(),
        (None, Ok(text)) => text.into_bytes(),
        (_, Err(other)) => other.into_bytes(),
    };
    fs::write(to, bytes).with_context(|| format!("cannot write {}", to.display()))
}

/// A text file, whole.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Writes a text file.
pub fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
