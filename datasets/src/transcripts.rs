//! Sounds with what is said in them, laid out as LibriSpeech is (Panayotov and others, 2015).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};

use crate::assemble::Plan;
use crate::collection::{read_all, report};
use crate::error::At;
use crate::folder::must_be_a_folder;
use crate::lists::{self, Index};
use crate::names::composed;
use crate::split::{Part, Sources};
use crate::text::some;
use crate::walk::{self, Ignored, relative};
use crate::{DataError, Example, OnProgress, Options, Result, Skipped, door};

/// A sound file with what is said in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Utterance {
    /// The sound file.
    pub path: PathBuf,
    /// What is said, as the transcript has it, without white space around it.
    pub text: String,
    /// Who says it: what stands before the first `-` of the utterance's ID.
    pub speaker: String,
}

/// A data set of transcribed sounds in three parts. Everything is chosen on `valid`; `test` is read once, at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcribed {
    /// The set's or the folder's name.
    pub name: String,
    /// The folder it was read from.
    pub root: PathBuf,
    /// What the network learns from, sorted by path.
    pub train: Vec<Utterance>,
    /// What choices are made on, sorted by path.
    pub valid: Vec<Utterance>,
    /// What the result is measured on, sorted by path.
    pub test: Vec<Utterance>,
    /// What a reader of the results should know: how it was split, what was ignored, what is doubtful.
    pub notes: Vec<String>,
    /// Sound files that were left out, because of their transcript or because they are unreadable.
    pub skipped: Vec<Skipped>,
}

/// Opens `what`: the name of a [card](crate::cards), made or fetched if it is not there yet, or the path of a folder.
/// Anywhere below it lie transcripts, `*.trans.txt`, in each line the ID and the text of an utterance; the sound lies
/// beside its transcript as `ID.EXTENSION`. The speaker is what stands before the first `-` of an ID.
///
/// The parts are the first folders below, by their names: `train…`, `dev…` or `valid…`, `test…` (`train-clean-100`).
/// Parts that are not there are split off training, 60 / 20 / 20 in all, whole speakers. [`Options::split`] and
/// [`Options::hold_out`] work as with [`open`](crate::open); there are no classes and no map of artists.
///
/// # Errors
/// See [`DataError`]. Lines and files that are of no use are counted and named in the notes or in
/// [`Transcribed::skipped`].
///
/// ```
/// let folder = tempfile::tempdir()?;
/// for speaker in ["anna", "ben", "clara"] {
///     let line = format!("{speaker}-1 FOUR SEVEN");
///     std::fs::write(folder.path().join(format!("{speaker}.trans.txt")), line)?;
///     std::fs::write(folder.path().join(format!("{speaker}-1.wav")), speaker)?;
/// }
/// let path = folder.path().to_string_lossy();
/// let spoken = datasets::open_transcripts(&path, &datasets::Options::new(&["wav", "flac"]))?;
/// assert_eq!(spoken.train[0].text, "FOUR SEVEN");
/// assert_eq!((spoken.train.len(), spoken.valid.len(), spoken.test.len()), (1, 1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open_transcripts(what: &str, options: &Options<'_>) -> Result<Transcribed> {
    let Some((card, folder, made)) = door::named(what, options)? else {
        return open_below(Path::new(what), options);
    };
    let mut transcribed = open_below(&folder, options)?;
    transcribed.name = card.name.into();
    door::tell(card, made, &mut transcribed.notes);
    Ok(transcribed)
}

