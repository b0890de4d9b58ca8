use crate::{Card, Contents, Source};

pub(super) const CARD: Card = Card {
    name: "cats-dogs",
    title: "Cats and dogs, 1,500 of the Asirra photographs (Elson and others, 2007)",
    what: "Photographs of cats and of dogs from animal shelters, 500 of each for training and 250 of each for test, \
           their short side reduced to 176 pixels.",
    licence: "none stated: for study only",
    home: "https://www.microsoft.com/en-us/download/details.aspx?id=54765",
    size: 14_829_727,
    layout: "class folders in parts: train/cats, train/dogs, test/cats, test/dogs",
    class_folders: true,
    split: "training and test as they lie; validation is split off training",
    faults: &["the whole set has files that cannot be decoded (TensorFlow Datasets drops 1,738 of them)"],
    mirror: "cats-dogs",
    source: Source::ByHand(
        "this reduced selection is in mirrors only. For the whole set of 25,000 accept the terms at \
         https://www.microsoft.com/en-us/download/details.aspx?id=54765, unpack it and give --data PetImages",
    ),
    contents: Contents {
        extensions: &["jpg"],
        files: 1500,
        sha256: Some("ccae178f1bc7ad6a5bf93000e0a89f66e5c5bde6a46b12bff999b0e70159f6f1"),
    },
};
