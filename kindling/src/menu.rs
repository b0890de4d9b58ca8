//! Asks what you like, shows what there is, and what to do with it.

use std::{io::IsTerminal, path::PathBuf};

use anyhow::{Context, Result};
use console::{Term, style, truncate_str};
use dialoguer::{Input, Select, theme::ColorfulTheme};

use crate::{
    house::{House, Interest, Project},
    leave, list, new,
};

/// What somebody wants.
pub enum Choice {
    /// To run this project.
    Run(String),
    /// To copy one.
    New(new::Arguments),
}

/// Whether there is somebody to ask.
pub fn in_a_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks with arrow keys. Gives nothing where nothing is wanted.
pub fn choose(house: &House) -> Result<Option<Choice>> {
    eprintln!(
        "\n{}  small fires to start with\n{}\n",
        style("Kindling").bold(),
        style("arrow keys and Enter choose, Esc goes back").dim()
    );
    loop {
        let Some(interest) = interest(house)? else {
            return Ok(None);
        };
        let projects: Vec<&Project> = house
            .projects
            .iter()
            .filter(|project| interest.is_none_or(|interest| project.about.you_like == interest))
            .collect();
        let lines: Vec<String> = projects
            .iter()
            .map(|project| format!("{:20} {}", project.name, project.description))
            .collect();
        while let Some(chosen) = ask("Which one?", &lines)? {
            let project = projects[chosen];
            eprintln!("{}", wrapped(&list::details(project)?, width()));
            let actions = [
                format!("run it: cargo run -p {}", project.name),
                "copy it, to make it mine".to_string(),
                "look at others".to_string(),
                "leave".to_string(),
            ];
            match ask("And now?", &actions)? {
                Some(0) => return Ok(Some(Choice::Run(project.name.clone()))),
                Some(1) => return Ok(Some(Choice::New(copy_of(house, project)?))),
                Some(2) => break,
                Some(_) => return Ok(None),
                None => {}
            }
        }
    }
}

/// The columns of the terminal.
fn width() -> usize {
    usize::from(Term::stderr().size().1).max(40)
}

/// The lines of a list of words and what they mean, broken at spaces where they are longer than `width`; what follows
/// begins below the first word's meaning.
fn wrapped(text: &str, width: usize) -> String {
    let mut result = String::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        // "    teaches  rewards, …": the meaning begins behind the two spaces.
        let meaning = line.trim_start().find("  ").map_or(indent, |at| {
            let behind = &line[indent + at..];
            indent + at + behind.len() - behind.trim_start().len()
        });
        let mut column = 0;
        for (number, word) in line[indent..].split(' ').enumerate() {
            let letters = word.chars().count();
            if number == 0 {
                result += &" ".repeat(indent);
                column = indent;
            } else if column + 1 + letters > width && column > meaning {
                result += &format!("\n{}", " ".repeat(meaning));
                column = meaning;
            } else {
                result.push(' ');
                column += 1;
            }
            result += word;
            column += letters;
        }
        result.push('\n');
    }
    result
}

/// What somebody likes: one interest or, inside, all of them; none for "leave".
fn interest(house: &House) -> Result<Option<Option<Interest>>> {
    let known = |interest: &Interest| {
        let mut projects = house.projects.iter();
        projects.any(|project| project.about.you_like == *interest)
    };
    let interests: Vec<Interest> = Interest::ALL.into_iter().filter(known).collect();
    let mut lines: Vec<String> = interests.iter().map(Interest::to_string).collect();
    lines.push("all of these".into());
    lines.push("leave".into());
    Ok(match ask("What do you like?", &lines)? {
        Some(line) if line < interests.len() => Some(Some(interests[line])),
        Some(line) if line == interests.len() => Some(None),
        _ => None,
    })
}

/// Where to copy a project to; asked again until it can be copied there.
fn copy_of(house: &House, project: &Project) -> Result<new::Arguments> {
    let theme = ColorfulTheme::default();
    let copy = |path: &String| new::Arguments {
        path: at_home(path),
        from: project.name.clone(),
        name: None,
    };
    let path = Input::with_theme(&theme)
        .with_prompt("Folder for your project, named like it")
        .default(format!("../my-{}", project.name))
        .validate_with(|path: &String| new::check(house, &copy(path)).map_err(|error| format!("{error:#}")))
        .interact_text();
    Ok(copy(&heard(path)?))
}

/// `~/songs` as a shell would understand it.
fn at_home(path: &str) -> PathBuf {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"));
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => path.into(),
    }
}

/// The line chosen with arrow keys and Enter; none for Escape or q.
fn ask(question: &str, lines: &[String]) -> Result<Option<usize>> {
    let theme = ColorfulTheme::default();
    // A line that the terminal breaks would be left standing when the menu is drawn anew.
    let fits = width() - 3;
    let lines: Vec<_> = lines.iter().map(|line| truncate_str(line, fits, "…")).collect();
    let select = Select::with_theme(&theme)
        .with_prompt(question)
        .report(false)
        .items(&lines)
        .default(0);
    heard(select.interact_opt())
}

/// What was answered. Ctrl-C comes as a signal and, sooner or later than that, as an error.
fn heard<T>(answer: dialoguer::Result<T>) -> Result<T> {
    match answer {
        Err(dialoguer::Error::IO(error)) if error.kind() == std::io::ErrorKind::Interrupted => leave::now(),
        answer => answer.context("cannot read from the terminal"),
    }
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn long_lines_go_on_below_what_they_mean() {
        let text = "  name\n    teaches  one, two, three and four\n             more\n";
        assert_eq!(
            wrapped(text, 24),
            "  name\n    teaches  one, two,\n             three and\n             four\n             more\n"
        );
        assert_eq!(wrapped(text, 80), text);
    }
}