fn open_below(root: &Path, options: &Options<'_>) -> Result<Transcribed> {
    must_be_a_folder(root)?;
    let mut ignored = Ignored::default();
    let (mut transcripts, mut sounds) = (Vec::new(), Vec::new());
    for path in walk::files(root, &[], &mut ignored)? {
        if walk::is_transcript(&path) {
            transcripts.push(path);
        } else if options.extensions.contains(&walk::extension(&path).as_str()) {
            sounds.push(path);
        } else {
            ignored.count(&path);
        }
    }
    if transcripts.is_empty() {
        return Err(no_transcripts(root, &sounds, &ignored, options));
    }
    let mut found = Lines::read(root, &transcripts, &sounds, options)?;
    let mut notes: Vec<String> = ignored.note().into_iter().collect();
    notes.append(&mut found.notes);
    let Lines { texts, skipped, .. } = found;
    if texts.is_empty() {
        return Err(DataError::NoUtterances {
            path: root.into(),
            transcripts: transcripts.len(),
            extensions: options.extensions.join(", ."),
            why: report(&notes, &skipped, root, "sound files").join("; "),
        });
    }

    let examples: Vec<Example> = texts
        .iter()
        .map(|(path, line)| Example {
            path: path.clone(),
            label: 0,
            source: speaker(&line.id).into(),
        })
        .collect();
    let files: Vec<PathBuf> = texts.keys().cloned().collect();
    let (parts, keep, more) = match &options.split {
        Some(path) => {
            let (parts, notes) = lists::split(path, &Index::new(root, &files), files.len())?;
            let keep = parts.iter().map(Option::is_some).collect();
            (parts, keep, notes)
        }
        None => parts_by_folder(root, &files),
    };
    notes.extend(more);
    let plan = Plan {
        root,
        classes: &[String::new()],
        sources: match texts.values().any(|line| line.id.contains('-')) {
            true => Sources::Speakers,
            false => Sources::Files,
        },
        options,
    };
    let split = plan.assemble(examples, parts, keep, notes)?;
    let utterance = |example: Example| Utterance {
        text: texts
            .get(&example.path)
            .map(|line| line.text.clone())
            .unwrap_or_default(),
        path: example.path,
        speaker: example.source,
    };
    let utterances = |part: Vec<Example>| part.into_iter().map(utterance).collect();
    Ok(Transcribed {
        name: split.name,
        root: split.root,
        train: utterances(split.train),
        valid: utterances(split.valid),
        test: utterances(split.test),
        notes: split.notes,
        skipped,
    })
}

fn speaker(id: &str) -> &str {
    id.split('-')
        .next()
        .filter(|speaker| !speaker.is_empty())
        .unwrap_or(id)
}

/// What a sound file and its line in the transcript beside it have in common.
fn key(folder: &Path, id: &str) -> PathBuf {
    folder.join(composed(id))
}

fn key_of(sound: &Path) -> PathBuf {
    let stem = sound.file_stem().unwrap_or_default().to_string_lossy();
    key(sound.parent().unwrap_or(sound), &stem)
}

/// A line of a transcript.
struct Line {
    id: String,
    text: String,
}

/// All lines of all transcripts, by the sound file they belong to.
struct Lines {
    texts: BTreeMap<PathBuf, Line>,
    skipped: Vec<Skipped>,
    notes: Vec<String>,
}

