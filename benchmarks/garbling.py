"""Whole programs in garbled circuits by both schemes, on loopback and on a slow line.

Both parties are processes, as in `programs`; the slow line is that of `relay`. Runs with both
schemes take turns. Seconds are medians, from the first to the last message. Bytes are checked
against the prediction.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from ezlang import api
from ezlang.types.sharing import GARBLING_CHOICES

from .counts import expect
from .parties import Party, two_parties
from .programs import Workload, aes, comparisons
from .relay import WAN, Line

_SCHEMES = GARBLING_CHOICES[1:]
_LINES: dict[str, Line | None] = {"loopback": None, "20 ms, 100 Mbit/s": WAN}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this measurement's options."""
    parser.add_argument("--blocks", type=int, default=1000, help="blocks of AES")
    parser.add_argument("--times", type=int, default=100, help="times 1,000 comparisons")
    parser.add_argument("--repetitions", type=int, default=3)


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    print(f"{'':24}{'line':>20}{'garbling':>14}{'ANDs':>12}{'bytes':>14}{'seconds':>10}{'CPU':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for work in (
            aes(Path(folder), arguments.blocks),
            comparisons(Path(folder), arguments.times),
        ):
            for name, line in _LINES.items():
                _measure(work, name, line, arguments.repetitions)


def _measure(work: Workload, name: str, line: Line | None, repetitions: int) -> None:
    found: dict[str, list[list[Party]]] = {scheme: [] for scheme in _SCHEMES}
    for _ in range(repetitions):
        for scheme in _SCHEMES:
            found[scheme].append(_run(work, scheme, line))
    for scheme, runs in found.items():
        sent = runs[0][0].result["cost"]["bytes_sent"]
        seconds = statistics.median(max(p.result["seconds"]["run"] for p in run) for run in runs)
        cpu = statistics.median(max(p.cpu for p in run) for run in runs)
        shown = f"{work.ands:>12,}{sent:>14,}{seconds:>10.2f}{cpu:>8.2f}"
        print(f"{work.name:24}{name:>20}{scheme:>14}{shown}", flush=True)


def _run(work: Workload, scheme: str, line: Line | None) -> list[Party]:
    options = ["--protocol", "yao", "--garbling", scheme]
    parties = two_parties(work.program, work.settings, work.inputs, options, line)
    program = api.load(work.program, dict(work.settings))
    least = api.cost(program, protocol="yao", garbling=scheme).least
    for number, party in enumerate(parties):
        cost = party.result["cost"]
        expect(work.name, "ANDs", cost["ands"], least.ands)
        expect(work.name, "bytes sent", cost["bytes_sent"], least.bytes_sent[number])
    return parties
