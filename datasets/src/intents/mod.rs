//! Messages to a bank, or to whomever: made from one file of intents that a person has written.
//!
//! The file holds, for each intent, what people write for it, with places for details, and what is answered:
//!
//! ```text
//! [save_money] put money into savings
//! > Done: {amount} goes into your {target}.
//! > I can put money into your savings.
//! ? amount: How much shall I put aside?
//! put {amount} aside for me
//! =s1 move {amount} from my {source=current_account} to my {target=savings_account}
//!
//! [values amount]
//! £20
//! fifty pounds
//!
//! [out_of_scope near]
//! can I have a mortgage
//!
//! [phrases]
//! unknown: I am sorry, that is something I was never taught.
//! ```
//!
//! - `[name] title` begins an intent; the title completes the sentence "Do you want to …?".
//! - `> ` is an answer: the first one is given whose details are all known.
//! - `? detail: question` is asked where that detail is missing.
//! - `{amount}` is a detail called `amount`, with a value of the list `[values amount]`; `{source=current_account}` one called `source`,
//!   with a value of another list.
//! - `(please |can you |)` are alternatives, one of which is taken at random.
//! - `=s1 ` marks one half of a pair: two utterances of different intents that only the order of the words, or where a negation stands,
//!   tells apart. Both halves come into the same part of the data, and pairs are reported apart.
//! - `[phrases]` are what a program that answers says by itself.
//! - `# ` begins a line for the reader.
//!
//! An intent called `inform` is for messages that are nothing but a detail ("fifty pounds", "from my savings"): they belong to what was
//! asked before.
//!
//! The split is by wording *and* by value: no utterance, and no value of a list, of the test set occurs in training. What is tested is
//! how well other people's words are understood, not how well these are remembered.

mod expand;
mod file;

use std::fs;
use std::path::{Path, PathBuf};

pub use expand::{Line, Parts, Place, expand};
pub use file::{Intent, IntentFile, Piece, Utterance, pieces};

use crate::error::At;
use crate::{DataError, OnProgress, Recipe, Result, made_once};

/// Count up whenever [`write`] gives other bytes for the same file.
const VERSION: u32 = 1;

/// The file of intents within a made set.
pub const FILE: &str = "intents.txt";

/// The intents of a small bank's customers in English.
pub const ENGLISH: &str = include_str!("english.txt");

/// The same intents in Chinese.
pub const CHINESE: &str = include_str!("chinese.txt");

/// Makes the messages of a file of intents in the folder `data` (see [`data_dir`](crate::data_dir)): `NAME/train.jsonl`, `valid.jsonl`, `test.jsonl`, with a copy of the file. They are made
/// anew when the file has changed. Gives their folder, and notes on what was done.
///
/// # Errors
/// If the file cannot be read, or a line of it makes no sense: it is named.
pub fn open_file(path: &Path, data: &Path, on_progress: OnProgress<'_>) -> Result<(PathBuf, Vec<String>)> {
    let text = fs::read_to_string(path).map_err(|source| DataError::Unreadable {
        path: path.into(),
        source,
    })?;
    let file = IntentFile::parse(path, &text)?;
    let name = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    make(&name, data, &text, &file, on_progress)
}

pub(crate) fn make(
    name: &str,
    data: &Path,
    text: &str,
    file: &IntentFile,
    on_progress: OnProgress<'_>,
) -> Result<(PathBuf, Vec<String>)> {
    let recipe = Recipe {
        name,
        version: VERSION,
        options: format!("intents {}", crate::checksum::of_bytes(text.as_bytes())),
    };
    made_once(data, &recipe, on_progress, |folder| write(folder, text, file))
}

/// Writes the messages of a file of intents into a folder.
fn write(folder: &Path, text: &str, file: &IntentFile) -> Result<()> {
    let parts = expand(file, 1);
    for (name, lines) in [
        ("train", &parts.train),
        ("valid", &parts.valid),
        ("test", &parts.test),
    ] {
        let path = folder.join(format!("{name}.jsonl"));
        let lines: String = lines.iter().map(|line| format!("{}\n", line.json())).collect();
        fs::write(&path, lines).at("write", &path)?;
    }
    let path = folder.join(FILE);
    fs::write(&path, text).at("write", &path)
}
