//! Which photographs there are, and which of them are for what.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use datasets::Options;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use training::Told;
use vision::RgbImage;

/// More than are needed to learn some strokes; each takes 200 kB or more.
const MOST: usize = 2000;
/// The least: eight to learn from, one to choose by, one to test on.
const LEAST: usize = 10;
/// How many times as long as wide a photograph is kept.
const MOST_RATIO: f32 = 2.0;

/// A photograph, what it is called, and a number that tells it from others.
pub struct Photograph {
    pub name: String,
    pub picture: RgbImage,
    checksum: u64,
}

/// Photographs to learn from, to choose by and to test on.
pub struct Found {
    /// The set's or the folder's name.
    pub name: String,
    /// What a reader of the results should know.
    pub notes: Vec<String>,
    pub parts: [Vec<Photograph>; 3],
}

/// Opens the photographs named `what`, made if need be, with a shorter side of `shorter` pixels. What cannot be read is left
/// out and named in the notes.
pub fn open(what: &str, shorter: u32) -> Result<Found> {
    let mut found = match datasets::cards::find(what) {
        Some(_) => named(what, shorter)?,
        None => folder(what, shorter)?,
    };
    let copies = without_copies(&mut found.parts);
    found
        .notes
        .extend(left_out("copies of others, byte for byte", &copies));
    let [train, valid, test] = found.parts.each_ref().map(Vec::len);
    found.notes.insert(
        0,
        format!(
            "{}: {train} photographs to learn from, {valid} to choose by and {test} to test on",
            found.name
        ),
    );
    for (part, of) in found
        .parts
        .iter()
        .zip(["to learn from", "to choose by", "to test on"])
    {
        ensure!(
            !part.is_empty(),
            "--data {what}: no photograph {of} can be read{}",
            found
                .notes
                .iter()
                .map(|note| format!("\n  {note}"))
                .collect::<String>()
        );
    }
    Ok(found)
}

/// A set that `datasets` knows.
fn named(what: &str, shorter: u32) -> Result<Found> {
    let progress = Told::default();
    let on_progress = |doing: &str, done: u64, total: u64| progress.tell(doing, done, total);
    let options = Options {
        on_progress: &on_progress,
        ..Options::new(&vision::EXTENSIONS)
    };
    let set = datasets::open(what, &options)?;
    let mut notes = set.report();
    let mut parts = set.parts().map(|(_, part)| {
        let paths: Vec<PathBuf> = part.iter().map(|example| example.path.clone()).collect();
        read(&set.root, &at_most(paths, &mut notes), shorter)
    });
    let unread: Vec<String> = parts
        .iter_mut()
        .flat_map(|(_, bad)| std::mem::take(bad))
        .collect();
    notes.extend(left_out("unreadable", &unread));
    Ok(Found {
        name: set.name.clone(),
        notes,
        parts: parts.map(|(good, _)| good),
    })
}

