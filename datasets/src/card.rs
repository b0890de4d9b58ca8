//! What a card says of a data set.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::{OnProgress, Result};

/// All that is to be known of a named data set before it is used.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    /// The name to give on the command line; also its folder below [`data_dir`](crate::data_dir).
    pub name: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it is, in a sentence or two.
    pub what: &'static str,
    /// Its licence, or that none is stated.
    pub licence: &'static str,
    /// Its official home.
    pub home: &'static str,
    /// Size on disk once installed, in bytes.
    pub size: u64,
    /// How its files lie.
    pub layout: &'static str,
    /// Whether that layout is class folders, or names that tell the class, which [`open`](crate::open) reads.
    pub class_folders: bool,
    /// How it is split into training, validation and test.
    pub split: &'static str,
    /// What is wrong with it.
    pub faults: &'static [&'static str],
    /// Its folder in a mirror; mostly the same as its name.
    pub mirror: &'static str,
    /// Where it comes from.
    pub source: Source,
    /// What an unpacked copy holds; by this a copy in a mirror or put in place by hand is recognised as whole.
    pub contents: Contents,
}

/// Makes the set of a name below the data folder, unless it is there already, and gives its folder and some notes.
pub type Maker = fn(&str, &Path, OnProgress<'_>) -> Result<(PathBuf, Vec<String>)>;

/// Where a data set comes from.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// Made here, by this function of this crate.
    Made(Maker),
    /// Fetched from its official home, or a mirror.
    Files {
        /// The files to fetch.
        files: &'static [RemoteFile],
        /// Where their checksums come from.
        checked: &'static str,
    },
    /// Not offered in a form that could be fetched and verified: what the user has to do.
    ByHand(&'static str),
}

/// A file to fetch.
#[derive(Clone, Copy, Debug)]
pub struct RemoteFile {
    /// Its path below the set's folder, and below the set's folder in a mirror.
    pub path: &'static str,
    /// Where it is offered, best first; none if only a mirror can have it.
    pub urls: &'static [&'static str],
    /// Its length in bytes, if known.
    pub bytes: Option<u64>,
    /// The SHA-256 of each accepted form. Empty only for an archive whose bytes are not stable: then
    /// [`Contents::sha256`] must be given, and is checked before anything is installed.
    pub sha256: &'static [&'static str],
    /// Whether it is a .tar.gz to unpack, and how many leading folders to take off its entries.
    pub unpack: Option<usize>,
}

/// What a whole copy of a set holds.
#[derive(Clone, Copy, Debug)]
pub struct Contents {
    /// Only files with these extensions count.
    pub extensions: &'static [&'static str],
    /// How many there are.
    pub files: usize,
    /// Checksum over all of them: `find * -name '*.EXTENSION' | LC_ALL=C sort | xargs sha256sum | sha256sum`.
    pub sha256: Option<&'static str>,
}

impl fmt::Display for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}\n{}", self.name, self.title, self.what)?;
        writeln!(f, "  licence  {}\n  home     {}", self.licence, self.home)?;
        writeln!(
            f,
            "  size     {} in {} files",
            crate::bytes(self.size),
            self.contents.files
        )?;
        writeln!(f, "  layout   {}\n  split    {}", self.layout, self.split)?;
        for fault in self.faults {
            writeln!(f, "  fault    {fault}")?;
        }
        match self.source {
            Source::Made(_) => writeln!(f, "  source   made here"),
            Source::ByHand(how) => writeln!(f, "  source   {how}"),
            Source::Files { files, checked } => {
                for file in files.iter().take(4) {
                    let address = file.urls.first().copied().unwrap_or("a mirror only");
                    writeln!(f, "  source   {}: {address}", file.path)?;
                }
                if files.len() > 4 {
                    writeln!(f, "           and {} more files", files.len() - 4)?;
                }
                writeln!(f, "  checksum {checked}")
            }
        }
    }
}
