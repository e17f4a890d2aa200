"""The same 10,000 comparisons of 32 bits, written in four ways.

The styles are a scalar loop, nested loops, a function that is called for each pair, and array
operators; the compiler should produce equally good code for all. Both parties run as processes over
loopback, with the styles in turn. The results are medians of the time from the first to the last
message, rounds, and bytes in both directions.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
from pathlib import Path
from typing import Final

from .counts import expect_prediction
from .parties import two_parties

N: Final = 10_000

_FRAME: Final = """party alice, bob;
{functions}
fn main() {{
    secret int32[10000] x = input(alice, "x");
    secret int32[10000] y = input(bob, "y");
    secret bool[10000] less;
{body}
    output(all, less, "less");
}}
"""

STYLES: Final = {
    "scalar loop": (
        "",
        "    for i in 0..10000 {\n        less[i] = x[i] < y[i];\n    }",
    ),
    "nested loops": (
        "",
        "    for i in 0..100 {\n        for j in 0..100 {\n            let at = 100 * i + j;\n"
        "            if x[at] < y[at] { less[at] = true; }\n        }\n    }",
    ),
    "function": (
        "fn smaller(int32 a, int32 b) -> bool {\n    let found = a < b;\n    return found;\n}",
        "    for i in 0..10000 {\n        less[i] = smaller(x[i], y[i]);\n    }",
    ),
    "array operators": ("", "    less = x < y;"),
}
"""The functions and the body of each style."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line options."""
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--protocol", default="auto")


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    pick = random.Random(1)
    seconds: dict[str, list[float]] = {name: [] for name in STYLES}
    costs: dict[str, tuple[int, int]] = {}
    with tempfile.TemporaryDirectory() as folder:
        inputs = []
        for party, name in (("alice", "x"), ("bob", "y")):
            path = Path(folder, f"{party}.json")
            path.write_text(
                json.dumps({name: [pick.randint(-(2**31), 2**31 - 1) for _ in range(N)]})
            )
            inputs.append(path)
        programs = {}
        for name, (functions, body) in STYLES.items():
            programs[name] = Path(folder, f"{name.replace(' ', '_')}.ez")
            programs[name].write_text(_FRAME.format(functions=functions, body=body))
        for number in range(arguments.runs + 1):
            for name, program in programs.items():
                protocol = arguments.protocol
                found = two_parties(program, {}, inputs, ["--protocol", protocol])
                results = [party.result for party in found]
                expect_prediction(program, {}, results, protocol=protocol)
                if number:
                    seconds[name].append(max(p.result["seconds"]["run"] for p in found))
                cost = found[0].result["cost"]
                rounds = max(p.result["cost"]["rounds"] for p in found)
                costs[name] = (rounds, cost["bytes_sent"] + cost["bytes_received"])
    fastest = min(statistics.median(times) for times in seconds.values())
    print(f"{'style':20}{'seconds':>10}{'ratio':>8}{'rounds':>8}{'bytes':>12}")
    for name, times in seconds.items():
        median = statistics.median(times)
        rounds, sent = costs[name]
        print(f"{name:20}{median:>10.3f}{median / fastest:>8.2f}{rounds:>8}{sent:>12,}")
