//! A folder for each intent, with its messages as pieces of text that are or are not an entity (Coucke et al. 2018).

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::{Found, join, not_json, text};
use crate::error::At;
use crate::{Message, Result};

#[derive(Deserialize)]
struct Query {
    data: Vec<Piece>,
}

#[derive(Deserialize)]
struct Piece {
    text: String,
    entity: Option<String>,
}

/// The messages of a folder of this layout, or nothing.
pub(super) fn folder(folder: &Path) -> Result<Option<Found>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).at(folder)? {
        let entry = entry.at(folder)?;
        if entry.path().is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    let mut found = Found {
        layout: "SNIPS",
        ..Found::default()
    };
    for name in &names {
        let file = |start: &str, end: &str| folder.join(name).join(format!("{start}_{name}{end}.json"));
        // Most of the messages are in the file that is called full; the other is a part of it.
        let train = [file("train", "_full"), file("train", "")]
            .into_iter()
            .find(|path| path.is_file());
        let Some(train) = train else {
            continue;
        };
        found.train.extend(read(&train, name, &mut found.notes)?);
        let test = file("validate", "");
        if test.is_file() {
            found.test.extend(read(&test, name, &mut found.notes)?);
        }
    }
    Ok((!found.train.is_empty()).then_some(found))
}

fn read(path: &Path, intent: &str, notes: &mut Vec<String>) -> Result<Vec<Message>> {
    let text = text(path, notes)?;
    let queries: Result<HashMap<String, Vec<Query>>> =
        serde_json::from_str(&text).map_err(|error| not_json(path, error.line(), &error));
    let message = |query: Query| {
        let (text, slots) = join(query.data.into_iter().map(|piece| (piece.text, piece.entity)));
        Message {
            text,
            slots,
            intent: Some(intent.to_string()),
            slice: None,
        }
    };
    Ok(queries?.into_values().flatten().map(message).collect())
}
