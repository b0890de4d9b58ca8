//! A copy stands on its own: outside this workspace it builds, passes its own tests and trains.

use std::{
    collections::BTreeSet,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::{Command, Output},
    time::SystemTime,
};

use crate::{
    pages::dead_links,
    workspace::{clean_cargo, packages, program, projects, root},
};

/// A folder outside this workspace, the same at every call, so that what was built is found again.
struct Outside(PathBuf);

impl Outside {
    fn new() -> Self {
        let mut hasher = DefaultHasher::new();
        root().hash(&mut hasher);
        let folder = std::env::temp_dir().join(format!("kindling-copies-{:016x}", hasher.finish()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Outside(folder.canonicalize().unwrap())
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Where all copies are built: what they share is built once.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("copies")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn new(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program("kindling"));
    command.arg("new").args(arguments).current_dir(folder);
    // A machine where git was never told a name.
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null");
    command.env("CARGO", env!("CARGO"));
    command.output().unwrap()
}

/// The files below `folder`, without those of git.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true if entry.file_name() == ".git" => {}
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

/// The crates of this workspace that `project` stands on, its tests' among them.
fn shared_crates(project: &str) -> BTreeSet<String> {
    let of = |name: &str| packages().iter().find(|package| package["name"] == name);
    let (mut found, mut open) = (BTreeSet::new(), vec![project.to_string()]);
    while let Some(name) = open.pop() {
        let Some(package) = of(&name) else { continue };
        for dependency in package["dependencies"].as_array().unwrap() {
            let name = dependency["name"].as_str().unwrap().to_string();
            if of(&name).is_some() && found.insert(name.clone()) {
                open.push(name);
            }
        }
    }
    found
}

/// The crates in the copy: whoever has a manifest, without the copy's own.
fn crates_in(copy: &Path) -> BTreeSet<String> {
    let manifests = files(copy)
        .into_iter()
        .filter(|file| file.ends_with("Cargo.toml"));
    let folders = manifests.filter_map(|manifest| Some(manifest.parent()?.to_path_buf()));
    let names = folders.filter(|folder| folder != copy);
    names
        .map(|folder| folder.file_name().unwrap().to_string_lossy().into_owned())
        .collect()
}

/// Nothing in it calls itself by the old name, no link of its page is dead, and it is one clean commit.
fn check(copy: &Path, project: &str) {
    let mut needed = shared_crates(project);
    // A patched dependency that no manifest names: gym-rs draws with it.
    if needed.contains("games") {
        needed.insert("sdl2".into());
    }
    assert_eq!(crates_in(copy), needed, "{project}");
    for file in [
        "LICENSE-MIT",
        "LICENSE-APACHE",
        ".gitignore",
        "Cargo.lock",
        "src/main.rs",
    ] {
        assert!(copy.join(file).is_file(), "{project}: the copy has no {file}");
    }
    assert!(!copy.join("results").exists(), "results of another project");
    for file in files(copy) {
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        assert!(
            !text.contains(root().to_str().unwrap()),
            "{}: a path of this machine",
            file.display()
        );
        let snake = project.replace('-', "_");
        for (number, line) in text.lines().enumerate() {
            let old = line
                .replace(&format!("my-{project}"), "")
                .replace(&format!("my_{snake}"), "");
            let told = file.ends_with("README.md")
                && file.parent() == Some(copy)
                && line.contains(&format!("`{project}`"));
            assert!(
                told || !(old.contains(project) || old.contains(&snake)),
                "{}:{}: {line}",
                file.display(),
                number + 1
            );
        }
    }
    let dead = dead_links(&copy.join("README.md"));
    assert!(dead.is_empty(), "{dead:#?}");
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(copy)
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", text(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(git(&["log", "--oneline"]).lines().count(), 1, "{project}");
    assert_eq!(git(&["status", "--porcelain"]), "", "{project}");
}

/// Cargo judges sources by their age. What the copies share is the same byte for byte, so it gets one age, that of this
/// test: built anew for the first copy, it need not be built for the others.
fn one_age(copy: &Path, now: SystemTime) {
    for part in ["shared", "datasets"] {
        for file in files(&copy.join(part)) {
            let file = fs::File::options().append(true).open(file).unwrap();
            file.set_modified(now).unwrap();
        }
    }
}

fn test(copy: &Path, arguments: &[&str]) {
    let output = clean_cargo()
        .args(["test", "--locked"])
        .args(arguments)
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", target())
        .env_remove("KINDLING_DATA")
        .env_remove("KINDLING_MIRROR")
        .output()
        .unwrap();
    let said = text(&output);
    assert!(
        output.status.success(),
        "{} {arguments:?}:\n{said}",
        copy.display()
    );
    let warned = said.lines().any(|line| line.starts_with("warning"));
    assert!(!warned, "{} {arguments:?}:\n{said}", copy.display());
    // One promise, or all tests of a project's program.
    assert!(
        said.contains("ok. 1 passed") || said.contains("ok. 5 passed"),
        "{said}"
    );
}

#[test]
fn every_project_stands_on_its_own_and_one_is_trained_to_its_floor() {
    let (outside, now) = (Outside::new(), SystemTime::now());
    // Made sets are shared with all other tests: that they are made in an empty folder is tested elsewhere.
    let made = target().join("tmp/data");
    fs::create_dir_all(made.parent().unwrap()).unwrap();
    #[cfg(unix)]
    if !made.exists() {
        let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).join("data");
        fs::create_dir_all(&shared).unwrap();
        std::os::unix::fs::symlink(shared, &made).unwrap();
    }
    for project in projects() {
        let name = format!("my-{project}");
        let output = new(&outside.0, &[&name, "--from", &project]);
        assert!(output.status.success(), "{project}: {}", text(&output));
        let copy = outside.0.join(&name);
        check(&copy, &project);
        one_age(&copy, now);
        match project.as_str() {
            // All of its own tests: it learns to name genres as well as its page says, is stopped and goes on, refuses.
            "genre-classifier" => {
                // With the first line changed that its page says to change: a bare command trains on one's own folder.
                let main = copy.join("src/main.rs");
                let text = fs::read_to_string(&main).unwrap();
                let (old, new) = ("default_value = \"made-music\"", "default_value = \"my-music\"");
                assert!(text.contains(old));
                fs::write(&main, text.replace(old, new)).unwrap();
                test(&copy, &[]);
            }
            _ => test(&copy, &["--test", "promises", "a_quick_run"]),
        }
        fs::remove_dir_all(&copy).unwrap();
    }
}

#[test]
fn what_cannot_be_copied_is_refused_and_nothing_is_left() {
    let place = tempfile::tempdir().unwrap();
    let refused = |arguments: &[&str]| {
        let output = new(place.path(), arguments);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(!said.contains("panicked"), "{said}");
        said
    };
    let genre = ["--from", "genre-classifier"];
    let full = place.path().join("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("mine.txt"), "keep").unwrap();
    assert!(refused(&[&["full"], &genre[..]].concat()).contains("full is not empty"));
    assert!(refused(&[&["full/mine.txt"], &genre[..]].concat()).contains("is a file"));
    let inside = root().join("projects/mine");
    let said = refused(&[&[inside.to_str().unwrap()], &genre[..]].concat());
    assert!(
        said.contains("inside this workspace") && said.contains("../mine"),
        "{said}"
    );
    assert!(!inside.exists());
    let said = refused(&["app", "--from", "genre-clasifier"]);
    assert!(said.contains("did you mean genre-classifier?"), "{said}");
    assert!(refused(&["app", "--from", "xyz"]).contains("The projects are"));
    for (name, hint) in [
        ("My App", "my-app"),
        ("match", "my-match"),
        ("training", "uses (training)"),
    ] {
        let said = refused(&[&["app", "--name", name], &genre[..]].concat());
        assert!(said.contains(hint), "{name}: {said}");
    }
    let left: Vec<_> = fs::read_dir(place.path())
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(left, ["full"], "something was left behind");
    assert_eq!(fs::read_dir(&full).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_nothing_of_a_copy() {
    let place = tempfile::tempdir().unwrap();
    let programs = root().join("tests/programs");
    let output = Command::new(program("kindling"))
        .args(["new", "app", "--from", "genre-classifier"])
        .current_dir(place.path())
        .env("CARGO", env!("CARGO"))
        .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
        .output()
        .unwrap();
    assert!(text(&output).contains("nothing was made"), "{}", text(&output));
    assert_eq!(output.status.code(), Some(130));
    let left: Vec<_> = fs::read_dir(place.path()).unwrap().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[cfg(unix)]
#[test]
fn above_a_link_is_what_is_above_the_folder_that_it_leads_to() {
    let (place, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (link, folder) = (place.path().join("link"), other.path().join("folder"));
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(&folder, &link).unwrap();
    let output = new(place.path(), &["link/../app", "--from", "genre-classifier"]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(other.path().join("app/Cargo.toml").is_file());
}

#[test]
fn an_empty_folder_is_filled_and_a_name_may_differ_from_it() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("Sounds of Birds");
    fs::create_dir(&folder).unwrap();
    let output = new(
        &folder,
        &[".", "--from", "genre-classifier", "--name", "bird_songs"],
    );
    assert!(output.status.success(), "{}", text(&output));
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    assert!(
        manifest.starts_with("[package]\nname = \"bird_songs\""),
        "{manifest}"
    );
    let page = fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(
        page.starts_with("# Bird songs\n") && page.contains("## What to change first"),
        "{page}"
    );
    assert!(page.contains("cargo run -p bird_songs -- predict"), "{page}");
}
