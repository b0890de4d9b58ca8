use crate::{Card, Contents, Source};

pub(super) const CARD: Card = Card {
    name: "made-digit-strings",
    title: "Strings of digits spoken here",
    what: "1,500 strings of three to seven English digits, spoken in one go by 252 speakers who do not exist, by the formant \
           synthesiser in this crate. No result on it is one on recordings.",
    licence: "MIT OR Apache-2.0, as this program",
    home: "datasets/src/speech",
    size: 99_200_000,
    layout: "train|dev|test/SPEAKER/CHAPTER/SPEAKER-CHAPTER-0000.wav and SPEAKER-CHAPTER.trans.txt, as LibriSpeech",
    class_folders: false,
    split: "given, by speaker and by string: no string of dev or test is in training",
    faults: &[],
    mirror: "made-digit-strings",
    source: Source::Made(crate::made::digit_strings),
    contents: Contents {
        extensions: &["wav"],
        files: 1500,
        sha256: None,
    },
};
