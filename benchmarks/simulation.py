"""Examples at about ten times their size, simulated and native: seconds and their ratio.

Both run from this process, native code as a process for each party over loopback. Random inputs are
drawn. A first run of each fills the caches; the results are medians of the time from the start to
the answer. Both must have the rounds, bytes and ANDs that `ezlang cost` predicts, and give the same
answer.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from ezlang import api
from ezlang.typed.tree import Program
from ezlang.values.data import Inputs

from .counts import expect
from .suite import case

EXAMPLES: Final = Path(__file__).parent.parent / "examples"

SIZES: Final[Mapping[str, Mapping[str, int]]] = {
    "aes-128": {"blocks": 10},
    "bitonic-sort": {"n": 128},
    "contact-proximity": {"moments": 240},
    "decision-forest": {"rows": 80},
    "edit-distance": {"m": 120, "n": 100},
    "linear-predictor": {"n": 300},
    "median": {"n": 256},
    "nearest-neighbours": {"cases": 160},
    "second-price-auction": {"bids": 60},
    "set-intersection-size": {"n": 128},
    "sha-256": {"length": 640},
}
"""The params of each example; some must be powers of two."""

Runner = Callable[..., api.RunResult]


def inputs_of(one: Any, program: Program) -> Inputs:
    """Return the inputs of a case: party → name → value."""
    pairs = zip(program.parties, one.inputs, strict=True)
    return {party: json.loads(path.read_text()) for party, path in pairs}


def measure(program: Program, inputs: Inputs, run: Runner, runs: int) -> api.RunResult:
    """Run a program several times; return the last result, with the median of the seconds."""
    results = [run(program, inputs) for _ in range(runs + 1)][1:]
    median = statistics.median(sum(result.seconds.values()) for result in results)
    last = results[-1]
    return api.RunResult(outputs=last.outputs, cost=last.cost, seconds={"all": median})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line options."""
    parser.add_argument("names", nargs="*", help="examples; all by default")
    parser.add_argument("--runs", type=int, default=3)


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    heads = f"{'simulated, s':>14}{'native, s':>12}{'ratio':>8}{'ANDs':>12}{'rounds':>8}"
    print(f"{'example':24}{heads}")
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.names or SIZES:
            path = EXAMPLES / name / "main.ez"
            one = case(Path(folder), name, path, dict(SIZES[name]))
            program = api.load(path, SIZES[name])
            inputs, least = inputs_of(one, program), api.cost(program).least
            sent = {program.parties[p]: count for p, count in least.bytes_sent.items()}
            wanted = api.RunCost(rounds=least.rounds, bytes=sent, ands=least.ands)
            simulated, native = (
                measure(program, inputs, how, arguments.runs)
                for how in (api.run_simulated, api.run_native)
            )
            for found in (simulated, native):
                expect(name, "rounds, bytes and ANDs", found.cost, wanted)
            expect(name, "answers", simulated.outputs, native.outputs)
            slow, fast = simulated.seconds["all"], native.seconds["all"]
            print(
                f"{name:24}{slow:>14.2f}{fast:>12.2f}{slow / fast:>8.1f}"
                f"{least.ands:>12,}{least.rounds:>8}",
                flush=True,
            )
