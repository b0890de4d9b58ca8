//! A JSON object a line.

use std::path::Path;

use serde::Deserialize;

use super::{Found, not_json, part, text};
use crate::{Message, Result, Slot, TextError};

#[derive(Deserialize)]
struct Line {
    text: String,
    #[serde(alias = "label", alias = "category")]
    intent: Option<String>,
    #[serde(default, alias = "entities")]
    slots: Vec<Span>,
    slice: Option<String>,
}

/// A slot; places are counted in characters, as Python and JavaScript programs write them.
#[derive(Deserialize)]
struct Span {
    #[serde(alias = "slot", alias = "entity", alias = "label")]
    name: String,
    start: usize,
    end: usize,
}

pub(super) fn file(path: &Path) -> Result<Found> {
    let mut found = Found {
        layout: "lines of JSON",
        ..Found::default()
    };
    found.train = read(path, &mut found.notes)?;
    Ok(found)
}

pub(super) fn folder(folder: &Path) -> Result<Found> {
    let mut found = Found {
        layout: "lines of JSON",
        ..Found::default()
    };
    for (name, messages) in [
        ("train", &mut found.train),
        ("valid", &mut found.valid),
        ("test", &mut found.test),
    ] {
        if let Some(path) = part(folder, name, "jsonl") {
            *messages = read(&path, &mut found.notes)?;
        }
    }
    Ok(found)
}

fn read(path: &Path, notes: &mut Vec<String>) -> Result<Vec<Message>> {
    let text = text(path, notes)?;
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let message = |(number, line): (usize, &str)| -> Result<Message> {
        let line_number = number + 1;
        let line: Line = serde_json::from_str(line).map_err(|error| not_json(path, line_number, &error))?;
        let mut message = Message {
            text: line.text,
            intent: line.intent,
            slots: Vec::new(),
            slice: line.slice,
        };
        for span in line.slots {
            message
                .slots
                .push(slot(&message.text, span).map_err(|problem| TextError::Line {
                    path: path.into(),
                    line: line_number,
                    problem,
                })?);
        }
        Ok(message)
    };
    lines.map(message).collect()
}

fn slot(text: &str, span: Span) -> std::result::Result<Slot, String> {
    let byte = |character: usize| {
        let mut places = text.char_indices().map(|(place, _)| place).chain([text.len()]);
        places.nth(character)
    };
    match (byte(span.start), byte(span.end)) {
        (Some(start), Some(end)) if start < end => Ok(Slot {
            name: span.name,
            start,
            end,
        }),
        _ => Err(format!(
            "the slot {} is said to be from character {} to {} of a text of {} characters: give start < end, counted from 0",
            span.name,
            span.start,
            span.end,
            text.chars().count()
        )),
    }
}
