"""Secure inference: the time of networks and their functions, with and without a dealer.

The vendor has the weights, the hospital the image, and the hospital learns the result. Each party
is the command `ezlang run … --party P`, pinned to a core, over loopback TCP. Seconds are those from
the first to the last message, with the set-up, and bytes are those of both directions. Results must
equal those of the clear executor to the last bit. Without a dealer, rounds and bytes must be those
of the prediction.
"""

from __future__ import annotations

import argparse
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

from .counts import expect, expect_prediction
from .parties import Party, free_port, two_parties

MODELS: Final = Path(__file__).parent / "models"

Arrays = Mapping[str, np.ndarray[Any, Any]]


@dataclass(frozen=True, slots=True)
class Workload:
    """A program with its params and both parties' inputs, vendor first."""

    name: str
    program: str
    inputs: tuple[Arrays, Arrays]
    settings: dict[str, int] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The program's file."""
        return MODELS / self.program


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


def relus(n: int) -> Workload:
    """ReLUs of products that are rounded."""
    random = np.random.default_rng(2)
    x, y = (random.uniform(-50, 50, n) for _ in range(2))
    return Workload(f"{n:,} rounded ReLUs", "relu.ez", ({"y": y}, {"x": x}), {"n": n})


def workloads() -> list[Workload]:
    """Return all workloads, from the smallest to the largest."""
    lenet = weights((6, 1, 5, 5), (16, 6, 5, 5), (120, 256), (84, 120), (10, 84))
    return [
        relus(100_000),
        Workload(
            "MLP 784-128-128-10",
            "mlp.ez",
            (weights((128, 784), (128, 128), (10, 128)), image(784)),
        ),
        Workload("LeNet", "lenet.ez", (lenet, image(1, 1, 28, 28))),
    ]


def measured(workload: Workload, folder: Path, *, dealer: bool) -> list[Party]:
    """Run both parties once, and check what they compute and count."""
    files = [folder / f"{workload.program}-{party}.npz" for party in (0, 1)]
    if not dealer:
        return two_parties(workload.path, workload.settings, files)
    address = f"127.0.0.1:{free_port()}"
    dealing = subprocess.Popen(
        [sys.executable, "-m", "ezlang", "dealer", "--address", address],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return two_parties(workload.path, workload.settings, files, ["--dealer", address])
    finally:
        dealing.kill()
        dealing.wait()


def checked(workload: Workload, folder: Path, *, dealer: bool, wanted: Any) -> tuple[float, ...]:
    """Return seconds, bytes and rounds of a run whose results and counts are right."""
    results = [party.result for party in measured(workload, folder, dealer=dealer)]
    expect(workload.name, "outputs", results[1]["outputs"], wanted)
    if not dealer:
        expect_prediction(workload.path, workload.settings, results)
    costs = [result["cost"] for result in results]
    sent = sum(cost["bytes_sent"] for cost in costs)
    seconds = max(result["seconds"]["run"] for result in results)
    return seconds, sent, max(cost["rounds"] for cost in costs)


def outputs_of(workload: Workload) -> Any:
    """Return what the hospital must obtain."""
    program = api.load(workload.path, dict(workload.settings))
    inputs = dict(zip(program.parties, workload.inputs, strict=True))
    return api.run_clear(program, inputs).outputs["hospital"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line options."""
    parser.add_argument("names", nargs="*", help="only works whose names begin so")
    parser.add_argument("--runs", type=int, default=5)


def run(arguments: argparse.Namespace) -> None:
    """Measure medians of interleaved runs, and print a table."""
    names = tuple(arguments.names)
    works = [one for one in workloads() if not names or one.name.startswith(names)]
    found: dict[tuple[str, bool], list[tuple[float, ...]]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wanted = {work.name: outputs_of(work) for work in works}
        for work in works:
            for party, arrays in enumerate(work.inputs):
                given: dict[str, Any] = dict(arrays)
                np.savez(folder / f"{work.program}-{party}.npz", **given)
        for _ in range(arguments.runs + 1):
            for work in works:
                for dealer in (False, True):
                    one = checked(work, folder, dealer=dealer, wanted=wanted[work.name])
                    found.setdefault((work.name, dealer), []).append(one)
    print(f"{'work':28}{'dealer':>8}{'seconds':>10}{'MB':>10}{'rounds':>8}")
    for (name, dealer), runs in found.items():
        # The first run fills the cache.
        seconds = statistics.median(one[0] for one in runs[1:])
        _, sent, rounds = runs[-1]
        print(
            f"{name:28}{'yes' if dealer else 'no':>8}{seconds:>10.3f}{sent / 1e6:>10.1f}{rounds:>8}"
        )
