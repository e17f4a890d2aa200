"""The two sides of a source of correlated OTs, whichever protocol makes them.

An OT of the stock is q at the sender; a random bit r and t = q ⊕ r·Δ at the receiver. Δ is the
sender's, one for the session (for Yao the garbler's free-XOR offset). No OT is used twice: `extend`
replaces the whole stock, and `take` returns the OTs left from the last batch before it generates
another; see `stock.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ...kernels.engine import Engine
from ...kernels.memory import AlignedBytes, Blocks, with_room
from ..core.bits import unpack
from ..core.channel import Channel
from ..core.phases import Phase
from .stock import KEY_BYTES, Batches, Made, Stock

Bits = npt.NDArray[np.uint8]
"""Bits, one per byte."""


class CotParty(ABC):
    """One side of a source of correlated OTs.

    Callers use either `extend` and the stock directly, or `take` of the subclasses. The set-up is a
    call of the receiver's `offer`, the sender's `answer`, the receiver's `accept` and the sender's
    `complete`, each of which receives what the other side has sent in the call before. A party with
    a sender and a receiver calls them in this order, so both are set up at once. A party that has
    not been set up is before its first batch. Some sources need no messages for it.
    """

    speaks: ClassVar[bool]
    """Whether generating a batch after the set-up only sends; the other side then only receives. A
    party with a sender and a receiver takes first from the one that speaks, so that the two parties
    don't both wait.
    """

    def __init__(self, channel: Channel, engine: Engine, batches: Batches) -> None:
        self.channel = channel
        self.engine = engine
        self.ready = False
        self.made = 0
        self.stock = AlignedBytes(0)
        self._plan = Stock(batches)

    def extend(self, wanted: int) -> int:
        """Replace the stock by a new batch for all or part of `wanted` OTs; return its size."""
        batch = self._plan.replace(wanted)
        self._make(batch, None)
        return batch.count

    def _make(self, batch: Made, place: int | None) -> None:
        if not self.ready:
            with self.channel.within(Phase.SET_UP):
                self.set_up()
        with self.channel.within(Phase.PREPROCESSING):
            self._extend(batch, place)
        self.made += batch.count

    @abstractmethod
    def set_up(self) -> None:
        """Run this side of the set-up."""

    @abstractmethod
    def _extend(self, batch: Made, place: int | None) -> None:
        """Generate a batch at an address, or in `stock`, which may be larger."""

    def _place(self, count: int, place: int | None) -> int:
        """Return the address for a batch."""
        if place is not None:
            return place
        self.stock = with_room(self.stock, KEY_BYTES * count)
        return self.stock.address

    @abstractmethod
    def wipe(self) -> None:
        """Wipe seeds and stock."""

    def _parts(self, out: Blocks, wanted: int) -> Iterator[tuple[slice, slice]]:
        """Fill `out` part by part; yield each part's positions in `out` and in its batch."""
        done = 0
        for part in self._plan.parts(len(out), wanted):
            place, source = (slice(at, at + part.count) for at in (done, part.start))
            done += part.count
            if part.made is not None and part.made.count == part.count:
                # A whole batch is generated directly in its destination.
                self._make(part.made, out[place].ctypes.data)
            else:
                if part.made is not None:
                    self._make(part.made, None)
                out[place] = self.stock.blocks[source]
            yield place, source


class CotSenderParty(CotParty):
    """The side with Δ (Yao's garbler)."""

    def __init__(self, channel: Channel, engine: Engine, delta: bytes, batches: Batches) -> None:
        super().__init__(channel, engine, batches)
        self._delta = AlignedBytes(KEY_BYTES)
        self._delta.view[:] = delta

    @property
    def delta(self) -> Blocks:
        """Δ, [2]."""
        delta: Blocks = self._delta.blocks[0]
        return delta

    def set_up(self) -> None:
        """Run this side of the set-up."""
        self.answer()
        self.complete()

    def answer(self) -> None:
        """Take the receiver's offer, and answer it."""

    def complete(self) -> None:
        """Take what the receiver sends after that."""
        self.ready = True

    def take(self, count: int, wanted: int = 0) -> Blocks:
        """Return the q of the next `count` OTs.

        `wanted` is the number of OTs that will be taken in all, if it is larger: batches are
        generated for these. The receiver has to give the same numbers.
        """
        out: Blocks = np.empty((count, 2), np.uint64)
        for _ in self._parts(out, wanted):
            pass
        return out


class CotReceiverParty(CotParty):
    """The side with random bits r (Yao's evaluator)."""

    def __init__(self, channel: Channel, engine: Engine, batches: Batches) -> None:
        super().__init__(channel, engine, batches)
        self.choices = AlignedBytes(0)
        """The bits r of the stock, 8 per byte, lowest bit first."""

    def set_up(self) -> None:
        """Run this side of the set-up."""
        self.offer()
        self.accept()

    def offer(self) -> None:
        """Send the first message."""

    def accept(self) -> None:
        """Take the sender's answer."""
        self.ready = True

    def take(self, count: int, wanted: int = 0) -> tuple[Bits, Blocks]:
        """Return the bits r, one per byte, and the t of the next `count` OTs.

        `wanted` is as at the sender.
        """
        bits: Bits = np.empty(count, np.uint8)
        out: Blocks = np.empty((count, 2), np.uint64)
        for place, source in self._parts(out, wanted):
            packed = np.frombuffer(self.choices.view, np.uint8)
            packed = packed[source.start >> 3 : -(-source.stop // 8)]
            skipped = source.start & 7
            total = skipped + source.stop - source.start
            bits[place] = unpack(packed, total)[skipped:]
        return bits, out
