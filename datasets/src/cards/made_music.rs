use crate::{Card, Contents, Source};

pub(super) const CARD: Card = Card {
    name: "made-music",
    title: "Music made here",
    what: "480 excerpts of 8 seconds in ten genres, composed and played by the synthesiser in this crate, by 16 artists \
           of each genre who have instruments, keys and habits of their own. No result on it is one on recordings.",
    licence: "MIT OR Apache-2.0, as this program",
    home: "datasets/src/music",
    size: 123_000_000,
    layout: "class folders genres_original/GENRE/GENRE.00000.wav as in GTZAN, and artists.csv (file,artist)",
    class_folders: true,
    split: "by artist, 60/20/20, drawn from the seed",
    faults: &[],
    mirror: "made-music",
    source: Source::Made(crate::made::music),
    contents: Contents {
        extensions: &["wav"],
        files: 480,
        sha256: None,
    },
};
