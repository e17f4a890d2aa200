"""Lookups of public tables as a kind of batches of OTs, and sums of rotated tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...kernels import sharing as units
from ...kernels.memory import Blocks
from ..core.lengths import Half, lookup_windows
from ..core.lookups import Column, Sent, shape_of
from ..core.purposes import Purpose
from ..core.sizes import KEYS_A_WINDOW
from ..core.steps import Bytes
from .batches import KernelSession
from .calls import Array, Native, empty, padded


class Lookups:
    """Lookups, column by column; the received words are written to `words`."""

    purpose = Purpose.LOOKUPS

    def __init__(
        self, session: KernelSession, columns: Sequence[Column], sent: Sent, digits: Array
    ) -> None:
        self._session = session
        self._columns = columns
        self._ots, _ = shape_of(columns)
        self._tables = [padded(np.tile(column.words, 2)) for column in columns]
        self._shifts = padded(sent.shifts)
        self._masks = [padded(mask) for mask in sent.masks]
        self._digits = padded(digits)
        self.words = tuple(empty(digits.size, column.words.dtype) for column in columns)
        for column in columns:
            session.native.load(units.add_lookups, 8 * column.words.itemsize)

    def choices(self, half: Half) -> Bytes:
        """Return the bits of the digits."""
        places = np.arange(self._ots, dtype=np.uint16)
        bits = self._digits[half.part, None] >> places & np.uint16(1)
        return padded(bits.astype(np.uint8))

    def send(self, half: Half, first: int, blocks: Blocks, message: Bytes) -> None:
        """Rotate and mask the table."""
        at, count = 0, half.stop - half.start
        for number, column in enumerate(self._columns):
            inputs = (self._shifts[half.part], self._masks[number][half.part])
            sizes = (column.words.size, self._ots, column.size, count)
            kernel = f"lookup_sender{8 * column.words.itemsize}"
            arguments = (self._tables[number], *inputs, message[at:], *sizes)
            self._session.send(kernel, first, blocks, *arguments)
            at += count * column.words.size * column.size
            first += count * KEYS_A_WINDOW * lookup_windows(column.words.size, column.size)

    def receive(
        self, half: Half, first: int, choices: Bytes, blocks: Blocks, message: Bytes
    ) -> None:
        """Unmask the entries."""
        at, count = 0, half.stop - half.start
        for column, words in zip(self._columns, self.words, strict=True):
            sizes = (column.words.size, self._ots, column.size, count)
            kernel = f"lookup_receiver{8 * column.words.itemsize}"
            arguments = (self._digits[half.part], message[at:], words[half.part], *sizes)
            self._session.receive(kernel, first, blocks, *arguments)
            at += count * column.words.size * column.size
            first += count * KEYS_A_WINDOW * lookup_windows(column.words.size, column.size)


def rotated_sums(native: Native, vectors: Array, table: Array, offsets: Array) -> Array:
    """Return the sums of `party.Planes.rotated_sums`."""
    words, entries = table.shape
    bits, count = 8 * table.itemsize, offsets.size
    native.load(units.add_lookups, bits)
    result = empty(count * words, table.dtype)
    twice = padded(np.concatenate((table, table), axis=1))
    arguments = (np.ascontiguousarray(vectors), twice, padded(offsets), result)
    native.call(f"rotated_sums{bits}", *arguments, entries, words, count)
    return result.reshape(count, words)
