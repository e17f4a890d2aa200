"""Random and chosen oblivious transfer, from correlated OTs of any source.

A *random* OT gives the sender two keys and the receiver a random bit and one of the keys. A
*chosen* OT lets the sender choose two messages of a size and the receiver which one it gets. The
source is anything with `take`: OT extension (`cot.py`), silent OT (`silent.py`), a dealer.

Set-up: the sender draws the start of its hash from the operating system and sends it, 16 bytes.

Cost of n OTs, besides the correlated ones:

| | receiver sends | sender sends |
|---|---|---|
| random | nothing | nothing |
| chosen, bits | ceil(n/8) | 2·ceil(n/8) |
| chosen, messages of s bytes | ceil(n/8) | 2·n·s |

A call with chosen OTs takes a round trip. Computation: a hash a key (`kernels/random_ot.py`);
beyond 16 bytes also a key schedule and AES-CTR an OT.

Security: semi-honest. Keys are hashes of distinct blocks under keys used at most 8 times; key
numbers never repeat in a session, and the start is fresh in each. A chosen OT is a random
one [Bea95]: d = choice ⊕ bit tells the sender nothing, since the bit is random and used once; the
messages are masked with key d first, so that the receiver has the key of the one it chose,
and not the other. Long masks are AES-CTR streams under a key, which is used for nothing else.
"""

from __future__ import annotations

import os
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from ezlang.diagnostics.diagnostic import CompilerBug

from ...kernels.random_ot import ROW, WINDOW_KEYS, WINDOW_OTS, add_random_ot
from ..core.channel import Channel
from ..native.calls import Native
from .base import KEY_BYTES
from .softspoken import Bits, Blocks

BATCH: Final = 1 << 14
"""How many OTs' messages are masked and sent at a time."""

Messages = npt.NDArray[np.uint8]
"""Messages [count][size]."""


class SenderSource(Protocol):
    """Where a sender's correlated OTs come from."""

    @property
    def delta(self) -> Blocks:
        """Δ, [2]."""

    def take(self, count: int) -> Blocks:
        """Return the q of the next `count` OTs."""


class ReceiverSource(Protocol):
    """Where a receiver's correlated OTs come from."""

    def take(self, count: int) -> tuple[Bits, Blocks]:
        """Return the bits r, a byte each, and the t of the next `count` OTs."""


