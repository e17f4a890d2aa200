"""The measurement of a network profile: of machines and the connections between them.

All parties connect as for a run. Each two of them, one pair after the other, take the same
measurements in sequence: round trips of one byte, simultaneous messages in both directions for
bandwidth, and parts of the protocols for computing speed. Computation is measured in CPU time, so
neither the connection nor other work on the machine affects it. The profile has the figures of the
slowest party and connection. All parties therefore obtain exactly the same profile, which they need
to choose the same sharings.
"""

from __future__ import annotations

import ctypes
import hashlib
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from functools import partial
from itertools import combinations
from typing import Final

import numpy as np

from ezlang.compiler.circuits.catalogue import SECRET, binary
from ezlang.compiler.cost.profiles import Profile
from ezlang.compiler.ir.parties import COMPUTING, Side
from ezlang.compiler.ir.tree import BinaryKind
from ezlang.compiler.kernels import abi
from ezlang.compiler.kernels.engine import Engine
from ezlang.compiler.kernels.memory import AlignedBytes
from ezlang.compiler.protocols.arithmetic import products as arithmetic
from ezlang.compiler.protocols.boolean import gates as boolean
from ezlang.compiler.protocols.core.steps import Steps, together
from ezlang.compiler.protocols.native.calls import Array, Native
from ezlang.compiler.protocols.native.session import NativeSession, open_session
from ezlang.compiler.protocols.ot.directions import extension_ends
from ezlang.compiler.protocols.yao.session import NetlistHandle, YaoParty, YaoRole
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass
from ezlang.session import errors
from ezlang.session.address import Address
from ezlang.session.alive import kept_alive
from ezlang.session.channel import SocketChannel
from ezlang.session.handshake import Hello
from ezlang.session.mesh import Meet, close_all, found_all
from ezlang.types.types import UINT64

PARTIES: Final = ("party 0", "party 1")
_PINGS: Final = 200
_LONG_ENOUGH: Final = 0.3
_FIRST_MESSAGE: Final = 1 << 18
_LARGEST_MESSAGE: Final = 1 << 26
_COMPARISONS: Final = 8192
_OTS: Final = 1 << 18
_BIT_TRIPLES: Final = 1 << 20
_PRODUCTS: Final = 1 << 13
_SHARED_WORDS: Final = 1 << 14
_FURTHER: Final = 64
_RUNS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The measurements of one party, named as the fields of a profile."""

    rtt: float
    bandwidth: float
    ands: float
    ots: float
    shared_ands: float
    bit_triples: float
    products: float
    callback: float
    request: float

    @property
    def figures(self) -> Array:
        """All of them, in order."""
        return np.array(list(asdict(self).values()), np.float64)

    def slower(self, theirs: Array) -> Measured:
        """Return the slower party's value of each figure, to six significant digits.

        `theirs` are the other party's, in the same order. Raises EzError, exit code 3, unless they
        are positive numbers.
        """
        if theirs.shape != (len(fields(self)),) or not bool(np.all((theirs > 0) & (theirs < 1e18))):
            raise errors.not_ezlang("its figures aren't positive numbers")
        other = dict(zip(asdict(self), theirs.tolist(), strict=True))
        found = {}
        for name, mine in asdict(self).items():
            pick = max if name in ("rtt", "callback", "request") else min
            found[name] = float(f"{pick(mine, other[name]):.6g}")
        return Measured(**found)


def calibrate(
    party: int,
    places: Sequence[Address],
    timeout: float,
    name: str,
    *,
    names: tuple[str, ...] = PARTIES,
    meet: Meet | None = None,
) -> Profile:
    """Measure as one of several parties; return the profile, which is the same at all.

    `places` and `meet` are as for `mesh.connect_all`. This takes some seconds for each two parties.
    Raises EzError with exit code 3 if another party fails or is absent.
    """
    fingerprint = hashlib.sha256(b"ezlang calibrate").hexdigest()
    hello = Hello(party=party, names=names, fingerprint=fingerprint)
    channels = found_all(places, hello, timeout, meet)
    try:
        with kept_alive(tuple(channels.values())):
            mine = _measured_with_all(channels, party, len(names))
    finally:
        close_all(channels)
    return Profile(name=name, **asdict(mine))


def _measured_with_all(channels: Mapping[int, SocketChannel], party: int, parties: int) -> Measured:
    """Measure with each peer while the others wait; return the slowest values of all."""
    found = None
    for pair in combinations(range(parties), 2):
        if party in pair:
            first, second = pair
            side = COMPUTING.side(int(party == second))
            one = _measured(channels[second if party == first else first], side)
            found = one if found is None else found.slower(one.figures)
    if found is None:
        raise CompilerBug("nobody measures alone")
    if len(channels) > 1:
        for channel in channels.values():
            channel.send(found.figures.tobytes())
            channel.flush()
        for channel in channels.values():
            theirs = bytearray(found.figures.nbytes)
            channel.receive_into(memoryview(theirs))
            found = found.slower(np.frombuffer(theirs, np.float64))
    return found


def _measured(channel: SocketChannel, side: Side) -> Measured:
    """Take all measurements; return the slower party's value of each figure."""
    rtt, bandwidth = _round_trip(channel, side), _bandwidth(channel, side)
    ands = _garbling(channel, side, Engine())
    ends = extension_ends(channel)
    session = open_session(side, channel, Native(), ends)
    party = session.party
    numbers = np.zeros(_PRODUCTS, np.uint64)
    mine = Measured(
        rtt=rtt,
        bandwidth=bandwidth,
        ands=ands,
        ots=2 * _OTS / _busy(lambda: (ends.receiver.take(_OTS), ends.sender.take(_OTS))),
        shared_ands=_shared_ands(session),
        bit_triples=_BIT_TRIPLES
        / _taken(session, lambda: boolean.bit_triples(party, _BIT_TRIPLES)),
        products=_PRODUCTS / _taken(session, lambda: arithmetic.multiply(party, numbers, numbers)),
        callback=_taken(session, lambda: party.swap(np.zeros(1, np.uint8))),
        request=_request(session),
    )
    return mine.slower(session.run(party.swap(mine.figures)).view(np.float64))


