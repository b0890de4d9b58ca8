//! IDX files: a magic number, the size in each dimension as big-endian 32-bit numbers, then the bytes.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::{Packed, PackedSet, check_labels, names};
use crate::VisionError;

/// Unsigned bytes in three dimensions: pictures.
const IMAGES: u32 = 0x0000_0803;
/// Unsigned bytes in one dimension: labels.
const LABELS: u32 = 0x0000_0801;
/// Deflate makes nothing smaller than this share, so a compressed file's length bounds what it can hold.
const LARGEST_RATIO: u64 = 1032;

/// Whether any of the files is here.
pub(super) fn is_here(folder: &Path) -> bool {
    ["train", "t10k"]
        .iter()
        .any(|part| find(folder, part, "images", 3).is_some() || find(folder, part, "labels", 1).is_some())
}

/// Reads the four files.
pub(super) fn open(folder: &Path) -> Result<PackedSet, VisionError> {
    let (classes, advice) = classes(folder)?;
    let read = |part| -> Result<Packed, VisionError> {
        let images = need(folder, part, "images", 3)?;
        let labels = need(folder, part, "labels", 1)?;
        let packed = read_part(&images, &labels)?;
        check_labels(&labels, &packed.labels, &classes, advice)?;
        Ok(packed)
    };
    let (train, test) = (read("train")?, read("t10k")?);
    if (train.width, train.height) != (test.width, test.height) {
        let problem = format!(
            "the pictures for training are {} x {}, those for test {} x {}: these files are not of one set",
            train.width, train.height, test.width, test.height
        );
        return Err(VisionError::packed(folder, problem));
    }
    Ok(PackedSet {
        layout: "IDX files",
        classes,
        train,
        test,
    })
}

/// The class names, and what to do about a label that has none.
fn classes(folder: &Path) -> Result<(Vec<String>, &'static str), VisionError> {
    let list = folder.join("classes.txt");
    if let Some(classes) = names::listed(&list)? {
        return Ok((classes, "add the missing names to classes.txt"));
    }
    let named = folder.canonicalize().unwrap_or_else(|_| folder.into());
    let name = named
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let classes = match name.contains("fashion") {
        true => names::owned(&names::FASHION),
        false => names::numbers(10),
    };
    Ok((
        classes,
        "for more classes than ten, put a classes.txt with a name a line beside the files",
    ))
}

/// `train-images-idx3-ubyte`, with a dot for the second hyphen as some copies have it, and plain or compressed.
fn find(folder: &Path, part: &str, what: &str, dimensions: u32) -> Option<PathBuf> {
    let names = ["-", "."].map(|mark| format!("{part}-{what}{mark}idx{dimensions}-ubyte"));
    let both = names.iter().flat_map(|name| [name.clone(), format!("{name}.gz")]);
    both.map(|name| folder.join(name)).find(|path| path.is_file())
}

fn need(folder: &Path, part: &str, what: &str, dimensions: u32) -> Result<PathBuf, VisionError> {
    find(folder, part, what, dimensions).ok_or_else(|| {
        let problem = format!("has no {part}-{what}-idx{dimensions}-ubyte (plain or .gz) beside the other IDX files; fetch it too");
        VisionError::packed(folder, problem)
    })
}

fn read_part(images: &Path, labels: &Path) -> Result<Packed, VisionError> {
    let ([count, height, width], pixels) = read_file(images, IMAGES)?;
    let ([label_count], label_bytes) = read_file(labels, LABELS)?;
    if count != label_count {
        let problem = format!(
            "holds {label_count} labels for the {count} pictures of {}: the two files are not of one set",
            images.display()
        );
        return Err(VisionError::packed(labels, problem));
    }
    Ok(Packed {
        width,
        height,
        channels: 1,
        pixels,
        labels: label_bytes.into_iter().map(u32::from).collect(),
    })
}

