//! Class folders: the layout in which most people's data comes, and GTZAN's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::collection::some;
use crate::lists::{self, Index, part_named};
use crate::split::{self, Part, SHARES};
use crate::walk::{self, Ignored, name};
use crate::{Collection, DataError, Example, Options, Result, checksum, names};

/// Opens a folder of class folders. See the [crate's front page](crate#your-own-folder) for the layouts.
///
/// # Errors
/// Where nothing can be learnt from the folder: see [`DataError`]. Files that cannot be decoded are not noticed
/// here; report them with [`Collection::skip`].
///
/// ```
/// let folder = tempfile::tempdir()?;
/// for file in ["cats/1.png", "cats/2.png", "cats/3.png", "dogs/1.png", "dogs/2.png", "dogs/3.png"] {
///     std::fs::create_dir_all(folder.path().join(file).parent().unwrap())?;
///     std::fs::write(folder.path().join(file), file)?;
/// }
/// let pictures = datasets::open_folder(folder.path(), &datasets::Options::new(&["png", "jpg"]))?;
/// assert_eq!(pictures.classes, ["cats", "dogs"]);
/// assert_eq!((pictures.train.len(), pictures.valid.len(), pictures.test.len()), (2, 2, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open_folder(path: impl AsRef<Path>, options: &Options<'_>) -> Result<Collection> {
    let given = path.as_ref();
    match std::fs::metadata(given) {
        Ok(data) if data.is_dir() => {}
        Ok(_) => return Err(DataError::NotAFolder { path: given.into() }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(names::unknown(&given.to_string_lossy()));
        }
        Err(source) => {
            return Err(DataError::Unreadable {
                path: given.into(),
                source,
            });
        }
    }
    let mut ignored = Ignored::default();
    let (root, map) = find_root(given)?;
    let found = find_files(&root, options, &mut ignored)?;
    let classes = class_names(given, &found, options)?;

    let files: Vec<PathBuf> = found.iter().map(|file| file.path.clone()).collect();
    let index = Index::new(&root, &files);
    let mut notes: Vec<String> = ignored.note().into_iter().collect();
    let map = options.artists.clone().or(map);
    let artists = match &map {
        Some(map) => {
            let (artists, more) = lists::artists(map, &index, files.len())?;
            notes.extend(more);
            artists
        }
        None => vec![None; files.len()],
    };
    let examples: Vec<Example> = found
        .iter()
        .zip(artists)
        .map(|(file, artist)| Example {
            path: file.path.clone(),
            label: classes
                .iter()
                .position(|class| *class == file.class)
                .unwrap_or_default() as u32,
            source: artist.unwrap_or_else(|| walk::relative(&root, &file.path.with_extension(""))),
        })
        .collect();
    let mut given_parts: Vec<Option<Part>> = found.iter().map(|file| file.part).collect();
    let mut keep = vec![true; files.len()];
    if let Some(path) = &options.split {
        let (parts, more) = lists::split(path, &index, files.len())?;
        keep = parts.iter().map(Option::is_some).collect();
        let left_out = keep.iter().filter(|keep| !**keep).count();
        if left_out > 0 {
            notes.push(format!(
                "{left_out} files are in no list of {} and are left out",
                path.display()
            ));
        }
        notes.extend(more);
        given_parts = parts;
    }
    let plan = Plan {
        root: given,
        classes: &classes,
        by_artist: map.is_some(),
        options,
    };
    plan.assemble(examples, given_parts, keep, notes)
}

struct Plan<'a> {
    root: &'a Path,
    classes: &'a [String],
    by_artist: bool,
    options: &'a Options<'a>,
}

