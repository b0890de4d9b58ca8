//! Labelled messages as the field's standard sets lay them out, and as people keep their own.
//!
//! | layout | looks like |
//! |---|---|
//! | lines (JSONL) | `train.jsonl`, `test.jsonl` (`valid.jsonl`), or one file: `{"text": …, "intent": …, "slots": [{"name": …, "start": …, "end": …}]}` |
//! | table (CSV) | `train.csv`, `test.csv` (`valid.csv`), or one file, with a column for the text and one for the label, as Banking77 |
//! | Goo et al. 2018 | `train/seq.in`, `seq.out`, `label`, and `valid` (or `dev`) and `test` likewise: ATIS, SNIPS |
//! | CLINC150 | `data_full.json`: `train`, `val`, `test`, `oos_train`, `oos_val`, `oos_test` |
//! | SNIPS 2017 | `INTENT/train_INTENT_full.json` and `validate_INTENT.json`, which is the test |
//!
//! Where there is no validation part, a tenth of the training messages of each intent is taken; where there is no test part either,
//! a fifth for it. Messages that say the same stay in the same part.

mod clinc;
mod goo;
mod lines;
mod snips;
mod table;

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use rand::seq::SliceRandom;

use crate::error::At;
use crate::{Message, Result, Slot, TextError, words};

/// Labels by which data say that a message is out of scope.
const OUT_OF_SCOPE: [&str; 4] = ["", "oos", "out_of_scope", "out-of-scope"];

/// Labelled messages in three parts.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    /// To fit to.
    pub train: Vec<Message>,
    /// To choose on.
    pub valid: Vec<Message>,
    /// To measure on, once.
    pub test: Vec<Message>,
    /// The intents of the training messages, sorted.
    pub intents: Vec<String>,
    /// What is worth knowing about these data: what was left out and why, which layout they have.
    pub notes: Vec<String>,
}

/// What a layout's reader found.
#[derive(Default)]
struct Found {
    layout: &'static str,
    train: Vec<Message>,
    valid: Vec<Message>,
    test: Vec<Message>,
    notes: Vec<String>,
}

