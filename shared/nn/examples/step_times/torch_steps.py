"""Times full training steps of PyTorch on the CPU: THREADS=2 python torch_steps.py MODEL SECONDS

The ruler for the example `step_times`: the same networks on the same batches, and the same line of JSON.
"""

import json
import os
import resource
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

VOCABULARY, POSITIONS, WIDTH, HEADS = 5000, 32, 128, 4


def conv_batch_norm(in_channels, out_channels, kernel, stride=1, groups=1):
    """A convolution without a bias, and the batch normalisation that has one."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(out_channels),
    )


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 32, 3)
        self.second = nn.Conv2d(32, 64, 3)
        self.hidden = nn.Linear(64 * 5 * 5, 128)
        self.head = nn.Linear(128, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.first(x)), 2)
        x = F.max_pool2d(F.relu(self.second(x)), 2)
        return self.head(F.relu(self.hidden(x.flatten(1))))


class ResidualBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.first = conv_batch_norm(in_channels, out_channels, 3, stride)
        self.second = conv_batch_norm(out_channels, out_channels, 3)
        reshapes = stride != 1 or in_channels != out_channels
        self.shortcut = conv_batch_norm(in_channels, out_channels, 1, stride) if reshapes else nn.Identity()

    def forward(self, x):
        return F.relu(self.second(F.relu(self.first(x))) + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self, stem, pool, stages, blocks_a_stage, classes):
        super().__init__()
        self.stem = stem
        self.pool = pool
        blocks, channels = [], stages[0]
        for stage, out_channels in enumerate(stages):
            for number in range(blocks_a_stage):
                blocks.append(ResidualBlock(channels, out_channels, 2 if stage > 0 and number == 0 else 1))
                channels = out_channels
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(channels, classes)

    def forward(self, x):
        x = F.relu(self.stem(x))
        if self.pool:
            x = F.max_pool2d(x, 2)
        return self.head(self.blocks(x).mean((2, 3)))


def resnet20():
    return ResNet(conv_batch_norm(3, 16, 3), False, (16, 32, 64), 3, 10)


def resnet18():
    return ResNet(conv_batch_norm(3, 64, 7, 2), True, (64, 128, 256, 512), 2, 1000)


class MobileNet(nn.Module):
    def __init__(self):
        super().__init__()
        # Channels and stride of each block.
        plan = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)] + 5 * [(512, 1)] + [(1024, 2), (1024, 1)]
        layers, channels = [conv_batch_norm(3, 32, 3, 2), nn.ReLU()], 32
        for out_channels, stride in plan:
            layers += [conv_batch_norm(channels, channels, 3, stride, groups=channels), nn.ReLU()]
            layers += [conv_batch_norm(channels, out_channels, 1), nn.ReLU()]
            channels = out_channels
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(channels, 1000)

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))


class MelNet(nn.Module):
    def __init__(self):
        super().__init__()
        layers, channels = [], 1
        for out_channels in (16, 32, 64, 128):
            layers += [nn.Conv2d(channels, out_channels, 3, padding=1), nn.BatchNorm2d(out_channels)]
            layers += [nn.ReLU(), nn.MaxPool2d(2)]
            channels = out_channels
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(channels, 10)

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))


class Recurrent(nn.Module):
    """Classifies a sequence by the last output."""

    def __init__(self, kind):
        super().__init__()
        self.recurrent = kind(64, 128, batch_first=True)
        self.head = nn.Linear(128, 10)

    def forward(self, x):
        outputs, _ = self.recurrent(x)
        return self.head(outputs[:, -1])


class TransformerLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm = nn.LayerNorm(WIDTH)
        self.query_key_value = nn.Linear(WIDTH, 3 * WIDTH)
        self.output = nn.Linear(WIDTH, WIDTH)
        self.forward_norm = nn.LayerNorm(WIDTH)
        self.expand = nn.Linear(WIDTH, 4 * WIDTH)
        self.contract = nn.Linear(4 * WIDTH, WIDTH)

    def attend(self, x):
        batch, positions, width = x.shape
        projected = self.query_key_value(x).view(batch, positions, 3, HEADS, width // HEADS)
        query, key, value = projected.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(query, key, value)
        return self.output(attended.transpose(1, 2).reshape(batch, positions, width))

    def forward(self, x):
        x = x + self.attend(self.attention_norm(x))
        return x + self.contract(F.relu(self.expand(self.forward_norm(x))))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Parameter(torch.randn(POSITIONS, WIDTH) * 0.02)
        self.layers = nn.Sequential(TransformerLayer(), TransformerLayer())

    def forward(self, words):
        return self.layers(self.words(words) + self.positions)


class TextClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = Transformer()
        self.head = nn.Linear(WIDTH, 10)

    def forward(self, words):
        return self.head(self.body(words).mean(1))


class LanguageModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = Transformer()
        self.head = nn.Linear(WIDTH, VOCABULARY)

    def forward(self, words):
        return self.head(self.body(words)).flatten(0, 1)


def mlp():
    return nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))


def conv_instance_norm(in_channels, out_channels, kernel, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2),
        nn.InstanceNorm2d(out_channels, affine=True),
    )


class StyleNet(nn.Module):
    def __init__(self):
        super().__init__()
        down = [conv_instance_norm(3, 32, 9), conv_instance_norm(32, 64, 3, 2), conv_instance_norm(64, 128, 3, 2)]
        residual = [[conv_instance_norm(128, 128, 3), nn.ReLU(), conv_instance_norm(128, 128, 3)] for _ in range(3)]
        self.down = nn.ModuleList(down)
        self.residual = nn.ModuleList(nn.Sequential(*block) for block in residual)
        self.up = nn.ModuleList([conv_instance_norm(128, 64, 3), conv_instance_norm(64, 32, 3)])
        self.last = nn.Conv2d(32, 3, 9, padding=4)

    def forward(self, x):
        for layer in self.down:
            x = F.relu(layer(x))
        for block in self.residual:
            x = x + block(x)
        for layer in self.up:
            x = F.relu(layer(F.interpolate(x, scale_factor=2, mode="nearest")))
        return self.last(x)


def labels(count, classes):
    return torch.arange(count) * 7 % classes


def words():
    return labels(64 * POSITIONS, VOCABULARY).view(64, POSITIONS)


# The network, the batch that it is shown at every step, and its labels; `style` shall answer with its input.
PROBLEMS = {
    "lenet": lambda: (LeNet(), torch.randn(64, 1, 28, 28), labels(64, 10)),
    "resnet20": lambda: (resnet20(), torch.randn(64, 3, 32, 32), labels(64, 10)),
    "resnet18": lambda: (resnet18(), torch.randn(8, 3, 224, 224), labels(8, 1000)),
    "mobilenet": lambda: (MobileNet(), torch.randn(8, 3, 224, 224), labels(8, 1000)),
    "mel": lambda: (MelNet(), torch.randn(32, 1, 64, 128), labels(32, 10)),
    "gru": lambda: (Recurrent(nn.GRU), torch.randn(32, 100, 64), labels(32, 10)),
    "lstm": lambda: (Recurrent(nn.LSTM), torch.randn(32, 100, 64), labels(32, 10)),
    "transformer": lambda: (TextClassifier(), words(), labels(64, 10)),
    "lm": lambda: (LanguageModel(), words(), labels(64 * POSITIONS, VOCABULARY)),
    "mlp": lambda: (mlp(), torch.randn(64, 4), labels(64, 2)),
    "style": lambda: (StyleNet(), torch.randn(4, 3, 128, 128), None),
}


def memory_mb():
    """The memory in use now, where the platform tells."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))
    except (OSError, StopIteration):
        return None


