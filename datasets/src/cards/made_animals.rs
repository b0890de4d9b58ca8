use crate::{Card, Contents, Source};

pub(super) const CARD: Card = Card {
    name: "made-animals",
    title: "Animals drawn here, of thirteen species",
    what: "6,760 drawings of 128 x 128 pixels: bears, cows, elephants, foxes, frogs, koalas, lions, mice, owls, pandas, \
           pigs, rabbits and sheep, 520 of each. There is no cat and no dog among them: what is learned here can be \
           put to use on made-cats-dogs. No result on it is one on photographs.",
    licence: "MIT OR Apache-2.0, as this program",
    home: "datasets/src/animals",
    size: 114_000_000,
    layout: "class folders train|valid|test/SPECIES/SPECIES.00000.png",
    class_folders: true,
    split: "given: 400 + 60 + 60 of each species",
    faults: &[],
    mirror: "made-animals",
    source: Source::Made(crate::made::other_animals),
    contents: Contents {
        extensions: &["png"],
        files: 6760,
        sha256: None,
    },
};
