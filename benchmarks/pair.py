"""Two processes, with a core each, connected by loopback TCP: the frame of protocol measurements.

A measurement consists of one function for each side, which is called with a connected socket and
whose result is returned to the caller. `loopback` is the rate of the network alone: the physical
limit.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final

from ezlang.compiler.protocols.core.channel import Buffer, unmetered
from ezlang.session.channel import SocketChannel

TIME_OUT: Final = 120.0
_PIECE: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Times:
    """The seconds that runs took: by the clock, and of this process on its core."""

    wall: list[float]
    core: list[float]

    def rate(self, work: float) -> float:
        """Return the median amount of work a second by the clock."""
        return work / statistics.median(self.wall)

    def core_rate(self, work: float) -> float:
        """Return the median amount of work a second of core time, unaffected by a busy machine."""
        return work / statistics.median(self.core)


class Nowhere:
    """A channel that discards what is sent and receives zeros."""

    def send(self, data: Buffer) -> None:
        """Discard the data."""

    def __init__(self) -> None:
        self._zeros = memoryview(bytearray(1 << 16))

    within = staticmethod(unmetered)

    def flight(self, number: int | None, *, behind: int = 0) -> None:
        """Count nothing."""

    def receive_into(self, buffer: memoryview) -> None:
        """Leave the buffer unchanged."""

    def peek(self, least: int) -> memoryview:
        """Return zeros."""
        return self._zeros

    def skip(self, count: int) -> None:
        """Do nothing."""

    def flush(self) -> None:
        """Do nothing."""


def timed(runs: int, run: Callable[[], None]) -> Times:
    """Time some runs."""
    times = Times([], [])
    for _ in range(runs):
        wall, core = time.perf_counter(), time.process_time()
        run()
        times.wall.append(time.perf_counter() - wall)
        times.core.append(time.process_time() - core)
    return times


def meet(channel: SocketChannel, *, first: bool) -> None:
    """Wait for the other side, by a byte in each direction."""
    byte = memoryview(bytearray(1))
    if first:
        channel.send(b"\0")
        channel.receive_into(byte)
    else:
        channel.receive_into(byte)
        channel.send(b"\0")
        channel.flush()


def run_pair(
    first: Callable[..., Any], second: Callable[..., Any], *arguments: Any
) -> tuple[Any, Any]:
    """Run `first(socket, *arguments)` and `second(…)`; both must be functions of a module."""
    ends: list[Connection] = []
    processes = []
    port = None
    for side in (first, second):
        process, end = _start(_side, port, side, arguments)
        processes.append(process)
        ends.append(end)
        if port is None:
            port = end.recv()
    results = [end.recv() for end in ends]
    for process in processes:
        process.join()
    return results[0], results[1]


def run_alone(side: Callable[..., Any], *arguments: Any) -> Any:
    """Run `side(*arguments)` in a process of its own, on one core."""
    process, end = _start(_alone, side, arguments)
    result = end.recv()
    process.join()
    return result


def _start(target: Callable[..., None], *arguments: Any) -> tuple[Any, Connection]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *arguments))
    process.start()
    theirs.close()
    return process, ours


def _pin(core: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[core % len(cores)]})


def _side(results: Connection, port: int | None, side: Callable[..., Any], arguments: Any) -> None:
    _pin(0 if port is None else 1)
    if port is None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            results.send(server.getsockname()[1])
            connection, _ = server.accept()
    else:
        connection = socket.create_connection(("127.0.0.1", port))
    with connection:
        results.send(side(connection, *arguments))


def _alone(results: Connection, side: Callable[..., Any], arguments: Any) -> None:
    _pin(1)
    results.send(side(*arguments))


def _out(connection: socket.socket, size: int, runs: int) -> Times:
    data = bytes(_PIECE)

    def run() -> None:
        connection.recv(1)
        for _ in range(size // _PIECE):
            connection.sendall(data)

    return timed(runs, run)


def _in(connection: socket.socket, size: int, runs: int) -> Times:
    buffer = bytearray(_PIECE)

    def run() -> None:
        connection.sendall(b"\0")
        done = 0
        while done < size:
            done += connection.recv_into(buffer)

    return timed(runs, run)


def loopback(size: int = 1 << 28, runs: int = 5) -> tuple[Times, Times]:
    """Time `size` bytes in one direction through sockets alone, at the sender and the receiver."""
    return run_pair(_out, _in, size, runs)