class _Party:
    """The hash's keys, and calls of its kernels."""

    def __init__(self, native: Native) -> None:
        native.load(add_random_ot)
        self._native = native
        self._start = np.zeros(KEY_BYTES, np.uint8)
        self._key = 0

    def _keys(self, count: int) -> int:
        """Return the number of the first key for `count` more OTs."""
        first = self._key
        self._key += -(-count // WINDOW_OTS) * WINDOW_KEYS
        return first

    def _masks(self, keys: Blocks, size: int) -> Messages:
        """Return masks [count][size] made of keys."""
        count, blocks = len(keys), -(-size // KEY_BYTES)
        if blocks <= 1:
            return np.ascontiguousarray(keys).view(np.uint8)[:, :size]
        out = np.empty((count, blocks * KEY_BYTES), np.uint8)
        self._native.call("stretch", np.ascontiguousarray(keys), out, count, blocks)
        return out[:, :size]


def _rows(count: int) -> int:
    return -(-count // ROW) * ROW


def _padded(blocks: Blocks) -> Blocks:
    """Return blocks with room up to a whole row."""
    out: Blocks = np.zeros((_rows(len(blocks)), 2), np.uint64)
    out[: len(blocks)] = blocks
    return out


def _low_bits(keys: Blocks) -> Bits:
    return (keys[:, 0] & np.uint64(1)).astype(np.uint8)


class OtSender(_Party):
    """The sender. Both sides must call the same protocols with the same counts and sizes."""

    def __init__(self, channel: Channel, native: Native, source: SenderSource) -> None:
        super().__init__(native)
        self._channel = channel
        self._source = source
        self._start[:] = np.frombuffer(os.urandom(KEY_BYTES), np.uint8)
        channel.send(self._start.tobytes())

    def random(self, count: int) -> tuple[Blocks, Blocks]:
        """Return the two keys of `count` random OTs."""
        blocks = _padded(self._source.take(count))
        zeros, ones = np.empty_like(blocks), np.empty_like(blocks)
        delta = np.ascontiguousarray(self._source.delta)
        first = self._keys(count)
        self._native.call("random_sender", self._start, first, blocks, delta, zeros, ones, count)
        return zeros[:count], ones[:count]

    def send(self, first: Messages, second: Messages) -> None:
        """Offer messages [count][size]; each OT has one of each."""
        if first.shape != second.shape or first.dtype != np.uint8 or first.ndim != 2:
            raise CompilerBug("the messages of an OT have the same shape [count][size], in bytes")
        keys = self._chosen(len(first))
        for at in range(0, len(first), BATCH):
            part = slice(at, at + BATCH)
            offered = [
                m[part] ^ self._masks(k[part], m.shape[1])
                for m, k in zip((first, second), keys, strict=True)
            ]
            self._channel.send(np.stack(offered, axis=1).tobytes())
        self._channel.flush()

    def send_bits(self, first: Bits, second: Bits) -> None:
        """Offer bits, a byte each."""
        for bits, key in zip((first, second), self._chosen(len(first)), strict=True):
            self._channel.send(np.packbits(bits ^ _low_bits(key), bitorder="little").tobytes())
        self._channel.flush()

    def _chosen(self, count: int) -> tuple[Blocks, Blocks]:
        """Return the keys for the first and second message, after the receiver's correction."""
        zeros, ones = self.random(count)
        packed = np.empty(-(-count // 8), np.uint8)
        self._channel.receive_into(packed.data)
        d = np.unpackbits(packed, count=count, bitorder="little").astype(np.uint64)
        swap = (zeros ^ ones) & -d[:, None]
        return zeros ^ swap, ones ^ swap


class OtReceiver(_Party):
    """The receiver."""

    def __init__(self, channel: Channel, native: Native, source: ReceiverSource) -> None:
        super().__init__(native)
        self._channel = channel
        self._source = source
        channel.receive_into(self._start.data)

    def random(self, count: int) -> tuple[Bits, Blocks]:
        """Return the bits of `count` random OTs, a byte each, and the keys they name."""
        bits, taken = self._source.take(count)
        blocks = _padded(taken)
        keys = np.empty_like(blocks)
        first = self._keys(count)
        self._native.call("random_receiver", self._start, first, blocks, keys, count)
        return bits, keys[:count]

    def receive(self, choices: Bits, size: int) -> Messages:
        """Return the message [size] that each choice, 0 or 1, names."""
        keys = self._choose(choices)
        out = np.empty((len(choices), size), np.uint8)
        for at in range(0, len(choices), BATCH):
            part = slice(at, at + BATCH)
            chosen = choices[part]
            offered = np.empty((len(chosen), 2, size), np.uint8)
            self._channel.receive_into(offered.data.cast("B"))
            picked = offered[:, 0] ^ ((offered[:, 0] ^ offered[:, 1]) & -chosen[:, None])
            out[part] = picked ^ self._masks(keys[part], size)
        return out

    def receive_bits(self, choices: Bits) -> Bits:
        """Return the bit that each choice names."""
        keys = self._choose(choices)
        count = len(choices)
        offered = np.empty((2, -(-count // 8)), np.uint8)
        self._channel.receive_into(offered.data.cast("B"))
        bits = np.unpackbits(offered, axis=1, count=count, bitorder="little")
        picked: Bits = bits[0] ^ ((bits[0] ^ bits[1]) & choices) ^ _low_bits(keys)
        return picked

    def _choose(self, choices: Bits) -> Blocks:
        """Send the corrections; return the keys of the chosen messages."""
        bits, keys = self.random(len(choices))
        self._channel.send(np.packbits(bits ^ choices, bitorder="little").tobytes())
        self._channel.flush()
        return keys
