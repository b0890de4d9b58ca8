"""Kindling beside PyTorch on this machine, as a table: python compare.py [--python PYTHON] [MODEL ...]

Runs the example `step_times` and `torch_steps.py` by turns, so that a machine that drifts slows both, and prints
ratios: below 1, Kindling is faster, or needs less memory. Nothing else may run meanwhile: PyTorch's threads wait for
each other so eagerly that on a busy machine they slow down many times over, and the ratios are worth nothing. The
line above the table says how busy it was. PYTHON is an interpreter that can import torch.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORKSPACE = HERE.parents[3]
MODELS = "lenet resnet20 resnet18 mobilenet mel gru lstm transformer lm mlp style".split()


def main():
    arguments = parse_arguments()
    # Taken before the build, which is a load of its own.
    about = machine(arguments)
    kindling = [build()]
    pytorch = [arguments.python, HERE / "torch_steps.py"]

    print(about, end="\n\n")
    print("| model | PyTorch ms | Kindling ms | ratio | ratio of the least | PyTorch MB | Kindling MB | ratio |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    doubts = []
    for model in arguments.models:
        rounds = []
        for _ in range(arguments.rounds):
            rounds.append((run(kindling, model, arguments), run(pytorch, model, arguments)))
        print(row(model, rounds), flush=True)
        doubts += [f"{model}: {doubt}" for pair in rounds for doubt in check(*pair)]
    for doubt in dict.fromkeys(doubts):
        print(doubt, file=sys.stderr)
    sys.exit(1 if doubts else 0)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has torch")
    parser.add_argument("--rounds", type=int, default=3, help="how often both run a model")
    parser.add_argument("--seconds", type=float, default=4, help="how long a run trains")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("models", nargs="*", metavar="MODEL", help=" ".join(MODELS))
    arguments = parser.parse_args()
    arguments.models = arguments.models or MODELS
    unknown = [model for model in arguments.models if model not in MODELS]
    if unknown:
        parser.error(f"no model is named {unknown[0]}; there are {' '.join(MODELS)}")
    return arguments


def build():
    """Builds the example, and gives the path of its program."""
    subprocess.run("cargo build -p nn --release --example step_times".split(), cwd=WORKSPACE, check=True)
    target = WORKSPACE / os.environ.get("CARGO_TARGET_DIR", "target")
    return target / "release" / "examples" / ("step_times.exe" if os.name == "nt" else "step_times")


def run(program, model, arguments):
    """What `program` prints about `model`."""
    threads = str(arguments.threads)
    environment = {**os.environ, "RAYON_NUM_THREADS": threads, "THREADS": threads}
    command = [*program, model, str(arguments.seconds)]
    finished = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(finished.stdout)


def row(model, rounds):
    """Times are medians over the rounds, and so is their ratio, which is taken within each round."""
    ours, theirs = zip(*rounds)
    ratio = statistics.median(our["med_ms"] / their["med_ms"] for our, their in rounds)
    least = min(our["min_ms"] for our in ours) / min(their["min_ms"] for their in theirs)
    cells = [model, f"{median_of('med_ms', theirs):.2f}", f"{median_of('med_ms', ours):.2f}"]
    cells += [f"{ratio:.2f}", f"{least:.2f}", *memory(ours, theirs)]
    return "| " + " | ".join(cells) + " |"


def memory(ours, theirs):
    """The peak, and the ratio of what came on top of the memory that each program used before it had a model.

    Of PyTorch that is code too, which it loads at the first step: `mlp` shows how much.
    """
    if any("base_mb" not in times for times in (*ours, *theirs)):
        return ["–", "–", "–"]
    peaks = median_of("peak_mb", theirs), median_of("peak_mb", ours)
    grown = [median_of("peak_mb", side) - median_of("base_mb", side) for side in (theirs, ours)]
    return [f"{peaks[0]:.0f}", f"{peaks[1]:.0f}", f"{grown[1] / grown[0]:.2f}" if grown[0] > 0 else "–"]


def median_of(key, runs):
    return statistics.median(times[key] for times in runs)


def check(ours, theirs):
    """Why the two may not have trained the same thing."""
    for side, times in ("Kindling", ours), ("PyTorch", theirs):
        if not times["lossN"] < times["loss0"]:
            yield f"{side}'s loss did not go down: {times['loss0']:.3f} to {times['lossN']:.3f}"
    if not 1 / 3 < ours["loss0"] / theirs["loss0"] < 3:
        yield f"the first losses are {ours['loss0']:.3f} and {theirs['loss0']:.3f}"
    for key in "parameters", "threads":
        if ours[key] != theirs[key]:
            yield f"{key}: {ours[key]} and {theirs[key]}"


def machine(arguments):
    """One line that says what was measured where."""
    rustc = output(["rustc", "--version"])
    torch = output([arguments.python, "-c", "import torch; print(torch.__version__)"])
    runs = f"{arguments.rounds} rounds of {arguments.seconds:g} s"
    # How many threads were running in the last minute, on average.
    load = f"load {os.getloadavg()[0]:.1f} before" if hasattr(os, "getloadavg") else "load unknown"
    system = f"{processor()}, {platform.system()}, {arguments.threads} threads, {load}"
    return f"{system}, {rustc}, PyTorch {torch}, {runs}"


def processor():
    try:
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def output(command):
    return subprocess.run(command, cwd=WORKSPACE, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


if __name__ == "__main__":
    main()
