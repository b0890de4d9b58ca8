//! What can go wrong with data: each message says what, where, and what to do next.

use std::{io, path::PathBuf};

/// Result of the functions of this crate.
pub type Result<T> = std::result::Result<T, DataError>;

/// Why a data set could not be opened, fetched or made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// Neither a set's name nor an existing path.
    #[error("there is no folder and no data set named {what:?}{hint}\n  named sets: {sets}")]
    Unknown {
        /// What was asked for.
        what: String,
        /// Near names, or the part of the path that does exist.
        hint: String,
        /// The sets of the catalogue.
        sets: String,
    },
    /// A public set where one that is made here was asked for.
    #[error("{name} is a public set, not made here: `cargo run -p datasets -- fetch {name}` gets it")]
    NotMade {
        /// The set.
        name: String,
    },
    /// A file where a folder is needed.
    #[error("{} is a file, not a folder: give the folder that holds the data (unpack an archive first)", path.display())]
    NotAFolder {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refuses to read a folder or a list.
    #[error("cannot read {}: {source}. Check who may read it (`ls -ld` on Linux and macOS) and that the disk is attached", path.display())]
    Unreadable {
        /// The folder or list.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A link leads back to a folder above it.
    #[error("{} is a link back to {}, a folder that contains it: remove the link, or every file would be found without end", path.display(), target.display())]
    LinkLoop {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// No file of a known kind.
    #[error("{} holds no {extensions} file{ignored}: put one folder for each class in it, with the files of that class inside", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
        /// The extensions looked for.
        extensions: String,
        /// What it holds instead.
        ignored: String,
    },
    /// Files, but nothing that tells their classes.
    #[error("{} holds {files} files but no class folders: the folder's name is the class, so sort them as {}/CLASS/FILE. Or let the files' names tell the class: CLASS.NUMBER.EXTENSION, such as cat.0.jpg and dog.0.jpg, of two classes at least; spoken words are also known by CLASS_SPEAKER_INDEX.EXTENSION, such as 7_jackson_32.wav", path.display(), path.display())]
    NoClasses {
        /// The folder.
        path: PathBuf,
        /// How many files lie directly in it.
        files: usize,
    },
    /// Nothing to tell apart.
    #[error("{} holds one class only, {class:?}: telling classes apart needs at least two class folders (if its own sub-folders are the classes, give {}/{class})", path.display(), path.display())]
    OneClass {
        /// The folder.
        path: PathBuf,
        /// Its only class.
        class: String,
    },
    /// A class that cannot be in every part.
    #[error("class {class:?} has {have} different {sources}, {need} are needed: {reason}. Add to {} or take the folder away", path.display())]
    TooFew {
        /// The class.
        class: String,
        /// How many it has.
        have: usize,
        /// How many it needs.
        need: usize,
        /// What is counted: files, artists, speakers.
        sources: &'static str,
        /// Why so many.
        reason: String,
        /// Where the class lies.
        path: PathBuf,
    },
    /// Too few sources for three parts, where there are no classes.
    #[error("{} has {have} different {sources}, {need} are needed: {reason}. Add more, or give the parts as folders (train, dev, test) or as a split table (columns file,split)", path.display())]
    TooFewSources {
        /// The folder.
        path: PathBuf,
        /// How many there are.
        have: usize,
        /// How many are needed.
        need: usize,
        /// What is counted: files, speakers.
        sources: &'static str,
        /// Why so many.
        reason: String,
    },
    /// A class to tell apart that the set does not have.
    #[error("{} has no class {class:?}: {hint}", path.display())]
    NoSuchClass {
        /// What was asked for.
        class: String,
        /// The folder.
        path: PathBuf,
        /// What may have been meant, or what there is.
        hint: String,
    },
    /// A source to hold out that the set does not have.
    #[error("no {source_is} of {} is called {name:?}. To hold out, there are: {known}", path.display())]
    NoSuchSource {
        /// What was to be held out.
        name: String,
        /// The folder.
        path: PathBuf,
        /// What sources are here: artist, speaker.
        source_is: &'static str,
        /// Those there are, near names first.
        known: String,
    },
    /// A source to hold out where nothing tells what the sources are.
    #[error("cannot hold out {name:?}: nothing tells who or what the files of {} come from. Add an artists.csv with the columns file,artist (a speaker is an artist too), or name spoken files CLASS_SPEAKER_INDEX or SPEAKER_nohash_NUMBER", path.display())]
    SourcesUnknown {
        /// What was to be held out.
        name: String,
        /// The folder.
        path: PathBuf,
    },
    /// No transcripts where transcripts are needed.
    #[error("{} holds no transcripts: expected are files *.trans.txt, in each line the ID and the text of an utterance, and beside them its sound as ID.{extension}{instead}", path.display())]
    NoTranscripts {
        /// The folder.
        path: PathBuf,
        /// The first of the extensions looked for.
        extension: String,
        /// What it holds instead.
        instead: String,
    },
    /// Transcripts, but no text with its sound.
    #[error("no line of the {transcripts} transcripts in {} has both a text and a sound file (.{extensions}) beside it: {why}", path.display())]
    NoUtterances {
        /// The folder.
        path: PathBuf,
        /// How many *.trans.txt there are.
        transcripts: usize,
        /// The extensions looked for.
        extensions: String,
        /// What is wrong with the lines.
        why: String,
    },
    /// Whole sources cannot be dealt out so that every part has every class.
    #[error("no way was found to give training, validation and test whole {sources} with every class in each part ({} of them, {classes} classes in {}): write a split file (columns file,split) and pass it", count, path.display())]
    Indivisible {
        /// The folder.
        path: PathBuf,
        /// What is counted.
        sources: &'static str,
        /// How many sources there are.
        count: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// The folder's classes are not the expected ones.
    #[error("the classes of {} are not the expected ones\n  expected: {expected}\n  found:    {found}\nRename the folders, or train anew on these classes", path.display())]
    Classes {
        /// The folder.
        path: PathBuf,
        /// The classes that the caller knows.
        expected: String,
        /// The classes of the folder.
        found: String,
    },
    /// A split list, split table or artist map that cannot be used.
    #[error("{}{}: {problem}", path.display(), if *line > 0 { format!(", line {line}") } else { String::new() })]
    List {
        /// The list.
        path: PathBuf,
        /// The line, counted from 1; 0 for the list as a whole.
        line: usize,
        /// What is wrong with it and what to do.
        problem: String,
    },
    /// So many files were skipped that a part has lost a class.
    #[error(
        "after leaving out {skipped} unreadable files, {part} has no example of class {class:?}. First of them: {first}"
    )]
    Skipped {
        /// How many were left out.
        skipped: usize,
        /// The part that lacks the class.
        part: &'static str,
        /// The class.
        class: String,
        /// The first file and the reason.
        first: String,
    },
    /// So many files were skipped that a part is empty.
    #[error("after leaving out {skipped} sound files, the {part} part is empty. The last of them: {last}")]
    SkippedAll {
        /// How many were left out.
        skipped: usize,
        /// The empty part.
        part: &'static str,
        /// The last file and the reason.
        last: String,
    },
    /// A set that is not laid out in class folders.
    #[error("the set {name} is at {} but is not in class folders ({layout}): open it with the project that reads this layout", path.display())]
    OtherLayout {
        /// The set.
        name: String,
        /// Its layout in words.
        layout: String,
        /// Where it is.
        path: PathBuf,
    },
    /// No address that this program may fetch the set from.
    #[error("{name} cannot be fetched by itself: {how}{mirror}")]
    ByHand {
        /// The set.
        name: String,
        /// Where to get it and what to do with it.
        how: String,
        /// Where a mirror was looked at in vain.
        mirror: String,
    },
    /// A download failed for good.
    #[error("cannot download {url}: {reason}. {next}")]
    Download {
        /// The address.
        url: String,
        /// What happened.
        reason: String,
        /// What to do.
        next: String,
    },
    /// What came is not what the card says.
    #[error(
        "{what} is not the file that the card of {name} describes: SHA-256 {found} instead of {expected}. Nothing of it was kept; try again, or use another mirror"
    )]
    Checksum {
        /// The set.
        name: String,
        /// The file and where it came from.
        what: String,
        /// Its checksum.
        found: String,
        /// The checksum on the card.
        expected: String,
    },
    /// A folder that does not hold what the card says.
    #[error("{} is not the whole set {name}: {problem}. {next}", path.display())]
    Contents {
        /// The set.
        name: String,
        /// The folder.
        path: PathBuf,
        /// What differs.
        problem: String,
        /// What to do.
        next: String,
    },
    /// An archive that would write outside its folder, or is damaged.
    #[error("the archive {} was refused: {problem}. Nothing was installed", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// The entry and what is wrong with it.
        problem: String,
    },
    /// Not enough room.
    #[error("{name} needs {} but only {} are free at {}: make room, or set KINDLING_DATA to a folder on another disk", crate::bytes(*needed), crate::bytes(*free), path.display())]
    DiskFull {
        /// The set.
        name: String,
        /// Bytes needed.
        needed: u64,
        /// Bytes free.
        free: u64,
        /// Where.
        path: PathBuf,
    },
    /// A folder in the way of a set that is made here.
    #[error("{} exists but was not made by this program (it has no {}): move it away and the set is made anew", path.display(), crate::text::MARKER)]
    InTheWay {
        /// The folder.
        path: PathBuf,
    },
    /// Making a set failed.
    #[error("making {name} failed: {source}")]
    Making {
        /// The set.
        name: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Any other trouble with the disk.
    #[error("cannot {doing} {}: {source}. Check the free space and who may write there", path.display())]
    Disk {
        /// A verb.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Gives a system error its place: `std::fs::write(path, text).at("write", path)?`.
pub(crate) trait At<T> {
    fn at(self, doing: &'static str, path: &std::path::Path) -> Result<T>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, doing: &'static str, path: &std::path::Path) -> Result<T> {
        self.map_err(|source| match doing {
            "read" => DataError::Unreadable {
                path: path.into(),
                source,
            },
            _ => DataError::Disk {
                doing,
                path: path.into(),
                source,
            },
        })
    }
}
