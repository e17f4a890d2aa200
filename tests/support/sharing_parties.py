"""Two sharing parties in two threads, with a channel that counts bytes and rounds."""

from __future__ import annotations

import builtins
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.protocols.core.channel import Buffer, unmetered
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
from ezlang.compiler.protocols.ot.stock import Parameters
from tests.support.patience import PATIENCE

Protocol = Callable[[SharingParty], Steps[Any]]
TINY = Parameters(trees=40, depth=6, secret_bits=8)
"""Silent OT with iterations of a few hundred OTs."""


class CountingChannel:
    """One end of a pair of queues. `depth` is the longest chain of messages up to now.

    A message of a flight depends on the flights before it alone.
    """

    def __init__(self, outgoing: queue.Queue[Any], incoming: queue.Queue[Any]) -> None:
        self.outgoing = outgoing
        self.incoming = incoming
        self.bytes_sent = 0
        self.depth = 0
        self.heard: list[bytes] = []
        self._rest = b""
        self._flight: int | None = None
        self._flights: dict[int, int] = {}

    within = staticmethod(unmetered)

    def flight(self, number: int | None, *, behind: int = 0) -> None:
        self._flight = number
        if number is None:
            self.depth = max(self.depth, *self._flights.values(), 0)
            self._flights = {}

    def send(self, data: Buffer) -> None:
        self.bytes_sent += len(data)
        depth = self.depth
        if self._flight is not None:
            before = [d for number, d in self._flights.items() if number < self._flight]
            depth = max(depth, *before, 0)
        self.outgoing.put((depth + 1, bytes(data)))

    def receive_into(self, buffer: memoryview) -> None:
        at = 0
        while at < len(buffer):
            if not self._rest:
                depth, self._rest = self.incoming.get(timeout=PATIENCE)
                if self._flight is None:
                    self.depth = max(self.depth, depth)
                else:
                    self._flights[self._flight] = max(self._flights.get(self._flight, 0), depth)
                self.heard.append(self._rest)
            count = min(len(buffer) - at, len(self._rest))
            buffer[at : at + count] = self._rest[:count]
            self._rest = self._rest[count:]
            at += count

    def flush(self) -> None:
        pass

    def peek(self, least: int) -> memoryview:
        raise AssertionError("protocols on shares take messages whole")

    def skip(self, count: int) -> None:
        raise AssertionError("protocols on shares take messages whole")


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run: each party's result, and the cost."""

    results: tuple[Any, Any]
    bytes: tuple[int, int]
    ots: tuple[int, ...]
    rounds: int
    heard: tuple[builtins.bytes, builtins.bytes]


class Pair:
    """Two parties that stay for several protocols, over dealt, extended or silent OTs."""

    def __init__(self, *, real: bool = False, silent: bool = False) -> None:
        one: queue.Queue[Any] = queue.Queue()
        other: queue.Queue[Any] = queue.Queue()
        self.channels = CountingChannel(one, other), CountingChannel(other, one)
        self.natives = Native(), Native()
        seeds = bytes(16), bytes(range(16))
        ends: Any = [None, None]
        if not real and not silent:
            ends = [
                Ends(
                    DealtSender(self.natives[i], seeds[i]),
                    DealtReceiver(self.natives[i], seeds[1 - i]),
                )
                for i in (0, 1)
            ]

        def start(index: int) -> NativeSession:
            channel, side = self.channels[index], COMPUTING.side(index)
            if silent:
                own: Ends = silent_ends(channel, TINY)
            else:
                own = ends[index] or extension_ends(channel)
            own.set_up(channel)
            return open_session(side, channel, self.natives[index], own)

        self.sessions = both(start, 0, 1)

    @property
    def parties(self) -> tuple[SharingParty, SharingParty]:
        return self.sessions[0].party, self.sessions[1].party

    def run(self, first: Protocol, second: Protocol | None = None) -> Outcome:
        """Run a protocol, the same at both or one for each; everything is counted from here."""
        for channel in self.channels:
            channel.bytes_sent = channel.depth = 0
            channel.heard = []
        one, other = self.sessions
        before = one.driver.ots.copy()
        protocols = first, second or first
        results = both(lambda i: self.sessions[i].run(protocols[i](self.sessions[i].party)), 0, 1)
        assert one.driver.ots == other.driver.ots
        assert one.ots.windows_sent == other.ots.windows_received
        assert other.ots.windows_sent == one.ots.windows_received
        return Outcome(
            results=results,
            bytes=(self.channels[0].bytes_sent, self.channels[1].bytes_sent),
            ots=tuple(one.driver.ots[link] - before[link] for link in COMPUTING.links),
            rounds=max(channel.depth for channel in self.channels),
            heard=(b"".join(self.channels[0].heard), b"".join(self.channels[1].heard)),
        )


