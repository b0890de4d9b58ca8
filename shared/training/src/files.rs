//! Files that are either whole or absent, and tensors with a header that says what they are.

use std::{
    collections::HashMap,
    fs,
    io::{self, Read, Write},
    path::Path,
};

use anyhow::Result;
use candle_core::{Device, Tensor};
use serde::{Serialize, de::DeserializeOwned};

use crate::TrainingError;

/// Writes `bytes` to `path` so that a crash, a full disk or a Ctrl-C leaves the old file or the new one, never
/// half of it: into a temporary file beside it, then renamed. Folders that are missing are made.
///
/// # Errors
/// The operating system's, with the path in the message.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let write = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut builder = tempfile::Builder::new();
        // Temporary files are private to their owner; a result is as readable as the umask allows.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.prefix(".writing-").tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|error: io::Error| {
        io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display()))
    })
}

/// Writes `value` as readable JSON.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    Ok(write_whole(path, text.as_bytes())?)
}

/// The key of the header among a safetensors file's metadata, and the version of the layout.
const HEADER: &str = "kindling";
const VERSION: u32 = 1;

#[derive(Serialize, serde::Deserialize)]
struct Envelope<H> {
    version: u32,
    kind: String,
    project: String,
    header: H,
}

/// Writes named tensors as a safetensors file whose metadata say the `kind` of file ("checkpoint", "model"),
/// the project and whatever `header` holds.
pub fn write_tensors(
    path: &Path,
    kind: &str,
    project: &str,
    header: &impl Serialize,
    tensors: &[(String, Tensor)],
) -> Result<()> {
    let envelope = Envelope {
        version: VERSION,
        kind: kind.to_string(),
        project: project.to_string(),
        header,
    };
    let metadata = HashMap::from([(HEADER.to_string(), serde_json::to_string(&envelope)?)]);
    let tensors = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor));
    Ok(write_whole(
        path,
        &safetensors::serialize(tensors, Some(metadata))?,
    )?)
}

/// Reads what [`write_tensors`] wrote, on the CPU.
///
/// Errors with [`TrainingError::BadFile`] when the file is missing, truncated, of another kind or project,
/// or of a later version of the layout.
pub fn read_tensors<H: DeserializeOwned>(
    path: &Path,
    kind: &str,
    project: &str,
) -> Result<(H, Vec<(String, Tensor)>)> {
    let bytes = fs::read(path).map_err(|error| unreadable(path, kind, &error))?;
    let header = header_of(&bytes, path, kind, project)?;
    let mut tensors: Vec<(String, Tensor)> = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu)
        .map_err(|error| damaged(path, kind, &error))?
        .into_iter()
        .collect();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    Ok((header, tensors))
}

/// Reads only the header of what [`write_tensors`] wrote, however large the tensors are.
///
/// Errors as [`read_tensors`] does, but does not notice tensors that are cut off.
pub fn read_header<H: DeserializeOwned>(path: &Path, kind: &str, project: &str) -> Result<H> {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = fs::File::open(path)?;
        // A safetensors file begins with the length of its header.
        let mut length = [0; 8];
        file.read_exact(&mut length)?;
        let mut bytes = length.to_vec();
        // Of what is no such file, the length may be anything.
        let length = u64::from_le_bytes(length).min(LONGEST_HEADER);
        file.take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|error| unreadable(path, kind, &error))?;
    header_of(&bytes, path, kind, project)
}

/// What safetensors allows.
const LONGEST_HEADER: u64 = 100_000_000;

/// The JSON at the beginning of a safetensors file; only what is of interest here.
#[derive(serde::Deserialize)]
struct Beginning {
    #[serde(rename = "__metadata__", default)]
    metadata: HashMap<String, String>,
}

fn unreadable(path: &Path, kind: &str, error: &io::Error) -> TrainingError {
    TrainingError::BadFile {
        path: path.to_path_buf(),
        problem: format!("cannot read this {kind}: {error}"),
    }
}

fn damaged(path: &Path, kind: &str, error: &dyn std::fmt::Display) -> TrainingError {
    TrainingError::BadFile {
        path: path.to_path_buf(),
        problem: format!(
            "not a whole {kind} ({error}): it is cut off or was never one. Use another {kind}, or train anew"
        ),
    }
}

/// What the header among `bytes`, the beginning of a file, says.
fn header_of<H: DeserializeOwned>(bytes: &[u8], path: &Path, kind: &str, project: &str) -> Result<H> {
    let bad = |problem: String| TrainingError::BadFile {
        path: path.to_path_buf(),
        problem,
    };
    let damaged = |error: &dyn std::fmt::Display| damaged(path, kind, error);
    let beginning = bytes.split_first_chunk::<8>().and_then(|(length, rest)| {
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        rest.get(..length)
    });
    let beginning = beginning.ok_or_else(|| damaged(&"it ends within its header"))?;
    let beginning: Beginning = serde_json::from_slice(beginning).map_err(|error| damaged(&error))?;
    let Some(header) = beginning.metadata.get(HEADER) else {
        return Err(bad(format!("a safetensors file, but no {kind} of this program: its header is missing. Name a {kind} that {project} wrote")).into());
    };
    let envelope: Envelope<serde_json::Value> =
        serde_json::from_str(header).map_err(|error| damaged(&error))?;
    if envelope.version > VERSION {
        return Err(bad(format!(
            "written by a later version of this program (layout {}, this one reads up to {VERSION}). Update the program, or train anew",
            envelope.version
        ))
        .into());
    }
    if envelope.project != project || envelope.kind != kind {
        return Err(bad(format!(
            "this is a {} of {:?}, not a {kind} of {project:?}. Name a folder that {project} wrote",
            envelope.kind, envelope.project
        ))
        .into());
    }
    Ok(serde_json::from_value(envelope.header).map_err(|error| damaged(&error))?)
}

/// Named tensors: weights, and whatever else a checkpoint needs.
pub type Tensors = Vec<(String, Tensor)>;

/// `tensors` with `prefix` before their names: the parts of a checkpoint share one file.
pub fn with_prefix(prefix: &str, tensors: &[(String, Tensor)]) -> Vec<(String, Tensor)> {
    let name = |(name, tensor): &(String, Tensor)| (format!("{prefix}{name}"), tensor.clone());
    tensors.iter().map(name).collect()
}

/// Those of `tensors` whose names begin with `prefix`, without it.
pub fn without_prefix(prefix: &str, tensors: &[(String, Tensor)]) -> Vec<(String, Tensor)> {
    let stripped =
        |(name, tensor): &(String, Tensor)| Some((name.strip_prefix(prefix)?.to_string(), tensor.clone()));
    tensors.iter().filter_map(stripped).collect()
}
