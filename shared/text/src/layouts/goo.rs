//! Three files a part, of which each line is a message: its words, their tags, its intent (Goo et al. 2018).

use std::path::Path;

use super::{Found, join, text};
use crate::{Message, Result, TextError};

pub(super) fn folder(folder: &Path) -> Result<Found> {
    let mut found = Found {
        layout: "seq.in, seq.out, label",
        ..Found::default()
    };
    found.train = part(&folder.join("train"), &mut found.notes)?;
    for name in ["valid", "dev"] {
        if folder.join(name).join("seq.in").is_file() {
            found.valid = part(&folder.join(name), &mut found.notes)?;
        }
    }
    if folder.join("test").join("seq.in").is_file() {
        found.test = part(&folder.join("test"), &mut found.notes)?;
    }
    Ok(found)
}

fn part(folder: &Path, notes: &mut Vec<String>) -> Result<Vec<Message>> {
    let read = |name: &str, notes: &mut Vec<String>| text(&folder.join(name), notes);
    let (words, tags, labels) = (
        read("seq.in", notes)?,
        read("seq.out", notes)?,
        read("label", notes)?,
    );
    let counts = [&words, &tags, &labels].map(|text| text.lines().count());
    if counts[0] != counts[1] || counts[0] != counts[2] {
        return Err(TextError::Layout {
            path: folder.into(),
            problem: format!(
                "seq.in has {} lines, seq.out {}, label {}: they must be equal",
                counts[0], counts[1], counts[2]
            ),
        });
    }
    let lines = words.lines().zip(tags.lines()).zip(labels.lines()).enumerate();
    let message = |(number, ((words, tags), label)): (usize, ((&str, &str), &str))| {
        let (words, tags): (Vec<&str>, Vec<&str>) = (
            words.split_whitespace().collect(),
            tags.split_whitespace().collect(),
        );
        if words.len() != tags.len() {
            return Err(TextError::Line {
                path: folder.join("seq.out"),
                line: number + 1,
                problem: format!("{} tags for {} words", tags.len(), words.len()),
            });
        }
        let mut pieces: Vec<(String, Option<String>)> = Vec::new();
        for (word, tag) in words.iter().zip(&tags) {
            let name = tag
                .strip_prefix("B-")
                .or(tag.strip_prefix("I-"))
                .map(String::from);
            match pieces.last_mut() {
                Some((text, before)) if tag.starts_with("I-") && *before == name => {
                    *text += " ";
                    *text += word;
                }
                _ => {
                    if !pieces.is_empty() {
                        pieces.push((" ".into(), None));
                    }
                    pieces.push((word.to_string(), name));
                }
            }
        }
        let (text, slots) = join(pieces);
        Ok(Message {
            text,
            slots,
            // Some ATIS messages have two intents, as `flight#airfare`: the pair is one of its own.
            intent: Some(label.trim().to_string()),
            slice: None,
        })
    };
    lines.map(message).collect()
}
