use crate::{Card, Contents, Source};

pub(super) const CARD: Card = Card {
    name: "made-bank-chinese",
    title: "Messages to a bank, written here, in Chinese",
    what: "Messages of a small bank's customers, of 29 intents with details such as amounts, accounts and persons, written by hand \
           and filled with values; and messages that are none of the intents, half of them about money. No result on it is one on real customers.",
    licence: "MIT OR Apache-2.0, as this program",
    home: "datasets/src/intents",
    size: 2000000,
    layout: "train.jsonl, valid.jsonl, test.jsonl: a message a line, with its intent and its details; intents.txt is what \
             they were made from",
    class_folders: false,
    split: "given, by wording and by value: no utterance and no value of the test is in training",
    faults: &[],
    mirror: "made-bank-chinese",
    source: Source::Made(crate::made::bank_in_chinese),
    contents: Contents {
        extensions: &["jsonl", "txt"],
        files: 4,
        sha256: None,
    },
};
