//! Sets that are made here: made once, whole, and made anew when their recipe has changed.

use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::error::At;
use crate::install::Site;
use crate::intents::{self, IntentFile};
use crate::text::MARKER;
use crate::walk::{self, Ignored};
use crate::{DataError, OnProgress, Result, animals, music, scenes, speech, styles};

/// Count up whenever [`music::make`] gives other bytes for the same options, so that sets made before are renewed.
const MUSIC_VERSION: u32 = 1;

/// Count up whenever [`animals::make`] gives other bytes for the same options.
const ANIMALS_VERSION: u32 = 1;

/// Count up whenever [`speech::make`] or [`speech::make_strings`] gives other bytes for the same options.
const SPEECH_VERSION: u32 = 1;

/// Count up whenever [`scenes::make`] gives other bytes for the same options.
const SCENES_VERSION: u32 = 1;

/// Count up whenever [`styles::make`] gives other bytes for the same options.
const STYLES_VERSION: u32 = 1;

/// What a made set depends on; a set whose recipe differs is stale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe<'a> {
    /// The set's folder below the data folder.
    pub name: &'a str,
    /// Counted up whenever the same options give other bytes.
    pub version: u32,
    /// The options, seed and all, as text.
    pub options: String,
}

/// Makes a set in `data` unless it is there: `make` fills an empty folder, which then gets its name. Interrupted,
/// it leaves nothing that could be taken for a set. A set made from another recipe, or one that has lost files, is
/// made anew. The answer is its folder and notes on what was done.
///
/// ```
/// use datasets::{made_once, Recipe};
/// let data = tempfile::tempdir()?;
/// let recipe = Recipe { name: "greetings", version: 1, options: "seed 7".into() };
/// let make = |folder: &std::path::Path| std::fs::write(folder.join("hello.txt"), "hello");
/// let (folder, notes) = made_once(data.path(), &recipe, &|_, _, _| {}, make)?;
/// assert!(folder.join("hello.txt").exists() && notes.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn made_once<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    data: &Path,
    recipe: &Recipe<'_>,
    on_progress: OnProgress<'_>,
    make: impl FnOnce(&Path) -> std::result::Result<(), E>,
) -> Result<(PathBuf, Vec<String>)> {
    let folder = data.join(recipe.name);
    if let State::Good = state(&folder, recipe)? {
        return Ok((folder, Vec::new()));
    }
    let site = Site::take(data, recipe.name, on_progress)?;
    let notes = match state(&folder, recipe)? {
        State::Good => return Ok((folder, Vec::new())),
        State::Missing => Vec::new(),
        State::Stale(why) => vec![format!("{} was made anew: {why}", folder.display())],
    };
    let whole = site.fresh()?;
    make(&whole).map_err(|error| DataError::Making {
        name: recipe.name.into(),
        source: error.into(),
    })?;
    let marker = json!({
        "name": recipe.name,
        "version": recipe.version,
        "options": recipe.options,
        "files": count(&whole)?,
    });
    let path = whole.join(MARKER);
    fs::write(&path, format!("{marker:#}\n")).at("write", &path)?;
    site.install()?;
    Ok((folder, notes))
}

enum State {
    Good,
    Missing,
    Stale(String),
}

fn state(folder: &Path, recipe: &Recipe<'_>) -> Result<State> {
    if !folder.exists() {
        return Ok(State::Missing);
    }
    let Ok(text) = fs::read_to_string(folder.join(MARKER)) else {
        return Err(DataError::InTheWay { path: folder.into() });
    };
    let marker: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let made_from = (marker["version"].as_u64(), marker["options"].as_str());
    if made_from != (Some(recipe.version.into()), Some(&recipe.options)) {
        return Ok(State::Stale(
            "it came from another version or other options of its maker".into(),
        ));
    }
    let (have, had) = (count(folder)?, marker["files"].as_u64().unwrap_or(0));
    Ok(match have < had {
        true => State::Stale(format!("{} of its {had} files were missing", had - have)),
        false => State::Good,
    })
}

/// How many files a made set has, and how many it has lost since it was made.
pub(crate) fn missing(folder: &Path) -> Result<(u64, u64)> {
    let Ok(text) = fs::read_to_string(folder.join(MARKER)) else {
        return Err(DataError::InTheWay { path: folder.into() });
    };
    let marker: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let (have, had) = (count(folder)?, marker["files"].as_u64().unwrap_or(0));
    Ok((have, had.saturating_sub(have)))
}