def both(work: Callable[[Any], Any], first: Any, second: Any) -> tuple[Any, Any]:
    """Run work(first) in a thread and work(second) here; a failure of either is raised."""
    results: list[Any] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work(first))
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        here = work(second)
    except BaseException as error:
        failures.append(error)
    thread.join(PATIENCE)
    if failures:
        raise failures[0]
    return results[0], here


def split(x: np.ndarray[Any, Any], seed: int) -> tuple[np.ndarray[Any, Any], ...]:
    """Share an array of unsigned integers additively."""
    mask = random_numbers(x.shape, x.dtype, seed)
    return x - mask, mask


def split_bits(x: np.ndarray[Any, Any], seed: int) -> tuple[np.ndarray[Any, Any], ...]:
    """Share an array of bytes by exclusive or."""
    mask = random_numbers(x.shape, x.dtype, seed)
    return x ^ mask, mask


def random_numbers(shape: Any, dtype: Any, seed: int) -> np.ndarray[Any, Any]:
    """Random unsigned integers of all bits."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    drawn = np.random.default_rng(seed).integers(0, 256, size, np.uint8)
    numbers: np.ndarray[Any, Any] = drawn.view(dtype).reshape(shape)
    return numbers


def edge_numbers(bits: int, count: int, seed: int) -> np.ndarray[Any, Any]:
    """Edge values, then random ones."""
    dtype = np.dtype(f"u{bits // 8}")
    top = 1 << (bits - 1)
    edges = [0, 1, 2, top - 1, top, top + 1, 2 * top - 1, 2 * top - 2]
    values = random_numbers((count,), dtype, seed)
    values[: len(edges)] = np.array(edges[:count], dtype)
    return values


def packed(bits: Any) -> np.ndarray[Any, Any]:
    """Pack bools, lowest first."""
    return np.packbits(np.asarray(bits, np.uint8), axis=-1, bitorder="little")


def unpacked(bytes: np.ndarray[Any, Any], count: int) -> np.ndarray[Any, Any]:
    """Unpack bits."""
    return np.unpackbits(bytes, axis=-1, count=count, bitorder="little")


def assert_uniform(data: bytes | np.ndarray[Any, Any]) -> None:
    """Hold bytes against the uniform distribution: no bit's and no byte's count is off by 6σ."""
    values = np.frombuffer(bytes(data), np.uint8)
    assert len(values) >= 4096
    counts = np.bincount(values, minlength=256)
    expected = len(values) / 256
    # χ² with 255 degrees of freedom has mean 255 and variance 510.
    chi = float(((counts - expected) ** 2 / expected).sum())
    assert chi < 255 + 6 * 510**0.5
    ones = np.unpackbits(values).reshape(-1, 8).sum(axis=0)
    assert np.all(np.abs(ones - len(values) / 2) < 6 * (len(values) / 4) ** 0.5)


def up(a: int, b: int) -> int:
    """The quotient, rounded up."""
    return -(-a // b)
