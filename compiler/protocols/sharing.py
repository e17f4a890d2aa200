"""Two parties that compute on secret shares: a party's side of a session, and its OTs.

Semi-honest security, κ = 128. Shares are exclusive-or shares of bits (`boolean.py`) and additive
shares modulo 2^ℓ (`arithmetic.py`); a shared value is uniform at each party by itself. Everything
that is opened is masked by a share of a triple or by a pad of an OT that is used once.

What the protocols do with OTs has one form, an `exchange` of jobs. In a job one party is the sender
of some correlated OTs and the other the receiver; each may have a job in either role at a time. If
the receiver's choices are its own, and not the random ones of the source, it first sends the
differences, one bit an OT, and the sender applies them to its blocks [Bea95]: the difference of a
secret bit and a random one that is used once tells nothing. Then the sender sends one message,
masked by pads (`kernels/pads.py`). That is two rounds, or one with random choices. Large amounts
are cut into batches of up to 2^16 OTs; each further batch is one round more.

Set-up: each party draws the start of its hash from the operating system and sends it, 16 bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ..kernels import sharing as units
from ..kernels.pads import KEYS_A_CALL
from .channel import Channel
from .correlated import Bytes, CotReceiverSource, CotSenderSource, Generator
from .cot import Blocks
from .native import BLOCK_BYTES, Array, Native, empty

BATCH_OTS: Final = 1 << 16
"""How many OTs a batch has at most: what bounds memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hash:
    """Where a job's keys begin."""

    start: Bytes
    first: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SendJob:
    """A batch of OTs in which this party is the sender.

    `run(hash, blocks, message)` fills the message, which has padding.
    """

    ots: int
    windows: int
    message_bytes: int
    chosen: bool
    run: Callable[[Hash, Blocks, Bytes], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveJob:
    """A batch of OTs in which this party is the receiver.

    `choices` are its own, a byte each, or None for random ones; `run(hash, choices, blocks,
    message)`.
    """

    ots: int
    windows: int
    message_bytes: int
    choices: Bytes | None
    run: Callable[[Hash, Bytes, Blocks, Bytes], None]


Batch = tuple[SendJob | None, ReceiveJob | None]
"""What a party does at the same time; the other one has the opposite roles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """A batch whose OTs are taken and whose choices are known."""

    send: SendJob | None
    blocks: Blocks | None
    receive: ReceiveJob | None
    taken: tuple[Bytes, Blocks] | None


class SharingParty:
    """Party 0 or 1. Both call the same protocols with the same shapes in the same order."""

    def __init__(
        self,
        index: int,
        channel: Channel,
        native: Native,
        sender: CotSenderSource,
        receiver: CotReceiverSource,
    ) -> None:
        if index not in (0, 1):
            raise CompilerBug("a sharing party is number 0 or 1")
        self.index = index
        self.channel = channel
        self.native = native
        self.ots_sent = 0
        self.ots_received = 0
        self.keys_sent = 0
        self.keys_received = 0
        self._sender = sender
        self._receiver = receiver
        self._random = Generator(native, os.urandom(BLOCK_BYTES))
        native.load(units.add_bits)
        self._own_start: Bytes = np.frombuffer(os.urandom(BLOCK_BYTES), np.uint8)
        self._other_start: Bytes = self.swap(self._own_start)

    @property
    def delta(self) -> Blocks:
        """The sender's Δ."""
        return self._sender.delta

    @property
    def first_mask(self) -> int:
        """All ones at party 0, zeros at party 1: who adds what both know."""
        return self.index - 1

    def need_ring(self, bits: int) -> None:
        """Load arithmetic of a width."""
        self.native.load(units.add_ring, bits)

    def random(self, count: int) -> Bytes:
        """Return random bytes."""
        return self._random.bytes(count)

    def send(self, data: Array) -> None:
        """Send a contiguous array."""
        self.channel.send(data.reshape(-1).view(np.uint8).data)

    def receive(self, count: int) -> Bytes:
        """Receive so many bytes, into memory with padding."""
        data: Bytes = empty(count, np.uint8)
        self.channel.receive_into(data.data)
        return data

    def swap(self, data: Array) -> Bytes:
        """Send an array, receive as many bytes from the other party. One round."""
        self.send(data)
        return self.receive(data.nbytes)

    def exchange(self, batches: Iterable[Batch]) -> None:
        """Run batches of jobs; see above. OTs are taken from sources here and nowhere else.

        The choices of a batch go out before the messages of the one before it.
        """
        last: _Begun | None = None
        for send, receive in batches:
            taken = self._offer(receive) if receive else None
            if last:
                self._answer(last)
            blocks = self._accept(send) if send else None
            if last:
                self._finish(last)
            last = _Begun(send=send, blocks=blocks, receive=receive, taken=taken)
        if last:
            self._answer(last)
            self._finish(last)

    def _offer(self, job: ReceiveJob) -> tuple[Bytes, Blocks]:
        """Take a receiver's OTs, and send what its choices differ in from theirs."""
        random, blocks = self._receiver.take(job.ots)
        self.ots_received += job.ots
        if job.choices is not None:
            self.send(np.packbits(job.choices ^ random, bitorder="little"))
            return job.choices, blocks
        choices: Bytes = empty(job.ots, np.uint8)
        choices[:] = random
        return choices, blocks

    def _accept(self, job: SendJob) -> Blocks:
        """Take a sender's OTs, and apply the differences of the choices."""
        blocks = self._sender.take(job.ots)
        self.ots_sent += job.ots
        if job.chosen:
            packed = self.receive(-(-job.ots // 8))
            flips = np.unpackbits(packed, count=job.ots, bitorder="little")
            self.native.call("flip", blocks, self.delta, flips, job.ots)
        return blocks

    def _answer(self, begun: _Begun) -> None:
        """Make and send the sender's message."""
        job, blocks = begun.send, begun.blocks
        if job is None or blocks is None:
            return
        message: Bytes = empty(job.message_bytes, np.uint8)
        hash = Hash(start=self._own_start, first=KEYS_A_CALL * self.keys_sent)
        self.keys_sent += job.windows
        job.run(hash, blocks, message)
        if job.message_bytes:
            self.send(message)

    def _finish(self, begun: _Begun) -> None:
        """Receive the message and do the receiver's work."""
        job, taken = begun.receive, begun.taken
        if job is None or taken is None:
            return
        hash = Hash(start=self._other_start, first=KEYS_A_CALL * self.keys_received)
        self.keys_received += job.windows
        job.run(hash, *taken, self.receive(job.message_bytes))


def slices(count: int, step: int) -> Iterator[slice]:
    """Cut `count` elements into parts of `step`."""
    return (slice(at, min(at + step, count)) for at in range(0, count, step))
