use crate::{Card, Contents, RemoteFile, Source};

pub(super) const CARD: Card = Card {
    name: "speech-commands",
    title: "Speech Commands, version 0.02 (Warden, 2018)",
    what: "105,829 clips of a second or less of 35 English words by 2,618 speakers, mono at 16 kHz, recorded by \
           volunteers in their browsers; and six recordings of noise, of some minutes together.",
    licence: "CC BY 4.0",
    home: "https://arxiv.org/abs/1804.03209",
    size: 3_410_000_000,
    layout: "class folders WORD/SPEAKER_nohash_NUMBER.wav; _background_noise_ is no class; testing_list.txt and \
             validation_list.txt are the split",
    class_folders: true,
    split: "official, by speaker: testing_list.txt and validation_list.txt, all other files for training",
    faults: &[
        "hundreds of clips cut their word short; their maker agrees \
         (github.com/petewarden/extract_loudest_section, issue 5)",
        "speakers say a word several times: a split by file has speakers on both sides",
    ],
    mirror: "speech-commands",
    source: Source::Files {
        files: &[RemoteFile {
            path: "speech_commands_v0.02.tar.gz",
            urls: &[
                "http://download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
                "https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
            ],
            bytes: Some(2_428_923_189),
            sha256: &["af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58"],
            unpack: Some(0),
        }],
        checked: "as TensorFlow Datasets records length and checksum, and torchaudio the same checksum; not fetched \
                  for this card",
    },
    contents: Contents {
        extensions: &["wav"],
        files: 105_829,
        sha256: None,
    },
};
