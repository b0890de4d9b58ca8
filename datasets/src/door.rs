//! The one door: a made set, a named public set or a folder, by one word.

use std::path::PathBuf;

use crate::card::{Card, Source};
use crate::{Collection, DataError, Result, cards, fetch, open_folder};

/// Told what is being done, how much of it is done, and of how much (0 where that is not known).
pub type OnProgress<'a> = &'a (dyn Fn(&str, u64, u64) + Sync);

/// The class of files that are of none of the classes in [`Options::only`].
pub const UNKNOWN: &str = "unknown";

/// How to open a data set.
#[derive(Clone)]
pub struct Options<'a> {
    /// Which files belong to the data, by extension in lower case without the dot.
    pub extensions: &'a [&'a str],
    /// The classes in the order of their labels, where a trained model has fixed them; else the folders' names,
    /// sorted.
    pub classes: Option<Vec<String>>,
    /// The classes to tell apart, where the set has more: files of all others are of the class [`UNKNOWN`], so that a
    /// few words can be listened for among many. Empty: all.
    pub only: Vec<String>,
    /// What the split is drawn from, where none is given.
    pub seed: u64,
    /// A folder of lists (`train*.txt`, `valid*.txt`, `test*.txt`) or a table with the columns `file,split`.
    pub split: Option<PathBuf>,
    /// A table with the columns `file,artist`; else `artists.csv` in the folder, if there is one.
    pub artists: Option<PathBuf>,
    /// Holds this source out: all files of this speaker or artist are the test part, and none of them is in training
    /// or validation. What would have been the test part of the others is for training.
    pub hold_out: Option<String>,
    /// Leaves files out of test (and validation) that are also in training, byte for byte. They are reported in
    /// any case.
    pub drop_duplicates: bool,
    /// Told how making and fetching go.
    pub on_progress: OnProgress<'a>,
}

impl<'a> Options<'a> {
    /// Files with these extensions, split with seed 0, everything else as it is found.
    pub fn new(extensions: &'a [&'a str]) -> Self {
        Self {
            extensions,
            classes: None,
            only: Vec::new(),
            seed: 0,
            split: None,
            artists: None,
            hold_out: None,
            drop_duplicates: false,
            on_progress: &|_, _, _| {},
        }
    }
}

/// Where data lives: `$KINDLING_DATA`, else the folder `data` in the working directory.
pub fn data_dir() -> PathBuf {
    match std::env::var_os("KINDLING_DATA") {
        Some(folder) if !folder.is_empty() => folder.into(),
        _ => "data".into(),
    }
}

/// Opens `what`: the name of a [card](crate::cards), made or fetched if it is not there yet, or the path of a
/// folder. A name wins over a folder of the same name; write `./NAME` for the folder.
///
/// # Errors
/// See [`DataError`]: every message says what was wrong, where, and what to do next.
///
/// ```no_run
/// let music = datasets::open("made-music", &datasets::Options::new(&["wav"]))?;
/// println!("{music}");
/// # Ok::<(), datasets::DataError>(())
/// ```
pub fn open(what: &str, options: &Options<'_>) -> Result<Collection> {
    let Some((card, folder, notes)) = named(what, options)? else {
        return open_folder(what, options);
    };
    if !card.class_folders {
        return Err(DataError::OtherLayout {
            name: card.name.into(),
            layout: card.layout.into(),
            path: folder,
        });
    }
    let mut collection = open_folder(&folder, options)?;
    collection.name = card.name.into();
    tell(card, notes, &mut collection.notes);
    Ok(collection)
}

/// The card of this name, if there is one, with its folder, made or fetched if it is not there, and notes on that.
pub(crate) fn named(
    what: &str,
    options: &Options<'_>,
) -> Result<Option<(&'static Card, PathBuf, Vec<String>)>> {
    let Some(card) = cards::find(what) else {
        return Ok(None);
    };
    let (folder, notes) = match card.source {
        Source::Made(make) => make(card.name, &data_dir(), options.on_progress)?,
        _ => (fetch(card.name, options.on_progress)?, Vec::new()),
    };
    Ok(Some((card, folder, notes)))
}

/// Puts notes on the making of a named set first, and its known faults last.
pub(crate) fn tell(card: &Card, made: Vec<String>, notes: &mut Vec<String>) {
    notes.splice(0..0, made);
    let faults = card.faults.iter();
    notes.extend(faults.map(|fault| format!("known fault of {}: {fault}", card.name)));
}

/// A number of bytes in words: `1.2 GB`.
pub fn bytes(count: u64) -> String {
    let units = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let unit = units.into_iter().find(|(size, _)| count as f64 >= *size);
    unit.map_or(format!("{count} bytes"), |(size, unit)| {
        format!("{:.1} {unit}", count as f64 / size)
    })
}
