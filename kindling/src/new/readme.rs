//! The page of a copy: what to change first, then the project's own page.

use anyhow::{Context, Result};

use super::name::Renamed;

/// The section of a project's page that heads the page of a copy.
const MINE: &str = "Make it yours";

/// The copy's `README.md`, from the project's with its name replaced already.
///
/// Its title is the new name; "Make it yours" comes first and is called "What to change first", without the part on
/// copying (between two comments); the results are said to be those of the project that it came from.
pub fn of_the_copy(page: &str, renamed: &Renamed) -> Result<String> {
    let (head, sections) = split(page);
    let what = head.split_once('\n').map_or("", |(_, rest)| rest).trim();
    let mine = sections.iter().find(|(heading, _)| heading == MINE);
    let (_, mine) = mine.with_context(|| format!("the project's README.md has no section {MINE:?}"))?;
    let (name, old) = (&renamed.name, &renamed.old);
    let mut copy = format!(
        "# {}\n\n{what}\n\nA copy of `{old}`, one of the starter projects of Kindling. All that it stands on came along: \
         `shared/` and `datasets/`\nare yours to change too. `cargo run -p datasets -- list` lists the data sets that it knows \
         by name.\n\n## What to change first\n\n1. This page, and `description` in `Cargo.toml`: what is it for?\n\
         2. `cargo run -p {name} -- --quick`, after every change: does it run at all?\n\
         3. The data, then the network. One thing at a time, and look at the report after each:\n\n{}\n",
        renamed.title(),
        without_copying(mine).trim(),
    );
    for (heading, text) in sections.iter().filter(|(heading, _)| heading != MINE) {
        copy += &format!("\n## {heading}\n\n");
        if heading == "Results" {
            copy += &format!(
                "These are the numbers of `{old}` as it came. When you have changed something, yours belong here.\n\n"
            );
        }
        copy += &format!("{}\n", text.trim());
    }
    Ok(copy)
}

/// What stands before the first section, and the sections by heading.
fn split(page: &str) -> (String, Vec<(String, String)>) {
    let (mut head, mut sections) = (String::new(), Vec::<(String, String)>::new());
    for line in page.lines() {
        match (line.strip_prefix("## "), sections.last_mut()) {
            (Some(heading), _) => sections.push((heading.to_string(), String::new())),
            (None, Some((_, text))) => *text += &format!("{line}\n"),
            (None, None) => head += &format!("{line}\n"),
        }
    }
    (head, sections)
}

/// Without what stands between `<!-- copy -->` and `<!-- end of copy -->`.
fn without_copying(text: &str) -> String {
    let parts = text.split_once("<!-- copy -->").and_then(|(before, rest)| {
        let (_, after) = rest.split_once("<!-- end of copy -->")?;
        Some(format!("{}{}", before, after.trim_start()))
    });
    parts.unwrap_or_else(|| text.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_page_of_a_copy_begins_with_what_to_change_first() {
        let page = "# Genre classifier\n\nHears music.\n\n## Run\n\ncargo run -p my-app\n\n## Results\n\n0.9\n\n## Make it yours\n\n\
                    <!-- copy -->\nnew, from\n<!-- end of copy -->\n\n**Your classes.** Folders.\n";
        let renamed = Renamed::new("genre-classifier", "my-app", &BTreeSet::new()).unwrap();
        let copy = of_the_copy(page, &renamed).unwrap();
        let headings: Vec<&str> = copy.lines().filter(|line| line.starts_with('#')).collect();
        assert_eq!(
            headings,
            ["# My app", "## What to change first", "## Run", "## Results"]
        );
        assert!(
            copy.contains("Hears music.") && copy.contains("**Your classes.** Folders."),
            "{copy}"
        );
        assert!(
            copy.contains("the numbers of `genre-classifier` as it came") && !copy.contains("new, from"),
            "{copy}"
        );
        assert!(of_the_copy("# X\n\n## Run\n", &renamed).is_err());
    }
}
