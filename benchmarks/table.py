"""The costs of operations on secrets in one table: Yao, OTs, shares, a dealer.

Two processes, pinned to a core each, communicate over loopback TCP. Rates are medians by the clock;
runs of different workloads take turns. `ns` is the time of the busier party's core for one
operation, including the system's share: it is affected least by other work on the machine. `wire`
is the time that loopback alone takes for the bytes of the busier direction, and the last column is
the rate that this allows. Set-up is left out. `--scale` makes all workloads smaller.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ezlang.compiler.ir.garbling import Garbling
from ezlang.compiler.ir.ots import OtKind
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.protocols.arithmetic import comparison
from ezlang.compiler.protocols.arithmetic import products as arithmetic
from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.preprocessing import BitPair, BitTriple, RingTriple, Unit
from ezlang.compiler.protocols.core.steps import Steps
from ezlang.compiler.protocols.dealt.backend import DEALT as DEALT_BACKEND
from ezlang.compiler.protocols.dealt.demands import Demands, demanded
from ezlang.compiler.protocols.dealt.expansion import DealtUnits, corrections
from ezlang.compiler.protocols.native.calls import Native
from ezlang.compiler.protocols.native.session import (
    NativeSession,
    open_given_session,
    open_session,
)
from ezlang.compiler.protocols.ot.directions import extension_ends, silent_ends
from ezlang.session.channel import SocketChannel

from . import ot, programs, sharing, yao
from .counts import KINDS, ExpectedSession, counted, since
from .pair import TIME_OUT, loopback, run_pair

OPERATIONS: Final = (
    *("bit triples", "64-bit products", "32-bit products", "64-bit comparisons"),
    *("32-bit comparisons", "32-bit ReLUs", "64-bit truncations", "bit to 64-bit number"),
    *("64-bit select", "64-bit matrix product"),
)
LATENCY: Final = "one 64-bit comparison"
SEEDS: Final = bytes(range(16)), bytes(range(100, 116))
SOURCES: Final = {"SoftSpoken, k = 2": 2, "SoftSpoken, k = 4": 4, "silent": 0}
DEALT: Final = 1_000_000
_PINGS: Final = 2000
_PING: Final = 16


@dataclass(frozen=True, slots=True)
class Row:
    """One row: seconds of an operation, the busier core's seconds, bytes sent and received."""

    name: str
    each: float
    core: float | None
    bytes: tuple[float, float] | None

    def text(self, wire: float) -> str:
        """Print the row; loopback carries `wire` bytes a second."""
        line = f"{self.name:46}{1 / self.each:16,.1f}{self.each * 1e9:16,.1f}"
        line += f"{'-':>16}" if self.core is None else f"{self.core * 1e9:16,.1f}"
        if self.bytes is None:
            return line
        seconds = max(self.bytes) / wire
        limit = f"{1 / seconds:16,.0f}" if seconds else f"{'-':>16}"
        return f"{line}{sum(self.bytes):16,.2f}{seconds * 1e9:14,.1f}{limit}"


@dataclass(frozen=True, slots=True)
class Measured:
    """One party's result of a workload: median seconds and core seconds, mean bytes, rounds."""

    name: str
    operations: int
    wall: float
    core: float
    moved: tuple[float, float]
    rounds: int


