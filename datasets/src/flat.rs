//! Files whose names tell their class, all in one folder: `train/cat.0.jpg`, `train/dog.0.jpg`, as competitions pack
//! them; and files that nothing tells the class of.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::folder::File;
use crate::names;
use crate::split::Part;
use crate::text::some;
use crate::walk::{self, Ignored, name};

/// The files that lie directly in a set's folder or in a part's folder, not in a class folder.
pub(crate) struct Heap {
    pub folder: PathBuf,
    pub part: Option<Part>,
    /// Those of a kind that the project reads.
    pub files: Vec<PathBuf>,
}

impl Heap {
    /// Keeps the files of a known kind. The others are counted as ignored in a part's folder; in the set's own
    /// folder a table or a text beside the data is nothing to tell of.
    pub fn new(
        folder: &Path,
        part: Option<Part>,
        files: Vec<PathBuf>,
        extensions: &[&str],
        ignored: &mut Ignored,
    ) -> Self {
        let (files, others): (Vec<_>, Vec<_>) = files
            .into_iter()
            .partition(|file| extensions.contains(&walk::extension(file).as_str()));
        if part.is_some() {
            others.iter().for_each(|file| ignored.count(file));
        }
        Heap {
            folder: folder.into(),
            part,
            files,
        }
    }
}

/// The class of a file that is called CLASS.NUMBER.EXTENSION.
pub(crate) fn class_of(file: &Path) -> Option<String> {
    let name = name(file);
    let mut pieces = name.split('.');
    let (class, number, _, None) = (pieces.next()?, pieces.next()?, pieces.next()?, pieces.next()) else {
        return None;
    };
    let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (numbered && !class.trim().is_empty()).then(|| names::composed(class))
}

/// The files of the heaps that tell their class by their name, if that is how the set is laid out: at least two
/// classes, and outside of the test part, which may be there to be answered, at least half of the files. (GTZAN's
/// `blues.00000.wav` are named so too, but a folder of only those is one class, not a set.)
/// How a name tells the class is `class_of`'s to say.
pub(crate) fn labelled(heaps: &[Heap], class_of: fn(&Path) -> Option<String>) -> Option<Vec<File>> {
    let (mut files, mut classes, mut named, mut learnt) = (Vec::new(), BTreeSet::new(), 0, 0);
    for heap in heaps {
        let mine = heap.files.iter().filter_map(|path| {
            let class = class_of(path)?;
            classes.insert(class.clone());
            Some(File {
                path: path.clone(),
                class,
                part: heap.part,
            })
        });
        let before = files.len();
        files.extend(mine);
        if heap.part != Some(Part::Test) {
            learnt += heap.files.len();
            named += files.len() - before;
        }
    }
    let laid_out_so = classes.len() > 1 && named > 0 && 2 * named >= learnt;
    laid_out_so.then_some(files)
}

/// Tells of the files in the heaps that are not among `used`, because nothing tells their class.
pub(crate) fn notes(heaps: &[Heap], used: &[File]) -> Vec<String> {
    let used: BTreeSet<&Path> = used.iter().map(|file| file.path.as_path()).collect();
    let told = heaps.iter().filter_map(|heap| {
        let left: Vec<&PathBuf> = heap
            .files
            .iter()
            .filter(|file| !used.contains(file.as_path()))
            .collect();
        let (count, folder) = (left.len(), name(&heap.folder));
        if left.is_empty() {
            return None;
        }
        if heap.part == Some(Part::Test) && count == heap.files.len() {
            return Some(format!(
                "{count} unlabelled files in {folder}: left out, as nothing tells their class"
            ));
        }
        let names = some(left.into_iter().map(|file| name(file)), 5);
        Some(format!(
            "{count} files directly in {folder} are left out, for neither a class folder nor a name such as \
             7_jackson_32.wav or cat.0.jpg tells their class: {names}"
        ))
    });
    told.collect()
}