impl Lines {
    fn read(root: &Path, transcripts: &[PathBuf], sounds: &[PathBuf], options: &Options<'_>) -> Result<Self> {
        let mut by_id: HashMap<PathBuf, Vec<&PathBuf>> = HashMap::new();
        for sound in sounds {
            by_id.entry(key_of(sound)).or_default().push(sound);
        }
        // Of one utterance in several formats, the first that the project names is read.
        let rank = |path: &PathBuf| {
            options
                .extensions
                .iter()
                .position(|e| *e == walk::extension(path))
        };
        by_id
            .values_mut()
            .for_each(|same| same.sort_by_key(|path| rank(path)));

        let mut texts: BTreeMap<PathBuf, Line> = BTreeMap::new();
        let mut refused: BTreeMap<PathBuf, String> = BTreeMap::new();
        let (mut silent, mut twice) = (Vec::new(), Vec::new());
        for transcript in transcripts {
            let bytes = std::fs::read(transcript).at("read", transcript)?;
            let folder = transcript.parent().unwrap_or(root);
            for (number, bytes) in bytes.split(|byte| *byte == b'\n').enumerate() {
                let lossy = String::from_utf8_lossy(bytes);
                let line = lossy.trim_start_matches('\u{feff}').trim();
                let (id, text) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
                if id.is_empty() {
                    continue;
                }
                let place = format!("{}, line {}", relative(root, transcript), number + 1);
                let Some(sound) = by_id.get(&key(folder, id)).map(|same| same[0].clone()) else {
                    silent.push(format!("{id} ({place})"));
                    continue;
                };
                let text = text.trim();
                let problem = match texts.get(&sound) {
                    _ if std::str::from_utf8(bytes).is_err() => Some("is not UTF-8"),
                    _ if text.is_empty() => Some("has no text"),
                    Some(before) if before.text == text => {
                        twice.push(format!("{id} ({place})"));
                        None
                    }
                    Some(_) => Some("says something else than a line before"),
                    None => None,
                };
                match problem {
                    Some(problem) => {
                        refused.entry(sound).or_insert(format!("{place} {problem}"));
                    }
                    None => {
                        let (id, text) = (id.to_string(), text.to_string());
                        texts.insert(sound, Line { id, text });
                    }
                }
            }
        }
        texts.retain(|sound, _| !refused.contains_key(sound));
        let untold: Vec<&PathBuf> = sounds
            .iter()
            .filter(|sound| !texts.contains_key(*sound) && !refused.contains_key(*sound))
            .collect();
        let is_copy = |sound: &&PathBuf| by_id.get(&key_of(sound)).is_some_and(|same| same[0] != *sound);
        let (copies, untold): (Vec<&PathBuf>, Vec<&PathBuf>) = untold.into_iter().partition(is_copy);
        let short = |paths: Vec<&PathBuf>| paths.into_iter().map(|path| relative(root, path)).collect();
        let told = [
            ("lines of transcripts have no sound file beside them", silent),
            ("sound files are in no transcript", short(untold)),
            (
                "sound files are left out, for their utterance is read in another format",
                short(copies),
            ),
            (
                "utterances are there twice with the same text, and used once",
                twice,
            ),
        ];
        let told = told
            .into_iter()
            .filter(|(_, names): &(_, Vec<String>)| !names.is_empty());
        let notes =
            told.map(|(what, names)| format!("{} {what}: {}", names.len(), some(names.into_iter(), 10)));
        Ok(Self {
            texts,
            notes: notes.collect(),
            skipped: refused
                .into_iter()
                .map(|(path, reason)| Skipped { path, reason })
                .collect(),
        })
    }
}

/// The part that a folder of this name is: `train-clean-100`, `dev`, `test_other`.
fn part_of(folder: &str) -> Option<Part> {
    // The first word only, or a folder of the speaker Valentina would be for validation.
    let word = folder
        .split(|letter: char| !letter.is_alphabetic())
        .next()?
        .to_lowercase();
    match word.as_str() {
        "train" | "training" => Some(Part::Train),
        "dev" | "val" | "valid" | "validation" => Some(Part::Valid),
        "test" | "testing" => Some(Part::Test),
        _ => None,
    }
}

/// The parts that the first folders below the root say, which files to keep, and notes.
fn parts_by_folder(root: &Path, files: &[PathBuf]) -> (Vec<Option<Part>>, Vec<bool>, Vec<String>) {
    let paths: Vec<Vec<String>> = files
        .iter()
        .map(|file| relative(root, file).split('/').map(String::from).collect())
        .collect();
    // An archive of LibriSpeech has a folder around its parts.
    let first: BTreeSet<&String> = paths.iter().map(|path| &path[0]).collect();
    let wrapped = first.len() == 1 && first.iter().all(|folder| part_of(folder).is_none());
    let folder_of = |path: &Vec<String>| match path.as_slice() {
        [_, folder, _, ..] if wrapped => folder.clone(),
        [folder, _, ..] => folder.clone(),
        _ => String::new(),
    };
    let folders: Vec<String> = paths.iter().map(folder_of).collect();
    let mut parts: Vec<Option<Part>> = folders.iter().map(|folder| part_of(folder)).collect();
    let mut notes = Vec::new();
    let has = |part: Part| parts.contains(&Some(part));
    let nothing_else = vec![true; files.len()];
    if !has(Part::Train) {
        if has(Part::Valid) {
            notes.push("there is no training part: the validation part serves for it".into());
            for part in parts.iter_mut().filter(|part| **part == Some(Part::Valid)) {
                *part = Some(Part::Train);
            }
        } else {
            if has(Part::Test) {
                notes.push("there is a test part only: all parts are drawn from it".into());
            }
            return (vec![None; files.len()], nothing_else, notes);
        }
    }
    let keep: Vec<bool> = parts.iter().map(Option::is_some).collect();
    let others = folders.iter().zip(&keep).filter(|(_, keep)| !**keep);
    let others: Vec<String> = others.map(|(folder, _)| folder.clone()).collect();
    if !others.is_empty() {
        let count = others.len();
        let names = some(others.into_iter().collect::<BTreeSet<_>>().into_iter(), 8);
        notes.push(format!(
            "{count} utterances beside the parts are left out, in these folders: {names}"
        ));
    }
    (parts, keep, notes)
}