/// Reads the messages of a folder or a file in one of the [layouts](self); `seed` decides what is taken for validation where nothing
/// is given.
///
/// Messages without a word are left out; of slots that overlap, the later one; training messages that are also in validation or test,
/// word for word, stay (they are counted in a note). Messages of validation and test whose intent does not occur in training are out of scope:
/// to what has learned from it, they are. Everything that was left out or changed is in [`Corpus::notes`].
///
/// # Errors
/// If nothing can be read, a line contradicts its layout (with its number), or fewer than two intents have messages.
pub fn open(path: impl AsRef<Path>, seed: u64) -> Result<Corpus> {
    let path = path.as_ref();
    let found = read(path)?;
    let problem = |problem: String| TextError::Layout {
        path: path.into(),
        problem,
    };
    let mut corpus = Corpus {
        notes: found.notes,
        ..Corpus::default()
    };
    let mut mended = Mended::default();
    let mut train = mended.messages(found.train);
    let mut valid = mended.messages(found.valid);
    let mut test = mended.messages(found.test);
    let (no_valid, no_test) = (valid.is_empty(), test.is_empty());
    if no_test {
        test = take(&mut train, 0.2, "test", seed);
    }
    if no_valid {
        valid = take(&mut train, 0.1, "validation", seed);
    }
    let mut counts = BTreeMap::<&str, usize>::new();
    for intent in train.iter().filter_map(|message| message.intent.as_deref()) {
        *counts.entry(intent).or_default() += 1;
    }
    if counts.len() < 2 {
        return Err(problem(format!(
            "found {} training messages of {} intents: a classifier needs at least two intents with some messages each",
            train.len(),
            counts.len()
        )));
    }
    corpus.intents = counts.keys().map(|intent| intent.to_string()).collect();
    let slots = train.iter().any(|message| !message.slots.is_empty());
    corpus.notes.insert(
        0,
        format!(
            "layout {}: {} training + {} validation + {} test messages of {} intents, {} slots",
            found.layout,
            train.len(),
            valid.len(),
            test.len(),
            counts.len(),
            if slots { "with" } else { "without" },
        ),
    );
    let mut note = |words: String| corpus.notes.push(words);
    match (no_valid, no_test) {
        (true, true) => note(
            "validation and test were drawn from all messages, intent by intent: a tenth and a fifth".into(),
        ),
        (true, false) => {
            note("validation was drawn from the training messages, intent by intent: a tenth".into())
        }
        (false, true) => note("test was drawn from the training messages, intent by intent: a fifth".into()),
        (false, false) => {}
    }
    let rare: Vec<&str> = counts
        .iter()
        .filter(|(_, count)| **count == 1)
        .map(|(intent, _)| *intent)
        .collect();
    if !rare.is_empty() {
        note(format!(
            "only one training message: {}. Write more of them",
            some(&rare)
        ));
    }
    let outside = |messages: &[Message]| messages.iter().filter(|message| message.intent.is_none()).count();
    if [&train, &valid, &test]
        .iter()
        .any(|messages| outside(messages) > 0)
    {
        note(format!(
            "out of scope are {} training, {} validation and {} test messages",
            outside(&train),
            outside(&valid),
            outside(&test)
        ));
    }
    let known: HashSet<String> = counts.keys().map(|intent| intent.to_string()).collect();
    for (part, messages) in [("validation", &mut valid), ("test", &mut test)] {
        let mut unknown = BTreeMap::<String, usize>::new();
        for message in messages.iter_mut() {
            if let Some(intent) = message.intent.take_if(|intent| !known.contains(intent)) {
                *unknown.entry(intent).or_default() += 1;
                message.slots.clear();
            }
        }
        if !unknown.is_empty() {
            let names: Vec<&str> = unknown.keys().map(String::as_str).collect();
            note(format!(
                "{} {part} messages have an intent that no training message has ({}): they count as out of scope",
                unknown.values().sum::<usize>(),
                some(&names)
            ));
        }
    }
    let texts: HashSet<String> = train.iter().map(|message| spoken(&message.text)).collect();
    for (part, messages) in [("validation", &valid), ("test", &test)] {
        let twice = messages
            .iter()
            .filter(|message| texts.contains(&spoken(&message.text)))
            .count();
        if twice > 0 {
            note(format!(
                "{twice} {part} messages are also in training, word for word"
            ));
        }
    }
    corpus.notes.extend(mended.notes());
    (corpus.train, corpus.valid, corpus.test) = (train, valid, test);
    Ok(corpus)
}

fn read(path: &Path) -> Result<Found> {
    let kind = fs::metadata(path).at(path)?;
    if kind.is_file() {
        let extension = path
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        return match extension.as_str() {
            "jsonl" | "ndjson" => lines::file(path),
            "csv" | "tsv" => table::file(path),
            "json" => clinc::file(path),
            _ => Err(TextError::Layout {
                path: path.into(),
                problem: "a file of messages ends in .jsonl (a JSON object a line), .csv, .tsv (with a column text and a column \
                          intent) or .json (as CLINC150)"
                    .into(),
            }),
        };
    }
    if path.join("train").join("seq.in").is_file() {
        return goo::folder(path);
    }
    for name in [
        "data_full.json",
        "data_small.json",
        "data_imbalanced.json",
        "data_oos_plus.json",
    ] {
        if path.join(name).is_file() {
            return clinc::file(&path.join(name));
        }
    }
    if part(path, "train", "jsonl").is_some() {
        return lines::folder(path);
    }
    for extension in ["csv", "tsv"] {
        if part(path, "train", extension).is_some() {
            return table::folder(path, extension);
        }
    }
    if let Some(found) = snips::folder(path)? {
        return Ok(found);
    }
    Err(TextError::Layout {
        path: path.into(),
        problem: "holds no messages in a layout that is known: train.jsonl, train.csv, train/seq.in (with seq.out and label), \
                  data_full.json as CLINC150, or INTENT/train_INTENT.json as SNIPS"
            .into(),
    })
}

/// The file of one part, where there is one: validation is called valid, validation, val or dev.
fn part(folder: &Path, part: &str, extension: &str) -> Option<PathBuf> {
    let names: &[&str] = match part {
        "valid" => &["valid", "validation", "val", "dev"],
        part => &[part],
    };
    let paths = names
        .iter()
        .map(|name| folder.join(format!("{name}.{extension}")));
    paths.into_iter().find(|path| path.is_file())
}