def _round_trip(channel: SocketChannel, side: Side) -> float:
    """Return the round-trip time of a byte in seconds; the first party initiates."""
    byte = memoryview(bytearray(1))
    taken = []
    for _ in range(_PINGS):
        before = time.perf_counter()
        if side.is_first:
            channel.send(byte)
            channel.receive_into(byte)
        else:
            channel.receive_into(byte)
            channel.send(byte)
            channel.flush()
        taken.append(time.perf_counter() - before)
    return statistics.median(taken)


def _bandwidth(channel: SocketChannel, side: Side) -> float:
    """Return bytes per second each way, measured by simultaneous messages of growing size."""
    size = _FIRST_MESSAGE
    while True:
        data, room = bytes(size), memoryview(bytearray(size))
        before = time.perf_counter()
        channel.send(data)
        channel.receive_into(room)
        taken = time.perf_counter() - before
        # Both parties must stop at the same size, so the first party decides.
        done = memoryview(bytearray([taken > _LONG_ENOUGH or size >= _LARGEST_MESSAGE]))
        if side.is_first:
            channel.send(done)
            channel.receive_into(memoryview(bytearray(1)))
        else:
            channel.receive_into(done)
            channel.send(b"\0")
            channel.flush()
        if done[0] or size >= _LARGEST_MESSAGE:  # whatever the other party says
            return size / taken
        size *= 4


def _garbling(channel: SocketChannel, side: Side, engine: Engine) -> float:
    """Return garbled or evaluated ANDs per second of CPU time."""
    yao = YaoParty(YaoRole.of(side.own), channel, engine)
    netlist = binary(BinaryKind.LT, UINT64, SECRET, SECRET)
    handle = NetlistHandle(netlist)
    labels = AlignedBytes(abi.LABEL_BYTES * 64 * _COMPARISONS)
    out = AlignedBytes(abi.LABEL_BYTES * _COMPARISONS)
    clear = np.zeros(_COMPARISONS, np.uint64)
    yao.call("yao_share_public", clear.ctypes.data, labels.address, _COMPARISONS, 64)
    ports = (abi.PortStruct * 2)(
        *(abi.PortStruct(labels.address, 64, 64, abi.PORT_LABELS) for _ in range(2))
    )

    def run() -> None:
        yao.call("yao_circuit", handle.address, ctypes.addressof(ports), out.address, _COMPARISONS)

    taken = _busy(run)
    yao.finish()
    yao.close()
    return netlist.ands * _COMPARISONS / taken


def _shared_ands(session: NativeSession) -> float:
    """Return ANDs on shares per second of CPU time, given the triples."""
    party = session.party
    words = np.zeros(_SHARED_WORDS, np.uint8)
    triples = session.run(boolean.bit_triples(party, 8 * _SHARED_WORDS))

    def shared() -> None:
        opened = words ^ triples.a, words ^ triples.b
        for operand in opened:
            session.run(party.swap(operand))
        _ = triples.c ^ (opened[0] & triples.b) ^ (opened[1] & triples.a)

    return 8 * _SHARED_WORDS / _busy(shared)


def _request(session: NativeSession) -> float:
    """Return the CPU seconds of a request of a further operation in a group.

    A product takes OTs, and its messages are two requests more.
    """
    one = np.zeros(1, np.uint64)

    def products(count: int) -> Steps[object]:
        return together([arithmetic.multiply(session.party, one, one) for _ in range(count)])

    few, many = (_taken(session, partial(products, count)) for count in (1, 1 + _FURTHER))
    return max(many - few, 1e-6) / (3 * _FURTHER)


def _taken(session: NativeSession, protocol: Callable[[], Steps[object]]) -> float:
    """Return the CPU seconds of a protocol."""
    return _busy(lambda: session.run(protocol()))


def _busy(run: Callable[[], object]) -> float:
    """Return the median CPU seconds of several runs, after a warm-up run that loads code."""
    run()
    taken = []
    for _ in range(_RUNS):
        before = time.process_time()
        run()
        taken.append(time.process_time() - before)
    return max(statistics.median(taken), 1e-6)
