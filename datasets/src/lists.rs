//! Lists beside the files: split lists, a split table, an artist map; and finding the file that a line means.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::error::At;
use crate::names::composed;
use crate::split::Part;
use crate::text::some;
use crate::walk::{self, relative};
use crate::{DataError, Result};

/// Finds files by what lists call them: with more or fewer folders in front, another extension, or none
/// (the fault-filtered GTZAN lists say `.wav` where some copies of GTZAN hold `.au`).
pub(crate) struct Index {
    keys: HashMap<String, Vec<usize>>,
}

pub(crate) enum Found {
    One(usize),
    Nothing,
    Several,
}

impl Index {
    pub fn new(root: &Path, files: &[PathBuf]) -> Self {
        let mut keys: HashMap<String, Vec<usize>> = HashMap::new();
        for (number, file) in files.iter().enumerate() {
            let path = composed(&relative(root, file));
            for tail in tails(&path) {
                keys.entry(tail.into()).or_default().push(number);
                keys.entry(without_extension(tail).into())
                    .or_default()
                    .push(number);
            }
        }
        Self { keys }
    }

    pub fn find(&self, line: &str) -> Found {
        let line = composed(&line.trim().replace('\\', "/"));
        let line = line.trim_start_matches("./").trim_start_matches('/');
        // A line that names a folder is never matched by its file name alone: `rock/1.wav` is not `blues/1.wav`.
        let shortest = usize::from(line.contains('/'));
        for tail in tails(line).filter(|tail| tail.matches('/').count() >= shortest) {
            for key in [tail, without_extension(tail)] {
                match self.keys.get(key).map(Vec::as_slice) {
                    Some([one]) => return Found::One(*one),
                    Some(_) => return Found::Several,
                    None => {}
                }
            }
        }
        Found::Nothing
    }
}

/// `a/b/c`, `b/c`, `c`.
fn tails(path: &str) -> impl Iterator<Item = &str> {
    let starts = path.match_indices('/').map(|(at, _)| at + 1);
    std::iter::once(0).chain(starts).map(|start| &path[start..])
}

fn without_extension(path: &str) -> &str {
    match path.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && !extension.contains('/') => stem,
        _ => path,
    }
}

/// What a list says: (its file, line number, the file meant, the value).
struct Line {
    number: usize,
    file: String,
    value: String,
}

/// A part for each file, `None` for files that no list names and that are to be left out; and notes.
pub(crate) type Split = (Vec<Option<Part>>, Vec<String>);

/// Reads a split: a folder of lists (`train*.txt`, `val*.txt`, `test*.txt`, a file a line) or a table with the
/// columns `file` and `split`.
/// Where no list is for training, all files that no list names are for training (the Speech Commands convention).
pub(crate) fn split(path: &Path, index: &Index, files: usize) -> Result<Split> {
    let mut lists: Vec<(PathBuf, Vec<Line>)> = Vec::new();
    if path.is_dir() {
        let (_, found) = walk::entries(path, &mut walk::Ignored::default())?;
        for list in found {
            let name = walk::name(&list);
            if !matches!(walk::extension(&list).as_str(), "txt" | "csv" | "lst") {
                continue;
            }
            if part_named(&name).is_some() {
                lists.push((list.clone(), list_of(&list)?));
            }
        }
        if lists.is_empty() {
            return fail(path, 0, "no split lists here; expected files such as train.txt, valid.txt and test.txt with a file name a line".into());
        }
    } else if !path.exists() {
        return fail(path, 0, "there is no such folder of lists (train.txt, valid.txt, test.txt) and no such table (file,split)".into());
    } else {
        lists.push((path.into(), table(path, "split")?));
    }
    let (parts, mut notes) = apply(&lists, index, files)?;
    let left_out = parts.iter().filter(|part| part.is_none()).count();
    if left_out > 0 {
        let note = format!(
            "{left_out} files are in no list of {} and are left out",
            path.display()
        );
        notes.insert(0, note);
    }
    Ok((parts, notes))
}

