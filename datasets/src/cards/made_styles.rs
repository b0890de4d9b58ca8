use crate::{Card, Contents, Source};

pub(super) const CARD: Card = Card {
    name: "made-styles",
    title: "Six style sheets drawn here",
    what: "Pictures of 512 x 512 pixels to take a style from: a mosaic, a flow field of brush strokes, a halftone comic, a \
           pen drawing in hatches, a woodblock print and a pointillist one.",
    licence: "MIT OR Apache-2.0, as this program",
    home: "datasets/src/styles",
    size: 2_300_000,
    layout: "a flat folder: flow-field.png, halftone.png, hatching.png, mosaic.png, pointillism.png, woodblock.png",
    class_folders: false,
    split: "none: each is a style of its own",
    faults: &[
        "halftone, hatching and pointillism show what made-scenes shows: an animal, a still life, a landscape",
    ],
    mirror: "made-styles",
    source: Source::Made(crate::made::styles),
    contents: Contents {
        extensions: &["png"],
        files: 6,
        sha256: None,
    },
};
