"""Correlated OTs a second, made and stored, with one thread and one core for each party.

SoftSpoken with groups of 2, 4 and 8 columns, and silent OT are measured between two processes over
loopback TCP, and for each side alone in memory, where sent bytes are discarded. The results are
medians of several runs of `--ots`, without the set-up and a first batch. Bytes an OT count both
directions.
"""

from __future__ import annotations

import argparse
import os
import socket
from typing import Final

import numpy as np

from ezlang.compiler.kernels.engine import Engine
from ezlang.compiler.protocols.core.channel import Channel
from ezlang.compiler.protocols.ot.silent import SilentReceiver, SilentSender
from ezlang.compiler.protocols.ot.softspoken import CotReceiver, CotSender
from ezlang.compiler.protocols.ot.source import CotReceiverParty, CotSenderParty
from ezlang.compiler.protocols.ot.stock import (
    SILENT,
    ExtensionBatches,
    Parameters,
    SilentBatches,
    Stock,
)
from ezlang.session.channel import SocketChannel

from .counts import expect
from .pair import TIME_OUT, Nowhere, Times, loopback, meet, run_alone, run_pair, timed

KINDS: Final[dict[str, int | Parameters]] = {
    "SoftSpoken, k = 2": 2,
    "SoftSpoken, k = 4": 4,
    "SoftSpoken, k = 8": 8,
    "silent": SILENT,
}


def _sender(channel: Channel, kind: int | Parameters) -> CotSenderParty:
    delta = bytes([1]) + os.urandom(15)
    if isinstance(kind, int):
        return CotSender(channel, Engine(), delta, kind)
    return SilentSender(channel, Engine(), delta, kind)


def _receiver(channel: Channel, kind: int | Parameters) -> CotReceiverParty:
    if isinstance(kind, int):
        return CotReceiver(channel, Engine(), kind)
    return SilentReceiver(channel, Engine(), kind)


def run_sender(connection: socket.socket, kind: str, ots: int, runs: int) -> Times:
    """Run the sender."""
    channel = SocketChannel(connection, TIME_OUT)
    party = _sender(channel, KINDS[kind])
    party.take(1)

    def run() -> None:
        meet(channel, first=False)
        party.take(ots)
        meet(channel, first=False)

    return timed(runs, run)


def run_receiver(connection: socket.socket, kind: str, ots: int, runs: int) -> tuple[Times, float]:
    """Run the receiver; also return the bytes of an OT in both directions."""
    channel = SocketChannel(connection, TIME_OUT)
    party = _receiver(channel, KINDS[kind])
    party.take(1)

    def run() -> None:
        meet(channel, first=True)
        party.take(ots)
        meet(channel, first=True)

    made, carried = party.made, channel.bytes_sent + channel.bytes_received
    times = timed(runs, run)
    made = party.made - made
    carried = channel.bytes_sent + channel.bytes_received - carried - 4 * runs
    expect(kind, "OTs made and their bytes", (made, carried), expected(KINDS[kind], ots, runs))
    return times, carried / made


def expected(kind: int | Parameters, ots: int, runs: int) -> tuple[int, int]:
    """Return the OTs that runs make after a first one, and the bytes sent for them."""
    batches = ExtensionBatches(kind) if isinstance(kind, int) else SilentBatches(kind)
    stock = Stock(batches)
    stock.part(1)
    made = [part.made for _ in range(runs) for part in stock.parts(ots) if part.made]
    return sum(one.count for one in made), sum(one.bytes for one in made)


def _alone(kind: str, sender: bool, ots: int, runs: int) -> Times:
    """Time one side with seeds that are zero, or with random OTs to start from."""
    parameters = KINDS[kind]
    party = (_sender if sender else _receiver)(Nowhere(), parameters)
    if isinstance(parameters, Parameters):
        assert isinstance(party, SilentSender | SilentReceiver)
        begin = np.frombuffer(os.urandom(16 * parameters.setup_ots), np.uint64).reshape(-1, 2)
        party.begin(os.urandom(32), begin)
    else:
        assert isinstance(party, CotSender | CotReceiver)
        party.begin()
    party.take(1)
    return timed(runs, lambda: (party.take(ots), None)[1])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this measurement's options."""
    parser.add_argument("--ots", type=int, default=1 << 22, help="correlated OTs of a run")
    parser.add_argument("--repetitions", type=int, default=5)


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    size = (arguments.ots, arguments.repetitions)
    ots = arguments.ots / 1e6
    out, into = loopback()
    limit = into.rate(1 << 28)
    core = out.core_rate(1 << 28), into.core_rate(1 << 28)
    print(
        f"loopback TCP alone: {limit / 1e9:.2f} GB/s; by the cores' time sending "
        f"{core[0] / 1e9:.2f}, receiving {core[1] / 1e9:.2f}"
    )
    names = ("alone: sender", "receiver", "loopback", "by core: sender", "receiver")
    print(
        f"{'million OTs a second':20}" + "".join(f"{n:>16}" for n in names) + f"{'bytes an OT':>14}"
    )
    for kind in KINDS:
        alone = [run_alone(_alone, kind, sender, *size) for sender in (True, False)]
        sent, (received, each) = run_pair(run_sender, run_receiver, kind, *size)
        rates = [*(times.core_rate(ots) for times in alone), received.rate(ots)]
        rates += [sent.core_rate(ots), received.core_rate(ots)]
        print(f"{kind:20}" + "".join(f"{rate:16.1f}" for rate in rates) + f"{each:14.3f}")
