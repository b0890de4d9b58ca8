//! Checksums of files and of whole folders, and files that are the same byte for byte.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::Result;
use crate::error::At;
use crate::walk::relative;

/// SHA-256 of a file in hexadecimal.
pub(crate) fn of_file(path: &Path) -> Result<String> {
    hash(path, u64::MAX).at("read", path)
}

/// SHA-256 of bytes in hexadecimal.
pub(crate) fn of_bytes(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// One checksum for many files below `root`, which must be sorted by path; the same as
/// `find * -name '*.wav' | LC_ALL=C sort | xargs sha256sum | sha256sum` says in that folder.
pub(crate) fn of_folder(root: &Path, files: &[PathBuf]) -> Result<String> {
    let mut all = Sha256::new();
    for file in files {
        all.update(format!("{}  {}\n", of_file(file)?, relative(root, file)));
    }
    Ok(hexadecimal(&all.finalize()))
}

/// Groups of two or more files with the same bytes, as indices into `files`. Only files of equal length are read,
/// and those first for 64 KiB: comparing a gigabyte of music costs a few milliseconds where nothing is repeated.
/// Empty and unreadable files are left to the decoder.
pub(crate) fn duplicates(files: &[&Path]) -> Vec<Vec<usize>> {
    let length = |path: &Path| {
        std::fs::metadata(path)
            .ok()
            .map(|data| data.len())
            .filter(|&length| length > 0)
    };
    let equal_length = regroup(vec![(0..files.len()).collect()], |file| length(files[file]));
    let equal_head = regroup(equal_length, |file| hash(files[file], 64 << 10).ok());
    regroup(equal_head, |file| hash(files[file], u64::MAX).ok())
}

fn regroup<K: Ord>(groups: Vec<Vec<usize>>, key: impl Fn(usize) -> Option<K>) -> Vec<Vec<usize>> {
    let mut finer = Vec::new();
    for group in groups {
        let mut by_key: BTreeMap<K, Vec<usize>> = BTreeMap::new();
        for file in group {
            if let Some(key) = key(file) {
                by_key.entry(key).or_default().push(file);
            }
        }
        finer.extend(by_key.into_values().filter(|group| group.len() > 1));
    }
    finer.sort();
    finer
}

fn hash(path: &Path, limit: u64) -> std::io::Result<String> {
    let mut file = File::open(path)?.take(limit);
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hexadecimal(&hash.finalize())),
            count => hash.update(&buffer[..count]),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
