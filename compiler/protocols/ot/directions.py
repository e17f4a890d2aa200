"""Where the sharing protocols get their correlated OTs from.

A session of correlated OT has a sender with Δ and blocks q, and a receiver with random bits r and
blocks t = q ⊕ r·Δ. A source hands each of them out once, in the same order at both ends, which must
take the same counts in the same order. Multiplication needs sessions in both directions.

`DealtSender` and `DealtReceiver` expand one seed, as if an ideal dealer had dealt it; who knows it
knows everything. `extension_sessions` runs OT extension over a channel.
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
from ..core.channel import Channel
from ..native.calls import BLOCK_BYTES, Array, Native
from .silent import SilentReceiver, SilentSender
from .softspoken import AlignedBytes, Bits, Blocks, CotReceiver, CotSender
from .stock import GROUP_BITS, MEDIUM, Parameters, SilentBatches, batches_of, group_bits

Bytes = Bits
"""Bytes: bits one each, or packed, or messages."""


class CotSenderSource(Protocol):
    """The sender's end.

    `speaks` tells which end sends where more is made, the other then only receives.
    """

    @property
    def speaks(self) -> bool:
        """Whether this end sends."""

    @property
    def delta(self) -> Blocks:
        """Δ, [2]."""

    def take(self, count: int) -> Blocks:
        """Return the q of the next `count` OTs, in memory that the caller may change."""


class CotReceiverSource(Protocol):
    """The receiver's end; `speaks` is the opposite of the sender's."""

    @property
    def speaks(self) -> bool:
        """Whether this end sends."""

    def take(self, count: int) -> tuple[Bytes, Blocks]:
        """Return the bits r, a byte each, and the t of the next `count` OTs."""


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
        """Put the next blocks where they are wanted: a contiguous array of whole blocks."""
        count = out.nbytes // BLOCK_BYTES
        self._native.call("prg_fill", self._schedule.address, self._counter, out, count)
        self._counter += count

    def bytes(self, count: int) -> Bytes:
        """Return `count` bytes; what is left of the last block is lost."""
        return self.blocks(-(-count // BLOCK_BYTES)).reshape(-1).view(np.uint8)[:count]


class DealtSender:
    """The sender's end of an ideal dealer's session."""

    speaks: ClassVar[bool] = False

    def __init__(self, native: Native, seed: bytes) -> None:
        self._dealer = _Dealer(native, seed)
        self.delta = self._dealer.delta

    def take(self, count: int) -> Blocks:
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

    def take(self, count: int) -> tuple[Bytes, Blocks]:
        """Return r and t."""
        return self._dealer.next(count)


class _Dealer:
    """What both ends expand from the seed: Δ, bits, blocks."""

    def __init__(self, native: Native, seed: bytes) -> None:
        self._generator = Generator(native, seed)
        self.delta: Blocks = self._generator.blocks(1)[0]

    def next(self, count: int) -> tuple[Bytes, Blocks]:
        packed = self._generator.bytes(-(-count // 8))
        bits = np.unpackbits(packed, count=count, bitorder="little")
        return bits, self._generator.blocks(count)


def session_ends(
    channel: Channel, kind: OtKind
) -> tuple[CotSender | SilentSender, CotReceiver | SilentReceiver]:
    """Return the ends of both directions at one party, of a kind; nothing is sent yet."""
    batches = batches_of(kind)
    delta = bytearray(os.urandom(BLOCK_BYTES))
    if isinstance(batches, SilentBatches):
        # As silent OT needs it.
        delta[0] |= 1
        sender = SilentSender(channel, Engine(), bytes(delta), batches.parameters)
        return sender, SilentReceiver(channel, Engine(), batches.parameters)
    bits = group_bits(kind)
    return CotSender(channel, Engine(), bytes(delta), bits), CotReceiver(channel, Engine(), bits)


def extension_sessions(
    channel: Channel, party: int, bits: int = GROUP_BITS
) -> tuple[CotSender, CotReceiver]:
    """Set up sessions of OT extension in both directions at one party.

    2 × 128 base OTs, one after the other, and a first batch each. `bits` trades work for traffic,
    see `cot.py`.
    """
    sender = CotSender(channel, Engine(), os.urandom(BLOCK_BYTES), bits)
    receiver = CotReceiver(channel, Engine(), bits)
    _set_up(party, sender, receiver)
    return sender, receiver


def silent_sessions(
    channel: Channel, party: int, parameters: Parameters = MEDIUM
) -> tuple[SilentSender, SilentReceiver]:
    """Set up sessions of silent OT in both directions at one party; see `silent.py`.

    The lowest bit of Δ is 1.
    """
    delta = bytearray(os.urandom(BLOCK_BYTES))
    delta[0] |= 1
    sender = SilentSender(channel, Engine(), bytes(delta), parameters)
    receiver = SilentReceiver(channel, Engine(), parameters)
    _set_up(party, sender, receiver)
    return sender, receiver


def _set_up(party: int, sender: CotSenderSource, receiver: CotReceiverSource) -> None:
    """Take from both ends, one after the other: set-ups are conversations."""
    if party == 0:
        receiver.take(1)
        sender.take(1)
    else:
        sender.take(1)
        receiver.take(1)
