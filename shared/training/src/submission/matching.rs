//! Which file a row's id means: `1`, `1.jpg` and `test/1.jpg` may all be the same picture.

use std::collections::HashMap;

use super::error::few;
use super::{Sample, SubmissionError};

/// Which file each row means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedFiles {
    /// For each row of the sample, the place of its file in the list that was given; `None` where no file is its own.
    pub rows: Vec<Option<usize>>,
    /// The places of files that no row means.
    pub extra: Vec<usize>,
}

impl MatchedFiles {
    /// The rows that have a file, as (id, place of the file).
    pub fn pairs<'a>(&'a self, sample: &'a Sample) -> impl Iterator<Item = (&'a str, usize)> {
        sample
            .ids()
            .zip(&self.rows)
            .filter_map(|(id, file)| Some((id, (*file)?)))
    }
}

impl Sample {
    /// Finds the file that each row means. `files` are paths with `/` between their parts, as deep as one likes.
    ///
    /// An id is a file's path, or the end of it, with or without its extension; the nearest of these counts, so that
    /// `1.jpg` is `test/1.jpg` and not `1.jpg.png`. Letters and zeros count: `007` is not `7`.
    ///
    /// # Errors
    /// [`SubmissionError::Ambiguous`] where an id could be two files, or a file is meant by two ids.
    pub fn match_files(&self, files: &[impl AsRef<str>]) -> Result<MatchedFiles, SubmissionError> {
        let mut whole: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut bare: HashMap<&str, Vec<usize>> = HashMap::new();
        for (place, file) in files.iter().enumerate() {
            for tail in tails(file.as_ref()) {
                whole.entry(tail).or_default().push(place);
                bare.entry(without_extension(tail)).or_default().push(place);
            }
        }
        let mut rows = Vec::with_capacity(self.ids().len());
        let mut taken: HashMap<usize, &str> = HashMap::new();
        for id in self.ids() {
            let key = id.trim().trim_start_matches("./");
            // Where the id has more folders than the files have, all of a file's path must be the end of the id.
            let longer = || {
                tails(key).skip(1).find_map(|tail| {
                    let places = [&whole, &bare].into_iter().find_map(|map| map.get(tail))?;
                    let entire = |place: &usize| {
                        let file = files[*place].as_ref();
                        file == tail || without_extension(file) == tail
                    };
                    let places: Vec<usize> = places.iter().copied().filter(entire).collect();
                    (!places.is_empty()).then_some(places)
                })
            };
            let found = whole.get(key).or_else(|| bare.get(key)).cloned().or_else(longer);
            let found = found.unwrap_or_default();
            // A path that is the id itself comes before paths that only end so.
            let itself = found.iter().copied().find(|&place| files[place].as_ref() == key);
            let place = match (itself, found.as_slice()) {
                (Some(place), _) => Some(place),
                (None, []) => None,
                (None, [only]) => Some(*only),
                (None, several) => {
                    return Err(SubmissionError::Ambiguous {
                        what: format!("the id {id:?}"),
                        candidates: few(several.iter().map(|&place| files[place].as_ref())),
                    });
                }
            };
            if let Some(place) = place
                && let Some(other) = taken.insert(place, id)
            {
                return Err(SubmissionError::Ambiguous {
                    what: format!("the file {:?}", files[place].as_ref()),
                    candidates: format!("the ids {other:?} and {id:?}"),
                });
            }
            rows.push(place);
        }
        let extra = (0..files.len())
            .filter(|place| !taken.contains_key(place))
            .collect();
        Ok(MatchedFiles { rows, extra })
    }
}

/// `a/b/c`, `b/c`, `c`.
fn tails(path: &str) -> impl Iterator<Item = &str> {
    let starts = path.match_indices('/').map(|(at, _)| at + 1);
    std::iter::once(0).chain(starts).map(|start| &path[start..])
}

fn without_extension(path: &str) -> &str {
    match path.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && !stem.ends_with('/') && !extension.contains('/') => {
            stem
        }
        _ => path,
    }
}
