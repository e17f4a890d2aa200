"""Whole Ez programs in Yao's protocol between two processes: AND gates a second, start-up, memory.

Each party is the command `ezlang run … --party P`, pinned to a core, over loopback TCP. `speed`
divides the ANDs of a run by its time from the first to the last message (including the set-up of
oblivious transfer). `start` is the time from entering a command to its answer, without and with
cached code, as a ratio to importing the libraries that native runs need; the three are measured in
turn. `memory` is the peak of each process, for few gates and for 10⁸.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .parties import Party, two_parties

EXAMPLES: Final = Path(__file__).parent.parent / "examples"
DEPENDENCIES: Final = "import click, lark, numpy, llvmlite.binding, llvmlite.ir, nacl.bindings"

COMPARISONS: Final = """
party alice, bob;
param int32 n = 1000;
param int32 times = 100;
fn main() {
    secret int64[n] x = input(alice, "x");
    secret int64[n] y = input(bob, "y");
    secret bool[n] odd;
    for i in 0..times { odd = odd ^ (x < y); }
    output(all, odd[0], "odd");
}
"""

PRODUCTS: Final = """
party alice, bob;
param int32 n = 1000;
param int32 times = 100;
fn main() {
    secret int32[n] x = input(alice, "x");
    secret int32[n] y = input(bob, "y");
    for i in 0..times { x = x * y; }
    output(all, x[0], "product");
}
"""


@dataclass(frozen=True, slots=True)
class Workload:
    """A program with its params and inputs."""

    name: str
    program: Path
    settings: dict[str, int]
    inputs: list[Path]

    def run(self) -> list[Party]:
        """Run both parties once."""
        return two_parties(self.program, self.settings, self.inputs, ["--protocol", "yao"])


def written(folder: Path, name: str, text: str, n: int, times: int) -> Workload:
    """A program of this file, with inputs of n numbers."""
    program = folder / f"{name}.ez"
    program.write_text(text)
    inputs = []
    for party, key in (("alice", "x"), ("bob", "y")):
        path = folder / f"{name}-{n}-{party}.json"
        path.write_text(json.dumps({key: [37 * i - 5000 for i in range(n)]}))
        inputs.append(path)
    return Workload(name, program, {"n": n, "times": times}, inputs)


def aes(folder: Path, blocks: int) -> Workload:
    """The AES example on many blocks."""
    base = EXAMPLES / "aes-128"
    inputs = []
    for party in ("keeper", "sender"):
        given = json.loads((base / f"{party}.json").read_text())
        if party == "sender":
            given["blocks"] = given["blocks"] * blocks
        path = folder / f"aes-{party}.json"
        path.write_text(json.dumps(given))
        inputs.append(path)
    return Workload(f"AES-128 ×{blocks}", base / "main.ez", {"blocks": blocks}, inputs)


def speed(folder: Path, runs: int) -> None:
    """Print the AND gates a second of three programs: medians of interleaved runs."""
    workloads = [
        written(folder, "64-bit comparisons", COMPARISONS, 1000, 300),
        written(folder, "32-bit products", PRODUCTS, 1000, 40),
        aes(folder, 1000),
    ]
    seconds: dict[str, list[float]] = {}
    ands: dict[str, int] = {}
    for workload in workloads:
        workload.run()
    for _ in range(runs):
        for workload in workloads:
            parties = workload.run()
            taken = max(party.result["seconds"]["run"] for party in parties)
            seconds.setdefault(workload.name, []).append(taken)
            ands[workload.name] = parties[0].result["cost"]["ands"]
    print(f"{'program':24}{'ANDs':>14}{'seconds':>10}{'million ANDs a second':>24}")
    for name, times in seconds.items():
        median = statistics.median(times)
        print(f"{name:24}{ands[name]:>14,}{median:>10.3f}{ands[name] / median / 1e6:>24.1f}")


def elapsed(command: list[str], cache: str | None = None) -> float:
    """Return the seconds until a command has ended."""
    environment = dict(os.environ) | ({"EZLANG_CACHE": cache} if cache else {})
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - start


def start(folder: Path, runs: int) -> None:
    """Print the time to the millionaires' answer as a ratio to importing the dependencies."""
    millionaires = str(EXAMPLES / "millionaires" / "main.ez")
    run = [sys.executable, "-m", "ezlang", "run", millionaires, "--native", "--json"]
    times: dict[str, list[float]] = {"imports": [], "cold": [], "cached": []}
    elapsed(run, str(folder / "warm"))
    for number in range(runs):
        times["imports"].append(elapsed([sys.executable, "-c", DEPENDENCIES]))
        times["cold"].append(elapsed(run, str(folder / f"cold{number}")))
        times["cached"].append(elapsed(run, str(folder / "warm")))
    print(f"{'millionaires, both parties':30}{'seconds':>10}{'ratio to imports':>20}")
    for name, taken in times.items():
        ratios = [one / base for one, base in zip(taken, times["imports"], strict=True)]
        print(f"{name:30}{statistics.median(taken):>10.3f}{statistics.median(ratios):>20.2f}")


def memory(folder: Path, runs: int) -> None:
    """Print each process's peak memory for few and for many gates."""
    del runs
    print(f"{'ANDs':>14}{'garbler, MB':>14}{'evaluator, MB':>16}")
    for times in (1, 1563):
        parties = written(folder, "64-bit comparisons", COMPARISONS, 1000, times).run()
        ands = parties[0].result["cost"]["ands"]
        peaks = [party.peak / 1e6 for party in parties]
        print(f"{ands:>14,}{peaks[0]:>14.1f}{peaks[1]:>16.1f}")


PARTS: Final = {"speed": speed, "start": start, "memory": memory}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line options."""
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], default=list(PARTS))
    parser.add_argument("--runs", type=int, default=7)


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        for part in arguments.parts:
            PARTS[part](Path(folder), arguments.runs)
            print()
