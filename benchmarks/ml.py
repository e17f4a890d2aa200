"""Secure inference: the time of networks and their functions, with and without a dealer.

The vendor has the weights, the hospital the image, and the hospital learns the result. Each party
is the command `ezlang run … --party P`, pinned to a core, over loopback TCP. Seconds are those from
the first to the last message, with the set-up, and bytes are those of both directions. Results must
equal those of the clear executor to the last bit. Without a dealer, rounds and bytes must be those
of the prediction.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from ezlang import api
from ezlang.types.sharing import DEFAULT_MEMORY

from .counts import expect, expect_prediction
from .networks import NETWORKS, PIXELS
from .parties import Party, free_port, two_parties

MEGABYTE: Final = 1_000_000
MODELS: Final = Path(__file__).parent / "models"
PEERS: Final = Path(__file__).parent / "peers"

Arrays = Mapping[str, np.ndarray[Any, Any]]


@dataclass(frozen=True, slots=True)
class Workload:
    """A program with its params and both parties' inputs, vendor first.

    The clear executor would take hours for the `large` ones: all their runs must agree instead.
    """

    name: str
    text: str
    inputs: tuple[Arrays, Arrays]
    settings: dict[str, int] = field(default_factory=dict)
    large: bool = False


@dataclass(frozen=True, slots=True)
class Files:
    """A workload's program and inputs in files."""

    program: Path
    inputs: list[Path]


def written(work: Workload, folder: Path) -> Files:
    """Write a workload's program and inputs."""
    stem = "".join(letter for letter in work.name if letter.isalnum())
    program = folder / f"{stem}.ez"
    program.write_text(work.text)
    inputs = []
    for party, arrays in enumerate(work.inputs):
        given: dict[str, Any] = dict(arrays)
        inputs.append(folder / f"{stem}-{party}.npz")
        np.savez(inputs[-1], **given)
    return Files(program, inputs)


def weights(*shapes: tuple[int, ...], seed: int = 0) -> Arrays:
    """Return weights w1, w2, … by He's initialisation, and small biases b1, b2, …"""
    random = np.random.default_rng(seed)
    drawn: dict[str, np.ndarray[Any, Any]] = {}
    for number, shape in enumerate(shapes, 1):
        scale = np.sqrt(2 / np.prod(shape[1:]))
        drawn[f"w{number}"] = np.clip(random.normal(size=shape) * scale, -3.9, 3.9)
        drawn[f"b{number}"] = random.normal(size=shape[0]) * 0.1
    return drawn


def image(*shape: int) -> Arrays:
    """Return a random image."""
    return {"x": np.random.default_rng(1).random(shape)}


def on_sums(name: str, model: str, bounds: tuple[float, float], n: int) -> Workload:
    """A function of n numbers, each the sum of one of each party's."""
    random = np.random.default_rng(2)
    x, y = (random.uniform(*bounds, n) for _ in range(2))
    return Workload(f"{n:,} {name}", model_text(model), ({"y": y}, {"x": x}), {"n": n})


def softmax(n: int) -> Workload:
    """The softmax of n rows of 10 numbers, each the sum of one of each party's."""
    random = np.random.default_rng(3)
    x, y = (random.normal(size=(n, 10)) * 2 for _ in range(2))
    name = f"{n:,} softmaxes of 10"
    return Workload(name, model_text("softmax"), ({"y": y}, {"x": x}), {"n": n})


def model_text(name: str) -> str:
    """Return a program of this folder."""
    return (MODELS / f"{name}.ez").read_text()


def workloads(batch: int = 1) -> list[Workload]:
    """Return all workloads, from the smallest to the largest, which take a batch of images."""
    perceptron = weights((128, 784), (128, 128), (10, 128))
    lenet = weights((6, 1, 5, 5), (16, 6, 5, 5), (120, 256), (84, 120), (10, 84))
    return [
        on_sums("rounded ReLUs", "relu", (-50, 50), 100_000),
        on_sums("sigmoids", "sigmoid", (-8, 8), 100_000),
        on_sums("exponentials", "exp", (-8, 0), 100_000),
        softmax(10_000),
        Workload("MLP 784-128-128-10", model_text("mlp"), (perceptron, image(784))),
        Workload("LeNet", model_text("lenet"), (lenet, image(1, 1, 28, 28))),
        *(
            Workload(name, net.text, (net.weights, image(batch, 3, PIXELS, PIXELS)), large=True)
            for name, net in ((name, make(batch)) for name, make in NETWORKS.items())
        ),
    ]