/// The split that Speech Commands brings along: `testing_list.txt` and `validation_list.txt` in the folder itself,
/// if there is one of them.
pub(crate) fn brought(root: &Path, index: &Index, files: usize) -> Result<Option<Split>> {
    let mut lists = Vec::new();
    for name in ["testing_list.txt", "validation_list.txt"] {
        let list = root.join(name);
        if list.is_file() {
            lists.push((list.clone(), list_of(&list)?));
        }
    }
    if lists.is_empty() {
        return Ok(None);
    }
    let (parts, mut notes) = apply(&lists, index, files)?;
    let names = lists.iter().map(|(list, _)| walk::name(list));
    notes.insert(0, format!("split by the lists in the folder: {}", some(names, 2)));
    Ok(Some((parts, notes)))
}

/// The lines of a list of files, which is for the part that its name says.
fn list_of(list: &Path) -> Result<Vec<Line>> {
    let text = read(list)?;
    let lines = text.lines().enumerate().map(|(number, line)| Line {
        number: number + 1,
        file: line.split('\t').next().unwrap_or_default().trim().into(),
        value: walk::name(list),
    });
    Ok(lines.filter(|line| !line.file.is_empty()).collect())
}

fn apply(lists: &[(PathBuf, Vec<Line>)], index: &Index, files: usize) -> Result<Split> {
    let mut parts: Vec<Option<Part>> = vec![None; files];
    let (mut notes, mut any_train) = (Vec::new(), false);
    for (list, lines) in lists {
        let mut missing = Vec::new();
        for line in lines {
            let Some(part) = part_named(&line.value) else {
                let problem = format!("{:?} is not a part; write train, valid or test", line.value);
                return fail(list, line.number, problem);
            };
            any_train |= part == Part::Train;
            match index.find(&line.file) {
                Found::One(file) if parts[file].is_some_and(|before| before != part) => {
                    let problem = format!(
                        "{} is already in another part; a file may be in one part only",
                        line.file
                    );
                    return fail(list, line.number, problem);
                }
                Found::One(file) => parts[file] = Some(part),
                Found::Nothing => missing.push(line.file.clone()),
                Found::Several => return ambiguous(list, line),
            }
        }
        if !lines.is_empty() && missing.len() == lines.len() {
            let problem = format!(
                "none of its {} files is in the data folder (the first is {}): is it the list of another set?",
                lines.len(),
                missing[0]
            );
            return fail(list, 0, problem);
        }
        if !missing.is_empty() {
            let names = some(missing.iter().cloned(), 10);
            notes.push(format!(
                "{} names {} files that are missing: {names}",
                list.display(),
                missing.len()
            ));
        }
    }
    if !any_train {
        for part in &mut parts {
            part.get_or_insert(Part::Train);
        }
        notes.push("no list for training: all files that no list names are for training".into());
    }
    Ok((parts, notes))
}

/// Reads an artist map, a table with the columns `file` and `artist`: an artist for each file that it names.
pub(crate) fn artists(
    path: &Path,
    index: &Index,
    files: usize,
) -> Result<(Vec<Option<String>>, Vec<String>)> {
    let mut artists = vec![None; files];
    let mut missing = Vec::new();
    for line in table(path, "artist")? {
        match index.find(&line.file) {
            Found::One(file) => artists[file] = Some(line.value),
            Found::Nothing => missing.push(line.file),
            Found::Several => return ambiguous(path, &line),
        }
    }
    let mut notes = Vec::new();
    if !missing.is_empty() {
        let names = some(missing.iter().cloned(), 10);
        notes.push(format!(
            "{} names {} files that are missing: {names}",
            path.display(),
            missing.len()
        ));
    }
    let unnamed = artists.iter().filter(|artist| artist.is_none()).count();
    if unnamed == files {
        return fail(
            path,
            0,
            "names none of the files in the data folder: is it the map of another set?".into(),
        );
    }
    if unnamed > 0 {
        notes.push(format!(
            "{} names no artist for {unnamed} files: each counts as an artist of its own",
            path.display()
        ));
    }
    Ok((artists, notes))
}

