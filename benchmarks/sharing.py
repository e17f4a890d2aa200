"""Operations a second of the secret-sharing protocols, with one thread and one core for each party.

Two processes, each pinned to a core, communicate over loopback TCP. OTs come from the real
extension, made as they are needed, or, to measure the protocols alone, from an ideal dealer
(`--dealt`). CPU is the busier party's time, including the kernel's. Set-up (base OTs, loading of
code) is left out. The results are medians of several runs, with the bytes an operation in both
directions, including those of OT extension. Bytes and rounds must be those of the cost model.
`python -m benchmarks.sharing [names …]`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import socket
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, Final

import numpy as np

from ezlang.compiler.ir.ots import OtKind
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.protocols.arithmetic import comparison, matrices
from ezlang.compiler.protocols.arithmetic import products as arithmetic
from ezlang.compiler.protocols.arithmetic.truncation import truncate
from ezlang.compiler.protocols.boolean import gates as boolean
from ezlang.compiler.protocols.conversions import bits_and_numbers as conversions
from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.steps import Steps
from ezlang.compiler.protocols.native.calls import Native
from ezlang.compiler.protocols.native.session import NativeSession, open_session
from ezlang.compiler.protocols.ot.directions import (
    DealtReceiver,
    DealtSender,
    Ends,
    extension_ends,
    silent_ends,
)
from ezlang.compiler.protocols.ot.stock import GROUP_BITS
from ezlang.session.channel import SocketChannel

from .counts import KINDS, ExpectedSession, counted, since

TIME_OUT: Final = 60.0
Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Workload:
    """`operations` of one kind, done by one call."""

    name: str
    operations: int
    run: Callable[[SharingParty], Steps[Any]]


def _numbers(bits: int, *shape: int) -> Array:
    size = int(np.prod(shape)) * bits // 8
    raw = np.random.default_rng(1).integers(0, 256, size, np.uint8)
    return raw.view(f"u{bits // 8}").reshape(shape)


def workloads(scale: float) -> list[Workload]:
    """Return the workloads, at a fraction of their size."""

    def sized(count: int) -> int:
        return max(int(count * scale) // 8, 1) * 8

    result = []

    def add(name: str, count: int, run: Callable[[SharingParty, int], Steps[Any]]) -> None:
        operations = sized(count)
        result.append(Workload(name, operations, lambda party: run(party, operations)))

    def on_numbers(
        name: str, bits: int, count: int, run: Callable[[SharingParty, Array], Steps[Any]]
    ) -> None:
        operations = sized(count)
        x = _numbers(bits, operations)
        result.append(Workload(name, operations, lambda party: run(party, x)))

    add("bit triples", 1 << 22, boolean.bit_triples)
    for bits, count in ((64, 1 << 15), (32, 1 << 16)):
        on_numbers(f"{bits}-bit products", bits, count, lambda p, x: arithmetic.multiply(p, x, x))
    for bits, count in ((64, 1 << 16), (32, 1 << 17)):
        on_numbers(f"{bits}-bit comparisons", bits, count, comparison.msb)
        on_numbers(f"{bits}-bit equalities", bits, count, lambda p, x: comparison.equal(p, x, x))
        on_numbers(f"{bits}-bit ReLUs", bits, count, comparison.relu)
        on_numbers(f"{bits}-bit truncations", bits, count, lambda p, x: truncate(p, x, 16))
    add("bit to 64-bit number", 1 << 20, _bits_to_numbers)
    on_numbers("64-bit select", 64, 1 << 20, _select)
    for shallow, name in ((True, "shallow"), (False, "small")):
        on_numbers(
            f"64-bit number to bits, {name}",
            64,
            1 << 15,
            partial(conversions.to_bits, shallow=shallow),
        )
    one = _numbers(64, 1)
    result.append(Workload("one 64-bit comparison", 1, lambda p: comparison.msb(p, one)))
    side = max(int(128 * scale), 8)
    matrix = _numbers(64, side, side)
    name = f"{side}³ 64-bit matrix product"
    result.append(Workload(name, 1, lambda p: matrices.matrix_multiply(p, matrix, matrix)))
    return result


def _bits_to_numbers(party: SharingParty, count: int) -> Steps[Array]:
    return conversions.bits_to_numbers(party, _numbers(8, count // 8), count, 64)


def _select(party: SharingParty, x: Array) -> Steps[Array]:
    return conversions.select(party, _numbers(8, len(x) // 8), x)


def _session(index: int, channel: SocketChannel, options: argparse.Namespace) -> NativeSession:
    native, side = Native(), COMPUTING.side(index)
    if options.silent:
        return open_session(side, channel, native, silent_ends(channel))
    if not options.dealt:
        return open_session(side, channel, native, extension_ends(channel, options.bits))
    own, other = side.ordered(bytes(16), bytes(range(16)))
    ends = Ends(DealtSender(native, own), DealtReceiver(native, other))
    ends.set_up(channel)
    return open_session(side, channel, native, ends)


def _serve(
    index: int, connection: socket.socket, report: Connection, options: argparse.Namespace
) -> None:
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[index % len(cores)]})
    channel = SocketChannel(connection, TIME_OUT)
    session = _session(index, channel, options)
    kind = OtKind.SILENT if options.silent else None if options.dealt else KINDS[options.bits]
    wanted = ExpectedSession(index, kind)
    for workload in _selected(options):
        times, busy = [], []
        for _ in range(options.runs + 1):
            session.run(session.party.swap(np.zeros(1, np.uint8)))
            wanted.meet()
            before = counted(channel)
            began, worked = time.perf_counter(), time.process_time()
            session.run(workload.run(session.party))
            found = since(channel, before)
            session.run(session.party.swap(np.zeros(1, np.uint8)))
            times.append(time.perf_counter() - began)
            busy.append(time.process_time() - worked)
            wanted.check(workload.name, workload.run, found)
            wanted.meet()
            moved = found[0] + found[1]
        # The first run loads code.
        report.send((statistics.median(times[1:]), statistics.median(busy[1:]), moved))
    channel.close()


def _selected(options: argparse.Namespace) -> Sequence[Workload]:
    return [
        workload
        for workload in workloads(options.scale)
        if not options.names or any(name in workload.name for name in options.names)
    ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command line."""
    parser.add_argument("names", nargs="*", help="only workloads whose names contain one of these")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="fraction of the usual size")
    parser.add_argument("--bits", type=int, default=GROUP_BITS, help="of OT extension's groups")
    parser.add_argument("--silent", action="store_true", help="OTs from silent OT")
    parser.add_argument("--dealt", action="store_true", help="OTs from an ideal dealer")


def run(options: argparse.Namespace) -> None:
    """Measure and print a table."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        first = socket.create_connection(server.getsockname())
        second, _ = server.accept()
    context = multiprocessing.get_context("fork")
    reports, processes = [], []
    for index, connection in enumerate((first, second)):
        receiving, sending = context.Pipe(duplex=False)
        process = context.Process(target=_serve, args=(index, connection, sending, options))
        process.start()
        sending.close()
        reports.append(receiving)
        processes.append(process)
    first.close()
    second.close()
    print(f"{'work':32} {'a second':>14} {'ns each':>12} {'ns of CPU':>12} {'bytes each':>14}")
    for workload in _selected(options):
        (seconds, worked, moved), (_, other, _) = (report.recv() for report in reports)
        each, busy = seconds / workload.operations, max(worked, other) / workload.operations
        print(
            f"{workload.name:32} {1 / each:14,.1f} {each * 1e9:12,.1f} {busy * 1e9:12,.1f} "
            f"{moved / workload.operations:14,.2f}",
            flush=True,
        )
    for process in processes:
        process.join()


if __name__ == "__main__":
    command_line = argparse.ArgumentParser(prog="python -m benchmarks.sharing", description=__doc__)
    add_arguments(command_line)
    run(command_line.parse_args())
