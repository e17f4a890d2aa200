"""Runs of two processes over TLS beside the same over plain loopback TCP.

Runs alternate between the two, so that both meet the same machine. The time is that of the run
itself, after the connection and the compilation. The ratio is that of the medians.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import tempfile
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Final

from ezlang import api
from ezlang.executors.native.prepared import packed, unpacked
from ezlang.executors.native.single import run_at
from ezlang.session.address import DEFAULT_HOST, Address
from ezlang.session.identity import create_key
from ezlang.session.tls import Keys, Pin
from ezlang.values.data import Data

from .pair import TIME_OUT

NAMES: Final = ("alice", "bob")
_HEAD: Final = """\
party alice, bob;
param int32 n = 1;

#[protocol({protocol})]
fn main() {{
    secret int32[n] a = input(alice, "a");
    secret int32[n] b = input(bob, "b");
{body}
}}
"""
_PRODUCTS: Final = '    output(all, sum(a * b), "sum");'
_ROUNDS: Final = """\
    secret int32 last = 0;
    for i in 0..n {
        last = (last ^ a[i]) > b[i] ? a[i] : b[i] - last;
    }
    output(all, last, "last");"""
PROGRAMS: Final = {
    "products by wire labels": ("yao", _PRODUCTS, 20_000),
    "products on shares": ("arithmetic", _PRODUCTS, 400_000),
    "choices one after the other, on shares": ("boolean", _ROUNDS, 500),
}
"""Name → protocol, statements of main, and the number of elements."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line options."""
    parser.add_argument("--runs", type=int, default=7, help="how many runs of each kind")


def run(arguments: argparse.Namespace) -> None:
    """Print a row for each program."""
    print("| program | rounds | MB sent | plain, s | TLS, s | ratio |")
    print("|---|---|---|---|---|---|")
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool,
    ):
        keys = _keys(Path(folder))
        for name, (protocol, body, n) in PROGRAMS.items():
            path = Path(folder) / "main.ez"
            path.write_text(_HEAD.format(protocol=protocol, body=body))
            content = packed(api.load(path, {"n": n}))
            times: tuple[list[float], list[float]] = ([], [])
            cells = ""
            for turn in range(2 * arguments.runs + 2):
                secure = turn % 2
                seconds, cells = _run(pool, content, n, keys if secure else (None, None))
                if turn > 1:
                    times[secure].append(seconds)
            plain, tls = map(statistics.median, times)
            print(f"| {name} | {cells} | {plain:.3f} | {tls:.3f} | {tls / plain:.2f} |", flush=True)


def _keys(folder: Path) -> tuple[Keys, Keys]:
    pins = []
    for name in NAMES:
        made = create_key(folder / f"{name}.key", name)
        pins.append(Pin(name=name, certificate=made))
    alice, bob = (
        Keys(name=name, file=str(folder / f"{name}.key"), peers=(pins[1 - at],))
        for at, name in enumerate(NAMES)
    )
    return alice, bob


def _run(
    pool: ProcessPoolExecutor, content: bytes, n: int, keys: tuple[Keys | None, Keys | None]
) -> tuple[float, str]:
    """Run once; return the seconds of the slower party, and rounds and megabytes."""
    other: list[Future[float]] = []

    def listening(place: Address) -> None:
        there = Address(DEFAULT_HOST, place.port, keys[1])
        other.append(pool.submit(_second, content, n, there))

    numbers: dict[str, Data] = {"a": [(7 * i) % 1000 for i in range(n)]}
    place = Address(DEFAULT_HOST, 0, keys[0])
    outcome = run_at(unpacked(content), 0, numbers, place, TIME_OUT, listening)
    seconds = max(outcome.seconds["run"], other[0].result())
    size = (outcome.bytes_sent + outcome.bytes_received) / 1e6
    return seconds, f"{outcome.rounds:,} | {size:.1f}"


def _second(content: bytes, n: int, place: Address) -> float:
    numbers: dict[str, Data] = {"b": [(11 * i) % 1000 for i in range(n)]}
    return run_at(unpacked(content), 1, numbers, place, TIME_OUT).seconds["run"]