/// The error for a folder with no transcript, with what it holds instead.
fn no_transcripts(root: &Path, sounds: &[PathBuf], ignored: &Ignored, options: &Options<'_>) -> DataError {
    let inside = |sound: &PathBuf| Some(relative(root, sound).rsplit_once('/')?.0.to_string());
    let folders: BTreeSet<String> = sounds.iter().filter_map(inside).collect();
    let instead = match (sounds.len(), folders.len()) {
        (0, _) => format!(
            ". It holds no such sound either{}",
            ignored
                .note()
                .map(|note| format!(" ({note})"))
                .unwrap_or_default()
        ),
        (count, 0 | 1) => format!(". It holds {count} sound files"),
        (count, _) => format!(
            ". Its {count} sound files lie in folders that look like class folders ({}): labelled words, not transcribed \
             speech; open them as such",
            some(folders.into_iter(), 5)
        ),
    };
    DataError::NoTranscripts {
        path: root.into(),
        extension: options.extensions.first().copied().unwrap_or("wav").into(),
        instead,
    }
}

impl Transcribed {
    /// Leaves a sound out, because it could not be decoded, say. It is named by [`Transcribed::report`].
    pub fn skip(&mut self, path: &Path, reason: impl Into<String>) {
        for part in [&mut self.train, &mut self.valid, &mut self.test] {
            part.retain(|utterance| utterance.path != path);
        }
        if !self.skipped.iter().any(|skipped| skipped.path == path) {
            let (path, reason) = (path.to_path_buf(), reason.into());
            self.skipped.push(Skipped { path, reason });
        }
    }

    /// Reads every sound by `read`, on all cores, and hands over what was read, part by part and in order. Files that
    /// cannot be read are [skipped](Transcribed::skip), with the error as the reason.
    ///
    /// # Errors
    /// When no readable file is left in some part.
    pub fn read<T: Send, E: fmt::Display>(
        &mut self,
        on_progress: OnProgress<'_>,
        read: impl Fn(&Utterance) -> std::result::Result<T, E> + Sync,
    ) -> Result<[Vec<(Utterance, T)>; 3]> {
        let parts = [&self.train, &self.valid, &self.test].map(Vec::as_slice);
        let (good, bad) = read_all(parts, on_progress, read);
        bad.into_iter()
            .for_each(|(utterance, reason)| self.skip(&utterance.path, reason));
        let empty = self
            .parts()
            .into_iter()
            .find(|(_, utterances)| utterances.is_empty());
        match (empty, self.skipped.last()) {
            (Some((part, _)), Some(last)) => Err(DataError::SkippedAll {
                skipped: self.skipped.len(),
                part,
                last: format!("{}: {}", last.path.display(), last.reason),
            }),
            _ => Ok(good),
        }
    }

    /// The notes, with one more for the files that were skipped.
    pub fn report(&self) -> Vec<String> {
        report(&self.notes, &self.skipped, &self.root, "sound files")
    }

    /// The path of a file below the root, with `/` on every system: the name to print and to write into tables.
    pub fn short(&self, path: &Path) -> String {
        relative(&self.root, path)
    }

    /// The three parts with their names.
    pub fn parts(&self) -> [(&'static str, &[Utterance]); 3] {
        [
            ("train", &self.train),
            ("valid", &self.valid),
            ("test", &self.test),
        ]
    }
}

impl fmt::Display for Transcribed {
    /// One line: `made-digit-strings: 600 training + 200 validation + 200 test utterances in data/made-digit-strings`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (train, valid, test) = (self.train.len(), self.valid.len(), self.test.len());
        let (name, root) = (&self.name, self.root.display());
        write!(
            f,
            "{name}: {train} training + {valid} validation + {test} test utterances in {root}"
        )
    }
}
