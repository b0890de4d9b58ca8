//! What a copy may be called, and how it is called everywhere.

use std::collections::BTreeSet;

use anyhow::{Result, bail, ensure};

/// Names that the compiler, cargo or some system keeps for itself.
const TAKEN: &str = "abstract as async await become box break const continue crate do dyn else enum extern false final \
    fn for gen if impl in let loop macro match mod move mut override priv pub ref return self static struct super trait \
    true try type typeof unsafe unsized use virtual where while yield \
    alloc core proc_macro std test build deps examples incremental \
    aux con nul prn com1 com2 com3 com4 lpt1 lpt2 lpt3 lpt4 src shared tests data runs target";

/// A project's name and the one that replaces it.
pub struct Renamed {
    /// What it was called: `genre-classifier`.
    pub old: String,
    /// What it is called now: `my-app`.
    pub name: String,
}

impl Renamed {
    /// Errors where `name` cannot be the name of a crate among the packages in `needed`.
    pub fn new(old: &str, name: &str, needed: &BTreeSet<&str>) -> Result<Self> {
        let first = name.chars().next().unwrap_or('-');
        let fits = first.is_ascii_lowercase()
            && name.chars().all(|letter| {
                letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_".contains(letter)
            })
            && name.len() <= 64;
        if !fits {
            let near = suggestion(name);
            bail!(
                "{name:?} is no name for a crate: begin with a lower-case letter and go on with lower-case letters, digits \
                 and -, as in --name {near}"
            );
        }
        let identifier = name.replace('-', "_");
        ensure!(
            !TAKEN.split_whitespace().any(|taken| taken == identifier),
            "{name:?} is a name that Rust, cargo or an operating system keeps for itself: choose another with --name, such \
             as my-{name}"
        );
        let alike = needed
            .iter()
            .find(|package| **package != old && package.replace('-', "_") == identifier);
        if let Some(package) = alike {
            bail!(
                "{name:?} is the name of a crate that the project uses ({package}): choose another with --name, such as my-{name}"
            );
        }
        Ok(Renamed {
            old: old.into(),
            name: name.into(),
        })
    }

    /// The text with every whole occurrence of the old name replaced: as a crate, as an identifier, and as the title
    /// in quotation marks that heads the report.
    pub fn text(&self, text: &str) -> String {
        let text = whole_words(text, &self.old, &self.name);
        let text = whole_words(&text, &self.old.replace('-', "_"), &self.name.replace('-', "_"));
        let (old, new) = (title(&self.old), title(&self.name));
        ["\"", ":"].iter().fold(text, |text, end| {
            text.replace(&format!("\"{old}{end}"), &format!("\"{new}{end}"))
        })
    }

    /// What the copy's page and report are headed with: `My app`.
    pub fn title(&self) -> String {
        title(&self.name)
    }
}

/// `genre-classifier` → `Genre classifier`.
fn title(name: &str) -> String {
    let words = name.replace(['-', '_'], " ");
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Replaces `old` where it is no part of a longer name.
fn whole_words(text: &str, old: &str, new: &str) -> String {
    let belongs = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    let (mut result, mut rest) = (String::new(), text);
    let mut before = None;
    while let Some(at) = rest.find(old) {
        let (ahead, behind) = (&rest[..at], &rest[at + old.len()..]);
        let previous = ahead.chars().next_back().or(before);
        // A hyphen may end a sentence's dash, or begin a longer name.
        let mut next = behind.chars();
        let longer = match next.next() {
            Some('-') => next.next().is_some_and(char::is_alphanumeric),
            Some(letter) => belongs(letter),
            None => false,
        };
        let whole = !previous.is_some_and(belongs) && !longer;
        result += ahead;
        result += if whole { new } else { old };
        before = old.chars().next_back();
        rest = behind;
    }
    result + rest
}

/// The nearest name that would fit.
fn suggestion(name: &str) -> String {
    let letters = name.to_lowercase();
    let words: Vec<&str> = letters
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let name = words.join("-");
    let name = name.trim_start_matches(|letter: char| !letter.is_ascii_lowercase());
    let name: String = name.chars().take(64).collect();
    match name.is_empty() {
        true => "my-project".into(),
        false => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(name: &str) -> Result<Renamed> {
        Renamed::new(
            "genre-classifier",
            name,
            &BTreeSet::from(["genre-classifier", "nn", "candle-core"]),
        )
    }

    #[test]
    fn names_that_are_none_for_a_crate_are_refused_with_a_better_one() {
        for (name, hint) in [
            ("My App", "--name my-app"),
            ("1st", "--name st"),
            ("", "--name my-project"),
            ("жанры", "--name my-project"),
            ("a/b", "--name a-b"),
            ("-x", "--name x"),
            ("match", "my-match"),
            ("test", "my-test"),
            ("nn", "uses (nn)"),
            ("candle_core", "uses (candle-core)"),
        ] {
            let said = renamed(name)
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default();
            assert!(said.contains(hint), "{name:?}: {said}");
        }
        assert!(renamed("my-app").is_ok() && renamed("genre-classifier").is_ok());
    }

    #[test]
    fn whole_names_are_replaced_and_parts_of_longer_ones_are_not() {
        let renamed = renamed("my-app").unwrap();
        let text = "genre-classifier runs/genre-classifier/001 my-genre-classifier genre-classifier-2 genre_classifier.rs \
                    \"Genre classifier\" genre-classifier.";
        assert_eq!(
            renamed.text(text),
            "my-app runs/my-app/001 my-genre-classifier genre-classifier-2 my_app.rs \"My app\" my-app."
        );
        assert_eq!(renamed.title(), "My app");
    }
}
