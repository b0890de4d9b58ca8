use crate::{Card, Contents, Source};

pub(super) const CARD: Card = Card {
    name: "made-speech",
    title: "Words spoken here",
    what: "4,500 clips of a second by 300 speakers, spoken by the formant synthesiser in this crate: ten digits, twenty words \
           for commands and 29 others, in rooms, with noise, before microphones of all kinds. No result on it is one on recordings.",
    licence: "MIT OR Apache-2.0, as this program",
    home: "datasets/src/speech",
    size: 149_200_000,
    layout: "class folders WORD/SPEAKER_nohash_0.wav, _background_noise_, validation_list.txt and testing_list.txt, as \
             Speech Commands",
    class_folders: true,
    split: "given, by speaker, 60/20/20; some of the other words are in one part only",
    faults: &[],
    mirror: "made-speech",
    source: Source::Made(crate::made::words),
    contents: Contents {
        extensions: &["wav"],
        files: 4507,
        sha256: None,
    },
};
