//! The workspace and its programs, as cargo knows them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

use serde_json::Value;

pub use testing::root;

/// What cargo says of the workspace's packages.
pub fn packages() -> &'static Vec<Value> {
    static PACKAGES: OnceLock<Vec<Value>> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let output = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        metadata["packages"].as_array().unwrap().clone()
    })
}

/// The names of the projects.
pub fn projects() -> Vec<String> {
    let projects = root().join("projects");
    let of_projects =
        |package: &&Value| Path::new(package["manifest_path"].as_str().unwrap()).starts_with(&projects);
    packages()
        .iter()
        .filter(of_projects)
        .map(|package| package["name"].as_str().unwrap().to_string())
        .collect()
}

/// Cargo, without what cargo tells this test of its own package: that would look like a change to build scripts that
/// watch it, and they would be run, and all that depends on them built, again.
pub fn clean_cargo() -> Command {
    let mut command = Command::new(env!("CARGO"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}

fn cargo(arguments: &[&str]) -> Output {
    let output = clean_cargo()
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "cargo {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The program called `name`, built together with all others so that cargo finds its dependencies built already.
pub fn program(name: &str) -> PathBuf {
    static PROGRAMS: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    let programs = PROGRAMS.get_or_init(|| {
        let output = cargo(&["build", "--workspace", "--message-format", "json"]);
        let messages = String::from_utf8(output.stdout).unwrap();
        let message = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        let built = messages.lines().map(message).filter_map(|message| {
            let name = message["target"]["name"].as_str()?.to_string();
            Some((name, PathBuf::from(message["executable"].as_str()?)))
        });
        built.collect()
    });
    programs
        .get(name)
        .unwrap_or_else(|| panic!("there is no program {name}"))
        .clone()
}
