//! Imports go one way, and every crate is held to the same lints.

use testing::Place;

use crate::workspace::{packages, program, projects, root};

/// The rooms from the bottom to the top; the front door stands outside, and uses none of them. A crate may use crates of
/// lower rooms only, so that domains do not know each other and nothing shared knows a project.
fn room(package: &str, manifest: &str) -> usize {
    match package {
        "nn" | "sdl2" | "testing" | "kindling" => 0,
        "training" => 1,
        "workspace-tests" => 4,
        _ if manifest.contains("/projects/") => 3,
        _ => 2,
    }
}

#[test]
fn imports_go_one_way() {
    let of = |name: &str| packages().iter().find(|package| package["name"] == name);
    let room_of = |package: &serde_json::Value| {
        let manifest = package["manifest_path"].as_str().unwrap().replace('\\', "/");
        room(package["name"].as_str().unwrap(), &manifest)
    };
    for package in packages() {
        for dependency in package["dependencies"].as_array().unwrap() {
            let Some(used) = of(dependency["name"].as_str().unwrap()) else {
                continue;
            };
            // An example may show a crate at work in the rooms above it.
            if dependency["kind"] == "dev" {
                continue;
            }
            let (name, used_name) = (&package["name"], &used["name"]);
            assert!(
                room_of(used) < room_of(package),
                "{name} uses {used_name}, which is beside or above it"
            );
        }
    }
}

#[test]
fn every_crate_keeps_the_lints_and_says_what_it_is() {
    for package in packages() {
        let manifest = std::fs::read_to_string(package["manifest_path"].as_str().unwrap()).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{} is not held to the lints",
            package["name"]
        );
        assert!(
            package["description"].is_string(),
            "{} has no description",
            package["name"]
        );
    }
}

/// The tests of the projects name the data that they train on; a bare command needs nothing named.
#[test]
fn every_project_runs_by_its_name_alone() {
    for project in projects() {
        let place = Place::new(program(&project), env!("CARGO_TARGET_TMPDIR"));
        let said = place.succeed(&["--quick"]);
        assert!(said.contains("report "), "{project}: {said}");
        let data = place.json(&format!("runs/{project}/quick-001/result.json"))["data"].clone();
        let house = kindling::house::House::at(root()).unwrap();
        let made = house
            .project(&project)
            .unwrap()
            .about
            .made
            .files(&root().join("projects").join(&project));
        let measured = kindling::results::read(&made.unwrap()[0]).unwrap()["data"].clone();
        assert_eq!(data, measured, "{project}: another command was measured");
    }
}

#[test]
fn every_project_has_the_same_files() {
    for project in projects() {
        // `new` renames a copy throughout: a single word could be one of the prose too.
        assert!(project.contains('-'), "{project}: a project's name has two words");
        for file in [
            "src/main.rs",
            "src/data.rs",
            "src/model.rs",
            "tests/promises.rs",
            "README.md",
        ] {
            assert!(
                root().join("projects").join(&project).join(file).exists(),
                "{project} has no {file}"
            );
        }
        let promises = root().join("projects").join(&project).join("tests/promises.rs");
        let promises = std::fs::read_to_string(promises).unwrap();
        for promise in [
            "a_quick_run_leaves_a_whole_run_folder",
            "the_same_seed_gives_the_same_numbers",
            "mistaken_commands_are_explained",
        ] {
            assert!(
                promises.contains(&format!("promises::{promise}(")),
                "{project} does not promise that {promise}"
            );
        }
        let main =
            std::fs::read_to_string(root().join("projects").join(&project).join("src/main.rs")).unwrap();
        let first = main.lines().next().unwrap();
        // Without it a step's memory is taken from the system, page by page, at every step.
        assert!(
            main.contains("#[global_allocator]\nstatic MEMORY: nn::Pool"),
            "{project} does not keep its memory"
        );
        assert!(
            first.starts_with("//! ") && first.contains(&format!("`cargo run -p {project}`")),
            "{project}: {first}"
        );
    }
}

/// What is shared goes into copies of any project, under any name.
#[test]
fn nothing_shared_names_a_project() {
    let mut folders = vec![root().join("shared"), root().join("datasets")];
    let names: Vec<String> = projects()
        .into_iter()
        .flat_map(|name| [name.replace('-', "_"), name])
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                let named = names.iter().find(|name| text.contains(*name));
                assert!(named.is_none(), "{} names {}", path.display(), named.unwrap());
            }
        }
    }
}
