"""Prints reference.txt, the numbers that the tests beside it must meet: PyTorch's, on the CPU in float64.

    python3 reference.py > reference.txt

Each line is the name of a case, the loss, and then, for every input in order and every parameter in the order of
their names, the sum of its gradient times fill(shape, 99). The loss is the sum of the output times fill(shape, 50),
or the output itself if that is a scalar. Inputs are 2·fill(shape, 1), 2·fill(shape, 2) …; parameters are
fill(shape, 10), fill(shape, 11) … in the order of their names. The numbers in the repository are from PyTorch 2.15.
"""

import itertools

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def fill(shape, seed):
    n = 1
    for size in shape:
        n *= size
    return torch.sin(torch.arange(n) * 0.7 + seed).reshape(shape)


def case(name, inputs, parameters, function):
    x = [(2 * fill(shape, 1 + i)).requires_grad_() for i, shape in enumerate(inputs)]
    p = {key: fill(parameters[key], 10 + i).requires_grad_() for i, key in enumerate(sorted(parameters))}
    y = function(p, *x)
    loss = y if y.dim() == 0 else (y * fill(y.shape, 50)).sum()
    loss.backward()
    tensors = x + [p[key] for key in sorted(p)]
    sums = [(t.grad * fill(t.shape, 99)).sum() for t in tensors]
    print(name, *(repr(v.item()) for v in [loss, *sums]))


def flat(*tensors):
    return torch.cat([t.flatten() for t in tensors])


# Activations
for name, function in {
    "relu": F.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.1),
    "elu": lambda x: F.elu(x, 1.3),
    "selu": F.selu,
    "gelu_erf": F.gelu,
    "gelu": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "sigmoid": torch.sigmoid,
    "log_sigmoid": F.logsigmoid,
    "tanh": torch.tanh,
    "softplus": F.softplus,
    # F.hardsigmoid and F.hardswish take 1/6 in float32 even here.
    "hard_sigmoid": lambda x: torch.clamp(x / 6 + 0.5, 0, 1),
    "hard_swish": lambda x: x * torch.clamp(x / 6 + 0.5, 0, 1),
    "mish": F.mish,
    "softmax": lambda x: F.softmax(x, 1),
    "log_softmax": lambda x: F.log_softmax(x, 0),
}.items():
    case(name, [(5, 7)], {}, lambda p, x: function(3 * x))
case("prelu", [(2, 3, 4)], {"weight": (3,)}, lambda p, x: F.prelu(x, p["weight"]))

# Losses
labels = torch.tensor([4, 2, 0, 1, 2, 1])
weights = torch.tensor([1.0, 0.2, 3.0, 0.5, 1.7])
targets = torch.tensor([0.0, 1.0, 0.25]).repeat(4).reshape(3, 4)
case("cross_entropy", [(6, 5)], {}, lambda p, x: F.cross_entropy(x, labels))
case("cross_entropy_smoothed", [(6, 5)], {}, lambda p, x: F.cross_entropy(x, labels, label_smoothing=0.1))
case("cross_entropy_weighted", [(6, 5)], {}, lambda p, x: F.cross_entropy(x, labels, weights))
case("cross_entropy_ignored", [(6, 5)], {}, lambda p, x: F.cross_entropy(x, labels, ignore_index=2))
case(
    "cross_entropy_all",
    [(6, 5)],
    {},
    lambda p, x: F.cross_entropy(x, labels, weights, ignore_index=2, label_smoothing=0.3),
)
case("soft_cross_entropy", [(6, 5), (6, 5)], {}, lambda p, x, y: F.cross_entropy(x, F.softmax(y, 1)))
case("nll", [(6, 5)], {}, lambda p, x: F.nll_loss(F.log_softmax(x, 1), labels))
case("bce", [(3, 4)], {}, lambda p, x: F.binary_cross_entropy_with_logits(9 * x, targets))
case(
    "bce_weighted",
    [(3, 4)],
    {},
    lambda p, x: F.binary_cross_entropy_with_logits(x, targets, pos_weight=weights[:4]),
)
case("mse", [(3, 4), (3, 4)], {}, lambda p, x, y: F.mse_loss(x, y))
case("l1", [(3, 4), (3, 4)], {}, lambda p, x, y: F.l1_loss(x, y))
case("huber", [(3, 4), (3, 4)], {}, lambda p, x, y: F.huber_loss(x, y, delta=0.7))
case("smooth_l1", [(3, 4), (3, 4)], {}, lambda p, x, y: F.smooth_l1_loss(x, y, beta=0.4))


# Norms
def batch_norm(p, x, train):
    mean, variance = torch.zeros(3), torch.ones(3)
    first = F.batch_norm(2 * x + 1, mean, variance, p["weight"], p["bias"], True)
    second = F.batch_norm(x, mean, variance, p["weight"], p["bias"], train)
    return flat(first, second, mean, variance)


affine = {"weight": (3,), "bias": (3,)}
for shape in [(5, 3), (4, 3, 5), (2, 3, 4, 5)]:
    case(f"batch_norm_train_{len(shape)}", [shape], affine, lambda p, x: batch_norm(p, x, True))
    case(f"batch_norm_eval_{len(shape)}", [shape], affine, lambda p, x: batch_norm(p, x, False))
