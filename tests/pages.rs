//! Pages are true: tables are what manifests and result files say, every command parses, every link leads somewhere,
//! every quoted line of code stands where it is said to stand.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

use kindling::{house::House, results::listed, table::table};

use crate::workspace::{program, projects, root};

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whether pages are to be written anew where they differ.
fn update() -> bool {
    std::env::var_os("UPDATE_README").is_some()
}

/// All pages, by their path below the root.
fn pages() -> Vec<String> {
    let mut pages: Vec<String> = ["README.md", "WEEKEND.md", "MATHEMATICS.md", "datasets/README.md"]
        .map(String::from)
        .into();
    pages.extend(
        projects()
            .iter()
            .map(|project| format!("projects/{project}/README.md")),
    );
    pages
}

/// The commands in a page's code blocks, comments and continuation lines taken care of.
pub fn commands(page: &str) -> Vec<String> {
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

/// The words of a command, as a shell would cut it; `"` encloses one with spaces.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for letter in command.chars() {
        match letter {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty())),
            letter => word.push(letter),
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

#[test]
fn the_table_of_projects_is_what_manifests_and_results_say() {
    let table = table(&House::at(root()).unwrap()).unwrap();
    let (begin, end) = ("<!-- projects -->\n", "<!-- end of projects -->");
    let readme = read("README.md");
    let start = readme.find(begin).expect("no table of projects") + begin.len();
    let stop = readme.find(end).expect("no end of the table");
    if readme[start..stop] != table && update() {
        let page = format!("{}{table}{}", &readme[..start], &readme[stop..]);
        std::fs::write(root().join("README.md"), page).unwrap();
        return;
    }
    assert_eq!(
        &readme[start..stop],
        table,
        "run the tests with UPDATE_README=1 to write the table anew"
    );
}

