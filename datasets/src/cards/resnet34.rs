use crate::{Card, Contents, Source};

pub(super) const CARD: Card = Card {
    name: "resnet34",
    title: "Weights of ResNet-34, trained on ImageNet (timm's recipe A1)",
    what: "A network of 21 million parameters that knows a thousand kinds of things in pictures: a start for \
           fine-tuning. Tensors have torchvision's names; input less ImageNet's mean, divided by its deviation.",
    licence: "Apache-2.0",
    home: "https://huggingface.co/timm/resnet34.a1_in1k",
    size: 87_300_000,
    layout: "resnet34.safetensors",
    class_folders: false,
    split: "none: these are weights",
    faults: &[],
    mirror: "weights",
    source: Source::ByHand(
        "its checksum could not be verified here. Download model.safetensors from \
         https://huggingface.co/timm/resnet34.a1_in1k and name it by --weights FILE",
    ),
    contents: Contents {
        extensions: &["safetensors"],
        files: 1,
        sha256: None,
    },
};
