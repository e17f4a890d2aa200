"""What a counting party computes alone: bit-slicing and products of which only the shapes exist."""

from __future__ import annotations

from ..circuits.netlist import Netlist
from ..ir.dtypes import word_dtype
from ..ir.windows import Window
from ..protocols.boolean.comparison_tree import Level
from ..protocols.core.local_products import LocalProducts
from ..protocols.core.preprocessing import BitTriples
from ..protocols.core.steps import Array, Bytes
from .ghosts import ghost


class CountingRegisters:
    """The registers of a netlist (`party.Registers`) without data."""

    def __init__(self, n: int) -> None:
        self._size = -(-n // 8)

    def load(self, register: int, values: Array) -> None:
        """Do nothing."""

    def set(self, register: int, packed: Bytes) -> None:
        """Do nothing."""

    def get(self, register: int) -> Bytes:
        """Return packed bits."""
        bits: Bytes = ghost(self._size)
        return bits

    def free(self, start: int, stop: int) -> None:
        """Do nothing."""

    def open(self, start: int, stop: int, triples: BitTriples) -> Bytes:
        """Return two bits per AND and instance."""
        bits: Bytes = ghost(2 * (stop - start) * self._size)
        return bits

    def close(self, start: int, stop: int, triples: BitTriples, mine: Bytes, theirs: Bytes) -> None:
        """Do nothing."""


class CountingTree:
    """Rows that are combined (`party.Tree`), of which only the shapes exist."""

    def __init__(self, rows: Bytes) -> None:
        self.rows = rows

    def open(self, level: Level) -> Bytes:
        """Return three rows per pair, except for the skipped ones."""
        bits: Bytes = ghost((3 * level.pairs - level.skipped) * self.rows.shape[1])
        return bits

    def close(self, level: Level, theirs: Bytes) -> None:
        """Advance to the next rows."""
        self.rows = ghost((level.rows, self.rows.shape[1]))


class CountingPlanes:
    """Bit-slicing (`party.Planes`) on shapes only."""

    def registers(self, netlist: Netlist, n: int) -> CountingRegisters:
        """Return registers without data."""
        return CountingRegisters(n)

    def tree(self, rows: Bytes, levels: tuple[Level, ...], pairs: BitTriples) -> CountingTree:
        """Return a tree on rows of a shape."""
        return CountingTree(rows)

    def slice(self, x: Array) -> Bytes:
        """Return packed bits [ℓ][N]."""
        planes: Bytes = ghost((8 * x.itemsize, -(-x.size // 8)))
        return planes

    def words(self, planes: Bytes, n: int) -> Array:
        """Return integers [n]."""
        numbers: Array = ghost(n, word_dtype(planes.shape[0]))
        return numbers

    def rotated_sums(self, vectors: Array, table: Array, offsets: Array) -> Array:
        """Return sums [m][words]."""
        sums: Array = ghost((offsets.size, table.shape[0]), table.dtype)
        return sums


class CountingProducts(LocalProducts):
    """Local products, of which only the shapes exist."""

    def multiply(self, x: Array, y: Array) -> Array:
        """Return a matrix product without data."""
        found: Array = ghost((*x.shape[:-1], y.shape[-1]), x.dtype)
        return found

    def patches(self, images: Array, size: tuple[int, int], window: Window) -> Array:
        """Return patches without data."""
        filters = (window.groups, images.shape[1] // window.groups, *size)
        groups, _, inner, places = window.matrices(images.shape, filters)
        found: Array = ghost((groups, inner, places), images.dtype)
        return found

    def convolve(self, images: Array, filters: Array, window: Window) -> Array:
        """Return a convolution without data."""
        found: Array = ghost(window.output(images.shape, filters.shape) or (), images.dtype)
        return found