def measured(
    work: Workload, files: Files, *, dealer: bool, memory: int = DEFAULT_MEMORY
) -> list[Party]:
    """Run both parties once, and hold what they count without a dealer to the prediction."""
    options = ["--timeout", "3000"]
    budget = ["--memory", str(memory // MEGABYTE)]
    if not dealer:
        parties = two_parties(files.program, work.settings, files.inputs, [*options, *budget])
        results = [party.result for party in parties]
        expect_prediction(files.program, work.settings, results, memory=memory)
        return parties
    address = f"127.0.0.1:{free_port()}"
    dealing = subprocess.Popen(
        [sys.executable, "-m", "ezlang", "dealer", "--address", address, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    chosen = ["--protocol", "arithmetic", "--dealer", address, *options, *budget]
    try:
        return two_parties(files.program, work.settings, files.inputs, chosen)
    finally:
        dealing.kill()
        dealing.wait()


def outputs_of(work: Workload, files: Files) -> Any:
    """Return what the hospital must obtain."""
    program = api.load(files.program, dict(work.settings))
    inputs = dict(zip(program.parties, work.inputs, strict=True))
    return api.run_clear(program, inputs).outputs["hospital"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line options."""
    parser.add_argument("names", nargs="*", help="only works with one of these in their names")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=1, help="images of large networks at once")
    parser.add_argument(
        "--memory", type=int, default=DEFAULT_MEMORY // MEGABYTE, help="as for `ezlang run`, in MB"
    )
    parser.add_argument("--dealt", action="store_true", help="only runs with a dealer")
    for name in ("SPU", "CrypTen"):
        help = f"a Python that has {name}, which runs the same works beside"
        parser.add_argument(f"--{name.lower()}", metavar="PYTHON", help=help)


def peers(arguments: argparse.Namespace) -> None:
    """Print the seconds and the largest errors of peers on the works that they have."""
    scripts = {
        "SPU CHEETAH": (arguments.spu, "spu_works.py", "CHEETAH"),
        "SPU SEMI2K": (arguments.spu, "spu_works.py", "SEMI2K"),
        "CrypTen": (arguments.crypten, "crypten_works.py"),
    }
    for name, (python, script, *options) in scripts.items():
        if python is None:
            continue
        command = [python, str(PEERS / script), *options, str(arguments.runs)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        print(f"{'work in ' + name:34}{'seconds':>10}{'error':>12}")
        for work, one in json.loads(done.stdout.splitlines()[-1]).items():
            print(f"{work:34}{one['seconds']:>10.3f}{one['error']:>12.2g}")


def run(arguments: argparse.Namespace) -> None:
    """Measure medians of interleaved runs, and print a table."""
    works = [
        work
        for work in workloads(arguments.batch)
        if not arguments.names or any(name in work.name for name in arguments.names)
    ]
    found: dict[tuple[str, bool], list[list[Party]]] = {}
    wanted: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        files = {work.name: written(work, Path(name)) for work in works}
        for work in works:
            if not work.large:
                wanted[work.name] = outputs_of(work, files[work.name])
        for _ in range(arguments.runs + 1):
            for work in works:
                for dealer in (True,) if arguments.dealt else (False, True):
                    parties = measured(
                        work,
                        files[work.name],
                        dealer=dealer,
                        memory=arguments.memory * MEGABYTE,
                    )
                    outputs = parties[1].result["outputs"]
                    expect(work.name, "outputs", outputs, wanted.setdefault(work.name, outputs))
                    found.setdefault((work.name, dealer), []).append(parties)
    heads = f"{'seconds':>10}{'CPU s':>8}{'MB':>10}{'rounds':>8}{'memory':>10}"
    print(f"{'work':24}{'dealer':>8}{heads}")
    for (name, dealer), runs in found.items():
        print(f"{name:24}{'yes' if dealer else 'no':>8}{figures(runs[1:])}")
    peers(arguments)


def figures(runs: list[list[Party]]) -> str:
    """Return the figures of a work's runs, after the one that fills the cache."""
    seconds = statistics.median(max(one.result["seconds"]["run"] for one in run) for run in runs)
    cpu = statistics.median(max(one.cpu for one in run) for run in runs)
    costs = [one.result["cost"] for one in runs[-1]]
    sent = sum(cost["bytes_sent"] for cost in costs) / 1e6
    rounds = max(cost["rounds"] for cost in costs)
    # A process inherits the peak of the one that starts it.
    inherited = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    own = [one.peak for one in runs[-1] if one.peak > inherited]
    memory = f"{sum(own) / 1e6:,.0f} MB" if len(own) == 2 else ""
    return f"{seconds:>10.3f}{cpu:>8.1f}{sent:>10.1f}{rounds:>8}{memory:>10}"