class _Work:
    """A workload at one party, with the results of its runs. The first run isn't counted."""

    def __init__(
        self,
        name: str,
        session: NativeSession,
        wanted: ExpectedSession,
        work: sharing.Workload,
        channel: SocketChannel,
    ) -> None:
        self.name = name
        self.session = session
        self.wanted = wanted
        self._work = work
        self._channel = channel
        self._wall: list[float] = []
        self._core: list[float] = []
        self._moved: list[tuple[int, int]] = []
        self._rounds = 0

    def run(self) -> None:
        """Run it once, at both parties together."""
        channel, session = self._channel, self.session
        session.run(session.party.swap(np.zeros(1, np.uint8)))
        self.wanted.meet()
        before = counted(channel)
        wall, core = time.perf_counter(), time.process_time()
        session.run(self._work.run(session.party))
        sent, received, self._rounds = found = since(channel, before)
        session.run(session.party.swap(np.zeros(1, np.uint8)))
        self._wall.append(time.perf_counter() - wall)
        self._core.append(time.process_time() - core)
        self._moved.append((sent, received))
        self.wanted.check(self.name, self._work.run, found)
        self.wanted.meet()

    def measured(self) -> Measured:
        """Return the medians."""
        wall, core = statistics.median(self._wall[1:]), statistics.median(self._core[1:])
        sent, received = (statistics.mean(way) for way in zip(*self._moved[1:], strict=True))
        operations = self._work.operations
        return Measured(self.name, operations, wall, core, (sent, received), self._rounds)


def _open(index: int, channel: SocketChannel, bits: int) -> NativeSession:
    """Open a session with OTs from extension with groups of `bits` bits, or silent OTs."""
    side = COMPUTING.side(index)
    ends = extension_ends(channel, bits) if bits else silent_ends(channel)
    return open_session(side, channel, Native(), ends)


def _dealt_work(
    index: int, channel: SocketChannel, count: int, runs: int
) -> tuple[NativeSession, list[sharing.Workload]]:
    """Return products and comparisons with preprocessing from a dealer."""
    # A comparison of 63 bits: their products, and a tree that joins them, 62 times.
    used: dict[Unit, int] = {
        RingTriple(bits=64): count,
        BitTriple(): 63 * count,
        BitPair(): 62 * count,
    }
    demands: Demands = {unit: demanded(unit, n) * (runs + 1) for unit, n in used.items()}
    native = Native()
    units = DealtUnits(native, index, SEEDS[index], demands)
    if index:
        for place, sent in zip(units.places(), corrections(native, SEEDS, demands), strict=True):
            place[:] = sent.reshape(-1).view(np.uint8).data
    x = np.random.default_rng(1).integers(0, 1 << 63, count, np.uint64)

    def multiply(party: SharingParty) -> Steps[Any]:
        return arithmetic.multiply(party, x, x)

    def compare(party: SharingParty) -> Steps[Any]:
        return comparison.msb(party, x)

    works = [
        sharing.Workload("64-bit products, dealt", count, multiply),
        sharing.Workload("64-bit comparisons, dealt", count, compare),
    ]
    return open_given_session(channel, native, units, DEALT_BACKEND), works