/// The sizes that an IDX file declares, and its bytes.
fn read_file<const D: usize>(path: &Path, magic: u32) -> Result<([usize; D], Vec<u8>), VisionError> {
    let bad = |problem: String| VisionError::packed(path, problem);
    let mut start = [0; 2];
    let file = File::open(path).map_err(VisionError::unreadable(path))?;
    let length = file.metadata().map_err(VisionError::unreadable(path))?.len();
    let filled = fill(&mut &file, &mut start).map_err(VisionError::unreadable(path))?;
    let compressed = filled == 2 && start == [0x1f, 0x8b];
    let file = BufReader::new(File::open(path).map_err(VisionError::unreadable(path))?);
    let mut reader: Box<dyn Read> = match compressed {
        true => Box::new(MultiGzDecoder::new(file)),
        false => Box::new(file),
    };
    let failed = |error: io::Error| match compressed {
        true => bad(format!(
            "the compressed data is damaged or cut off ({error}); fetch it again"
        )),
        false => VisionError::unreadable(path)(error),
    };

    let mut head = vec![0; 4 + 4 * D];
    let filled = fill(&mut reader, &mut head).map_err(failed)?;
    check_magic(&head[..filled], magic).map_err(bad)?;
    let header = head.len() as u64;
    if filled < head.len() {
        return Err(bad(format!(
            "cut off within its header of {header} bytes; fetch it again"
        )));
    }
    let sizes: Vec<u64> = head[4..]
        .chunks_exact(4)
        .map(|bytes| u64::from(number(bytes)))
        .collect();
    let shape = sizes.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ");
    let declared = sizes
        .iter()
        .try_fold(1u64, |product, size| product.checked_mul(*size));
    let most = match compressed {
        true => length.saturating_mul(LARGEST_RATIO),
        false => length,
    };
    let Some(declared) = declared.filter(|declared| *declared > 0 && *declared <= most) else {
        return Err(bad(format!(
            "declares {shape} bytes, which a file of {length} bytes cannot hold: it is cut off or damaged; fetch it again"
        )));
    };
    // What a compressed file declares may still be a lie of a thousandfold, so its memory grows as the bytes come.
    let room = if compressed {
        declared.min(1 << 26)
    } else {
        declared
    };
    let mut bytes = Vec::with_capacity(room as usize);
    // One byte more than declared is asked for, to see whether there is more; an endless stream is not followed.
    reader
        .take(declared + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    match (bytes.len() as u64).cmp(&declared) {
        std::cmp::Ordering::Less => Err(bad(format!(
            "declares {shape} bytes but ends after {}: it is cut off; fetch it again",
            bytes.len()
        ))),
        std::cmp::Ordering::Greater => Err(bad(format!(
            "goes on after the {shape} bytes that it declares: it is damaged; fetch it again"
        ))),
        std::cmp::Ordering::Equal => {
            let sizes: Vec<usize> = sizes.into_iter().map(|size| size as usize).collect();
            let sizes = sizes
                .try_into()
                .map_err(|_| bad("its header has another length".into()))?;
            Ok((sizes, bytes))
        }
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// Reads until `buffer` is full or the file ends; the answer is how many bytes came.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Says what a file is that does not begin with `expected`.
fn check_magic(head: &[u8], expected: u32) -> Result<(), String> {
    if head.len() < 4 {
        return Err(format!("holds {} bytes only; fetch it again", head.len()));
    }
    let found = number(&head[..4]);
    if found == expected {
        return Ok(());
    }
    let what = match found {
        IMAGES => "the mark of pictures",
        LABELS => "the mark of labels",
        _ if found >> 16 == 0 && found & 0xff != 0 => match found >> 8 & 0xff {
            0x08 => "unsigned bytes in another number of dimensions",
            0x09 => "signed bytes",
            0x0b => "16-bit numbers",
            0x0c => "32-bit numbers",
            0x0d => "32-bit floating-point numbers",
            0x0e => "64-bit floating-point numbers",
            _ => "no mark of an IDX file",
        },
        _ if head.starts_with(b"<!") || head.starts_with(b"<h") => "a web page, such as an error message",
        _ if head.starts_with(b"PK") => "a zip archive; unpack it",
        _ => "no mark of an IDX file",
    };
    let wanted = if expected == IMAGES { "pictures" } else { "labels" };
    Err(format!(
        "begins with 0x{found:08x} ({what}), not with 0x{expected:08x} ({wanted}); put the right file here"
    ))
}
