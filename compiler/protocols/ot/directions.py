"""Sources of correlated OTs for protocols on shares.

A session of correlated OT has a sender with Δ and blocks q, and a receiver with random bits r and
blocks t = q ⊕ r·Δ. A source returns each OT once, in the same order at both ends, which must take
the same counts in the same order. Multiplication needs sessions in both directions: `Ends` are
those of a party.

`DealtSender` and `DealtReceiver` expand a common seed, as if an ideal dealer had dealt it; anyone
who knows the seed knows all OTs. `extension_ends` runs OT extension over a channel.
"""

from __future__ import annotations

import os
from typing import ClassVar, Protocol

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ...ir.ots import OtKind
from ...kernels import units
from ...kernels.aes import cipher_for
from ...kernels.engine import Engine
from ...kernels.memory import AlignedBytes, Blocks
from ..core.bits import unpack
from ..core.channel import Channel
from ..core.phases import Phase
from ..native.calls import BLOCK_BYTES, Array, Native
from .silent import SilentReceiver, SilentSender
from .softspoken import CotReceiver, CotSender
from .source import Bits, CotReceiverParty, CotSenderParty
from .stock import GROUP_BITS, SILENT, START_BYTES, Parameters, group_bits

Bytes = Bits
"""Bytes: unpacked bits, packed bits, or messages."""


class CotSenderSource(Protocol):
    """The sender's end.

    `speaks` is true at the end that sends when more OTs are generated; the other end only receives.
    """

    @property
    def speaks(self) -> bool:
        """Whether this end sends."""

    @property
    def delta(self) -> Blocks:
        """Δ, [2]."""

    def take(self, count: int, wanted: int = 0) -> Blocks:
        """Return the q of the next `count` OTs, in writable memory.

        `wanted` is the number of OTs that will be taken in all, if it is larger.
        """


class CotReceiverSource(Protocol):
    """The receiver's end; `speaks` is the opposite of the sender's."""

    @property
    def speaks(self) -> bool:
        """Whether this end sends."""

    def take(self, count: int, wanted: int = 0) -> tuple[Bytes, Blocks]:
        """Return the bits r, one per byte, and the t of the next `count` OTs; see the sender's."""


class Ends:
    """One party's ends of the sessions in both directions, and the starts of the OTs' hashes.

    Each party draws the start of the hash for the OTs that it sends.
    """

    def __init__(self, sender: CotSenderSource, receiver: CotReceiverSource) -> None:
        self.sender = sender
        self.receiver = receiver
        self.own_start: Bytes = np.frombuffer(bytearray(os.urandom(START_BYTES)), np.uint8)
        self.other_start: Bytes = np.zeros(START_BYTES, np.uint8)
        self._ready = False

    @property
    def ready(self) -> bool:
        """Whether OTs can be taken."""
        return self._ready

    def set_up(self, channel: Channel) -> None:
        """Exchange the starts, before the first OT is taken. Costs a round."""
        if not self._ready:
            with channel.within(Phase.SET_UP):
                self.offer(channel)
                self.answer(channel)
                self.complete()

    def offer(self, channel: Channel) -> None:
        """Send the start and the first messages of the sessions."""
        self._ready = True
        channel.send(self.own_start.data)
        self._offer()

    def answer(self, channel: Channel) -> None:
        """Receive what the other has offered, and answer."""
        channel.receive_into(self.other_start.data)
        self._answer()

    def complete(self) -> None:
        """Run the rest of the set-ups."""

    def _offer(self) -> None:
        """Send the first messages of the sessions."""

    def _answer(self) -> None:
        """Answer the first messages."""


class MadeEnds(Ends):
    """Ends of sessions that the parties set up, both at once, in the round of the starts and a few
    more: `stock.set_up_lengths`.
    """

    def __init__(self, sender: CotSenderParty, receiver: CotReceiverParty) -> None:
        super().__init__(sender, receiver)
        self._parties = sender, receiver

    def wipe(self) -> None:
        """Wipe both."""
        for party in self._parties:
            party.wipe()

    def _offer(self) -> None:
        _, receiver = self._parties
        receiver.offer()

    def _answer(self) -> None:
        sender, _ = self._parties
        sender.answer()

    def complete(self) -> None:
        """Receive the answer; silent OT sends more."""
        sender, receiver = self._parties
        receiver.accept()
        sender.complete()


