"""The stock of correlated OTs of one direction: what native code sends for it, and when.

Base OTs and trees come with the first batch; a batch is made when the one before is used up. See
compiler/protocols/cot.py. What is in the messages is noise here: the OTs are an ideal box's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ezlang.compiler.cost.ledger import Phase

from ..randomness import Randomness
from .wire import Packet, Wire

_COLUMNS: Final = 128
_GROUP_BITS: Final = 2
_SMALLEST_BATCH: Final = 1 << 10
_LARGEST_BATCH: Final = 1 << 16
_POINT_BYTES: Final = 32
_KEY_BYTES: Final = 16


@dataclass(slots=True)
class OtStock:
    """OTs that party `receiver` receives."""

    wire: Wire
    noise: Randomness
    receiver: int
    left: int = 0
    ready: bool = False

    def take(self, wanted: int) -> int:
        """Take OTs of one batch, at most so many; return how many."""
        if not self.left:
            for packet in self._batch(wanted):
                with self.wire.ledger.within(Phase.PREPROCESSING):
                    self.wire.send(self.receiver, packet)
        taken = min(wanted, self.left)
        self.left -= taken
        return taken

    def take_all(self, count: int) -> list[Packet]:
        """Take so many OTs; return what the receiver sends for those that must be made."""
        packets: list[Packet] = []
        while count:
            if not self.left:
                packets += self._batch(count)
            taken = min(count, self.left)
            self.left -= taken
            count -= taken
        return packets

    def set_up(self) -> None:
        """Run the base OTs and complete the trees, once."""
        if self.ready:
            return
        self.ready = True
        sender = 1 - self.receiver
        trees = 2 * _KEY_BYTES * _COLUMNS * (_GROUP_BITS - 1) // _GROUP_BITS
        with self.wire.ledger.within(Phase.SET_UP):
            self.wire.send(self.receiver, self._noise(_POINT_BYTES, "base OTs"))
            self.wire.send(sender, self._noise(_POINT_BYTES * _COLUMNS, "base OTs"))
            self.wire.send(self.receiver, self._noise(trees, "base OTs"))

    def _batch(self, wanted: int) -> list[Packet]:
        self.set_up()
        self.left = _SMALLEST_BATCH
        while self.left < min(wanted, _LARGEST_BATCH):
            self.left *= 2
        corrections = self.left // 8 * (_COLUMNS // _GROUP_BITS - 1)
        return [self._noise(corrections, "OT extension")]

    def _noise(self, size: int, purpose: str) -> Packet:
        return Packet(size, purpose, lambda: self.noise.random.randbytes(size))
