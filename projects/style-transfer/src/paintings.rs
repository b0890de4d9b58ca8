//! The paintings to learn from.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use training::Told;
use vision::RgbImage;

/// How many times as long as wide a painting may be; more would only take memory.
const MOST_RATIO: u32 = 3;

/// A painting, and what it is called.
#[derive(Clone)]
pub struct Style {
    /// The file's name without its ending.
    pub name: String,
    /// As large as its strokes are wanted.
    pub picture: RgbImage,
}

/// The paintings that `asked` names: files, folders of them, or styles that are made here (mosaic, flow-field). The shorter
/// side of each becomes `side` pixels long: larger strokes for a larger number.
pub fn open(asked: &[String], side: u32) -> Result<Vec<Style>> {
    let mut styles: Vec<Style> = Vec::new();
    for asked in asked {
        for path in paths(asked)? {
            let name = path
                .file_stem()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            ensure!(
                styles.iter().all(|style| style.name != name),
                "--style {asked}: there is another style called {name}; each needs a name of its own"
            );
            let picture = vision::open(&path)?;
            let (width, height) = picture.dimensions();
            ensure!(
                width.min(height) >= 32,
                "{}: a style of {width} × {height} pixels; to have strokes it needs at least 32 each way",
                path.display()
            );
            if width.max(height) > MOST_RATIO * width.min(height) {
                training::say(format!(
                    "note      {}: of {width} × {height} pixels only the middle is looked at",
                    path.display()
                ));
            }
            styles.push(Style {
                name,
                picture: vision::shrink(&picture, side, MOST_RATIO as f32),
            });
        }
    }
    ensure!(!styles.is_empty(), "--style: there is no picture to learn from");
    Ok(styles)
}

fn paths(asked: &str) -> Result<Vec<PathBuf>> {
    let path = Path::new(asked);
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    if path.is_dir() {
        return datasets::files_in(path, &vision::EXTENSIONS).map_err(Into::into);
    }
    let progress = Told::default();
    let folder = datasets::fetch("made-styles", &|doing, done, total| {
        progress.tell(doing, done, total)
    })
    .context("cannot make the styles")?;
    let made = datasets::files_in(&folder, &vision::EXTENSIONS)?;
    let called = |path: &PathBuf| path.file_stem().is_some_and(|name| name == asked);
    match made.iter().find(|path| called(path)) {
        Some(path) => Ok(vec![path.clone()]),
        None if asked == "made-styles" => Ok(made),
        None => {
            let names: Vec<String> = made
                .iter()
                .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
                .collect();
            bail!(
                "{asked}: there is no such file or folder, and the styles that are made here are {}",
                names.join(", ")
            )
        }
    }
}