def peak_mb():
    """The most memory that ever was in use. macOS counts it in bytes, others in kilobytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def train(name, seconds):
    """Trains for at least three steps, until `seconds` are over, at most 3000 steps."""
    base_mb = memory_mb()
    torch.manual_seed(0)
    network, inputs, targets = PROBLEMS[name]()
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)

    def step():
        optimiser.zero_grad()
        answers = network(inputs)
        loss = F.mse_loss(answers, inputs) if targets is None else F.cross_entropy(answers, targets)
        loss.backward()
        optimiser.step()
        return loss.item()

    losses, wall_ms, cpu_ms = [], [], []
    begin = time.perf_counter()
    while len(losses) < 3 or (time.perf_counter() - begin < seconds and len(losses) < 3000):
        wall, cpu = time.perf_counter(), time.process_time()
        losses.append(step())
        wall_ms.append((time.perf_counter() - wall) * 1e3)
        cpu_ms.append((time.process_time() - cpu) * 1e3)

    # The first step, which also warms up, is not counted.
    times = {
        "model": name,
        "mode": "train",
        "min_ms": min(wall_ms[1:]),
        "med_ms": statistics.median_high(wall_ms[1:]),
        "cpu_min": min(cpu_ms[1:]),
        "n": len(losses),
        "loss0": losses[0],
        "lossN": losses[-1],
        "threads": torch.get_num_threads(),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "base_mb": base_mb,
        "peak_mb": peak_mb(),
    }
    return {key: value for key, value in times.items() if value is not None}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in PROBLEMS:
        print("usage: torch_steps.py MODEL SECONDS\nmodels:", *PROBLEMS, file=sys.stderr)
        sys.exit(2)
    torch.set_num_threads(int(os.environ.get("THREADS", os.cpu_count())))
    print(json.dumps(train(sys.argv[1], float(sys.argv[2]))))


if __name__ == "__main__":
    main()
