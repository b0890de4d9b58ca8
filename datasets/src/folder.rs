//! Class folders: the layout in which most people's data comes, and GTZAN's.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::assemble::Plan;
use crate::door::UNKNOWN;
use crate::flat::{self, Heap};
use crate::lists::{self, Index, part_named};
use crate::split::{Part, Sources};
use crate::spoken::{self, BACKGROUND_NOISE};
use crate::text::some;
use crate::walk::{self, Ignored, name};
use crate::{Collection, DataError, Example, Options, Result, names};

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
    must_be_a_folder(given)?;
    let mut ignored = Ignored::default();
    let (root, map) = find_root(given)?;
    let (mut found, left_out) = find_files(&root, options, &mut ignored)?;
    let files: Vec<PathBuf> = found.iter().map(|file| file.path.clone()).collect();
    let index = Index::new(&root, &files);
    let mut notes: Vec<String> = ignored.note().into_iter().chain(left_out).collect();
    let map = options.artists.clone().or(map);
    let (sources, known, more) = match &map {
        Some(map) => {
            let (artists, notes) = lists::artists(map, &index, files.len())?;
            (Sources::Artists, artists, notes)
        }
        None => spoken::speakers(&found),
    };
    notes.extend(more);
    let mut given_parts: Vec<Option<Part>> = found.iter().map(|file| file.part).collect();
    let mut keep = vec![true; files.len()];
    let split = match &options.split {
        Some(path) => Some(lists::split(path, &index, files.len())?),
        None if given_parts.iter().any(Option::is_some) => None,
        None => match lists::brought(&root, &index, files.len())? {
            None => spoken::by_index(&found, options.hold_out.as_deref()),
            brought => brought,
        },
    };
    if let Some((parts, more)) = split {
        if options.split.is_some() {
            keep = parts.iter().map(Option::is_some).collect();
        }
        notes.extend(more);
        given_parts = parts;
    }
    // Names of files were compared with their classes above; from here on some classes are one.
    keep_apart(given, &mut found, &options.only)?;
    let classes = class_names(given, &found, options)?;
    let examples: Vec<Example> = found
        .iter()
        .zip(known)
        .map(|(file, source)| Example {
            path: file.path.clone(),
            label: classes
                .iter()
                .position(|class| names::composed(class) == file.class)
                .unwrap_or_default() as u32,
            source: source.unwrap_or_else(|| walk::relative(&root, &file.path.with_extension(""))),
        })
        .collect();
    let plan = Plan {
        root: given,
        classes: &classes,
        sources,
        options,
    };
    plan.assemble(examples, given_parts, keep, notes)
}

/// An error that says what is wrong, unless this is a folder.
pub(crate) fn must_be_a_folder(given: &Path) -> Result<()> {
    match std::fs::metadata(given) {
        Ok(data) if data.is_dir() => Ok(()),
        Ok(_) => Err(DataError::NotAFolder { path: given.into() }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(names::unknown(&given.to_string_lossy()))
        }
        Err(source) => Err(DataError::Unreadable {
            path: given.into(),
            source,
        }),
    }
}

/// A file with its class, and its part where its folder says it.
pub(crate) struct File {
    pub path: PathBuf,
    pub class: String,
    pub part: Option<Part>,
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
    // Dogs vs. Cats calls what is to be answered "test1".
    let parts = [
        "train",
        "training",
        "valid",
        "validation",
        "val",
        "test",
        "testing",
        "test1",
    ];
    parts.contains(&name(folder).to_lowercase().as_str())
}

/// Whether these are the parts of a set. Only with a training folder: "test" alone may well be a class.
fn in_parts(folders: &[PathBuf]) -> bool {
    folders
        .iter()
        .any(|folder| is_part(folder) && part_named(&name(folder)) == Some(Part::Train))
}