/// `train_filtered.txt`, `Validation`, `val`, `testing_list.txt` → the part.
pub(crate) fn part_named(name: &str) -> Option<Part> {
    let name = name.trim().to_lowercase();
    let parts = [
        ("train", Part::Train),
        ("val", Part::Valid),
        ("dev", Part::Valid),
        ("test", Part::Test),
    ];
    parts
        .iter()
        .find(|(start, _)| name.starts_with(start))
        .map(|(_, part)| *part)
}

/// The lines of a table with the columns `file` and `value_column`.
fn table(path: &Path, value_column: &str) -> Result<Vec<Line>> {
    let text = read(path)?;
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let header = lines.next().map(|(_, line)| cells(line)).transpose();
    let Ok(Some(header)) = header else {
        return fail(
            path,
            1,
            format!("no header; the first line must be file,{value_column}"),
        );
    };
    let column = |names: &[&str]| {
        header
            .iter()
            .position(|cell| names.contains(&cell.trim().to_lowercase().as_str()))
    };
    let (file, value) = (column(&["file", "filename", "path"]), column(&[value_column]));
    let (Some(file), Some(value)) = (file, value) else {
        return fail(
            path,
            1,
            format!(
                "the columns are {}; needed are file,{value_column}",
                header.join(",")
            ),
        );
    };
    let mut rows = Vec::new();
    for (number, line) in lines {
        let cells = cells(line).or_else(|problem| fail(path, number + 1, problem))?;
        let (Some(file), Some(value)) = (cells.get(file), cells.get(value)) else {
            return fail(
                path,
                number + 1,
                format!("{} columns where the header has {}", cells.len(), header.len()),
            );
        };
        rows.push(Line {
            number: number + 1,
            file: file.trim().into(),
            value: value.trim().into(),
        });
    }
    Ok(rows)
}

/// The cells of a line of comma-separated values; `"` encloses a cell with commas, `""` inside it is one `"`.
fn cells(line: &str) -> std::result::Result<Vec<String>, String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => cell.extend(letters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            letter => cell.push(letter),
        }
    }
    cells.push(cell);
    if quoted {
        Err("a \" is opened but not closed".into())
    } else {
        Ok(cells)
    }
}

fn read(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).at("read", path)?;
    // Spreadsheets put a byte-order mark in front.
    Ok(String::from_utf8_lossy(&bytes)
        .trim_start_matches('\u{feff}')
        .to_string())
}

fn ambiguous<T>(list: &Path, line: &Line) -> Result<T> {
    let problem = format!(
        "{} could be more than one file; write its folders and extension too",
        line.file
    );
    fail(list, line.number, problem)
}

fn fail<T>(path: &Path, line: usize, problem: String) -> Result<T> {
    Err(DataError::List {
        path: path.into(),
        line,
        problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_with_quotes_and_commas() {
        assert_eq!(
            cells(r#"a.wav,"Simon, ""Paul"" and Art""#).unwrap(),
            ["a.wav", "Simon, \"Paul\" and Art"]
        );
        assert_eq!(cells("a,,c").unwrap(), ["a", "", "c"]);
        assert!(cells("a,\"b").is_err());
    }

    #[test]
    fn an_index_finds_what_a_line_means_and_nothing_else() {
        let files = [
            "r/blues/blues.00001.au",
            "r/rock/x.wav",
            "r/jazz/x.wav",
            "r/jazz/y.mp3",
        ]
        .map(PathBuf::from);
        let index = Index::new(Path::new("r"), &files);
        let one = |line: &str| match index.find(line) {
            Found::One(number) => Some(number),
            _ => None,
        };
        for line in [
            "blues/blues.00001.wav",
            "blues.00001.au",
            "blues/blues.00001",
            "genres/blues/blues.00001.wav",
            r".\blues\blues.00001.au",
        ] {
            assert_eq!(one(line), Some(0), "{line}");
        }
        assert_eq!(one("jazz/x.wav"), Some(2));
        assert!(matches!(index.find("x.wav"), Found::Several));
        assert!(
            matches!(index.find("rock/y.mp3"), Found::Nothing),
            "never by name alone across folders"
        );
    }
}
