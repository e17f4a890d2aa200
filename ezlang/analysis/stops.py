"""The operands that decide whether a run stops in the middle.

A run stops for everybody if a public divisor is 0, or a public amount, index or bound of a slice is
out of range. The checker has refused what it knows to be wrong; what is a number that fits, or a
sum or product of such numbers and of variables of loops over a fixed range, can't stop a run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ezlang.typed import tree as typed
from ezlang.typed.operators import BinaryOp
from ezlang.types.types import Type, is_integer, scalar_element, shape_of

Ranges = Mapping[int, tuple[int, int]]
"""The smallest and the largest value of variables, by their ids."""

_DIVISIONS = frozenset({BinaryOp.DIV, BinaryOp.MOD})
_SHIFTS = frozenset({BinaryOp.SHL, BinaryOp.SHR})


def operands_that_stop(node: typed.Expr, ranges: Ranges) -> Iterator[typed.Expr]:
    """Yield the operands that decide whether an operation fails, without those inside of them."""
    match node:
        case typed.Binary(op=op, left=left, right=right) if op in _DIVISIONS | _SHIFTS:
            element = scalar_element(left.type)
            known = _range_of(right, ranges)
            if not right.label.is_public or element is None:
                return
            fits = known is not None and (
                0 <= known[0] <= known[1] < element.width
                if op in _SHIFTS
                else not known[0] <= 0 <= known[1]
            )
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
        known = _range_of(index, ranges)
        inside = known is not None and known[0] >= 0 and known[1] < extent
        if index.label.is_public and not inside:
            yield index


def slices_that_stop(
    type: Type, start: typed.Expr, length: int, ranges: Ranges
) -> Iterator[typed.Expr]:
    """Yield the start of a slice if it is public and the slice may not be inside of its array."""
    known = _range_of(start, ranges)
    inside = known is not None and known[0] >= 0 and known[1] + length <= shape_of(type)[0]
    if start.label.is_public and not inside:
        yield start


def _range_of(node: typed.Expr, ranges: Ranges) -> tuple[int, int] | None:
    """Return the smallest and the largest value of an integer, if they are known."""
    match node:
        case typed.Literal(value=value):
            return int(value), int(value)
        case typed.Read(variable=variable):
            return ranges.get(variable.id)
        case typed.Broadcast(operand=operand):
            return _range_of(operand, ranges)
        case typed.Cast(operand=operand) if is_integer(operand.type):
            return _fitting(node, _range_of(operand, ranges))
        case typed.Binary(op=BinaryOp.ADD | BinaryOp.SUB | BinaryOp.MUL, left=left, right=right):
            first, second = _range_of(left, ranges), _range_of(right, ranges)
            if first is None or second is None:
                return None
            ends = [_result(node.op, x, y) for x in first for y in second]
            return _fitting(node, (min(ends), max(ends)))
        case _:
            return None


def _result(op: BinaryOp, x: int, y: int) -> int:
    if op is BinaryOp.MUL:
        return x * y
    return x + y if op is BinaryOp.ADD else x - y


def _fitting(node: typed.Expr, known: tuple[int, int] | None) -> tuple[int, int] | None:
    """Return a range unless numbers in it don't fit the type, and wrap around."""
    element = scalar_element(node.type)
    if known is None or element is None or not all(map(element.contains, known)):
        return None
    return known
