"""Whole Ez programs between two processes: AND gates a second, shares, start-up, memory.

Each party is the command `ezlang run … --party P`, pinned to a core, over loopback TCP. `speed`
divides the ANDs of a run by its time from the first to the last message (including the set-up of
oblivious transfer). `shares` does the same for operations on arithmetic shares of 64 bits, by an OT
extension, whose protocols alone `python -m benchmarks sharing` measures. `start` is the time from
entering a command to its answer, without and with cached code, as a ratio to importing the
libraries that native runs need; the three are measured in turn. `memory` is the peak of each
process, for few gates and for 10⁸.
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
from typing import Any, Final

import numpy as np

from ezlang import api
from ezlang.compiler.circuits import catalogue
from ezlang.compiler.ir.tree import BinaryKind
from ezlang.types.types import INT32

from .counts import expect, expect_prediction
from .parties import Party, two_parties

EXAMPLES: Final = Path(__file__).parent.parent / "examples"
MILLIONAIRES: Final = EXAMPLES / "millionaires" / "main.ez"
DEPENDENCIES: Final = "import click, lark, numpy, llvmlite.binding, llvmlite.ir, nacl.bindings"

COMPARISONS: Final = """
party alice, bob;
param int32 n = 1000;
param int32 times = 100;
fn main() {
    secret int64[n] x = input(alice, "x");
    secret int64[n] y = input(bob, "y");
    secret bool[n] odd;
    for i in 0..times { odd = odd ^ (x < y); x = x ^ int64(i); }
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
    for i in 0..times { x = (x ^ y) * y; }
    output(all, x[0], "product");
}
"""


SHARES: Final = """
party alice, bob;
param int32 n = 1000;
fn main() {
    secret int64[n] a = input(alice, "x");
    secret int64[n] b = input(bob, "y");
    secret int64[n] x = a + b;
    output(alice, EXPRESSION, "z");
}
"""

ON_SHARES: Final = {
    "products": "x * (a - b)",
    "sum of products": "sum(x * (a - b))",
    "signs": "x < 0",
    "ReLUs": "x >= 0 ? x : 0",
}
"""Expressions on numbers that neither party knows."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A program with its params and inputs."""

    name: str
    program: Path
    settings: dict[str, int]
    inputs: list[Path]
    ands: int

    def run(self) -> list[Party]:
        """Run both parties once, and check how many ANDs there were."""
        parties = two_parties(self.program, self.settings, self.inputs, ["--protocol", "yao"])
        for party in parties:
            expect(self.name, "ANDs", party.result["cost"]["ands"], self.ands)
        return parties


def comparisons(folder: Path, times: int) -> Workload:
    """1,000 comparisons, again and again, each with another operand: 64 ANDs each [KSS09]."""
    return _written(folder, "64-bit comparisons", COMPARISONS, 1000, times, 64)


def products(folder: Path, times: int) -> Workload:
    """1,000 products, again and again, of what neither party knows."""
    each = catalogue.binary(BinaryKind.MUL, INT32, catalogue.SECRET, catalogue.SECRET).ands
    return _written(folder, "32-bit products", PRODUCTS, 1000, times, each)


def _written(folder: Path, name: str, text: str, n: int, times: int, ands: int) -> Workload:
    """A program of this file, with inputs of n numbers and `ands` for each operation."""
    program = folder / f"{name}.ez"
    program.write_text(text)
    inputs = []
    for party, key in (("alice", "x"), ("bob", "y")):
        path = folder / f"{name}-{n}-{party}.json"
        path.write_text(json.dumps({key: [37 * i - 5000 for i in range(n)]}))
        inputs.append(path)
    return Workload(name, program, {"n": n, "times": times}, inputs, n * times * ands)


def aes(folder: Path, blocks: int) -> Workload:
    """The AES example on many blocks: S-boxes of 32 ANDs, 160 for a block and 40 for the key."""
    base = EXAMPLES / "aes-128"
    inputs = []
    for party in ("keeper", "sender"):
        given = json.loads((base / f"{party}.json").read_text())
        if party == "sender":
            given["blocks"] = given["blocks"] * blocks
        path = folder / f"aes-{party}.json"
        path.write_text(json.dumps(given))
        inputs.append(path)
    name, ands = f"AES-128 ×{blocks}", 32 * (160 * blocks + 40)
    return Workload(name, base / "main.ez", {"blocks": blocks}, inputs, ands)


