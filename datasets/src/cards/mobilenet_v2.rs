use crate::{Card, Contents, RemoteFile, Source};

pub(super) const CARD: Card = Card {
    name: "mobilenet-v2",
    title: "Weights of MobileNetV2, trained on ImageNet (timm's recipe RA)",
    what: "A network of 3 million parameters, made for telephones, that knows a thousand kinds of things in pictures: a \
           start for fine-tuning. Tensors have timm's names; input less ImageNet's mean, divided by its deviation.",
    licence: "Apache-2.0",
    home: "https://huggingface.co/timm/mobilenetv2_100.ra_in1k",
    size: 14_200_000,
    layout: "mobilenet_v2.safetensors",
    class_folders: false,
    split: "none: these are weights",
    faults: &[],
    mirror: "weights",
    source: Source::Files {
        files: &[RemoteFile {
            path: "mobilenet_v2.safetensors",
            urls: &["https://huggingface.co/timm/mobilenetv2_100.ra_in1k/resolve/main/model.safetensors"],
            bytes: None,
            sha256: &["55ea4fb3a96010b933710ebf44fc965b070d5cd054d3f35e44f2d1320b4a714e"],
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
