//! Pages are true: tables are what manifests and result files say, every command parses, every link leads somewhere,
//! every quoted line of code stands where it is said to stand.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use kindling::{
    house::House,
    results::{by_seed, duration, listed, quickest, sets},
    table::table,
};

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

/// Each set of runs in `results` has a row in a table of the project's page, with its numbers and the time of its quickest
/// run; the baseline that the manifest names stands in this row or in the next.
#[test]
fn the_rows_on_a_projects_page_are_those_of_its_runs() {
    let mut wrong = Vec::new();
    for project in House::at(root()).unwrap().projects {
        let page = read(&format!("projects/{}/README.md", project.name));
        let rows: Vec<String> = page
            .lines()
            .filter(|line| line.starts_with('|'))
            .map(as_a_program_writes)
            .collect();
        for (set, files) in sets(&project.folder).unwrap() {
            let about = [Some(&project.about.made), project.about.real.as_ref()];
            let about = about.into_iter().flatten().find(|about| about.results == set);
            // Of a set that the manifest does not name, whichever of its numbers the page gives.
            let scores = match about {
                Some(about) => vec![about.score.clone()],
                None => metrics(&files[0]),
            };
            let scores: Vec<String> = scores
                .iter()
                .map(|score| listed(&by_seed(&files, "metrics", score).unwrap()))
                .collect();
            let time = duration(quickest(&files).unwrap());
            let is_its_row = |row: &&String| {
                let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
                let timed = cells
                    .last()
                    .is_some_and(|last| last.split(',').next() == Some(&time));
                timed && cells.iter().any(|cell| scores.iter().any(|score| cell == score))
            };
            let Some(at) = rows.iter().position(|row| is_its_row(&row)) else {
                wrong.push(format!(
                    "{}: results/{set}-*.json have no row that ends with {time} and has one of {scores:?}",
                    project.name
                ));
                continue;
            };
            let beside = about.map(|about| listed(&by_seed(&files, "baselines", &about.beside).unwrap()));
            let stands = |beside: &String| {
                let mut near = rows[at..].iter().take(2);
                near.any(|row| row.contains(&format!("| {beside} ")))
            };
            if beside.as_ref().is_some_and(|beside| !stands(beside)) {
                wrong.push(format!(
                    "{}: {beside:?} does not stand beside {set}",
                    project.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The names of the metrics in a result file.
fn metrics(file: &Path) -> Vec<String> {
    let result = kindling::results::read(file).unwrap();
    let metrics = result["metrics"].as_object().unwrap();
    metrics.keys().cloned().collect()
}

/// `−1,022` → `-1022`; lists, whose commas are followed by spaces, stay.
fn as_a_program_writes(row: &str) -> String {
    let letters: Vec<char> = row.replace('−', "-").chars().collect();
    let between_digits = |at: usize| {
        let is_digit = |at: usize| letters.get(at).is_some_and(char::is_ascii_digit);
        letters[at] == ',' && at > 0 && is_digit(at - 1) && is_digit(at + 1)
    };
    (0..letters.len())
        .filter(|at| !between_digits(*at))
        .map(|at| letters[at])
        .collect()
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
    let folder = tempfile::tempdir().unwrap();
    let mut parsed = 0;
    let on_pages = pages().into_iter().map(|page| (commands(&read(&page)), page));
    let in_manifests = House::at(root()).unwrap().projects.into_iter().map(|project| {
        let about = [Some(&project.about.made), project.about.real.as_ref()];
        let commands = about.into_iter().flatten().map(|about| about.command.clone());
        (commands.collect(), format!("the manifest of {}", project.name))
    });
    for (commands, page) in on_pages.chain(in_manifests) {
        for command in commands {
            parsed += usize::from(parses(&page, &command, folder.path()));
        }
    }
    assert!(parsed > 100, "only {parsed} commands were found");
}

/// Whether the command is one that runs a crate of this workspace; fails where that would not understand it.
fn parses(page: &str, command: &str, folder: &Path) -> bool {
    let Some(rest) = command.strip_prefix("cargo run") else {
        return false;
    };
    let (of_cargo, of_program) = rest.split_once(" -- ").unwrap_or((rest, ""));
    let of_cargo = words(of_cargo);
    let mut of_program = words(of_program);
    let package = of_cargo.iter().position(|word| word == "-p");
    let mut package = package.map_or("kindling", |at| of_cargo[at + 1].as_str());
    if package.chars().all(char::is_uppercase) || of_cargo.contains(&"--example".into()) {
        return false; // A placeholder: NAME. And examples have flags of their own, or none.
    }
    let known = projects();
    let is_project = |name: &str| known.iter().any(|project| project == name);
    if let Some(from) = after(&of_program, "--from") {
        assert!(is_project(from), "{page}: `{command}`: there is no {from}");
    }
    if package == "kindling" && of_program.first().is_some_and(|word| word == "data") {
        package = "datasets";
        of_program.remove(0);
        let named = ["card", "make", "fetch", "verify", "where", "remove"];
        if let Some(set) = named.iter().find_map(|word| after(&of_program, word)) {
            let output = Command::new(program("datasets"))
                .args(["card", set])
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{page}: `{command}`: there is no set {set}"
            );
        }
    }
    assert!(
        is_project(package) || ["kindling", "datasets"].contains(&package),
        "{page}: `{command}`: there is no {package}"
    );
    // Everything before it is parsed first: an unknown command or flag, or a value of the wrong kind, fails.
    let output = Command::new(program(package))
        .args(&of_program)
        .arg("--help")
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{page}: `{command}`: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    true
}

/// The name that follows `word`, unless it is a placeholder.
fn after<'a>(words: &'a [String], word: &str) -> Option<&'a str> {
    let at = words.iter().position(|other| other == word)?;
    let name = words.get(at + 1)?.as_str();
    let placeholder = name.chars().all(char::is_uppercase) || name.starts_with('-');
    (!placeholder).then_some(name)
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
                let mut bases = vec![root().to_path_buf(), folder.into(), folder.join("src")];
                if !of_a_project && !from_root {
                    // A page for all projects: any that has it.
                    let folders = projects()
                        .into_iter()
                        .map(|project| root().join("projects").join(project));
                    bases.extend(folders.flat_map(|folder| [folder.join("src"), folder]));
                }
                let there = bases.iter().any(|base| base.join(name).exists());
                if is_file && !there {
                    missing.push(format!("{page}:{}: {name}", number + 1));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// What "Make it yours" says to change is in the file that it names.
#[test]
fn every_line_to_change_is_there() {
    let mut missing = Vec::new();
    for project in projects() {
        let folder = root().join("projects").join(&project);
        let page = read(&format!("projects/{project}/README.md"));
        let (_, table) = page.split_once("**The lines to change.**").expect(&project);
        let rows = table.lines().skip_while(|line| !line.starts_with("| `"));
        let rows: Vec<&str> = rows.take_while(|line| line.starts_with('|')).collect();
        assert!((3..=10).contains(&rows.len()), "{project}: {} lines", rows.len());
        for row in rows {
            let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
            let file = cells[1].trim().trim_matches('`');
            let text = [folder.join("src").join(file), root().join(file)]
                .iter()
                .find_map(|path| std::fs::read_to_string(path).ok())
                .unwrap_or_else(|| panic!("{project}: there is no {file}"));
            for code in cells[0].split('`').skip(1).step_by(2) {
                // `EPOCHS = 6` is a constant whose type is left out; `Ppo::of` a function of a type, where its own name stands.
                let name = code.rsplit("::").next().unwrap_or(code);
                let shown = if code.contains(' ') { code } else { name };
                let here = text.contains(shown.trim_end_matches("(…)"))
                    || shown.split_once(" = ").is_some_and(|(name, value)| {
                        let constant = format!("const {name}: ");
                        let mut lines = text.lines().filter(|line| line.contains(&constant));
                        lines.any(|line| line.contains(&format!(" = {value}")))
                    });
                if !here {
                    missing.push(format!("{project}: `{code}` is not in {file}"));
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
