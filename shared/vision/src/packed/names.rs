//! The names of the classes, from a list beside the pictures or as everyone knows them.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use crate::VisionError;

pub(super) const FASHION: [&str; 10] = [
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
];

pub(super) const CIFAR_10: [&str; 10] = [
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
];

/// The names in a list, one a line; `None` if there is no such list. Lines that are empty do not count.
pub(super) fn listed(path: &Path) -> Result<Option<Vec<String>>, VisionError> {
    let text = match std::fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(VisionError::unreadable(path)(error)),
    };
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let names: Vec<String> = lines.filter(|line| !line.is_empty()).map(String::from).collect();
    let mut seen = BTreeSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
        let problem = format!("{twice:?} is there twice; each class needs a name of its own");
        return Err(VisionError::packed(path, problem));
    }
    if names.is_empty() {
        return Err(VisionError::packed(
            path,
            "holds no names; write one a line, in the order of the labels, or take the file away",
        ));
    }
    Ok(Some(names))
}

/// "0", "1", … for `count` classes that have no names.
pub(super) fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

pub(super) fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}
