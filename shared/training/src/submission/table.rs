//! A table of ids and values in comma-separated form.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::SubmissionError;

#[derive(Clone, Debug)]
pub(super) struct Table {
    pub path: PathBuf,
    /// All columns, the ids' first.
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug)]
pub(super) struct Row {
    pub line: u64,
    pub id: String,
    /// The cells after the id, without spaces around them.
    pub values: Vec<String>,
}

impl Table {
    pub fn read(path: &Path) -> Result<Self, SubmissionError> {
        let bytes = std::fs::read(path).map_err(|source| SubmissionError::Unreadable {
            path: path.into(),
            source,
        })?;
        let mut table = Table {
            path: path.into(),
            columns: Vec::new(),
            rows: Vec::new(),
        };
        // Spreadsheets put a byte-order mark in front.
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
        let mut reader = csv::Reader::from_reader(bytes);
        let header = reader.headers().map_err(|error| table.damaged(&error))?;
        table.columns = header.iter().map(String::from).collect();
        if table.columns.len() < 2 {
            let problem = format!(
                "its header is {:?}; needed are a column of ids and at least one of values, parted by commas",
                table.columns.join(",")
            );
            return Err(table.bad(1, problem));
        }
        for record in reader.records() {
            let record = record.map_err(|error| table.damaged(&error))?;
            let mut cells = record.iter();
            table.rows.push(Row {
                line: record.position().map_or(0, csv::Position::line),
                id: cells.next().unwrap_or_default().into(),
                values: cells.map(|cell| cell.trim().into()).collect(),
            });
        }
        if table.rows.is_empty() {
            return Err(table.bad(0, "has no row below its header; is it whole?".into()));
        }
        let mut seen = HashMap::new();
        for row in &table.rows {
            if row.id.trim().is_empty() {
                return Err(table.bad(row.line, "has no id".into()));
            }
            if let Some(before) = seen.insert(row.id.as_str(), row.line) {
                let problem = format!(
                    "the id {:?} is on line {before} already; each may be there once",
                    row.id
                );
                return Err(table.bad(row.line, problem));
            }
        }
        Ok(table)
    }

    /// The names of the columns after the ids.
    pub fn value_columns(&self) -> &[String] {
        &self.columns[1..]
    }

    /// The first value of each row.
    pub fn first_values(&self) -> impl Iterator<Item = &str> + Clone {
        self.rows.iter().map(|row| row.values[0].as_str())
    }

    pub fn bad(&self, line: u64, problem: String) -> SubmissionError {
        let path = self.path.clone();
        SubmissionError::Table { path, line, problem }
    }

    fn damaged(&self, error: &csv::Error) -> SubmissionError {
        let line = error.position().map_or(0, csv::Position::line);
        let problem = match error.kind() {
            csv::ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => {
                format!(
                    "{len} cells where the header has {expected_len}; a cell with a comma in it must be in quotes"
                )
            }
            csv::ErrorKind::Utf8 { .. } => "is not text in UTF-8; save the table as CSV UTF-8".into(),
            _ => error.to_string(),
        };
        self.bad(line, problem)
    }
}

/// Class names that differ by case, or by space, hyphen and underscore, are one.
pub(super) fn folded(name: &str) -> String {
    let letters = name.trim().chars().flat_map(char::to_lowercase);
    letters
        .map(|letter| if matches!(letter, ' ' | '-') { '_' } else { letter })
        .collect()
}

/// The class of a name: exactly so, else the only one that is written much the same.
pub(super) fn class_named(name: &str, classes: &[String]) -> Option<usize> {
    if let Some(exact) = classes.iter().position(|class| class == name) {
        return Some(exact);
    }
    let mut near = (0..classes.len()).filter(|&class| folded(&classes[class]) == folded(name));
    near.next().filter(|_| near.next().is_none())
}

/// A number as competitions write it.
pub(super) fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Whether a cell is the number of a class: digits alone, where "0.5" and "0.0" are probabilities.
pub(super) fn is_whole(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
