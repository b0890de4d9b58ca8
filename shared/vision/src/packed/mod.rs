//! Many small pictures packed in a few files: the IDX files of MNIST and its likes, the binary files of CIFAR.

mod cifar;
mod idx;
mod names;

use std::fmt;
use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};

use crate::VisionError;

/// Pictures of one size with their classes, as one file or a few files hold them.
#[derive(Clone, PartialEq, Eq)]
pub struct Packed {
    /// Columns of a picture.
    pub width: usize,
    /// Rows of a picture.
    pub height: usize,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// Picture after picture, each (channels, height, width).
    pub pixels: Vec<u8>,
    /// The class of each picture, an index into [`PackedSet::classes`].
    pub labels: Vec<u32>,
}

/// A set of packed pictures, with the test part that it comes with. Validation is the reader's to split off training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedSet {
    /// What the files are, in words.
    pub layout: &'static str,
    /// The name of each class.
    pub classes: Vec<String>,
    /// What the network learns from.
    pub train: Packed,
    /// What the result is measured on.
    pub test: Packed,
}

/// The set in `folder`, or one folder further down (`cifar-10-batches-bin`), if a known layout is there; `None` if none
/// of its files is.
///
/// | layout | files |
/// |---|---|
/// | IDX (MNIST, Fashion-MNIST) | `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-…`; also `.idx3-ubyte`, also `.gz`; `classes.txt` if the classes have names |
/// | CIFAR-10, binary version | `data_batch_1.bin` to `data_batch_5.bin`, `test_batch.bin`, `batches.meta.txt` |
/// | CIFAR-100, binary version | `train.bin`, `test.bin`, `fine_label_names.txt` |
///
/// # Errors
/// Where a file is missing, damaged, or contradicts another. Nothing is taken at its word: a count that a file declares
/// is compared with the file's length before any memory is asked for.
pub fn open(folder: &Path) -> Result<Option<PackedSet>, VisionError> {
    if let Some(set) = open_here(folder)? {
        return Ok(Some(set));
    }
    let mut homes: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(VisionError::unreadable(folder))? {
        let path = entry.map_err(VisionError::unreadable(folder))?.path();
        if path.is_dir() && (idx::is_here(&path) || cifar::is_here(&path)) {
            homes.push(path);
        }
    }
    homes.sort();
    match homes.as_slice() {
        [] => Ok(None),
        [only] => open_here(only),
        [first, second, ..] => Err(VisionError::packed(
            folder,
            format!(
                "holds {} sets of packed pictures; give the folder of one, such as {} or {}",
                homes.len(),
                first.display(),
                second.display()
            ),
        )),
    }
}

fn open_here(folder: &Path) -> Result<Option<PackedSet>, VisionError> {
    if idx::is_here(folder) {
        idx::open(folder).map(Some)
    } else if cifar::is_here(folder) {
        cifar::open(folder).map(Some)
    } else {
        Ok(None)
    }
}

impl Packed {
    /// How many pictures there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// How many bytes a picture takes.
    fn stride(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// The bytes of picture `index`, (channels, height, width). Panics where there is no such picture.
    pub fn planes(&self, index: usize) -> &[u8] {
        &self.pixels[index * self.stride()..(index + 1) * self.stride()]
    }

    /// Picture `index` in colour; grey is repeated. Panics where there is no such picture.
    pub fn picture(&self, index: usize) -> RgbImage {
        let planes = self.planes(index);
        let plane = self.height * self.width;
        RgbImage::from_fn(self.width as u32, self.height as u32, |x, y| {
            let at = y as usize * self.width + x as usize;
            Rgb([0, 1, 2].map(|channel| planes[channel.min(self.channels - 1) * plane + at]))
        })
    }

    /// The pictures at `indices`, in that order. Panics where there is no such picture.
    pub fn select(&self, indices: &[usize]) -> Packed {
        let mut pixels = Vec::with_capacity(indices.len() * self.stride());
        for &index in indices {
            pixels.extend_from_slice(self.planes(index));
        }
        Packed {
            pixels,
            labels: indices.iter().map(|&index| self.labels[index]).collect(),
            ..*self
        }
    }
}

impl fmt::Debug for Packed {
    /// The sizes: nobody reads a million pixels.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, channels) = (self.len(), self.channels);
        write!(
            f,
            "Packed({count} of {channels} x {} x {})",
            self.height, self.width
        )
    }
}

/// Refuses labels that have no name.
fn check_labels(path: &Path, labels: &[u32], classes: &[String], advice: &str) -> Result<(), VisionError> {
    match labels.iter().position(|&label| label as usize >= classes.len()) {
        None => Ok(()),
        Some(at) => Err(VisionError::packed(
            path,
            format!(
                "label {} of picture {at} is beyond the {} classes (0 to {}); {advice}",
                labels[at],
                classes.len(),
                classes.len() - 1
            ),
        )),
    }
}