/// A folder of one's own: in parts if it has folders `train`, `valid` and `test`, else tenths.
fn folder(what: &str, shorter: u32) -> Result<Found> {
    let root = PathBuf::from(what);
    ensure!(
        root.is_dir(),
        "--data {what}: there is no such folder; name one with photographs, or made-scenes"
    );
    let name = root
        .canonicalize()
        .ok()
        .and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .unwrap_or_else(|| what.into());
    let mut notes = Vec::new();
    let all = datasets::files_in(&root, &[])?.len();
    let paths = datasets::files_in(&root, &vision::EXTENSIONS)?;
    if paths.len() < all {
        let known = vision::EXTENSIONS.join(", ");
        notes.push(format!(
            "of {all} files {} are pictures by name ({known})",
            paths.len()
        ));
    }
    let in_parts = ["train", "valid", "test"].map(|part| {
        let within = |path: &&PathBuf| path.starts_with(root.join(part));
        paths.iter().filter(within).cloned().collect::<Vec<_>>()
    });
    if in_parts.iter().all(|part| !part.is_empty()) {
        let mut unread = Vec::new();
        let parts = in_parts.map(|paths| {
            let (good, bad) = read(&root, &at_most(paths, &mut notes), shorter);
            unread.extend(bad);
            good
        });
        notes.extend(left_out("unreadable", &unread));
        return Ok(Found { name, notes, parts });
    }
    let paths = at_most(paths, &mut notes);
    let (mut good, bad) = read(&root, &paths, shorter);
    notes.extend(left_out("unreadable", &bad));
    ensure!(
        good.len() >= LEAST,
        "--data {what}: {} pictures, and ten are the least: eight to learn from, one to choose by, one to test on{}",
        good.len(),
        notes.iter().map(|note| format!("\n  {note}")).collect::<String>()
    );
    // By what is in them: always the same whatever the run's seed, and a photograph that is added moves few others.
    good.sort_by(|a, b| (a.checksum, &a.name).cmp(&(b.checksum, &b.name)));
    let tenth = good.len() / 10;
    let mut train = good.split_off(2 * tenth);
    let mut valid = good.split_off(tenth);
    let mut test = good;
    for part in [&mut train, &mut valid, &mut test] {
        part.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Ok(Found {
        name,
        notes,
        parts: [train, valid, test],
    })
}

/// Some of them, if there are too many.
fn at_most(mut paths: Vec<PathBuf>, notes: &mut Vec<String>) -> Vec<PathBuf> {
    if paths.len() > MOST {
        notes.push(format!(
            "of {} photographs {MOST} are used, chosen by lot",
            paths.len()
        ));
        paths.shuffle(&mut nn::random(0, "photographs/lot"));
        paths.truncate(MOST);
        paths.sort();
    }
    paths
}

/// What can be read of `paths`, in their order, and what cannot, with the reason.
fn read(root: &Path, paths: &[PathBuf], shorter: u32) -> (Vec<Photograph>, Vec<String>) {
    let read = |path: &PathBuf| -> Result<Photograph> {
        let bytes = fs::read(path).with_context(|| path.display().to_string())?;
        let short = path.strip_prefix(root).unwrap_or(path);
        Ok(Photograph {
            picture: vision::shrink(&vision::decode(&bytes, path)?, shorter, MOST_RATIO),
            name: short.to_string_lossy().replace('\\', "/"),
            checksum: checksum(&bytes),
        })
    };
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for result in paths.par_iter().map(read).collect::<Vec<_>>() {
        match result {
            Ok(photograph) => good.push(photograph),
            Err(error) => bad.push(format!("{error:#}")),
        }
    }
    (good, bad)
}

/// A note on files that were left out, the first of them named.
fn left_out(why: &str, files: &[String]) -> Option<String> {
    const NAMED: usize = 20;
    let more = match files.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let first = files.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    (!files.is_empty()).then(|| format!("left out as {why}, {}: {first}{more}", files.len()))
}

/// Leaves out all but one of equal files: what is tested on stays, and is not learned from.
fn without_copies(parts: &mut [Vec<Photograph>; 3]) -> Vec<String> {
    let (mut seen, mut copies) = (HashSet::new(), Vec::new());
    for part in parts.iter_mut().rev() {
        part.retain(|photograph| {
            let new = seen.insert(photograph.checksum);
            if !new {
                copies.push(photograph.name.clone());
            }
            new
        });
    }
    copies
}

/// FNV-1a, of 64 bits.
fn checksum(bytes: &[u8]) -> u64 {
    let step = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn save(folder: &Path, name: &str, colour: u8) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        let picture = RgbImage::from_pixel(40, 30, image::Rgb([colour, 9, 9]));
        fs::write(path, vision::png(&picture)).expect("it can be written");
    }

    fn names(part: &[Photograph]) -> Vec<&str> {
        part.iter().map(|photograph| photograph.name.as_str()).collect()
    }

    #[test]
    fn copies_of_what_is_tested_on_are_not_learned_from() -> Result<()> {
        let folder = tempfile::tempdir()?;
        for number in 0..30u8 {
            save(folder.path(), &format!("{number}.png"), number);
            save(folder.path(), &format!("again/{number}.png"), number);
        }
        fs::write(folder.path().join("notes.txt"), "no picture")?;
        fs::write(folder.path().join("cut.png"), "no picture")?;
        let found = open(folder.path().to_str().context("a name")?, 32)?;
        assert_eq!(found.parts.iter().map(Vec::len).sum::<usize>(), 30);
        let notes = found.notes.join("\n");
        for part in [
            "copies of others, byte for byte, 30: ",
            "cut.png",
            "of 62 files 61 are pictures",
        ] {
            assert!(notes.contains(part), "{part}: {notes}");
        }
        // The same when one is added, but for few.
        let before: Vec<String> = found.parts[2].iter().map(|one| one.name.clone()).collect();
        save(folder.path(), "new.png", 200);
        let found = open(folder.path().to_str().context("a name")?, 32)?;
        let kept = names(&found.parts[2])
            .iter()
            .filter(|name| before.iter().any(|old| old == **name))
            .count();
        assert!(kept + 1 >= before.len());
        Ok(())
    }

    #[test]
    fn a_folder_in_parts_is_taken_as_it_is() -> Result<()> {
        let folder = tempfile::tempdir()?;
        for (number, name) in ["train/a/1.png", "train/2.png", "valid/3.png", "test/b/4.png"]
            .iter()
            .enumerate()
        {
            save(folder.path(), name, number as u8);
        }
        let found = open(folder.path().to_str().context("a name")?, 32)?;
        assert_eq!(names(&found.parts[0]), ["train/2.png", "train/a/1.png"]);
        assert_eq!(
            (names(&found.parts[1]), names(&found.parts[2])),
            (vec!["valid/3.png"], vec!["test/b/4.png"])
        );
        Ok(())
    }
}
