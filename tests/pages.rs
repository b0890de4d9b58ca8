//! READMEs are true: the table of projects is the one that their manifests describe, every command they show
//! exists, and the test command is the one that CI runs.

use std::collections::BTreeSet;

use crate::program::{Place, packages, projects, root};

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The commands in a page's code blocks, comments and continuation lines taken care of.
fn commands(page: &str) -> Vec<String> {
    let mut inside = false;
    let mut commands: Vec<String> = Vec::new();
    let mut continued = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
            continue;
        }
        let line = line.split(" #").next().unwrap_or("").trim();
        if !inside || line.is_empty() {
            continue;
        }
        let (part, goes_on) = line
            .strip_suffix('\\')
            .map_or((line, false), |part| (part.trim(), true));
        match commands.last_mut().filter(|_| continued) {
            Some(last) => *last += &format!(" {part}"),
            None => commands.push(part.to_string()),
        }
        continued = goes_on;
    }
    commands
}

#[test]
fn the_table_of_projects_is_the_one_that_the_manifests_describe() {
    let mut table = String::from("| you like | project | what it does | reaches |\n|---|---|---|---|\n");
    for package in packages() {
        let about = &package["metadata"]["kindling"];
        if about.is_null() {
            continue;
        }
        let (name, words) = (package["name"].as_str().unwrap(), |key: &str| {
            about[key].as_str().unwrap_or_else(|| panic!("{key}")).to_string()
        });
        table += &format!(
            "| {} | [`{name}`](projects/{name}) | {} | {} |\n",
            words("you-like"),
            package["description"].as_str().unwrap(),
            words("reaches")
        );
    }
    let (begin, end) = ("<!-- projects -->\n", "<!-- end of projects -->");
    let readme = read("README.md");
    let start = readme.find(begin).expect("no table of projects") + begin.len();
    let stop = readme.find(end).expect("no end of the table");
    if readme[start..stop] != table && std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(
            root().join("README.md"),
            format!("{}{table}{}", &readme[..start], &readme[stop..]),
        )
        .unwrap();
        return;
    }
    assert_eq!(
        &readme[start..stop],
        table,
        "run the tests with UPDATE_README=1 to write the table anew"
    );
    for project in projects() {
        assert!(
            table.contains(&format!("`{project}`")),
            "{project} has no [package.metadata.kindling] in its Cargo.toml"
        );
    }
}

#[test]
fn the_test_command_is_the_one_that_ci_runs() {
    let last = read(".ci/run").lines().last().unwrap().to_string();
    assert!(
        commands(&read("README.md")).contains(&last),
        "the README does not say {last:?}"
    );
}

#[test]
fn every_readme_of_a_project_has_its_sections_in_order() {
    const SECTIONS: [&str; 7] = [
        "Run",
        "What you will see",
        "Results",
        "How it works",
        "Use your own data",
        "Take it further",
        "The mathematics behind it",
    ];
    for project in projects() {
        let page = read(&format!("projects/{project}/README.md"));
        let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, SECTIONS, "{project}");
    }
}

#[test]
fn every_command_in_a_readme_exists() {
    let known: BTreeSet<String> = projects().into_iter().collect();
    let mut pages = vec!["README.md".to_string()];
    pages.extend(
        known
            .iter()
            .map(|project| format!("projects/{project}/README.md")),
    );
    let place = Place::new();
    for page in pages {
        for command in commands(&read(&page)) {
            let Some(rest) = command.strip_prefix("cargo run -p ") else {
                continue;
            };
            let (cargo_words, words) = rest.split_once(" -- ").unwrap_or((rest, ""));
            let project = cargo_words.split_whitespace().next().unwrap();
            if project.chars().all(char::is_uppercase) {
                continue; // a placeholder: NAME
            }
            assert!(known.contains(project), "{page}: `{command}` names no project");
            let words: Vec<&str> = words.split_whitespace().collect();
            let subcommand: Vec<&str> = words
                .first()
                .filter(|word| word.chars().all(|letter| letter.is_ascii_lowercase()))
                .into_iter()
                .copied()
                .collect();
            let help = place.succeed(project, &[&subcommand[..], &["--help"]].concat());
            for flag in words.iter().filter(|word| word.starts_with("--")) {
                let flag = flag.split('=').next().unwrap();
                assert!(help.contains(flag), "{page}: `{command}`: there is no {flag}");
            }
        }
    }
}
