"""Writes expected.json, the numbers that main.rs beside it must meet: PyTorch's, on the CPU in float64.

    python3 reference.py [efficientnet_lite0.safetensors] > expected.json

Needs torch, torchvision and efficientnet-lite-pytorch (the numbers in the repository are from 2.15, 0.29 and 0.1.0).

Weights and pictures are a function of their names, which main.rs computes too: see `uniform` and `fill`. The loss is
the sum of uniform("loss") times the features, the means over the last maps. For each network and size there are

* "eval" and "train": the first 16 features of each example, and the mean and the norm of all;
* "loss", of the features in training;
* "running": the sums of the first and last norm's running mean and variance after it, at a momentum of 0.1;
* "gradients": the norm of the loss's gradient for some parameters.
"""

import json
import math
import sys

import numpy
import torch
import torchvision
from efficientnet_lite_pytorch import EfficientNet

torch.set_default_dtype(torch.float64)


def uniform(name, shape):
    """Numbers in [-1, 1): a hash (FNV-1a of the name, then the finaliser of MurmurHash3) of name and index."""
    seed = 2166136261
    for byte in name.encode():
        seed = (seed ^ byte) * 16777619 & 0xFFFFFFFF
    with numpy.errstate(over="ignore"):
        h = numpy.uint32(seed) + numpy.arange(math.prod(shape), dtype=numpy.uint32) * numpy.uint32(0x9E3779B9)
        h = (h ^ h >> numpy.uint32(16)) * numpy.uint32(0x85EBCA6B)
        h = (h ^ h >> numpy.uint32(13)) * numpy.uint32(0xC2B2AE35)
        h = h ^ h >> numpy.uint32(16)
    return torch.from_numpy((h >> numpy.uint32(8)).astype(numpy.float64) / 2**23 - 1).reshape(shape)


def fill(model):
    """He's scale for convolutions; norms that do a little of everything."""
    for name, tensor in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        u = uniform(name, tensor.shape)
        if tensor.dim() == 4:
            u *= math.sqrt(6 / math.prod(tensor.shape[1:]))
        elif name.endswith("weight"):
            u = 1 + 0.1 * u
        elif name.endswith("running_var"):
            u = 1 + 0.5 * u.abs()
        else:
            u = 0.1 * u
        tensor.copy_(u)


def lite():
    # Without an image size the package pads for the picture at hand, and not always for one of 224 × 224.
    model = EfficientNet.from_name("efficientnet-lite0", image_size=None, drop_connect_rate=0, batch_norm_momentum=0.9)
    return model, model.extract_features


def mobilenet():
    model = torchvision.models.mobilenet_v2()
    return model, model.features


def resnet(build):
    model = build()
    return model, torch.nn.Sequential(*list(model.children())[:-2])


def safetensors(path):
    """The tensors of a .safetensors file: a length, a description in JSON, then the numbers."""
    data = open(path, "rb").read()
    start = 8 + int.from_bytes(data[:8], "little")
    types = {"F32": numpy.float32, "I64": numpy.int64}
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            values = numpy.frombuffer(data[start + begin : start + end], types[entry["dtype"]])
            tensors[name] = torch.from_numpy(values.copy()).reshape(entry["shape"])
    return tensors


def summary(features):
    return {
        "first": features[:, :16].flatten().tolist(),
        "mean": features.mean().item(),
        "norm": features.norm().item(),
    }


def case(model, maps, size, watched, norms):
    pictures = uniform("pictures", (2, 3, *size))
    model.eval()
    with torch.no_grad():
        fill(model)
        evaluated = maps(pictures).mean((2, 3))
    model.train()
    model.zero_grad()
    features = maps(pictures).mean((2, 3))
    loss = (features * uniform("loss", features.shape)).sum()
    loss.backward()
    buffers, parameters = dict(model.named_buffers()), dict(model.named_parameters())
    running = [f"{norm}.{kind}" for norm in norms for kind in ["running_mean", "running_var"]]
    return {
        "size": size,
        "eval": summary(evaluated),
        "train": summary(features.detach()),
        "loss": loss.item(),
        "running": {name: buffers[name].sum().item() for name in running},
        "gradients": {name: parameters[name].grad.norm().item() for name in watched},
    }


RESNET = ["conv1.weight", "bn1.weight", "layer1.0.conv1.weight", "layer2.0.downsample.0.weight", "layer3.1.bn2.bias",
          "layer4.1.conv2.weight"]
MOBILENET = ["features.0.0.weight", "features.1.conv.0.0.weight", "features.2.conv.0.1.weight",
             "features.7.conv.1.0.weight", "features.17.conv.3.weight", "features.18.0.weight"]
LITE = ["_conv_stem.weight", "_bn0.weight", "_blocks.0._depthwise_conv.weight", "_blocks.3._depthwise_conv.weight",
        "_blocks.5._bn2.weight", "_blocks.11._expand_conv.weight", "_conv_head.weight"]
NETWORKS = {
    "resnet18": (lambda: resnet(torchvision.models.resnet18), RESNET, ["bn1", "layer4.1.bn2"]),
    "resnet34": (lambda: resnet(torchvision.models.resnet34), RESNET, ["bn1", "layer4.2.bn2"]),
    "mobilenet_v2": (mobilenet, MOBILENET, ["features.0.1", "features.18.1"]),
    "efficientnet_lite0": (lite, LITE, ["_bn0", "_bn1"]),
}

expected = {}
for name, (build, watched, norms) in NETWORKS.items():
    model, maps = build()
    expected[name] = [case(model, maps, size, watched, norms) for size in [(96, 80), (75, 63)]]

if len(sys.argv) > 1:
    model, maps = lite()
    model.load_state_dict(safetensors(sys.argv[1]))
    model.eval()
    # A made picture of 0 to 255, as whole numbers.
    pictures = torch.floor((uniform("pictures", (1, 3, 224, 192)) + 1) * 128)
    with torch.no_grad():
        expected["real weights"] = summary(maps((pictures - 127) / 128).mean((2, 3)))

print(json.dumps(expected))