/// The labelled files, and what is to be noted about files that are not.
fn find_files(root: &Path, options: &Options<'_>, ignored: &mut Ignored) -> Result<(Vec<File>, Vec<String>)> {
    let (folders, loose) = walk::entries(root, ignored)?;
    let by_part = in_parts(&folders);
    let mut homes: Vec<(PathBuf, Option<Part>)> = Vec::new();
    let mut heaps = vec![Heap::new(root, None, loose, options.extensions, ignored)];
    for folder in folders {
        if !by_part {
            homes.push((folder, None));
        } else if is_part(&folder) {
            let part = part_named(&name(&folder));
            let (classes, loose) = walk::entries(&folder, ignored)?;
            homes.extend(classes.into_iter().map(|class| (class, part)));
            heaps.push(Heap::new(&folder, part, loose, options.extensions, ignored));
        } else {
            ignored.folders.push(name(&folder));
        }
    }
    let mut files = Vec::new();
    for (folder, part) in homes {
        let class = name(&folder);
        if class == BACKGROUND_NOISE {
            // Nothing of it is used here, but that it can be read is found out now.
            walk::entries(&folder, &mut Ignored::default())?;
            continue;
        }
        let found = walk::files(&folder, options.extensions, ignored)?;
        if found.is_empty() {
            ignored.folders.push(class.clone());
        }
        files.extend(found.into_iter().map(|path| File {
            path,
            class: names::composed(&class),
            part,
        }));
    }
    if !files.is_empty()
        && files
            .iter()
            .all(|file| file.class == "recordings" && file.part.is_none())
    {
        // The Free Spoken Digit Dataset keeps its files in one folder, beside its scripts.
        let paths = files.iter().map(|file| file.path.clone()).collect();
        let heap = Heap {
            folder: root.join("recordings"),
            part: None,
            files: paths,
        };
        if let Some(named) = flat::labelled(std::slice::from_ref(&heap), spoken::class_of) {
            files = named;
            heaps.push(heap);
        }
    }
    if files.is_empty() {
        let labelled = flat::labelled(&heaps, flat::class_of);
        files = match (
            labelled.or_else(|| flat::labelled(&heaps, spoken::class_of)),
            heaps.iter().find(|heap| !heap.files.is_empty()),
        ) {
            (Some(files), _) => files,
            (None, Some(heap)) => {
                return Err(DataError::NoClasses {
                    path: heap.folder.clone(),
                    files: heap.files.len(),
                });
            }
            (None, None) => {
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
        };
    }
    let mut notes = flat::notes(&heaps, &files);
    if ignored.transcripts > 0 {
        notes.push(format!(
            "{} transcripts (*.trans.txt) lie here: this looks like transcribed speech, but its folders are read as classes",
            ignored.transcripts
        ));
    }
    files.sort_by_cached_key(|file| walk::relative(root, &file.path));
    Ok((files, notes))
}

/// Gives all files of other classes than `only` the class [`UNKNOWN`].
fn keep_apart(root: &Path, files: &mut [File], only: &[String]) -> Result<()> {
    let only: Vec<String> = only.iter().map(|class| names::composed(class)).collect();
    let there: BTreeSet<&str> = files.iter().map(|file| file.class.as_str()).collect();
    if let Some(missing) = only.iter().find(|class| !there.contains(class.as_str())) {
        let near = names::near(missing, there.iter().copied());
        return Err(DataError::NoSuchClass {
            class: missing.clone(),
            path: root.into(),
            hint: match near.is_empty() {
                true => some(there.iter().map(ToString::to_string), 40),
                false => format!("{} perhaps", near.join(" or ")),
            },
        });
    }
    for file in files {
        if !only.is_empty() && !only.contains(&file.class) {
            file.class = UNKNOWN.into();
        }
    }
    Ok(())
}

fn class_names(root: &Path, files: &[File], options: &Options<'_>) -> Result<Vec<String>> {
    let found: Vec<String> = files
        .iter()
        .map(|file| file.class.clone())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    if let Some(expected) = &options.classes {
        let composed = expected.iter().map(|class| names::composed(class));
        if composed.collect::<BTreeSet<_>>() != found.iter().cloned().collect() {
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