/// Files below a folder, without the marker.
fn count(folder: &Path) -> Result<u64> {
    let files = walk::files(folder, &[], &mut Ignored::default())?;
    Ok(files.iter().filter(|file| walk::name(file) != MARKER).count() as u64)
}

/// Makes a set once from `options`, which with their version are its recipe; `doing` says what is being done meanwhile.
fn made_from<O: Debug, E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    (name, version, options): (&str, u32, &O),
    data: &Path,
    (doing, on_progress): (&str, OnProgress<'_>),
    make: impl FnOnce(&Path, &O, &(dyn Fn(usize, usize) + Sync)) -> std::result::Result<(), E>,
) -> Result<(PathBuf, Vec<String>)> {
    let recipe = Recipe {
        name,
        version,
        options: format!("{options:?}"),
    };
    made_once(data, &recipe, on_progress, |folder| {
        make(folder, options, &|done, total| {
            on_progress(doing, done as u64, total as u64)
        })
    })
}

/// Makes music with the default options.
pub(crate) fn music(name: &str, data: &Path, on_progress: OnProgress<'_>) -> Result<(PathBuf, Vec<String>)> {
    let set = (name, MUSIC_VERSION, &music::Options::default());
    made_from(set, data, ("making music", on_progress), music::make)
}

/// Has words spoken with the default options.
pub(crate) fn words(name: &str, data: &Path, on_progress: OnProgress<'_>) -> Result<(PathBuf, Vec<String>)> {
    let set = (name, SPEECH_VERSION, &speech::Options::default());
    made_from(set, data, ("speaking words", on_progress), speech::make)
}

/// Has strings of digits spoken with the default options.
pub(crate) fn digit_strings(
    name: &str,
    data: &Path,
    on_progress: OnProgress<'_>,
) -> Result<(PathBuf, Vec<String>)> {
    let set = (name, SPEECH_VERSION, &speech::StringOptions::default());
    made_from(set, data, ("speaking digits", on_progress), speech::make_strings)
}

/// Draws cats and dogs with the default options.
pub(crate) fn cats_and_dogs(
    name: &str,
    data: &Path,
    on_progress: OnProgress<'_>,
) -> Result<(PathBuf, Vec<String>)> {
    draw_animals(name, data, &animals::Options::cats_and_dogs(), on_progress)
}

/// Draws the other animals with the default options.
pub(crate) fn other_animals(
    name: &str,
    data: &Path,
    on_progress: OnProgress<'_>,
) -> Result<(PathBuf, Vec<String>)> {
    draw_animals(name, data, &animals::Options::others(), on_progress)
}

fn draw_animals(
    name: &str,
    data: &Path,
    options: &animals::Options,
    on_progress: OnProgress<'_>,
) -> Result<(PathBuf, Vec<String>)> {
    let set = (name, ANIMALS_VERSION, options);
    made_from(set, data, ("drawing animals", on_progress), animals::make)
}

/// Draws scenes with the default options.
pub(crate) fn scenes(name: &str, data: &Path, on_progress: OnProgress<'_>) -> Result<(PathBuf, Vec<String>)> {
    let set = (name, SCENES_VERSION, &scenes::Options::default());
    made_from(set, data, ("drawing scenes", on_progress), scenes::make)
}

/// Draws style sheets with the default options.
pub(crate) fn styles(name: &str, data: &Path, on_progress: OnProgress<'_>) -> Result<(PathBuf, Vec<String>)> {
    let set = (name, STYLES_VERSION, &styles::Options::default());
    made_from(set, data, ("drawing style sheets", on_progress), styles::make)
}

/// Makes messages to a bank in English.
pub(crate) fn bank(name: &str, data: &Path, on_progress: OnProgress<'_>) -> Result<(PathBuf, Vec<String>)> {
    messages(name, data, intents::ENGLISH, on_progress)
}

/// Makes messages to a bank in Chinese.
pub(crate) fn bank_in_chinese(
    name: &str,
    data: &Path,
    on_progress: OnProgress<'_>,
) -> Result<(PathBuf, Vec<String>)> {
    messages(name, data, intents::CHINESE, on_progress)
}

fn messages(
    name: &str,
    data: &Path,
    text: &str,
    on_progress: OnProgress<'_>,
) -> Result<(PathBuf, Vec<String>)> {
    let file = IntentFile::parse(Path::new(intents::FILE), text)?;
    intents::make(name, data, text, &file, on_progress)
}
