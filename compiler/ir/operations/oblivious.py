"""Reads and writes at secret indices; passes/general/oblivious.py expands them.

The index is a scalar whose label forbids its use as an address. It may have any integer type, and
is read as a signed number if the type is signed.
"""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.records import dataclass

from ..errors import need
from ..intervals import Interval
from ..value import TensorType, is_flag
from .moves import Types, check_base
from .node import Computation, Traits


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


def _check_item(base: TensorType, index: TensorType, item: TensorType) -> None:
    need(index.is_integer and index.shape == (), "the index is a scalar integer")
    need(bool(base.shape), "the base is an array")
    need(item.element == base.element and item.shape == base.shape[1:], "wrong item type")
