"""Reads and writes at secret indices; passes/general/oblivious.py expands them.

The index is a scalar whose label forbids its use as an address. It may have any integer type, and
is read as a signed number if the type is signed. Reads of small public tables become `Lookup`s,
which are done at many indices at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Final

from ezlang.records import dataclass

from ..errors import need
from ..intervals import Interval
from ..value import Sharing, TensorType, is_flag
from .moves import Types, check_base
from .node import Computation, Traits, alike

LOOKED_UP: Final = range(5, 513)
"""The numbers of items of tables that are looked up: fewer are selected from."""

MOST_WORDS: Final = 4
"""The maximum number of elements of an item of such a table."""


class Oblivious(Computation):
    """An access to an element at an index that no party knows. It is defined without sharings."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObliviousRead(Oblivious):
    """(base, index) -> base[index] along dimension 0; zeros out of range. The result is secret."""

    def check_labels(self, types: Types, result: TensorType) -> None:
        """Check that the result is secret."""
        need(len(types) == 2, "it takes two operands")
        need(result.label.is_secret, "the result is secret")

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check that the result is an item of the base."""
        _check_item(types[0], types[1], result)

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range of the base, joined with 0."""
        return x[0].join(Interval(0, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class ObliviousWrite(Oblivious):
    """(base, index, value) or (base, index, value, guard) -> base with base[index] replaced.

    Nothing is written if the index is out of range or the guard (a scalar bool) is false.
    """

    traits = Traits(is_pure=True, overwrites=True)

    def check_labels(self, types: Types, result: TensorType) -> None:
        """Check that all other operands may flow to the base."""
        check_base(types, result)

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check that the written value is an item of the base, and that the base is secret."""
        need(len(types) in (3, 4), "it takes three or four operands")
        need(result.label.is_secret, "the base is secret")
        _check_item(types[0], types[1], types[2])
        need(len(types) == 3 or is_flag(types[3]), "the guard is a scalar bool")

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the join of both ranges."""
        return x[0].join(x[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup(Computation):
    """(table [n, …], indices S) -> [S, …]: the items of a public table; zeros out of range.

    n is one of `LOOKED_UP`, and an item has at most `MOST_WORDS` integers. What is known is set by
    passes/sharings/narrow.py: if `inside`, the indices are at least 0 and below 2^k, n rounded up;
    `bounds` has the lowest and the highest number, or zero, of each element of an item.
    """

    inside: bool = False
    bounds: tuple[tuple[int, ...], ...] = ()

    @property
    def words(self) -> int:
        """The number of elements of an item."""
        return prod(self.operands[0].type.shape[1:])

    @property
    def index_bits(self) -> int:
        """The number of bits of an index in range, k."""
        table, index = self.types
        return min((table.shape[0] - 1).bit_length(), index.width)

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check the table, and that the result has an item for each index."""
        need(len(types) == 2, "it takes two operands")
        table, index = types
        need(table.label.is_public, "the table is public")
        need(table.is_integer and index.is_integer, "it takes integers")
        need(bool(table.shape) and table.shape[0] in LOOKED_UP, "wrong number of items")
        need(0 < self.words <= MOST_WORDS, "an item has too many elements, or none")
        need(result.element == table.element, "types differ")
        need(result.shape == (*index.shape, *table.shape[1:]), "wrong shape")
        bounded = all(len(one) == 2 and one[0] <= one[1] for one in self.bounds)
        need(len(self.bounds) in (0, self.words) and bounded, "wrong bounds")

    def required(self, sharing: Sharing) -> tuple[Sharing, ...] | None:
        """Index and result have the same sharing."""
        return alike(self, sharing)

    def exchanges(self, sharing: Sharing) -> bool:
        """A lookup takes messages."""
        return True

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range of the table, joined with 0."""
        return x[0].join(Interval(0, 0))


def _check_item(base: TensorType, index: TensorType, item: TensorType) -> None:
    need(index.is_integer and index.shape == (), "the index is a scalar integer")
    need(bool(base.shape), "the base is an array")
    need(item.element == base.element and item.shape == base.shape[1:], "wrong item type")
