"""Native bit-slicing and netlists on shares, run by the kernels of `kernels/gmw.py`."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ...circuits.netlist import Netlist
from ...ir.dtypes import word_dtype
from ...kernels import sharing as units
from ...kernels.gmw import TILE
from ..boolean.comparison_tree import Level
from ..core.preprocessing import BitTriples
from ..core.steps import Bytes
from .calls import PADDING, Array, Native, address_of, empty, padded, zeros
from .lookups import rotated_sums


class NativeRegisters:
    """Registers of a netlist (`party.Registers`), in tiles. Triples have padding."""

    def __init__(self, native: Native, first_mask: int, netlist: Netlist, n: int) -> None:
        self._native = native
        self._first_mask = first_mask
        self._n = n
        self._bytes = -(-n // 8)
        self._count = netlist.registers
        self._code = np.ascontiguousarray(netlist.code, dtype=np.int32)
        tiles = -(-self._bytes // TILE)
        self._memory = zeros(tiles * self._count * TILE, np.uint8)
        self._tiles = self._memory.reshape(tiles, self._count, TILE)

    def load(self, register: int, values: Array) -> None:
        """Write the bits of integers to registers."""
        bits = 8 * values.itemsize
        self._native.load(units.add_ring, bits)
        first = self._memory[register * TILE :]
        self._native.call(f"to_planes{bits}", padded(values), first, self._n, self._count)

    def set(self, register: int, packed: Bytes) -> None:
        """Write packed bits to a register."""
        row: Bytes = np.zeros(len(self._tiles) * TILE, np.uint8)
        row[: self._bytes] = packed
        self._tiles[:, register, :] = row.reshape(-1, TILE)

    def get(self, register: int) -> Bytes:
        """Return a register's packed bits."""
        return self._tiles[:, register, :].reshape(-1)[: self._bytes]

    def free(self, start: int, stop: int) -> None:
        """Run local instructions."""
        sizes = (self._count, self._bytes, self._first_mask)
        self._native.call("gmw_free", self._code[start:], stop - start, self._memory, *sizes)

    def open(self, start: int, stop: int, triples: BitTriples) -> Bytes:
        """Mask the operands of a group: [tiles][ANDs][bytes of the tile], twice."""
        size = (stop - start) * self._bytes
        stride = size + PADDING
        mine = empty(2 * stride, np.uint8)
        common = self._group(start, stop)
        self._native.call("gmw_open", *common, triples.a, triples.b, mine, mine[stride:])
        mine[size : 2 * size] = mine[stride : stride + size]
        return mine[: 2 * size]

    def close(self, start: int, stop: int, triples: BitTriples, mine: Bytes, theirs: Bytes) -> None:
        """Write the products of a group."""
        size = (stop - start) * self._bytes
        common = self._group(start, stop)
        masks = (triples.a, triples.b, triples.c, mine, theirs)
        self._native.call("gmw_close", *common, *masks, size, self._first_mask)

    def _group(self, start: int, stop: int) -> tuple[Array | int, ...]:
        return self._code[start:], stop - start, self._memory, self._count, self._bytes


@lru_cache(maxsize=1024)
def _tables(levels: tuple[Level, ...]) -> tuple[dict[Level, tuple[int, int, int]], list[Array]]:
    """Return the addresses of each level's tables, which kernels read, and the arrays behind them.

    The arrays must be kept alive as long as the addresses are in use.
    """
    found, arrays = {}, []
    for level in levels:
        kept = len(level.kept) // 2
        table = np.array([level.pairs, level.skipped, kept, *level.places], np.int64)
        found[level] = address_of(table), level.skipped, 3 * level.pairs
        arrays.append(table)
    return found, arrays


class NativeTree:
    """Rows that are combined level by level (`party.Tree`), by the kernels of `kernels/trees.py`.

    The rows alternate between two areas of one memory block, followed by the opened values.
    """

    def __init__(
        self,
        native: Native,
        first_mask: int,
        rows: Bytes,
        levels: tuple[Level, ...],
        pairs: BitTriples,
    ) -> None:
        self._size = size = rows.shape[1]
        self._levels, _ = _tables(levels)
        # The first level has the most pairs and rows.
        most = levels[0].pairs
        first = rows.size + PADDING
        self._mine = mine = first + levels[0].rows * size + PADDING
        memory: Bytes = np.zeros(mine + 3 * most * size + PADDING, np.uint8)
        memory[: rows.size] = rows.reshape(-1)
        start = address_of(memory)
        masks = pairs.a, pairs.b, pairs.c
        a, b, c = (address_of(array) for array in masks)
        b_stride, c_stride = pairs.b.strides[0], pairs.c.strides[0]
        places = start, start + first, size, start + mine, first_mask
        self._tree = np.array([*places, a, b, b_stride, c, c_stride], np.int64)
        self._address = address_of(self._tree)
        self._memory = memory
        self._masks = masks
        self._places = 0, first
        self._count = len(rows)
        self._open = native.function("tree_open", 2)
        self._close = native.function("tree_close", 3)

    @property
    def rows(self) -> Bytes:
        """The rows."""
        at, _ = self._places
        return self._memory[at : at + self._count * self._size].reshape(self._count, self._size)

    def open(self, level: Level) -> Bytes:
        """Mask the operands of a level."""
        table, start, stop = self._levels[level]
        self._open(self._address, table)
        return self._memory[self._mine + start * self._size : self._mine + stop * self._size]

    def close(self, level: Level, theirs: Bytes) -> None:
        """Combine the rows of a level."""
        self._close(self._address, self._levels[level][0], address_of(theirs))
        self._places = self._places[1], self._places[0]
        self._count = level.rows


class NativePlanes:
    """Bit-slicing (`party.Planes`) at one party."""

    def __init__(self, native: Native, *, adds_known: bool) -> None:
        self._native = native
        self._first_mask = -int(adds_known)
        native.load(units.add_bits)

    def registers(self, netlist: Netlist, n: int) -> NativeRegisters:
        """Return zeroed registers."""
        return NativeRegisters(self._native, self._first_mask, netlist, n)

    def tree(self, rows: Bytes, levels: tuple[Level, ...], pairs: BitTriples) -> NativeTree:
        """Return a tree."""
        return NativeTree(self._native, self._first_mask, rows, levels, pairs)

    def slice(self, x: Array) -> Bytes:
        """Return packed bits [ℓ][N]."""
        bits, n = 8 * x.itemsize, x.size
        self._native.load(units.add_ring, bits)
        size = -(-n // 8)
        tiles = -(-size // TILE)
        memory = zeros(tiles * bits * TILE, np.uint8)
        self._native.call(f"to_planes{bits}", padded(x), memory, n, bits)
        rows = memory.reshape(tiles, bits, TILE).transpose(1, 0, 2).reshape(bits, tiles * TILE)
        return np.ascontiguousarray(rows[:, :size])

    def words(self, planes: Bytes, n: int) -> Array:
        """Return integers from packed bits."""
        bits, size = planes.shape
        self._native.load(units.add_ring, bits)
        tiles = -(-size // TILE)
        rows = np.zeros((bits, tiles * TILE), np.uint8)
        rows[:, :size] = planes
        layout = padded(rows.reshape(bits, tiles, TILE).transpose(1, 0, 2))
        result = empty(n, word_dtype(bits))
        self._native.call(f"from_planes{bits}", result, layout, n, bits)
        return result

    def rotated_sums(self, vectors: Array, table: Array, offsets: Array) -> Array:
        """Return sums of vectors times rotated tables."""
        return rotated_sums(self._native, vectors, table, offsets)