/// Takes a share of the messages of each intent, at least one of those that have three; messages that say the same together.
fn take(messages: &mut Vec<Message>, share: f64, name: &str, seed: u64) -> Vec<Message> {
    let mut groups = BTreeMap::<Option<String>, Vec<String>>::new();
    let mut seen = HashSet::new();
    for message in messages.iter() {
        let text = spoken(&message.text);
        if seen.insert(text.clone()) {
            groups.entry(message.intent.clone()).or_default().push(text);
        }
    }
    let mut taken = HashSet::new();
    for (intent, mut texts) in groups {
        let place = format!("{name}/{}", intent.unwrap_or_default());
        texts.shuffle(&mut nn::random(seed, &place));
        let count = (texts.len() as f64 * share).round() as usize;
        let count = if texts.len() >= 3 { count.max(1) } else { 0 };
        taken.extend(texts.into_iter().take(count));
    }
    let all = std::mem::take(messages);
    let (out, kept) = all
        .into_iter()
        .partition(|message| taken.contains(&spoken(&message.text)));
    *messages = kept;
    out
}

/// What a message says, whatever its capitals and spaces.
fn spoken(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

/// A few of many names.
fn some(names: &[&str]) -> String {
    let shown = names.iter().take(5).copied().collect::<Vec<_>>().join(", ");
    match names.len() {
        0..=5 => shown,
        more => format!("{shown} and {} more", more - 5),
    }
}

/// What had to be changed in messages.
#[derive(Default)]
struct Mended {
    empty: usize,
    overlapping: usize,
    example: Option<String>,
}

impl Mended {
    fn messages(&mut self, messages: Vec<Message>) -> Vec<Message> {
        let mended = messages.into_iter().filter_map(|mut message| {
            if words(&message.text, 1).is_empty() {
                self.empty += 1;
                return None;
            }
            message.intent = message
                .intent
                .filter(|intent| !OUT_OF_SCOPE.contains(&intent.as_str()));
            message.slots.sort_by_key(|slot| (slot.start, slot.end));
            let mut end = 0;
            message.slots.retain(|slot| {
                let fits = slot.start >= end;
                match fits {
                    true => end = slot.end,
                    false => {
                        self.overlapping += 1;
                        self.example
                            .get_or_insert_with(|| format!("{} in “{}”", slot.name, message.text));
                    }
                }
                fits
            });
            Some(message)
        });
        mended.collect()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.empty > 0 {
            notes.push(format!("{} messages without a word were left out", self.empty));
        }
        if let Some(example) = &self.example {
            notes.push(format!(
                "{} slots overlap another and were left out: {example}, say. A word can be in one slot only",
                self.overlapping
            ));
        }
        notes
    }
}

/// Slots from pieces of text, each with the slot that it belongs to.
fn join(pieces: impl IntoIterator<Item = (String, Option<String>)>) -> (String, Vec<Slot>) {
    let (mut text, mut slots) = (String::new(), Vec::new());
    for (piece, name) in pieces {
        let start = text.len();
        text.push_str(&piece);
        let (before, inside) = (piece.len() - piece.trim_start().len(), piece.trim().len());
        if let (Some(name), true) = (name, inside > 0) {
            slots.push(Slot {
                name,
                start: start + before,
                end: start + before + inside,
            });
        }
    }
    (text, slots)
}

/// A file as text. Bytes that are not UTF-8 become the replacement character and a note.
fn text(path: &Path, notes: &mut Vec<String>) -> Result<String> {
    let bytes = fs::read(path).at(path)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    match String::from_utf8_lossy(bytes) {
        std::borrow::Cow::Borrowed(text) => Ok(text.to_string()),
        std::borrow::Cow::Owned(text) => {
            notes.push(format!(
                "{} is not all UTF-8: what is not was replaced by �",
                path.display()
            ));
            Ok(text)
        }
    }
}

/// Where JSON stops being JSON, as an error with its line.
fn not_json(path: &Path, line: usize, error: &serde_json::Error) -> TextError {
    TextError::Line {
        path: path.into(),
        line,
        problem: format!("this is not the JSON of a message ({error}). Mend or remove the line"),
    }
}
