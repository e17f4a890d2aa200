"""Programs under each protocol and under the compiler's choice, on loopback and on a slow line.

The programs of the folder, and AES-128 from the examples, are run by the command `ezlang run …
--party` with `--protocol arithmetic` (bits as boolean), `boolean`, `yao` and `auto`; each party is
pinned to a core. On loopback `--network loopback` is given. On the slow line a relay (`relay.py`)
connects the parties, and `--network wan` is given. The protocols of a program run in turn; the
results are medians of the time from the first to the last message, and bytes in both directions.
`choice` is the compiler's time as a ratio to the best of the others. Programs that take longer than
`--limit` according to `ezlang cost` aren't run; their prediction is shown, with a `~`.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ezlang import api
from ezlang.types.types import BoolType, IntType, StructType, element_of, shape_of
from ezlang.values.expected import expected_inputs

from ..counts import expect_prediction
from ..parties import two_parties
from ..relay import WAN

FOLDER: Final = Path(__file__).parent
AES: Final = FOLDER.parent.parent / "examples" / "aes-128" / "main.ez"
PROTOCOLS: Final = ("arithmetic", "boolean", "yao", "auto")
RANGES: Final[Mapping[tuple[str, str], tuple[int, int]]] = {
    ("forest", "feature"): (0, 29),
    ("factorisation", "ratings"): (0, 1280),
    ("factorisation", "u"): (-256, 256),
    ("factorisation", "v"): (-256, 256),
    ("shortest_paths", "start"): (0, 15),
    ("shortest_paths", "lengths"): (1, 1000),
    ("auction", "bids"): (1, 100_000),
    ("edit_distance", "letters"): (97, 122),
}
"""The range of random inputs where −1000 … 1000 doesn't fit; bytes are drawn from all values."""

USUAL: Final = (-1000, 1000)


@dataclass(frozen=True, slots=True)
class Case:
    """A program with its input files and params."""

    name: str
    program: Path
    inputs: list[Path]
    settings: dict[str, int]


def case(folder: Path, name: str, program: Path, settings: dict[str, int]) -> Case:
    """Generate inputs for a program and write them to a folder."""
    checked = api.load(program, settings)
    pick = random.Random(name)
    inputs = []
    for party in checked.parties:
        values = {
            one.name: _drawn(pick, one.type, RANGES.get((name, one.name)))
            for one in expected_inputs(checked, party)
        }
        path = folder / f"{name}-{party}.json"
        path.write_text(json.dumps(values))
        inputs.append(path)
    return Case(name, program, inputs, settings)


def _drawn(pick: random.Random, type: Any, limits: tuple[int, int] | None) -> Any:
    shape = shape_of(type)
    if shape:
        inner = element_of(type)
        rows = shape[1:]
        return [_array(pick, inner, rows, limits) for _ in range(shape[0])]
    return _array(pick, type, (), limits)


def _array(
    pick: random.Random, element: Any, shape: tuple[int, ...], limits: tuple[int, int] | None
) -> Any:
    if shape:
        return [_array(pick, element, shape[1:], limits) for _ in range(shape[0])]
    if isinstance(element, BoolType):
        return pick.random() < 0.5
    if isinstance(element, StructType):
        return {field.name: _drawn(pick, field.type, limits) for field in element.fields}
    assert isinstance(element, IntType)
    usual = USUAL if element.width > 16 else (element.low, element.high)
    return pick.randint(*(limits or usual))


def cases(folder: Path, names: list[str]) -> list[Case]:
    """Return the programs that the command line names, or all."""
    made = []
    for program in [*sorted(FOLDER.glob("*.ez")), AES]:
        name = program.stem if program is not AES else "aes"
        if not names or name in names:
            settings = {"blocks": 1000} if program is AES else {}
            made.append(case(folder, name, program, settings))
    return made


@dataclass(frozen=True, slots=True)
class Taken:
    """The cost of a program under a protocol: seconds, bytes in both directions, rounds."""

    seconds: float
    bytes: int
    rounds: int
    predicted: bool = False

    def __str__(self) -> str:
        mark = "~" if self.predicted else ""
        return f"{mark}{self.seconds:.3f} ({self.bytes / 1e6:.2f}, {self.rounds})"


def predicted(one: Case, protocol: str, network: str) -> Taken:
    """Return the predicted cost of a program."""
    loaded = api.load(one.program, one.settings)
    report = api.cost(loaded, protocol=protocol, network=network)
    total = report.least
    seconds = total.seconds(report.profile)
    return Taken(seconds, sum(total.bytes_sent.values()), total.rounds, predicted=True)


def measure(one: Case, runs: int, limit: float, *, slow: bool) -> dict[str, Taken]:
    """Return medians by protocol, with three times as many runs for those close to the best."""
    network = "wan" if slow else "loopback"
    line = WAN if slow else None
    found = {protocol: predicted(one, protocol, network) for protocol in PROTOCOLS}
    taken = {name: list[Taken]() for name, said in found.items() if said.seconds <= limit}
    for number in range(3 * runs + 1):
        for protocol in taken if number <= runs else near(taken):
            extra = ["--network", network, "--protocol", protocol]
            parties = two_parties(one.program, one.settings, one.inputs, extra, line)
            results = [party.result for party in parties]
            if not number:
                expect_prediction(
                    one.program, one.settings, results, protocol=protocol, network=network
                )
            # The first run fills the cache of compiled code.
            if number:
                seconds = max(p.result["seconds"]["run"] for p in parties)
                cost = parties[0].result["cost"]
                rounds = max(p.result["cost"]["rounds"] for p in parties)
                taken[protocol].append(
                    Taken(seconds, cost["bytes_sent"] + cost["bytes_received"], rounds)
                )
    for protocol, ways in taken.items():
        found[protocol] = replace(ways[-1], seconds=median(ways))
    return found


def median(ways: list[Taken]) -> float:
    """Return the median of the seconds."""
    return statistics.median(way.seconds for way in ways)


def near(taken: dict[str, list[Taken]]) -> list[str]:
    """Return the protocols that may be the best, which are run more often."""
    best = min(map(median, taken.values()))
    return [name for name, ways in taken.items() if median(ways) <= 1.25 * best]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line options."""
    parser.add_argument("names", nargs="*", help="programs; all by default")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--limit", type=float, default=30.0, help="seconds a run may take")
    parser.add_argument("--line", choices=["loopback", "slow", "both"], default="both")


def run(arguments: argparse.Namespace) -> None:
    """Measure and print one table for each line."""
    lines = ["loopback", "slow"] if arguments.line == "both" else [arguments.line]
    with tempfile.TemporaryDirectory() as folder:
        chosen = cases(Path(folder), arguments.names)
        for line in lines:
            print(f"{line}: seconds (MB, rounds)")
            print(f"{'program':16}" + "".join(f"{p:>26}" for p in PROTOCOLS) + f"{'choice':>8}")
            for one in chosen:
                found = measure(one, arguments.runs, arguments.limit, slow=line == "slow")
                best = min(way.seconds for name, way in found.items() if name != "auto")
                cells = "".join(f"{way!s:>26}" for way in found.values())
                ratio = found["auto"].seconds / best
                print(f"{one.name:16}{cells}{ratio:>8.2f}", flush=True)
            print()
