use crate::{Card, Contents, RemoteFile, Source};

pub(super) const CARD: Card = Card {
    name: "resnet18",
    title: "Weights of ResNet-18, trained on ImageNet (timm's recipe A1)",
    what: "A network of 11 million parameters that knows a thousand kinds of things in pictures: a start for \
           fine-tuning. Tensors have torchvision's names; input less ImageNet's mean, divided by its deviation.",
    licence: "Apache-2.0",
    home: "https://huggingface.co/timm/resnet18.a1_in1k",
    size: 46_800_000,
    layout: "resnet18.safetensors",
    class_folders: false,
    split: "none: these are weights",
    faults: &[],
    mirror: "weights",
    source: Source::Files {
        files: &[RemoteFile {
            path: "resnet18.safetensors",
            urls: &["https://huggingface.co/timm/resnet18.a1_in1k/resolve/main/model.safetensors"],
            bytes: None,
            sha256: &["80c49dee3da4822c009c5a7fe591e9223c5a2cfcf95a4067ca4dfb5a7b89c612"],
            unpack: None,
        }],
        checked: "as its home states it of the file; the file itself was never fetched here",
    },
    contents: Contents {
        extensions: &["safetensors"],
        files: 1,
        sha256: None,
    },
};
