"""The stock of correlated OTs of one direction: what native sends for it, and when.

Base OTs and trees come with the first batch; a batch is made when the one before is used up. See
compiler/protocols/cot.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .wire import Wire

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
    receiver: int = 1
    left: int = 0
    ready: bool = False

    def take(self, wanted: int) -> int:
        """Take OTs of one batch, at most so many; return how many."""
        if not self.left:
            self._extend(wanted)
        taken = min(wanted, self.left)
        self.left -= taken
        return taken

    def _extend(self, wanted: int) -> None:
        sender = 1 - self.receiver
        if not self.ready:
            self._ideal(self.receiver, _POINT_BYTES, "base OTs")
            self._ideal(sender, _POINT_BYTES * _COLUMNS, "base OTs")
            trees = 2 * _KEY_BYTES * _COLUMNS * (_GROUP_BITS - 1) // _GROUP_BITS
            self._ideal(self.receiver, trees, "base OTs")
            self.ready = True
        self.left = _SMALLEST_BATCH
        while self.left < min(wanted, _LARGEST_BATCH):
            self.left *= 2
        corrections = self.left // 8 * (_COLUMNS // _GROUP_BITS - 1)
        self._ideal(self.receiver, corrections, "OT extension")

    def _ideal(self, sender: int, size: int, purpose: str) -> None:
        """Count what an ideal box stands for; there is nothing in it to see."""
        self.wire.send(sender, size, purpose, lambda: bytes(size))