impl Plan<'_> {
    fn assemble(
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
            let of_class = mine
                .iter()
                .filter(|&&number| examples[number].label as usize == label);
            let have = of_class
                .map(|&number| source[number])
                .collect::<BTreeSet<_>>()
                .len();
            if have < shares.len() {
                let parts: Vec<&str> = shares.iter().map(|(part, _)| words(*part)).collect();
                let reason = format!("one each for {}, none in two of them", parts.join(", "));
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
        let how = format!(
            "{} split off with seed {}",
            names.join(" and "),
            self.options.seed
        );
        notes.push(match self.by_artist {
            true => format!("{how}, whole artists"),
            false => format!("{how}, file by file: who made them is not known, so one artist may be in two parts and results may flatter (an artists.csv with the columns file,artist mends that)"),
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

struct File {
    path: PathBuf,
    class: String,
    part: Option<Part>,
}

/// Goes down to the folder that holds the class folders, past GTZAN's `genres_original` and the `Data` that some
/// copies wrap around it; picks up an `artists.csv` on the way.
fn find_root(given: &Path) -> Result<(PathBuf, Option<PathBuf>)> {
    let folders = |path: &Path| Ok::<_, DataError>(walk::entries(path, &mut Ignored::default())?.0);
    let gtzan = |folders: &[PathBuf]| {
        let found = folders
            .iter()
            .find(|folder| ["genres_original", "genres"].contains(&name(folder).as_str()));
        found.cloned()
    };
    let (mut root, mut map) = (given.to_path_buf(), None);
    loop {
        let here = root.join("artists.csv");
        map = map.or(here.is_file().then_some(here));
        let below = folders(&root)?;
        root = match (gtzan(&below), below.as_slice()) {
            (Some(folder), _) => folder,
            (None, [only]) if gtzan(&folders(only)?).is_some() || in_parts(&folders(only)?) => only.clone(),
            _ => return Ok((root, map)),
        };
    }
}

fn is_part(folder: &Path) -> bool {
    [
        "train",
        "training",
        "valid",
        "validation",
        "val",
        "test",
        "testing",
    ]
    .contains(&name(folder).to_lowercase().as_str())
}

/// Whether these are the parts of a set. Only with a training folder: "test" alone may well be a class.
fn in_parts(folders: &[PathBuf]) -> bool {
    folders
        .iter()
        .any(|folder| is_part(folder) && part_named(&name(folder)) == Some(Part::Train))
}

fn find_files(root: &Path, options: &Options<'_>, ignored: &mut Ignored) -> Result<Vec<File>> {
    let (folders, loose) = walk::entries(root, ignored)?;
    let by_part = in_parts(&folders);
    let mut homes: Vec<(PathBuf, Option<Part>)> = Vec::new();
    for folder in folders {
        if !by_part {
            homes.push((folder, None));
        } else if is_part(&folder) {
            let part = part_named(&name(&folder));
            let (classes, _) = walk::entries(&folder, ignored)?;
            homes.extend(classes.into_iter().map(|class| (class, part)));
        } else {
            ignored.folders.push(name(&folder));
        }
    }
    let mut files = Vec::new();
    for (folder, part) in homes {
        let class = name(&folder);
        let found = walk::files(&folder, options.extensions, ignored)?;
        if found.is_empty() {
            ignored.folders.push(class.clone());
        }
        files.extend(found.into_iter().map(|path| File {
            path,
            class: class.clone(),
            part,
        }));
    }
    let loose = loose
        .iter()
        .filter(|file| options.extensions.contains(&walk::extension(file).as_str()))
        .count();
    if files.is_empty() && loose > 0 {
        return Err(DataError::NoClasses {
            path: root.into(),
            files: loose,
        });
    }
    if files.is_empty() {
        let ignored = ignored
            .note()
            .map(|note| format!(" ({note})"))
            .unwrap_or_default();
        let extensions = options.extensions.join(", ");
        return Err(DataError::Empty {
            path: root.into(),
            extensions,
            ignored,
        });
    }
    files.sort_by_cached_key(|file| walk::relative(root, &file.path));
    Ok(files)
}

fn class_names(root: &Path, files: &[File], options: &Options<'_>) -> Result<Vec<String>> {
    let found: Vec<String> = files
        .iter()
        .map(|file| file.class.clone())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    if let Some(expected) = &options.classes {
        if expected.iter().collect::<BTreeSet<_>>() != found.iter().collect() {
            let (expected, found) = (expected.join(", "), found.join(", "));
            return Err(DataError::Classes {
                path: root.into(),
                expected,
                found,
            });
        }
        return Ok(expected.clone());
    }
    match found.as_slice() {
        [only] => Err(DataError::OneClass {
            path: root.into(),
            class: only.clone(),
        }),
        _ => Ok(found),
    }
}
