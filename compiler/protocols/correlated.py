"""Where the sharing protocols get their correlated OTs from.

A session of correlated OT has a sender with Δ and blocks q, and a receiver with random bits r and
blocks t = q ⊕ r·Δ. A source hands each of them out once, in the same order at both ends, which must
take the same counts in the same order. Multiplication needs sessions in both directions.

`dealt_session` makes both ends from one seed, as an ideal dealer would; who knows the seed knows
everything. `extension_session` runs OT extension over a channel.
"""

from __future__ import annotations

import os
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from ezlang.diagnostics.diagnostic import CompilerBug

from ..kernels import units
from ..kernels.aes import cipher_for
from ..kernels.engine import Engine
from .channel import Channel
from .cot import AlignedBytes, CotReceiver, CotSender
from .native import BLOCK_BYTES, Native

Blocks = npt.NDArray[np.uint64]
"""OTs: [count][2], the low 64 bits of each first."""

Bytes = npt.NDArray[np.uint8]


class CotSenderSource(Protocol):
    """The sender's end."""

    @property
    def delta(self) -> Blocks:
        """Δ, [2]."""

    def take(self, count: int) -> Blocks:
        """Return the q of the next `count` OTs, in memory that the caller may change."""


class CotReceiverSource(Protocol):
    """The receiver's end."""

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
        self._native.call("prg_fill", self._schedule.address, self._counter, out, count)
        self._counter += count
        return out

    def bytes(self, count: int) -> Bytes:
        """Return `count` bytes; what is left of the last block is lost."""
        return self.blocks(-(-count // BLOCK_BYTES)).reshape(-1).view(np.uint8)[:count]


class DealtSender:
    """The sender's end of an ideal dealer's session."""

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


_STOCK: Final = 1 << 16


class ExtensionSender:
    """The sender's end of a session of OT extension; see `cot.py`."""

    def __init__(self, channel: Channel) -> None:
        seed = os.urandom(BLOCK_BYTES)
        self.delta: Blocks = np.frombuffer(seed, np.uint64).copy()
        self._cot = CotSender(channel, Engine(), seed)
        self._stock: Blocks = np.empty((0, 2), np.uint64)

    def prepare(self) -> None:
        """Run the base OTs and make a first batch."""
        self._extend(_STOCK)

    def take(self, count: int) -> Blocks:
        """Return the next q, after as many batches as that needs."""
        out = np.empty((count, 2), np.uint64)
        done = 0
        while done < count:
            if not len(self._stock):
                self._extend(max(count - done, _STOCK))
            part = min(count - done, len(self._stock))
            out[done : done + part] = self._stock[:part]
            self._stock = self._stock[part:]
            done += part
        return out

    def _extend(self, wanted: int) -> None:
        made = self._cot.extend(wanted)
        self._stock = _blocks(self._cot.stock, made)


class ExtensionReceiver:
    """The receiver's end of a session of OT extension."""

    def __init__(self, channel: Channel) -> None:
        self._cot = CotReceiver(channel, Engine())
        self._stock: Blocks = np.empty((0, 2), np.uint64)
        self._choices: Bytes = np.empty(0, np.uint8)

    def prepare(self) -> None:
        """Run the base OTs and make a first batch."""
        self._extend(_STOCK)

    def take(self, count: int) -> tuple[Bytes, Blocks]:
        """Return the next r and t."""
        choices, out = np.empty(count, np.uint8), np.empty((count, 2), np.uint64)
        done = 0
        while done < count:
            if not len(self._stock):
                self._extend(max(count - done, _STOCK))
            part = min(count - done, len(self._stock))
            out[done : done + part] = self._stock[:part]
            choices[done : done + part] = self._choices[:part]
            self._stock, self._choices = self._stock[part:], self._choices[part:]
            done += part
        return choices, out

    def _extend(self, wanted: int) -> None:
        made = self._cot.extend(wanted)
        self._stock = _blocks(self._cot.stock, made)
        packed = np.frombuffer(self._cot.choices.view, np.uint8)
        self._choices = np.unpackbits(packed, count=made, bitorder="little")


def _blocks(memory: AlignedBytes, count: int) -> Blocks:
    return np.frombuffer(memory.view, np.uint64).reshape(-1, 2)[:count]


def dealt_session(
    seed: bytes, sender: Native, receiver: Native
) -> tuple[DealtSender, DealtReceiver]:
    """Return both ends of a session that an ideal dealer deals from a seed of 16 bytes."""
    return DealtSender(sender, seed), DealtReceiver(receiver, seed)


def extension_sessions(channel: Channel, party: int) -> tuple[ExtensionSender, ExtensionReceiver]:
    """Set up sessions in both directions at one party: 2 × 128 base OTs, one after the other."""
    sender, receiver = ExtensionSender(channel), ExtensionReceiver(channel)
    if party == 0:
        receiver.prepare()
        sender.prepare()
    else:
        sender.prepare()
        receiver.prepare()
    return sender, receiver
