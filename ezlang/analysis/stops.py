"""The operands that decide whether a run stops in the middle.

A run stops for everybody if a public divisor is 0, or a public amount, index or bound of a slice is
out of range. The checker has refused what it knows to be wrong. What `intervals` shows to fit can't
stop a run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ezlang.typed import tree as typed
from ezlang.typed.operators import BinaryOp
from ezlang.types.types import Type, is_integer, scalar_element, shape_of

from .intervals import Ranges, interval

_DIVISIONS = frozenset({BinaryOp.DIV, BinaryOp.MOD})
_SHIFTS = frozenset({BinaryOp.SHL, BinaryOp.SHR})


def operands_that_stop(node: typed.Expr, ranges: Ranges) -> Iterator[typed.Expr]:
    """Yield the operands that decide whether an operation fails, without those inside of them."""
    match node:
        case typed.Binary(op=op, left=left, right=right) if op in _DIVISIONS | _SHIFTS:
            element = scalar_element(left.type)
            if not right.label.is_public or element is None:
                return
            if scalar_element(right.type) is None or not is_integer(right.type):
                yield right
                return
            low, high = interval(right, ranges)
            fits = 0 <= low <= high < element.width if op in _SHIFTS else not low <= 0 <= high
            if not fits:
                yield right
        case typed.Index(base=base, indices=indices):
            yield from indices_that_stop(base.type, indices, ranges)
        case typed.Slice(base=base, start=start, length=length, step=step):
            yield from slices_that_stop(base.type, start, length * step, ranges)
        case _:
            pass


def indices_that_stop(
    type: Type, indices: Sequence[typed.Expr], ranges: Ranges
) -> Iterator[typed.Expr]:
    """Yield the public indices into an array that may be out of range."""
    for index, extent in zip(indices, shape_of(type), strict=False):
        low, high = interval(index, ranges)
        if index.label.is_public and not 0 <= low <= high < extent:
            yield index


def slices_that_stop(
    type: Type, start: typed.Expr, length: int, ranges: Ranges
) -> Iterator[typed.Expr]:
    """Yield the start of a slice if it is public and the slice may not be inside of its array."""
    low, high = interval(start, ranges)
    if start.label.is_public and not 0 <= low <= high + length <= shape_of(type)[0]:
        yield start
