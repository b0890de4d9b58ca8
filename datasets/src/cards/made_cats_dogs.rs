use crate::{Card, Contents, Source};

pub(super) const CARD: Card = Card {
    name: "made-cats-dogs",
    title: "Cats and dogs drawn here",
    what: "2,000 drawings of 128 x 128 pixels. Ears and snout tell the two apart; coats, poses, scenes and light are \
           drawn from the same lots for both, so that a linear model on the pixels is hardly better than a coin. No \
           result on it is one on photographs.",
    licence: "MIT OR Apache-2.0, as this program",
    home: "datasets/src/animals",
    size: 33_000_000,
    layout: "class folders train|valid|test/cat|dog/cat.00000.png",
    class_folders: true,
    split: "given: 600 + 150 + 250 of each",
    faults: &[],
    mirror: "made-cats-dogs",
    source: Source::Made(crate::made::cats_and_dogs),
    contents: Contents {
        extensions: &["png"],
        files: 2000,
        sha256: None,
    },
};