class Generator:
    """AES-128 in counter mode [SP800-38A] under a seed of 16 bytes."""

    def __init__(self, native: Native, seed: bytes) -> None:
        if len(seed) != BLOCK_BYTES:
            raise CompilerBug("a seed has 16 bytes")
        native.load(units.add_primitives)
        self._native = native
        self._schedule = AlignedBytes(cipher_for(native.engine.target.path).schedule_bytes)
        self._counter = 0
        native.call("aes_schedule", np.frombuffer(seed, np.uint8), self._schedule.address)

    def blocks(self, count: int) -> Blocks:
        """Return the next `count` blocks of the key stream."""
        out = np.empty((count, 2), np.uint64)
        self.fill(out)
        return out

    def fill(self, out: Array) -> None:
        """Write the next blocks to `out`, a contiguous array of whole blocks."""
        count = out.nbytes // BLOCK_BYTES
        self._native.call("prg_fill", self._schedule.address, self._counter, out, count)
        self._counter += count

    def bytes(self, count: int) -> Bytes:
        """Return `count` bytes; the rest of the last block is discarded."""
        return self.blocks(-(-count // BLOCK_BYTES)).reshape(-1).view(np.uint8)[:count]


class DealtSender:
    """The sender's end of an ideal dealer's session."""

    speaks: ClassVar[bool] = False

    def __init__(self, native: Native, seed: bytes) -> None:
        self._dealer = _Dealer(native, seed)
        self.delta = self._dealer.delta

    def take(self, count: int, wanted: int = 0) -> Blocks:
        """Return t ⊕ r·Δ."""
        choices, blocks = self._dealer.next(count)
        masks = np.negative(choices.astype(np.uint64))
        blocks[:, 0] ^= masks & self.delta[0]
        blocks[:, 1] ^= masks & self.delta[1]
        return blocks


class DealtReceiver:
    """The receiver's end of an ideal dealer's session."""

    speaks: ClassVar[bool] = True

    def __init__(self, native: Native, seed: bytes) -> None:
        self._dealer = _Dealer(native, seed)

    def take(self, count: int, wanted: int = 0) -> tuple[Bytes, Blocks]:
        """Return r and t."""
        return self._dealer.next(count)


class _Dealer:
    """The expansion of the seed at both ends: Δ, bits, blocks."""

    def __init__(self, native: Native, seed: bytes) -> None:
        self._generator = Generator(native, seed)
        self.delta: Blocks = self._generator.blocks(1)[0]

    def next(self, count: int) -> tuple[Bytes, Blocks]:
        packed = self._generator.bytes(-(-count // 8))
        bits = unpack(packed, count)
        return bits, self._generator.blocks(count)


def fresh_delta(*, odd: bool) -> bytes:
    """Return a random Δ, with lowest bit 1 if `odd`."""
    delta = np.frombuffer(os.urandom(BLOCK_BYTES), np.uint64) | np.array([odd, 0], np.uint64)
    return delta.tobytes()


def cot_sender(
    channel: Channel, engine: Engine, kind: OtKind, delta: bytes, parameters: Parameters = SILENT
) -> CotSender | SilentSender:
    """Return the sender's end of OTs of a kind; nothing is sent yet.

    For silent OT, which uses `parameters`, Δ must be odd.
    """
    if kind is OtKind.SILENT:
        return SilentSender(channel, engine, delta, parameters)
    return CotSender(channel, engine, delta, group_bits(kind))


def cot_receiver(
    channel: Channel, engine: Engine, kind: OtKind, parameters: Parameters = SILENT
) -> CotReceiver | SilentReceiver:
    """Return the receiver's end of OTs of a kind; nothing is sent yet."""
    if kind is OtKind.SILENT:
        return SilentReceiver(channel, engine, parameters)
    return CotReceiver(channel, engine, group_bits(kind))


def extension_ends(channel: Channel, bits: int = GROUP_BITS) -> MadeEnds:
    """Set up sessions of OT extension in both directions at one party.

    Runs 2 × 128 base OTs. `bits` trades computation for communication, see `softspoken.py`.
    """
    sender = CotSender(channel, Engine(), fresh_delta(odd=False), bits)
    return _set_up(channel, MadeEnds(sender, CotReceiver(channel, Engine(), bits)))


def silent_ends(channel: Channel, parameters: Parameters = SILENT) -> MadeEnds:
    """Set up sessions of silent OT in both directions at one party; see `silent.py`."""
    sender = SilentSender(channel, Engine(), fresh_delta(odd=True), parameters)
    return _set_up(channel, MadeEnds(sender, SilentReceiver(channel, Engine(), parameters)))


def _set_up(channel: Channel, ends: MadeEnds) -> MadeEnds:
    ends.set_up(channel)
    channel.flush()
    return ends
