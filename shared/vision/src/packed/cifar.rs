//! The binary versions of CIFAR-10 and CIFAR-100: records of a label (or a coarse and a fine one) and three planes.

use std::path::Path;

use super::{Packed, PackedSet, check_labels, names};
use crate::VisionError;

const SIZE: usize = 32;
const PIXELS: usize = 3 * SIZE * SIZE;

/// One of the two sets.
struct Layout {
    name: &'static str,
    train: &'static [&'static str],
    test: &'static str,
    /// Bytes in front of the planes; the last of them is the class.
    labels: usize,
    names: &'static str,
    archive: &'static str,
}

const CIFAR_10: Layout = Layout {
    name: "CIFAR-10, binary version",
    train: &[
        "data_batch_1.bin",
        "data_batch_2.bin",
        "data_batch_3.bin",
        "data_batch_4.bin",
        "data_batch_5.bin",
    ],
    test: "test_batch.bin",
    labels: 1,
    names: "batches.meta.txt",
    archive: "cifar-10-binary.tar.gz",
};

const CIFAR_100: Layout = Layout {
    name: "CIFAR-100, binary version",
    train: &["train.bin"],
    test: "test.bin",
    labels: 2,
    names: "fine_label_names.txt",
    archive: "cifar-100-binary.tar.gz",
};

/// Whether any of the files is here. Of CIFAR-100, both: `train.bin` alone may be anything.
pub(super) fn is_here(folder: &Path) -> bool {
    layout(folder).is_some() || is_pickled(folder)
}

fn layout(folder: &Path) -> Option<&'static Layout> {
    let here = |file: &&str| folder.join(file).is_file();
    if CIFAR_10.train.iter().any(here) || here(&CIFAR_10.test) {
        Some(&CIFAR_10)
    } else {
        (here(&CIFAR_100.train[0]) && here(&CIFAR_100.test)).then_some(&CIFAR_100)
    }
}

/// The version for Python, whose files are programs as much as data.
fn is_pickled(folder: &Path) -> bool {
    folder.join("data_batch_1").is_file() && folder.join("batches.meta").is_file()
}

/// Reads all batches.
pub(super) fn open(folder: &Path) -> Result<PackedSet, VisionError> {
    let Some(layout) = layout(folder) else {
        let problem = format!(
            "is the version of CIFAR for Python, which only Python reads; get the binary version, {}",
            CIFAR_10.archive
        );
        return Err(VisionError::packed(folder, problem));
    };
    let classes = match names::listed(&folder.join(layout.names))? {
        Some(classes) => classes,
        None if layout.labels == 1 => names::owned(&names::CIFAR_10),
        None => names::numbers(100),
    };
    let read = |files: &[&str]| -> Result<Packed, VisionError> {
        let mut all = Packed {
            width: SIZE,
            height: SIZE,
            channels: 3,
            pixels: Vec::new(),
            labels: Vec::new(),
        };
        for file in files {
            read_file(folder, file, layout, &classes, &mut all)?;
        }
        Ok(all)
    };
    let (train, test) = (read(layout.train)?, read(&[layout.test])?);
    Ok(PackedSet {
        layout: layout.name,
        classes,
        train,
        test,
    })
}

/// Appends the records of a file.
fn read_file(
    folder: &Path,
    file: &str,
    layout: &Layout,
    classes: &[String],
    all: &mut Packed,
) -> Result<(), VisionError> {
    let path = folder.join(file);
    if !path.is_file() {
        let problem = format!(
            "has no {file} beside the other files; unpack {} again",
            layout.archive
        );
        return Err(VisionError::packed(folder, problem));
    }
    let bytes = std::fs::read(&path).map_err(VisionError::unreadable(&path))?;
    let record = layout.labels + PIXELS;
    if bytes.is_empty() || bytes.len() % record != 0 {
        let problem = format!(
            "holds {} bytes, {} whole records of {record} and {} bytes more: it is cut off or damaged; unpack {} again",
            bytes.len(),
            bytes.len() / record,
            bytes.len() % record,
            layout.archive
        );
        return Err(VisionError::packed(&path, problem));
    }
    let records = bytes.chunks_exact(record);
    let labels: Vec<u32> = records
        .clone()
        .map(|record| u32::from(record[layout.labels - 1]))
        .collect();
    check_labels(
        &path,
        &labels,
        classes,
        &format!("the file is damaged, or {} lacks names", layout.names),
    )?;
    all.labels.extend(labels);
    all.pixels.reserve(records.len() * PIXELS);
    records.for_each(|record| all.pixels.extend_from_slice(&record[layout.labels..]));
    Ok(())
}
