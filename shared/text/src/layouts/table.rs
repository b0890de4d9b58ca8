//! A table with a column for the text and one for the label.

use std::path::Path;

use super::{Found, part, text};
use crate::{Message, Result, TextError};

const TEXT: [&str; 6] = ["text", "message", "utterance", "sentence", "query", "question"];
const LABEL: [&str; 5] = ["intent", "label", "category", "class", "target"];

pub(super) fn file(path: &Path) -> Result<Found> {
    let mut found = Found {
        layout: "table",
        ..Found::default()
    };
    found.train = read(path, &mut found.notes)?;
    Ok(found)
}

pub(super) fn folder(folder: &Path, extension: &str) -> Result<Found> {
    let mut found = Found {
        layout: "tables",
        ..Found::default()
    };
    for (name, messages) in [
        ("train", &mut found.train),
        ("valid", &mut found.valid),
        ("test", &mut found.test),
    ] {
        if let Some(path) = part(folder, name, extension) {
            *messages = read(&path, &mut found.notes)?;
        }
    }
    Ok(found)
}

fn read(path: &Path, notes: &mut Vec<String>) -> Result<Vec<Message>> {
    let text = text(path, notes)?;
    let tabs = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("tsv"));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(if tabs { b'\t' } else { b',' })
        .flexible(true)
        .from_reader(text.as_bytes());
    let line = |line, problem: String| TextError::Line {
        path: path.into(),
        line,
        problem,
    };
    let header = reader
        .headers()
        .map_err(|error| line(1, error.to_string()))?
        .clone();
    let column = |names: &[&str]| {
        let position = |name: &&str| {
            header
                .iter()
                .position(|column| column.trim().eq_ignore_ascii_case(name))
        };
        names.iter().find_map(position)
    };
    let (Some(message), Some(label)) = (column(&TEXT), column(&LABEL)) else {
        return Err(line(
            1,
            format!(
                "the columns are {}: one must be called text, and one intent (or label, or category)",
                header.iter().collect::<Vec<_>>().join(", ")
            ),
        ));
    };
    let mut messages = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let place = error.position().map_or(0, |place| place.line() as usize);
            line(place, error.to_string())
        })?;
        let place = record.position().map_or(0, |place| place.line() as usize);
        let (Some(text), Some(intent)) = (record.get(message), record.get(label)) else {
            let problem = format!(
                "has {} columns where the header has {}: is a quote missing?",
                record.len(),
                header.len()
            );
            return Err(line(place, problem));
        };
        messages.push(Message {
            text: text.to_string(),
            intent: Some(intent.trim().to_string()),
            ..Message::default()
        });
    }
    Ok(messages)
}