def speed(folder: Path, runs: int) -> None:
    """Print the AND gates a second of three programs: medians of interleaved runs."""
    workloads = [
        comparisons(folder, 300),
        products(folder, 40),
        aes(folder, 1000),
    ]
    seconds: dict[str, list[float]] = {}
    for workload in workloads:
        workload.run()
    for _ in range(runs):
        for workload in workloads:
            parties = workload.run()
            taken = max(party.result["seconds"]["run"] for party in parties)
            seconds.setdefault(workload.name, []).append(taken)
    print(f"{'program':24}{'ANDs':>14}{'seconds':>10}{'million ANDs a second':>24}")
    for workload in workloads:
        median, ands = statistics.median(seconds[workload.name]), workload.ands
        print(f"{workload.name:24}{ands:>14,}{median:>10.3f}{ands / median / 1e6:>24.1f}")


def shares(folder: Path, runs: int) -> None:
    """Print the time of operations on shares: medians of interleaved runs."""
    seconds: dict[tuple[str, int], list[float]] = {}
    moved: dict[tuple[str, int], tuple[int, int]] = {}
    options = ["--protocol", "arithmetic", "--network", "loopback"]
    for n in (1000, 10_000, 100_000, 1_000_000):
        inputs = [folder / f"{n}-{party}.npz" for party in ("alice", "bob")]
        for number, (path, key) in enumerate(zip(inputs, "xy", strict=True)):
            drawn = np.random.default_rng(number).integers(-(1 << 61), 1 << 61, n)
            arrays: dict[str, Any] = {key: drawn}
            np.savez(path, **arrays)
        for _ in range(runs + 1):
            for name, expression in ON_SHARES.items():
                program = folder / f"{name}.ez"
                program.write_text(SHARES.replace("EXPRESSION", expression))
                found = [one.result for one in two_parties(program, {"n": n}, inputs, options)]
                expect_prediction(
                    program, {"n": n}, found, protocol="arithmetic", network="loopback"
                )
                taken = max(one["seconds"]["run"] for one in found)
                seconds.setdefault((name, n), []).append(taken)
                costs = [one["cost"] for one in found]
                sent = sum(cost["bytes_sent"] for cost in costs)
                moved[name, n] = max(cost["rounds"] for cost in costs), sent
    print(
        f"{'operations on shares':20}{'n':>12}{'seconds':>10}{'ns each':>12}{'rounds':>8}{'MB':>9}"
    )
    for (name, n), times in seconds.items():
        # The first run fills the cache.
        median = statistics.median(times[1:])
        rounds, sent = moved[name, n]
        each = median / n * 1e9
        print(f"{name:20}{n:>12,}{median:>10.3f}{each:>12,.0f}{rounds:>8}{sent / 1e6:>9.1f}")


def elapsed(command: list[str], cache: str | None = None) -> tuple[float, str]:
    """Return the seconds until a command has ended, and what it printed."""
    environment = dict(os.environ) | ({"EZLANG_CACHE": cache} if cache else {})
    start = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return time.perf_counter() - start, done.stdout


def answered(command: list[str], cache: str) -> float:
    """Return the seconds until the millionaires' answer, and check its cost."""
    seconds, printed = elapsed(command, cache)
    report = api.cost(api.load(MILLIONAIRES))
    cost = json.loads(printed)["cost"]
    wanted = {"rounds": report.least.rounds, "ands": report.least.ands}
    expect("millionaires", "rounds and ANDs", {key: cost[key] for key in wanted}, wanted)
    return seconds


def start(folder: Path, runs: int) -> None:
    """Print the time to the millionaires' answer as a ratio to importing the dependencies."""
    run = [sys.executable, "-m", "ezlang", "run", str(MILLIONAIRES), "--native", "--json"]
    times: dict[str, list[float]] = {"imports": [], "cold": [], "cached": []}
    answered(run, str(folder / "warm"))
    for number in range(runs):
        times["imports"].append(elapsed([sys.executable, "-c", DEPENDENCIES])[0])
        times["cold"].append(answered(run, str(folder / f"cold{number}")))
        times["cached"].append(answered(run, str(folder / "warm")))
    print(f"{'millionaires, both parties':30}{'seconds':>10}{'ratio to imports':>20}")
    for name, taken in times.items():
        ratios = [one / base for one, base in zip(taken, times["imports"], strict=True)]
        print(f"{name:30}{statistics.median(taken):>10.3f}{statistics.median(ratios):>20.2f}")


def memory(folder: Path, runs: int) -> None:
    """Print each process's peak memory for few and for many gates."""
    del runs
    print(f"{'ANDs':>14}{'garbler, MB':>14}{'evaluator, MB':>16}")
    for times in (1, 1563):
        workload = comparisons(folder, times)
        peaks = [party.peak / 1e6 for party in workload.run()]
        print(f"{workload.ands:>14,}{peaks[0]:>14.1f}{peaks[1]:>16.1f}")


PARTS: Final = {"speed": speed, "shares": shares, "start": start, "memory": memory}


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
