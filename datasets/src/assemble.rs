//! From labelled files to the three parts, with notes on what is doubtful about them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::split::{self, Part, SHARES, Sources};
use crate::text::some;
use crate::walk::{self, name};
use crate::{Collection, DataError, Example, Options, Result, checksum, names};

/// What the parts of a folder are assembled by.
pub(crate) struct Plan<'a> {
    pub root: &'a Path,
    /// The classes; a single one for what has none.
    pub classes: &'a [String],
    pub sources: Sources,
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
        if let Some(name) = &self.options.hold_out {
            self.hold_out(name, &examples, &mut parts, &mut notes)?;
        }
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
            held_out: self.options.hold_out.clone(),
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
            // A source that is held out need not have every class: an artist hardly has every genre.
            let excused = part == "test" && self.options.hold_out.is_some() && !present.is_empty();
            if let Some(label) = (0..self.classes.len()).find(|&label| !present.contains(&(label as u32)))
                && !excused
            {
                let reason = format!("the {part} part would have none of it");
                return Err(self.too_few(label, 0, 1, reason));
            }
        }
        Ok(collection)
    }

    /// Makes all examples of a source the test part, and what the split meant for it training.
    fn hold_out(
        &self,
        name: &str,
        examples: &[Example],
        parts: &mut [Option<Part>],
        notes: &mut Vec<String>,
    ) -> Result<()> {
        let known: BTreeSet<&str> = examples.iter().map(|example| example.source.as_str()).collect();
        let (path, one) = (self.root.into(), self.sources.one());
        if self.sources == Sources::Files {
            let name = name.into();
            return Err(DataError::SourcesUnknown { name, path });
        }
        if !known.contains(name) {
            return Err(DataError::NoSuchSource {
                name: name.into(),
                path,
                source_is: one,
                known: names::to_choose_from(name, &known),
            });
        }
        let (mut count, mut classes) = (0, BTreeSet::new());
        for (example, part) in examples.iter().zip(parts) {
            if example.source == name {
                *part = Some(Part::Test);
                classes.insert(example.label);
                count += 1;
            } else if *part == Some(Part::Test) {
                *part = Some(Part::Train);
            }
        }
        notes.push(format!(
            "the {one} {name} is held out: the test part is all {count} files of this {one}, and no other part has any"
        ));
        if classes.len() < self.classes.len() {
            let (have, all) = (classes.len(), self.classes.len());
            notes.push(format!(
                "the {one} {name} has {have} of the {all} classes only: the test part lacks the others"
            ));
        }
        Ok(())
    }

    fn too_few(&self, label: usize, have: usize, need: usize, reason: String) -> DataError {
        let (path, sources) = (self.root.into(), self.sources.several());
        match self.classes {
            [_] => DataError::TooFewSources {
                path,
                have,
                need,
                sources,
                reason,
            },
            classes => DataError::TooFew {
                class: classes[label].clone(),
                have,
                need,
                sources,
                reason,
                path,
            },
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
                if self.sources == Sources::Files && of_class.len() > have {
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
                sources: self.sources.several(),
                count,
                classes,
            });
        };
        for (&number, part) in mine.iter().zip(dealt) {
            parts[number] = Some(part);
        }
        let names: Vec<&str> = missing.iter().map(|part| words(*part)).collect();
        let how = format!("{} split off, the same every time", names.join(" and "));
        notes.push(match self.sources {
            Sources::Artists | Sources::Speakers => format!("{how}, whole {}", self.sources.several()),
            Sources::Files => format!("{how}, file by file: what has one source (an artist, a person, a day) is not known and may be in two parts, so results may flatter; an artists.csv with the columns file,artist mends that"),
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

    /// Tells of artists or speakers in two parts, where the split was given.
    fn leaking(&self, examples: &[Example], parts: &[Option<Part>], notes: &mut Vec<String>) {
        let mut homes: BTreeMap<&str, BTreeSet<Option<Part>>> = BTreeMap::new();
        for (example, part) in examples.iter().zip(parts) {
            homes.entry(&example.source).or_default().insert(*part);
        }
        homes.retain(|_, parts| parts.len() > 1);
        if homes.is_empty() || self.sources == Sources::Files {
            return;
        }
        let (count, one, several) = (homes.len(), self.sources.one(), self.sources.several());
        let tested = homes.values().any(|parts| parts.contains(&Some(Part::Test)));
        let consequence = match tested {
            true => format!("results flatter for a new {one}"),
            false => format!("validation flatters for a new {one}, the test does not"),
        };
        let names = some(homes.keys().map(|source| source.to_string()), 10);
        notes.push(format!(
            "the given split has {count} {several} in two parts or more, so {consequence}: {names}"
        ));
    }
}

fn words(part: Part) -> &'static str {
    match part {
        Part::Train => "training",
        Part::Valid => "validation",
        Part::Test => "test",
    }
}
