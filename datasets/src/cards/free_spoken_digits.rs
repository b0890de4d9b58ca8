use crate::{Card, Contents, RemoteFile, Source};

pub(super) const CARD: Card = Card {
    name: "free-spoken-digit-dataset",
    title: "Free Spoken Digit Dataset, version 1.0.10 (Jackson and others)",
    what: "3,000 recordings of the ten English digits, 50 of each by each of six speakers, mono at 8 kHz, trimmed of \
           silence.",
    licence: "CC BY-SA 4.0",
    home: "https://github.com/Jakobovski/free-spoken-digit-dataset",
    size: 21_200_000,
    layout: "one folder of files whose names tell the class: recordings/DIGIT_SPEAKER_INDEX.wav",
    class_folders: true,
    split: "official: indices 0 to 4 for test (here 5 to 9 for validation), but the same six speakers are in \
            training; holding one speaker out says more",
    faults: &["six speakers only: a result by the official split says little of a seventh"],
    mirror: "free-spoken-digit-dataset",
    source: Source::Files {
        files: &[RemoteFile {
            path: "free-spoken-digit-dataset-1.0.10.tar.gz",
            urls: &[
                "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v1.0.10.tar.gz",
            ],
            bytes: None,
            sha256: &[],
            unpack: Some(1),
        }],
        checked: "over the recordings of a copy of the official repository; the archive is compressed anew by its \
                  host at times and so has no lasting checksum of its own",
    },
    contents: Contents {
        extensions: &["wav"],
        files: 3000,
        sha256: Some("04e1baae96c6a26e39c623f2b01d0182ddae627ba0ac02a3cdc17ba2af99fd9b"),
    },
};