def _pings(connection: socket.socket, first: bool, polled: bool) -> float:
    """Return the median round trip of a few bytes, in seconds."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setblocking(not polled)
    data, buffer = bytes(_PING), bytearray(_PING)
    times = []

    def receive() -> None:
        while True:
            try:
                connection.recv_into(buffer)
                return
            except BlockingIOError:
                continue

    for _ in range(_PINGS):
        began = time.perf_counter()
        if first:
            connection.sendall(data)
            receive()
        else:
            receive()
            connection.sendall(data)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _shares(
    connection: socket.socket, index: int, runs: int, scale: float
) -> tuple[list[Measured], list[float]]:
    """Measure all workloads on shares at party `index`; also return round trips."""
    trips = [_pings(connection, index == 0, polled) for polled in (False, True)]
    channel = SocketChannel(connection, TIME_OUT)
    works = []
    wanted = sharing.workloads(scale)
    for source, bits in SOURCES.items():
        session = _open(index, channel, bits)
        expected = ExpectedSession(index, KINDS.get(bits, OtKind.SILENT))
        for work in wanted:
            if any(name in work.name for name in OPERATIONS):
                name = f"{work.name}, {source}"
                works.append(_Work(name, session, expected, work, channel))
    [single] = [work for work in wanted if work.name == LATENCY]
    # With OTs in stock, so that only the comparison is measured.
    works.append(_Work(LATENCY, works[0].session, works[0].wanted, single, channel))
    count = max(int(DEALT * scale) // 8, 1) * 8
    session, dealt = _dealt_work(index, channel, count, runs)
    expected = ExpectedSession(index, None, DEALT_BACKEND)
    works += [_Work(work.name, session, expected, work, channel) for work in dealt]
    for _ in range(runs + 1):
        for one in works:
            one.run()
    channel.close()
    return [one.measured() for one in works], trips


def _first(connection: socket.socket, runs: int, scale: float) -> Any:
    return _shares(connection, 0, runs, scale)


def _second(connection: socket.socket, runs: int, scale: float) -> Any:
    return _shares(connection, 1, runs, scale)


def _share_rows(runs: int, scale: float) -> tuple[list[Row], list[str]]:
    (own, trips), (other, _) = run_pair(_first, _second, runs, scale)
    rows, notes = [], []
    for one, two in zip(own, other, strict=True):
        n = one.operations
        core = max(one.core, two.core) / n
        rows.append(Row(one.name, one.wall / n, core, (one.moved[0] / n, one.moved[1] / n)))
        if one.name == LATENCY:
            for name, trip in zip(("blocking", "polled"), trips, strict=True):
                bound = one.rounds * trip
                notes.append(
                    f"{one.name}: {one.wall * 1e6:.0f} µs; {one.rounds} rounds of {trip * 1e6:.1f} "
                    f"µs ({name}) are {bound * 1e6:.0f} µs: a factor of {one.wall / bound:.2f}"
                )
    return rows, notes


def _yao_rows(runs: int, scale: float) -> list[Row]:
    ands = max(int(8_000_000 * scale), 300_000)
    rows = []
    for garbling in Garbling:
        evaluator, garbler = run_pair(yao.run_evaluator, yao.run_garbler, garbling, ands, runs)
        for work, one, two in zip(yao.workloads(ands), evaluator, garbler, strict=True):
            core = max(statistics.median(one.core), statistics.median(two.core)) / work.ands
            each = statistics.median(one.wall) / work.ands
            name = f"Yao by {garbling.value.replace('_', '-')}, ANDs: {work.name}"
            rows.append(Row(name, each, core, (work.table_bytes(garbling) / work.ands, 0)))
    return rows


def _aes_row(runs: int, scale: float) -> Row:
    blocks = max(int(4000 * scale), 10)
    with tempfile.TemporaryDirectory() as folder:
        work = programs.aes(Path(folder), blocks)
        work.run()
        times = [max(p.result["seconds"]["run"] for p in work.run()) for _ in range(runs)]
    return Row("Yao, AES-128 blocks, OTs included", statistics.median(times) / blocks, None, None)


def _ot_rows(runs: int, scale: float) -> list[Row]:
    ots = max(int((1 << 22) * scale), 1 << 16)
    rows = []
    for kind in ("SoftSpoken, k = 2", "SoftSpoken, k = 4", "silent"):
        sent, (received, each) = run_pair(ot.run_sender, ot.run_receiver, kind, ots, runs)
        core = max(statistics.median(sent.core), statistics.median(received.core)) / ots
        wall = statistics.median(received.wall) / ots
        rows.append(Row(f"random correlated OTs, {kind}", wall, core, (each, 0)))
    return rows


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this measurement's options."""
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="fraction of the usual size")


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    runs, scale = arguments.runs, arguments.scale
    _, into = loopback()
    wire = into.rate(1 << 28)
    print(f"loopback alone: {wire / 1e9:.2f} GB/s; load of the machine: {os.getloadavg()[0]:.1f}")
    names = ("a second", "ns by the clock", "ns of the core", "bytes", "ns of wire", "wire's limit")
    widths = (16, 16, 16, 16, 14, 16)
    print(f"{'work':46}" + "".join(f"{n:>{w}}" for n, w in zip(names, widths, strict=True)))
    notes: list[str] = []
    for part in (_yao_rows, _ot_rows):
        for row in part(runs, scale):
            print(row.text(wire), flush=True)
    print(_aes_row(runs, scale).text(wire), flush=True)
    rows, notes = _share_rows(runs, scale)
    for row in rows:
        print(row.text(wire))
    print("\n".join(notes))