case(
    "layer_norm", [(4, 3)], affine, lambda p, x: F.layer_norm(x, (3,), p["weight"], p["bias"])
)
case("rms_norm", [(4, 3)], {"weight": (3,)}, lambda p, x: F.rms_norm(x, (3,), p["weight"], 1e-6))
six = {"weight": (6,), "bias": (6,)}
case("group_norm", [(2, 6, 3, 4)], six, lambda p, x: F.group_norm(x, 2, p["weight"], p["bias"]))
case(
    "instance_norm",
    [(2, 6, 3, 4)],
    six,
    lambda p, x: F.instance_norm(x, weight=p["weight"], bias=p["bias"]),
)


# Recurrent networks
def recurrent(make, gates, states):
    names = {}
    for layer in range(2):
        for suffix in [f"l{layer}", f"l{layer}_reverse"]:
            names[f"weight_ih_{suffix}"] = (gates * 4, 3 if layer == 0 else 8)
            names[f"weight_hh_{suffix}"] = (gates * 4, 4)
            names[f"bias_ih_{suffix}"] = (gates * 4,)
            names[f"bias_hh_{suffix}"] = (gates * 4,)

    def run(p, x, *initial):
        module = make(3, 4, num_layers=2, bidirectional=True, batch_first=True)
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            x, torch.tensor([5, 2, 3]), batch_first=True, enforce_sorted=False
        )
        initial = initial[0] if states == 1 else initial
        y, last = torch.func.functional_call(module, p, (packed, initial))
        y, _ = torch.nn.utils.rnn.pad_packed_sequence(y, batch_first=True)
        return flat(y, *last) if states == 2 else flat(y, last)

    case(make.__name__.lower(), [(3, 5, 3)] + [(4, 3, 4)] * states, names, run)


recurrent(torch.nn.GRU, 3, 1)
recurrent(torch.nn.LSTM, 4, 2)

# Attention
qkv = [(2, 3, 4, 6), (2, 3, 5, 6), (2, 3, 5, 7)]
keys = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], dtype=torch.bool)
case("attention", qkv, {}, lambda p, q, k, v: F.scaled_dot_product_attention(q, k, v))
case(
    "attention_padded",
    qkv,
    {},
    lambda p, q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=keys[:, None, None, :]),
)
case(
    "attention_causal",
    [(2, 3, 5, 6)] * 3,
    {},
    lambda p, q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
)


def multi_head(p, x, memory):
    module = torch.nn.MultiheadAttention(6, 2, batch_first=True)
    state = {
        "in_proj_weight": torch.cat([p[f"{name}_proj.weight"] for name in "qkv"]),
        "in_proj_bias": torch.cat([p[f"{name}_proj.bias"] for name in "qkv"]),
        "out_proj.weight": p["out_proj.weight"],
        "out_proj.bias": p["out_proj.bias"],
    }
    y, _ = torch.func.functional_call(
        module, state, (x, memory, memory), {"key_padding_mask": ~keys, "need_weights": False}
    )
    return y


projections = {}
for name in ["q_proj", "k_proj", "v_proj", "out_proj"]:
    projections[f"{name}.weight"] = (6, 6)
    projections[f"{name}.bias"] = (6,)
case("multi_head_attention", [(2, 3, 6), (2, 5, 6)], projections, multi_head)


# A CRF, by its definition: the sum over all sequences of tags. The last row and column of the transitions are the start and the end.
def crf(p, emissions, tags=((0, 2, 1, 1), (1, 1, 0, 0), (2, 0, 0, 0)), lengths=(4, 2, 1)):
    k = emissions.shape[2]
    a = p["transitions"]

    def score(row, path):
        steps = [a[k, path[0]], a[path[-1], k]]
        steps += [a[i, j] for i, j in zip(path, path[1:])]
        steps += [row[t, tag] for t, tag in enumerate(path)]
        return torch.stack(steps).sum()

    losses = []
    for row, path, n in zip(emissions, tags, lengths):
        every = [score(row, list(other)) for other in itertools.product(range(k), repeat=n)]
        losses.append(torch.logsumexp(torch.stack(every), 0) - score(row, list(path[:n])))
    return torch.stack(losses).mean()


case("crf", [(3, 4, 3)], {"transitions": (4, 4)}, crf)
case(
    "ctc",
    [(3, 6, 4)],
    {},
    lambda p, logits: F.ctc_loss(
        F.log_softmax(logits, 2).transpose(0, 1),
        torch.tensor([[1, 1, 3], [2, 0, 0], [0, 0, 0]]),
        torch.tensor([6, 4, 2]),
        torch.tensor([3, 1, 0]),
        reduction="none",
    ).mean(),
)
case(
    "embedding_bag",
    [],
    {"weight": (7, 3)},
    lambda p: F.embedding_bag(
        torch.tensor([[3, 5, 0], [6, 6, 6], [0, 0, 0], [1, 0, 0]]), p["weight"], mode="mean", padding_idx=0
    ),
)
