use crate::{Card, Contents, RemoteFile, Source};

pub(super) const CARD: Card = Card {
    name: "clinc150",
    title: "CLINC150, the full set (Larson and others, 2019)",
    what: "22,500 short English requests to an assistant, of 150 intents in ten domains, and 1,200 that are of none of \
           them.",
    licence: "CC BY 3.0",
    home: "https://github.com/clinc/oos-eval",
    size: 2_495_390,
    layout: "data_full.json: an object with the keys train, val, test, oos_train, oos_val, oos_test, each a list of \
             [sentence, intent]",
    class_folders: false,
    split: "official: 15,000 / 3,000 / 4,500 sentences in scope, 100 / 100 / 1,000 out of scope",
    faults: &[
        "a linear model on words is right for more than nine in ten: accuracy in scope alone proves little",
    ],
    mirror: "clinc150",
    source: Source::Files {
        files: &[RemoteFile {
            path: "data_full.json",
            urls: &["https://raw.githubusercontent.com/clinc/oos-eval/master/data/data_full.json"],
            bytes: Some(2_495_390),
            sha256: &["36923c3705a59e08fe9c3883d8bc2dd966ef93e22cb78ac41171782a698d56e0"],
            unpack: None,
        }],
        checked: "of a copy of the official repository; its home states none",
    },
    contents: Contents {
        extensions: &["json"],
        files: 1,
        sha256: None,
    },
};
