use crate::{Card, Contents, RemoteFile, Source};

pub(super) const CARD: Card = Card {
    name: "gtzan",
    title: "GTZAN genre collection (Tzanetakis and Cook, 2002)",
    what: "1,000 excerpts of 30 seconds, 100 in each of ten genres, mono at 22,050 Hz: the most used set for naming \
           genres, and a faulty one.",
    licence: "none stated; the recordings are not the collectors' own: for study only",
    home: "https://huggingface.co/datasets/marsyas/gtzan",
    size: 1_330_000_000,
    layout: "class folders genres/GENRE/GENRE.00000.wav; other copies have genres_original, or .au",
    class_folders: true,
    split: "none official. Pass the lists of Kereliuk, Sturm and Larsen (2015), train_filtered.txt, \
            valid_filtered.txt and test_filtered.txt, which avoid the faults and keep artists apart; a split by file \
            leaks artists",
    faults: &[
        "repeated excerpts and recordings, some across genres (Sturm 2013, arXiv:1306.1461)",
        "many tracks by one artist (Sturm 2013): a split by file has artists on both sides",
        "mislabelled tracks (Sturm 2013)",
        "distorted tracks (Sturm 2013)",
        "jazz.00054 cannot be decoded in widespread copies",
    ],
    mirror: "gtzan",
    source: Source::Files {
        files: &[RemoteFile {
            path: "genres.tar.gz",
            urls: &[
                "https://huggingface.co/datasets/marsyas/gtzan/resolve/main/data/genres.tar.gz",
                "http://opihi.cs.uvic.ca/sound/genres.tar.gz",
            ],
            bytes: Some(1_225_571_541),
            sha256: &["24347e0223d2ba798e0a558c4c172d9d4a19c00bb7963fe055d183dadb4ef2c6"],
            unpack: Some(0),
        }],
        checked: "as TensorFlow Datasets records it for the original address",
    },
    contents: Contents {
        extensions: &["wav", "au"],
        files: 1000,
        sha256: None,
    },
};
