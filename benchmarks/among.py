"""Programs of three and more parties: seconds and bytes, beside MPyC with `--mpyc`.

Each party is the command `ezlang run … --party P` over loopback TCP, on whichever core is free.
Seconds are those from the first to the last message, with the set-up of all OTs, and are the median
of some runs; megabytes are those that the busiest party sends. Rounds and bytes must be those of
the prediction, and results those of the clear executor.

MPyC shares by polynomials: it is secure against fewer than half of the parties, and sets nothing
up. Ez is secure against all but one, so the two don't do the same.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ezlang import api

from .counts import expect, expect_prediction
from .parties import all_parties

PEER: Final = Path(__file__).parent / "peers" / "mpyc_works.py"
NAMES: Final = ("ann", "ben", "cleo", "dan", "eve", "fay", "gil", "hal")

HEAD: Final = """party {names};
fn main() {{
"""
TAIL: Final = "}\n"


@dataclass(frozen=True, slots=True)
class Work:
    """A program's body, and the inputs that each party gives."""

    name: str
    body: str
    inputs: Callable[[int], Mapping[str, Any]]


WORKS: Final = (
    Work(
        "sum of 10,000 numbers of each",
        "    secret int32[10000] x;\n"
        '    for p in parties { secret int32[10000] own = input(p, "x"); x += own; }\n'
        '    output(all, sum(x), "result");\n',
        lambda party: {"x": [(n * (party + 1)) % 1000 for n in range(10_000)]},
    ),
    Work(
        "10,000 products",
        '    secret int32[10000] x = input(ann, "x");\n'
        '    secret int32[10000] y = input(ben, "x");\n'
        "    secret int32 z = 0;\n"
        "    for i in 0..10000 { z += (x[i] + y[i]) * (x[i] - y[i]); }\n"
        '    output(all, z, "result");\n',
        lambda party: {"x": [n % 1000 + party for n in range(10_000)]} if party < 2 else {},
    ),
    Work(
        "1,000 comparisons",
        '    secret int32[1000] x = input(ann, "x");\n'
        '    secret int32[1000] y = input(ben, "x");\n'
        "    secret int32 z = 0;\n"
        "    for i in 0..1000 { if x[i] + y[i] < 2 * y[i] { z += 1; } }\n"
        '    output(all, z, "result");\n',
        lambda party: {"x": [(n * (party + 7)) % 1000 for n in range(1000)]} if party < 2 else {},
    ),
    Work(
        "maximum of 256 numbers",
        '    secret int32[256] x = input(ann, "x");\n'
        '    x += input(ben, "x");\n'
        "    secret int32 best = x[0];\n"
        "    for i in 1..256 { best = max(best, x[i]); }\n"
        '    output(all, best, "result");\n',
        lambda party: {"x": [n * (party + 37) % 257 for n in range(256)]} if party < 2 else {},
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--parties", type=int, nargs="+", default=[3, 5], help="from 3 to 8")
    parser.add_argument("--runs", type=int, default=5, help="runs of each program")
    parser.add_argument("--mpyc", help="a Python interpreter with MPyC")


def run(arguments: argparse.Namespace) -> None:
    """Measure, and print a table."""
    print("| work | parties | Ez: s | MB | rounds | MPyC: s |\n|---|--:|--:|--:|--:|--:|")
    for count in arguments.parties:
        peers = _mpyc(arguments.mpyc, count, arguments.runs)
        for work in WORKS:
            with tempfile.TemporaryDirectory() as folder:
                seconds, sent, rounds = _measured(work, count, arguments.runs, Path(folder))
            peer = f"{peers[work.name]:.2f}" if work.name in peers else "-"
            print(f"| {work.name} | {count} | {seconds:.2f} | {sent:.2f} | {rounds} | {peer} |")


def _measured(work: Work, count: int, runs: int, folder: Path) -> tuple[float, float, int]:
    """Return the seconds of a run, the megabytes that the busiest party sends, and the rounds."""
    program = folder / "work.ez"
    names = NAMES[:count]
    program.write_text(HEAD.format(names=", ".join(names)) + work.body + TAIL, "utf-8")
    files = []
    for party, name in enumerate(names):
        files.append(folder / f"{name}.json")
        files[-1].write_text(json.dumps(work.inputs(party)), "utf-8")
    loaded = api.load(program)
    given = {name: work.inputs(party) for party, name in enumerate(names)}
    expected = api.run_clear(loaded, given).outputs
    found: list[float] = []
    results: list[dict[str, Any]] = []
    for _ in range(runs):
        results = all_parties(program, files)
        expect(work.name, "outputs", [one["outputs"] for one in results], list(expected.values()))
        expect_prediction(program, {}, results)
        found.append(max(one["seconds"]["run"] for one in results))
    costs = [one["cost"] for one in results]
    sent = max(cost["bytes_sent"] for cost in costs) / 1e6
    return statistics.median(found), sent, max(cost["rounds"] for cost in costs)


def _mpyc(python: str | None, count: int, runs: int) -> dict[str, float]:
    """Return the seconds of the same works in MPyC, by name."""
    if python is None:
        return {}
    command = [python, str(PEER), f"-M{count}", "--no-log", "--runs", str(runs)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
