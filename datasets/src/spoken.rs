//! Spoken words in files whose names tell who speaks: the Free Spoken Digit Dataset's and Speech Commands'.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::folder::File;
use crate::lists::Split;
use crate::names::composed;
use crate::split::{Part, Sources};
use crate::walk;

/// Where Speech Commands keeps minutes of noise, beside the folders of its words.
pub(crate) const BACKGROUND_NOISE: &str = "_background_noise_";

/// The recordings of noise, in the folder `_background_noise_` that Speech Commands has beside its class folders,
/// sorted: to be mixed with words, or to learn what is no word. None if there is no such folder.
///
/// `root` is the folder that was opened, [`Collection::root`](crate::Collection::root).
///
/// ```
/// let folder = tempfile::tempdir()?;
/// std::fs::create_dir(folder.path().join("_background_noise_"))?;
/// std::fs::write(folder.path().join("_background_noise_/running_tap.wav"), "")?;
/// let noise = datasets::background_noise(folder.path(), &["wav"]);
/// assert_eq!(noise, [folder.path().join("_background_noise_/running_tap.wav")]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn background_noise(root: impl AsRef<Path>, extensions: &[&str]) -> Vec<PathBuf> {
    // That the folder can be read was found out when the set was opened.
    walk::files_in(&root.as_ref().join(BACKGROUND_NOISE), extensions).unwrap_or_default()
}

/// The class, the speaker and the index of a file called CLASS_SPEAKER_INDEX.EXTENSION: `7_jackson_32.wav`.
fn pieces(file: &Path) -> Option<(String, String, u64)> {
    let stem = file.file_stem()?.to_string_lossy().into_owned();
    let [class, speaker, index] = stem.split('_').collect::<Vec<_>>().try_into().ok()?;
    let named = !class.trim().is_empty() && !speaker.trim().is_empty();
    let index = index.bytes().all(|byte| byte.is_ascii_digit()).then_some(index)?;
    named.then_some((composed(class), composed(speaker), index.parse().ok()?))
}

/// The class of a file called CLASS_SPEAKER_INDEX.EXTENSION.
pub(crate) fn class_of(file: &Path) -> Option<String> {
    pieces(file).map(|(class, _, _)| class)
}

/// The speaker of a file called SPEAKER_nohash_NUMBER.EXTENSION: `0a7c2a8d_nohash_0.wav`. ("No hash", because a file
/// goes to a part of the set by a hash of its speaker alone.)
fn hashed_speaker(file: &Path) -> Option<String> {
    let stem = file.file_stem()?.to_string_lossy().into_owned();
    let (speaker, number) = stem.split_once("_nohash_")?;
    let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (numbered && !speaker.trim().is_empty()).then(|| composed(speaker))
}

/// Whether the files' names tell their class and speaker, not folders.
fn by_name(files: &[File]) -> bool {
    files
        .iter()
        .all(|file| class_of(&file.path).as_ref() == Some(&file.class))
}

/// What the sources are, the speakers that the names tell, and notes. They tell speakers if they tell the class too,
/// or if most of the names are as in Speech Commands.
pub(crate) fn speakers(files: &[File]) -> (Sources, Vec<Option<String>>, Vec<String>) {
    if by_name(files) {
        let speakers = files.iter().map(|file| Some(pieces(&file.path)?.1));
        let speakers: Vec<Option<String>> = speakers.collect();
        let count = speakers.iter().collect::<BTreeSet<_>>().len();
        let note = format!(
            "files are named CLASS_SPEAKER_INDEX: the first piece is the class, the second one of {count} speakers"
        );
        return (Sources::Speakers, speakers, vec![note]);
    }
    let speakers: Vec<Option<String>> = files.iter().map(|file| hashed_speaker(&file.path)).collect();
    let named = speakers.iter().flatten().count();
    if 2 * named <= files.len() {
        return (Sources::Files, vec![None; files.len()], Vec::new());
    }
    let others = files.len() - named;
    let note =
        format!("{others} files are not named SPEAKER_nohash_NUMBER: each counts as a speaker of its own");
    let notes = (others > 0).then_some(note);
    (Sources::Speakers, speakers, notes.into_iter().collect())
}

/// The official split of the Free Spoken Digit Dataset: indices 0 to 4 are for test; and 5 to 9 are for validation
/// here, for it names none. With a speaker held out the test is that speaker's, and the others' 0 to 4 are for
/// validation. None where files are not named so; no parts where some class would be missing from one.
pub(crate) fn by_index(files: &[File], hold_out: Option<&str>) -> Option<Split> {
    if !by_name(files) {
        return None;
    }
    let part = |index: u64| match (index, hold_out) {
        (0..=4, None) => Part::Test,
        (5..=9, None) | (0..=4, Some(_)) => Part::Valid,
        _ => Part::Train,
    };
    let mut parts = Vec::new();
    let (mut classes, mut present) = (BTreeSet::new(), BTreeSet::new());
    for file in files {
        let (class, speaker, index) = pieces(&file.path)?;
        parts.push(Some(part(index)));
        if hold_out != Some(speaker.as_str()) {
            present.insert((class.clone(), part(index)));
        }
        classes.insert(class);
    }
    let needed = if hold_out.is_some() { 2 } else { 3 };
    if present.len() < needed * classes.len() {
        let note =
            "the files are not split by their index: some class lacks indices 0 to 4, 5 to 9 or from 10 up";
        return Some((vec![None; files.len()], vec![note.into()]));
    }
    let note = match hold_out {
        None => "split by the index in the name: 0 to 4 test, 5 to 9 validation, from 10 up training",
        Some(_) => "the others are split by the index in the name: 0 to 4 validation, from 5 up training",
    };
    Some((parts, vec![note.into()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_class_speaker_and_index_or_nothing() {
        let pieces = |name: &str| pieces(Path::new(name));
        let jackson = ("7".to_string(), "jackson".to_string(), 32);
        assert_eq!(pieces("recordings/7_jackson_32.wav"), Some(jackson));
        for name in [
            "7_jackson.wav",
            "7_jackson_3_2.wav",
            "7_jackson_x.wav",
            "7_jackson_.wav",
            "_jackson_1.wav",
            "7__1.wav",
            "7_jackson_99999999999999999999.wav",
            "cat.0.jpg",
        ] {
            assert_eq!(pieces(name), None, "{name}");
        }
    }

    #[test]
    fn names_tell_a_hashed_speaker_or_nothing() {
        let speaker = |name: &str| hashed_speaker(Path::new(name));
        assert_eq!(speaker("yes/0a7c2a8d_nohash_0.wav").as_deref(), Some("0a7c2a8d"));
        for name in [
            "0a7c2a8d_nohash_.wav",
            "_nohash_1.wav",
            "0a7c2a8d_1.wav",
            "a_nohash_b.wav",
        ] {
            assert_eq!(speaker(name), None, "{name}");
        }
    }
}
