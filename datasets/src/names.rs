//! "Did you mean …?", and names that are written the same.

use std::collections::BTreeSet;
use std::path::Path;

use unicode_normalization::UnicodeNormalization;

use crate::text::some;
use crate::walk::{Ignored, entries, name};
use crate::{DataError, cards};

/// The error for something that is neither a set's name nor a path, with what may have been meant.
pub(crate) fn unknown(what: &str) -> DataError {
    let sets: Vec<&str> = cards::all().iter().map(|card| card.name).collect();
    let path = Path::new(what);
    let parent = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => Path::new("."),
    };
    let hint = if parent.is_dir() {
        let folders = entries(parent, &mut Ignored::default())
            .map(|(folders, _)| folders)
            .unwrap_or_default();
        let folders: Vec<String> = folders.iter().map(|folder| name(folder)).collect();
        let mut near: Vec<String> = near(&name(path), folders.iter().map(String::as_str))
            .into_iter()
            .map(|folder| {
                if parent == Path::new(".") {
                    folder.into()
                } else {
                    parent.join(folder).display().to_string()
                }
            })
            .collect();
        near.extend(
            self::near(what, sets.iter().copied())
                .into_iter()
                .map(String::from),
        );
        match near.is_empty() {
            true => String::new(),
            false => format!("; did you mean {}?", near.join(" or ")),
        }
    } else {
        let missing = path
            .ancestors()
            .filter(|above| !above.as_os_str().is_empty() && !above.exists())
            .last();
        let missing = missing.unwrap_or(path).display().to_string();
        format!("; already {missing} does not exist")
    };
    DataError::Unknown {
        what: what.into(),
        hint,
        sets: sets.join(", "),
    }
}

/// A name with its accents composed ("é" as one sign, not as "e" and an accent). Some systems and archives take names
/// apart, so that the same class would be two, which nobody could tell apart by sight.
pub(crate) fn composed(name: &str) -> String {
    name.nfc().collect()
}

/// The names that differ from `what` by a slip of the keyboard, nearest first, three at most.
pub(crate) fn near<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let what = what.to_lowercase();
    let mut near: Vec<(usize, &str)> = names
        .map(|name| (distance(&what, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= 1 + name.len().min(what.len()) / 4)
        .collect();
    near.sort();
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Names to choose from, those near `what` first.
pub(crate) fn to_choose_from(what: &str, names: &BTreeSet<&str>) -> String {
    let near = near(what, names.iter().copied());
    let others = names.iter().filter(|name| !near.contains(name)).copied();
    some(near.iter().copied().chain(others).map(String::from), 12)
}

/// Levenshtein's distance: letters to insert, delete or replace.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for j in 0..b.len() {
            let replace = diagonal + usize::from(letter != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_near_and_other_words_are_not() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(near("gtzna", ["gtzan", "snips", "genres"].into_iter()), ["gtzan"]);
        assert_eq!(
            near("Fashion_mnist", ["fashion-mnist"].into_iter()),
            ["fashion-mnist"]
        );
        assert!(near("photos", ["gtzan"].into_iter()).is_empty());
    }
}
