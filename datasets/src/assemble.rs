//! From labelled files to the three parts, with notes on what is doubtful about them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::split::{self, Part, SHARES};
use crate::text::some;
use crate::walk::{self, name};
use crate::{Collection, DataError, Example, Options, Result, checksum};

/// What the parts of a folder are assembled by.
pub(crate) struct Plan<'a> {
    pub root: &'a Path,
    pub classes: &'a [String],
    /// Whether sources are artists, or just files.
    pub by_artist: bool,
    pub options: &'a Options<'a>,
}

impl Plan<'_> {
    /// Puts the examples that are to be kept into the parts that are given for them, deals out the parts that are
    /// not, and notes what is doubtful about the result.
    pub fn assemble(
        &self,
        examples: Vec<Example>,
        parts: Vec<Option<Part>>,
        keep: Vec<bool>,
        mut notes: Vec<String>,
    ) -> Result<Collection> {
        let (examples, mut parts): (Vec<_>, Vec<_>) = examples
            .into_iter()
            .zip(parts)
            .zip(keep)
            .filter(|(_, keep)| *keep)
            .map(|(both, _)| both)
            .unzip();
        let paths: Vec<&Path> = examples.iter().map(|example| example.path.as_path()).collect();
        let same = checksum::duplicates(&paths);
        self.fill(&examples, &mut parts, &same, &mut notes)?;
        let dropped = self.repeated(&examples, &parts, &same, &mut notes);
        self.leaking(&examples, &parts, &mut notes);

        let mut collection = Collection {
            name: name(&self.root.canonicalize().unwrap_or_else(|_| self.root.into())),
            root: self.root.into(),
            classes: self.classes.to_vec(),
            train: Vec::new(),
            valid: Vec::new(),
            test: Vec::new(),
            notes,
            skipped: Vec::new(),
        };
        for (number, (example, part)) in examples.into_iter().zip(parts).enumerate() {
            match part {
                _ if dropped.contains(&number) => {}
                Some(Part::Valid) => collection.valid.push(example),
                Some(Part::Test) => collection.test.push(example),
                _ => collection.train.push(example),
            }
        }
        for (part, examples) in collection.parts() {
            let present: BTreeSet<u32> = examples.iter().map(|example| example.label).collect();
            if let Some(label) = (0..self.classes.len()).find(|&label| !present.contains(&(label as u32))) {
                let reason = format!("the {part} part would have none of it");
                return Err(self.too_few(label, 0, 1, reason));
            }
        }
        Ok(collection)
    }

    fn sources(&self) -> &'static str {
        if self.by_artist { "artists" } else { "files" }
    }

    fn too_few(&self, label: usize, have: usize, need: usize, reason: String) -> DataError {
        let (class, path) = (self.classes[label].clone(), self.root.into());
        DataError::TooFew {
            class,
            have,
            need,
            sources: self.sources(),
            reason,
            path,
        }
    }

    /// Deals out the files for training among the parts that are not given.
    fn fill(
        &self,
        examples: &[Example],
        parts: &mut [Option<Part>],
        same: &[Vec<usize>],
        notes: &mut Vec<String>,
    ) -> Result<()> {
        let free = |part: Option<Part>| part.is_none() || part == Some(Part::Train);
        let missing: Vec<Part> = [Part::Valid, Part::Test]
            .into_iter()
            .filter(|part| !parts.contains(&Some(*part)))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let shares: Vec<(Part, f64)> = SHARES
            .into_iter()
            .filter(|(part, _)| *part == Part::Train || missing.contains(part))
            .collect();
        let mine: Vec<usize> = (0..examples.len())
            .filter(|&number| free(parts[number]))
            .collect();
        // Repeated files go to one part together, with all that their artists recorded.
        let mut source: Vec<&str> = examples.iter().map(|example| example.source.as_str()).collect();
        for group in same {
            let first = source[group[0]];
            for &number in &group[1..] {
                let old = source[number];
                source
                    .iter_mut()
                    .filter(|name| **name == old)
                    .for_each(|name| *name = first);
            }
        }
        for label in 0..self.classes.len() {
            let of_class: Vec<&str> = mine
                .iter()
                .filter(|&&number| examples[number].label as usize == label)
                .map(|&number| source[number])
                .collect();
            let have = of_class.iter().collect::<BTreeSet<_>>().len();
            if have < shares.len() {
                let parts: Vec<&str> = shares.iter().map(|(part, _)| words(*part)).collect();
                let mut reason = format!("each of {} needs one that no other part has", parts.join(", "));
                if !self.by_artist && of_class.len() > have {
                    let copies = of_class.len() - have;
                    reason += &format!(", and {copies} are copies of others, byte for byte");
                }
                return Err(self.too_few(label, have, shares.len(), reason));
            }
        }
        let items: Vec<(&str, u32)> = mine
            .iter()
            .map(|&number| (source[number], examples[number].label))
            .collect();
        let Some(dealt) = split::divide(&items, &shares, self.options.seed) else {
            let count = source.iter().collect::<BTreeSet<_>>().len();
            let (path, classes) = (self.root.into(), self.classes.len());
            return Err(DataError::Indivisible {
                path,
                sources: self.sources(),
                count,
                classes,
            });
        };
        for (&number, part) in mine.iter().zip(dealt) {
            parts[number] = Some(part);
        }
        let names: Vec<&str> = missing.iter().map(|part| words(*part)).collect();
        let how = format!("{} split off, the same every time", names.join(" and "));
        notes.push(match self.by_artist {
            true => format!("{how}, whole artists"),
            false => format!("{how}, file by file: what has one source (an artist, a person, a day) is not known and may be in two parts, so results may flatter; an artists.csv with the columns file,artist mends that"),
        });
        Ok(())
    }

    /// Tells of files that are the same byte for byte; the answer is what to leave out.
    fn repeated(
        &self,
        examples: &[Example],
        parts: &[Option<Part>],
        same: &[Vec<usize>],
        notes: &mut Vec<String>,
    ) -> BTreeSet<usize> {
        let title = |number: usize| walk::relative(self.root, &examples[number].path);
        let titles = |group: &Vec<usize>| group.iter().map(|&n| title(n)).collect::<Vec<_>>().join(" = ");
        let across: Vec<&Vec<usize>> = same
            .iter()
            .filter(|group| group.iter().any(|&n| parts[n] != parts[group[0]]))
            .collect();
        let mixed: Vec<&Vec<usize>> = same
            .iter()
            .filter(|group| {
                group
                    .iter()
                    .any(|&n| examples[n].label != examples[group[0]].label)
            })
            .collect();
        if !mixed.is_empty() {
            notes.push(format!(
                "{} files are in two classes at once: {}",
                mixed.len(),
                some(mixed.into_iter().map(titles), 10)
            ));
        }
        let mut dropped = BTreeSet::new();
        if !across.is_empty() {
            // Training gives way to none, test to all.
            for group in &across {
                let first = group.iter().map(|&n| parts[n]).min().flatten();
                dropped.extend(
                    group
                        .iter()
                        .copied()
                        .filter(|&n| self.options.drop_duplicates && parts[n] != first),
                );
            }
            let names = some(across.iter().map(|group| titles(group)), 10);
            let done = match self.options.drop_duplicates {
                true => format!("{} copies are left out of test and validation", dropped.len()),
                false => "results flatter by them".into(),
            };
            notes.push(format!(
                "{} files are in two parts, the same byte for byte; {done}: {names}",
                across.len()
            ));
        }
        let within = same.len() - across.len();
        if within > 0 {
            notes.push(format!("{within} files are there twice or more within one part"));
        }
        dropped
    }

    /// Tells of artists in two parts, where the split was given.
    fn leaking(&self, examples: &[Example], parts: &[Option<Part>], notes: &mut Vec<String>) {
        let mut homes: BTreeMap<&str, BTreeSet<Option<Part>>> = BTreeMap::new();
        for (example, part) in examples.iter().zip(parts) {
            homes.entry(&example.source).or_default().insert(*part);
        }
        let leaks: Vec<String> = homes
            .iter()
            .filter(|(_, parts)| parts.len() > 1)
            .map(|(source, _)| source.to_string())
            .collect();
        if !leaks.is_empty() && self.by_artist {
            notes.push(format!(
                "the given split has {} artists in two parts, so results flatter: {}",
                leaks.len(),
                some(leaks.into_iter(), 10)
            ));
        }
    }
}

fn words(part: Part) -> &'static str {
    match part {
        Part::Train => "training",
        Part::Valid => "validation",
        Part::Test => "test",
    }
}
