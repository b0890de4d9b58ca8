use crate::{Card, Contents, Source};

pub(super) const CARD: Card = Card {
    name: "made-scenes",
    title: "Landscapes, still lifes and portraits drawn here",
    what: "288 scenes of 256 x 256 pixels, 96 of each kind, as content to be painted in another style: mountains, lakes, \
           seas and villages at all hours and seasons; fruit, crockery and flowers in the light of a window; animals \
           before a landscape out of focus, a cloth or lights. No result on it is one on photographs.",
    licence: "MIT OR Apache-2.0, as this program",
    home: "datasets/src/scenes",
    size: 20_600_000,
    layout: "class folders train|valid|test/landscape|portrait|still-life/KIND.00000.png",
    class_folders: true,
    split: "given: 80 + 8 + 8 of each kind",
    faults: &[],
    mirror: "made-scenes",
    source: Source::Made(crate::made::scenes),
    contents: Contents {
        extensions: &["png"],
        files: 288,
        sha256: None,
    },
};