#[test]
fn the_numbers_on_a_projects_page_are_those_of_its_runs() {
    for project in House::at(root()).unwrap().projects {
        let page = read(&format!("projects/{}/README.md", project.name));
        for reached in [Some(&project.about.made), project.about.real.as_ref()]
            .into_iter()
            .flatten()
        {
            let numbers = reached.numbers(&project.folder).unwrap();
            for numbers in [&numbers.scores, &numbers.beside] {
                let numbers = listed(numbers);
                assert!(
                    page.contains(&numbers),
                    "{}: results/{}-*.json say {numbers}, its README.md does not",
                    project.name,
                    reached.results
                );
            }
        }
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
    const SECTIONS: [&str; 8] = [
        "Run",
        "What you will see",
        "Results",
        "How it works",
        "Use your own data",
        "Make it yours",
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
fn every_command_on_a_page_parses() {
    let known: BTreeSet<String> = projects().into_iter().collect();
    let folder = tempfile::tempdir().unwrap();
    let mut parsed = 0;
    for page in pages() {
        for command in commands(&read(&page)) {
            let Some(rest) = command.strip_prefix("cargo run") else {
                continue;
            };
            let (of_cargo, of_program) = rest.split_once(" -- ").unwrap_or((rest, ""));
            let of_cargo = words(of_cargo);
            let mut of_program = words(of_program);
            let package = of_cargo.iter().position(|word| word == "-p");
            let mut package = package.map_or("kindling", |at| of_cargo[at + 1].as_str());
            if package.chars().all(char::is_uppercase) || of_cargo.contains(&"--example".into()) {
                continue; // A placeholder: NAME. And examples have flags of their own, or none.
            }
            if package == "kindling" && of_program.first().is_some_and(|word| word == "data") {
                package = "datasets";
                of_program.remove(0);
            }
            assert!(
                known.contains(package) || ["kindling", "datasets"].contains(&package),
                "{page}: `{command}`: there is no {package}"
            );
            // Everything before it is parsed first: an unknown command or flag, or a value of the wrong kind, fails.
            let output = Command::new(program(package))
                .args(&of_program)
                .arg("--help")
                .current_dir(folder.path())
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{page}: `{command}`: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            parsed += 1;
        }
    }
    assert!(parsed > 100, "only {parsed} commands were found");
}

/// The targets of the links and pictures in a page, with their line numbers.
fn links(page: &str) -> Vec<(usize, String)> {
    let (mut links, mut inside) = (Vec::new(), false);
    for (number, line) in page.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        }
        // What stands between backticks is code.
        let text: String = line.split('`').step_by(2).collect::<Vec<_>>().join(" ");
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        if !inside {
            links.extend(targets.map(|target| (number + 1, target.to_string())));
        }
    }
    links
}

/// Links of `page`, a file, that lead nowhere.
pub fn dead_links(page: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(page).unwrap();
    let folder = page.parent().unwrap();
    let mut dead = Vec::new();
    for (number, link) in links(&text) {
        if link.starts_with("http://") || link.starts_with("https://") {
            continue;
        }
        let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
        let target: PathBuf = match path.is_empty() {
            true => page.into(),
            false => folder.join(path),
        };
        let there = target.exists()
            && (anchor.is_empty() || {
                let text = std::fs::read_to_string(&target).unwrap_or_default();
                match anchor
                    .strip_prefix('L')
                    .and_then(|line| line.parse::<usize>().ok())
                {
                    Some(line) => line <= text.lines().count(),
                    None => text.lines().any(|line| heading(line).as_deref() == Some(anchor)),
                }
            });
        if !there {
            dead.push(format!("{}:{number}: {link} leads nowhere", page.display()));
        }
    }
    dead
}

/// `## What you will see` → `what-you-will-see`.
fn heading(line: &str) -> Option<String> {
    let text = line
        .strip_prefix('#')?
        .trim_start_matches('#')
        .trim()
        .to_lowercase();
    let kept = text
        .chars()
        .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    Some(kept.collect::<String>().replace(' ', "-"))
}

#[test]
fn every_link_leads_somewhere() {
    let dead: Vec<String> = pages()
        .iter()
        .flat_map(|page| dead_links(&root().join(page)))
        .collect();
    assert!(dead.is_empty(), "{dead:#?}");
}

/// Files that a page names in backticks are there: by their path from the root (`shared/nn/src/lib.rs`) or, on a
/// project's page, from the project's folder or its `src` (`model.rs`).
#[test]
fn every_file_that_a_page_names_is_there() {
    let mut missing = Vec::new();
    for page in pages() {
        let folder = root().join(&page);
        let folder = folder.parent().unwrap();
        let of_a_project = page.starts_with("projects/");
        for (number, line) in read(&page).lines().enumerate() {
            for name in line.split('`').skip(1).step_by(2) {
                let is_file = name.ends_with(".rs") && !name.contains([' ', '*', '…', ':']);
                let first = name.split('/').next().unwrap_or_default();
                let from_root = name.contains('/') && root().join(first).is_dir() && first != "src";
                let bases = [root().to_path_buf(), folder.into(), folder.join("src")];
                let there = bases.iter().any(|base| base.join(name).exists());
                if is_file && (of_a_project || from_root) && !there {
                    missing.push(format!("{page}:{}: {name}", number + 1));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// `MATHEMATICS.md` quotes a line of code for each idea: "> `LINE` · [FILE, line N](FILE#LN) · …". When lines move,
/// UPDATE_README=1 counts anew; a line that is gone must be replaced by hand.
#[test]
fn every_idea_is_computed_where_the_mathematics_says() {
    let page = read("MATHEMATICS.md");
    let (mut renewed, mut count) = (String::new(), 0);
    for line in page.lines() {
        let Some(quote) = line.strip_prefix("> `") else {
            renewed += &format!("{line}\n");
            continue;
        };
        let (code, rest) = quote.split_once("` · [").unwrap_or_else(|| panic!("{line}"));
        let (path, rest) = rest.split_once(", line ").unwrap_or_else(|| panic!("{line}"));
        let (said, rest) = rest.split_once(']').unwrap_or_else(|| panic!("{line}"));
        let (_, book) = rest.split_once(") · ").unwrap_or_else(|| panic!("{line}"));
        let said: usize = said.parse().unwrap();
        let text = read(path);
        let found: Vec<usize> = (1..)
            .zip(text.lines())
            .filter(|(_, line)| line.trim() == code)
            .map(|(number, _)| number)
            .collect();
        let nearest = found.iter().min_by_key(|number| number.abs_diff(said));
        let at = nearest
            .unwrap_or_else(|| panic!("no line of {path} is `{code}`: quote the one that computes it now"));
        renewed += &format!("> `{code}` · [{path}, line {at}]({path}#L{at}) · {book}\n");
        count += 1;
    }
    assert!(count > 40, "only {count} quotes were found");
    if renewed != page && update() {
        std::fs::write(root().join("MATHEMATICS.md"), renewed).unwrap();
        return;
    }
    assert_eq!(
        page, renewed,
        "lines have moved: run the tests with UPDATE_README=1"
    );
}
