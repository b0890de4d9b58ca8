//! What the crate offers, read from its own source, so that a new operation cannot be forgotten in the table.

use std::collections::BTreeSet;
use std::path::Path;

/// Public names without a case, each with the reason.
const NOT_DIFFERENTIATED: &[(&str, &str)] = &[
    ("begin_step", "sets where random numbers come from"),
    (
        "composed",
        "runs what it is given; every case runs through it",
    ),
    ("func", "wraps a closure of the caller"),
    ("func_t", "wraps a closure of the caller"),
    ("is_buffer", "reads a name"),
    ("random", "draws numbers"),
    (
        "seeded",
        "makes variables; the layers' cases run through it",
    ),
    ("seq", "chains layers of the caller"),
];

/// Fails if a public function, a public method that maps tensors to tensors, or a re-exported function of candle-nn
/// has neither a case nor a reason.
pub fn check(operations: &[&str]) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut offered = BTreeSet::new();
    let mut folders = vec![source];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                offered.extend(public_operations(&std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    // If the reading itself breaks, it finds too little and would pass anything.
    for known in ["linear", "random", "seq"] {
        assert!(
            offered.contains(known),
            "the source no longer shows `{known}`: mend this test"
        );
    }

    let excused: BTreeSet<&str> = NOT_DIFFERENTIATED.iter().map(|(name, _)| *name).collect();
    let covered: BTreeSet<&str> = operations.iter().copied().collect();
    let missing: Vec<_> = offered
        .iter()
        .filter(|name| !covered.contains(name.as_str()) && !excused.contains(name.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "no gradient case for {missing:?}: add one in tests/gradients, or give a reason in inventory.rs"
    );
    let unknown: Vec<_> = covered
        .union(&excused)
        .filter(|name| !offered.contains(**name))
        .collect();
    assert!(
        unknown.is_empty(),
        "cases or reasons for {unknown:?}, which the crate does not offer"
    );
}

/// The names of the operations in one source file as rustfmt lays it out: free functions as `name`, methods that
/// take and return tensors as `Type::name`. `forward` and `forward_t` are how a layer's constructor is used, so
/// they are covered by the case of the constructor.
fn public_operations(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut owner = None;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        assert!(
            !line.contains("pub fn $"),
            "a macro makes public functions, which this test cannot see: {line}"
        );
        if line.starts_with("impl") {
            owner = Some(implemented_type(line));
        } else if line == "}" {
            owner = None;
        } else if line.starts_with("pub use candle_nn::") {
            let list = join(line, &mut lines, ';');
            let names = list.split(|c: char| !c.is_alphanumeric() && c != '_');
            found.extend(
                names
                    .skip(3)
                    .filter(|name| name.starts_with(char::is_lowercase))
                    .map(String::from),
            );
        } else if let Some(rest) = line.trim_start().strip_prefix("pub fn ") {
            let signature = join(rest, &mut lines, '{');
            let name = signature.split(['(', '<']).next().unwrap().to_string();
            let (arguments, result) = signature.split_once("->").unwrap_or((&signature, ""));
            match &owner {
                None => _ = found.insert(name),
                Some(_) if name.starts_with("forward") && !name.contains("train") => {}
                Some(owner)
                    if arguments.contains("self")
                        && arguments.contains("Tensor")
                        && result.contains("Tensor") =>
                {
                    found.insert(format!("{owner}::{name}"));
                }
                Some(_) => {}
            }
        }
    }
    found
}

/// The text from `first` up to the line that contains `end`.
fn join<'a>(first: &str, lines: &mut impl Iterator<Item = &'a str>, end: char) -> String {
    let mut text = first.to_string();
    while !text.contains(end) {
        text.push(' ');
        text.push_str(lines.next().expect("an unfinished item").trim());
    }
    text
}

/// The type of an `impl` line: the word behind ` for `, or behind `impl` and its parameters.
fn implemented_type(line: &str) -> String {
    let subject = match line.split_once(" for ") {
        Some((_, subject)) => subject,
        None => line
            .trim_start_matches("impl")
            .split_once("> ")
            .map_or(&line[4..], |(_, rest)| rest),
    };
    let word = subject
        .trim()
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .next();
    word.unwrap().to_string()
}
