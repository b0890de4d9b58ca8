//! The workspace as its manifests describe it.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::results::Reached;

/// A checkout of the workspace.
pub struct House {
    /// Its folder.
    pub root: PathBuf,
    /// The projects, by name.
    pub projects: Vec<Project>,
    /// All crates: name and folder.
    pub crates: Vec<(String, PathBuf)>,
}

/// What people like; a project says which of these it is for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum Interest {
    /// Photographs, drawings, paintings.
    Pictures,
    /// Music, speech and other sounds.
    Sound,
    /// Games that a program learns to play.
    Games,
    /// What people write: messages, questions, texts.
    Words,
}

impl Interest {
    /// All of them, in the order in which they are asked for.
    pub const ALL: [Interest; 4] = [
        Interest::Pictures,
        Interest::Sound,
        Interest::Games,
        Interest::Words,
    ];
}

impl fmt::Display for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Interest::Pictures => "pictures",
            Interest::Sound => "sound and music",
            Interest::Games => "games",
            Interest::Words => "words",
        })
    }
}

/// A project, as its `Cargo.toml` describes it.
pub struct Project {
    /// The name of its crate.
    pub name: String,
    /// What it does, in a sentence without a full stop.
    pub description: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its `[package.metadata.kindling]`.
    pub about: About,
}

/// `[package.metadata.kindling]` of a project.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct About {
    /// Who will like it.
    pub you_like: Interest,
    /// The ideas that one meets in it, in the order in which they come up.
    pub teaches: String,
    /// What the default command reaches, on data made here.
    pub made: Reached,
    /// What it reaches on a real set.
    pub real: Option<Reached>,
}

impl House {
    /// The workspace that this program was built in. Errors where it has gone, or where a manifest is wrong.
    pub fn open() -> Result<House> {
        let here = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let here = here.filter(|folder| folder.ends_with("kindling") && folder.is_dir());
        let here = here.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = here.parent().unwrap_or(&here).to_path_buf();
        ensure!(
            root.join("Cargo.toml").is_file(),
            "the workspace that this program was built in is gone from {}: run `cargo run` where it is now",
            root.display()
        );
        House::at(&root)
    }

    /// The workspace in the folder `root`.
    pub fn at(root: &Path) -> Result<House> {
        let words = ["metadata", "--no-deps", "--format-version", "1"];
        let output = cargo()
            .args(words)
            .current_dir(root)
            .output()
            .context("cannot start cargo")?;
        ensure!(
            output.status.success(),
            "cargo cannot read the manifests in {}: {}",
            root.display(),
            String::from_utf8_lossy(&output.stderr).trim()
        );
        let metadata: Value = serde_json::from_slice(&output.stdout).context("what cargo says is no JSON")?;
        let (mut projects, mut crates) = (Vec::new(), Vec::new());
        for package in metadata["packages"].as_array().into_iter().flatten() {
            let words = |key: &str| package[key].as_str().unwrap_or_default().to_string();
            let folder = PathBuf::from(words("manifest_path"));
            let folder = folder.parent().unwrap_or(root).to_path_buf();
            crates.push((words("name"), folder.clone()));
            if folder.parent() != Some(&root.join("projects")) {
                continue;
            }
            let about = About::deserialize(&package["metadata"]["kindling"]).with_context(|| {
                format!(
                    "[package.metadata.kindling] in {} is not what a project must say of itself",
                    folder.join("Cargo.toml").display()
                )
            })?;
            projects.push(Project {
                name: words("name"),
                description: words("description"),
                folder,
                about,
            });
        }
        projects.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(House {
            root: root.to_path_buf(),
            projects,
            crates,
        })
    }

    /// `cargo run` for one of the crates, in the folder where the user is.
    pub fn run(&self, package: &str, arguments: &[String]) -> Command {
        let mut cargo = cargo();
        cargo
            .arg("run")
            .arg("--manifest-path")
            .arg(self.root.join("Cargo.toml"));
        cargo.args(["-p", package]);
        if !arguments.is_empty() {
            cargo.arg("--").args(arguments);
        }
        cargo
    }

    /// The project of this name. Errors with the nearest name there is.
    pub fn project(&self, name: &str) -> Result<&Project> {
        let found = self.projects.iter().find(|project| project.name == name);
        found.with_context(|| {
            let near = self
                .projects
                .iter()
                .map(|project| (strsim::jaro_winkler(&project.name, name), &project.name))
                .filter(|(likeness, _)| *likeness > 0.75)
                .max_by(|one, other| one.0.total_cmp(&other.0));
            let hint = near.map_or(String::from("."), |(_, near)| format!(": did you mean {near}?"));
            let names: Vec<&str> = self
                .projects
                .iter()
                .map(|project| project.name.as_str())
                .collect();
            format!(
                "there is no project {name:?}{hint} The projects are {}",
                names.join(", ")
            )
        })
    }
}

/// Cargo, as the user would start it.
fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = Command::new(program);
    // What `cargo run` tells this program of its own package would look like a change to build scripts that watch it,
    // and all that depends on them would be built again.
    for (name, _) in std::env::vars_os() {
        let known = name.to_string_lossy();
        if known.starts_with("CARGO_PKG_") || known.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo
}
