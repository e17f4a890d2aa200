"""The smallest and the largest value that an integer or bool may have, as far as one can see.

An operation whose exact result doesn't fit its type wraps around, and may have every value.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from ezlang.typed import tree as typed
from ezlang.typed.operators import BinaryOp
from ezlang.types.types import ScalarType, scalar_element, shape_of

Interval = tuple[int, int]
Ranges = Mapping[int, Interval]
"""The intervals of variables, by their ids."""


def interval(node: typed.Expr, ranges: Ranges) -> Interval:
    """Return the smallest and the largest value of an expression's elements."""
    element = _element(node)
    low, high = exact_interval(node, ranges)
    return (low, high) if element.low <= low and high <= element.high else _all(element)


def exact_interval(node: typed.Expr, ranges: Ranges) -> Interval:
    """Return the interval of an operation's exact result, which may not fit its type."""
    match node:
        case typed.Literal(value=value):
            return int(value), int(value)
        case typed.Read(variable=variable):
            return ranges.get(variable.id) or _all(_element(node))
        case (
            typed.Broadcast(operand=operand)
            | typed.Reshape(operand=operand)
            | typed.Relabel(operand=operand)
            | typed.Reveal(operand=operand)
        ):
            return interval(operand, ranges)
        case typed.Cast(operand=operand) if not _element(operand).is_fixed:
            return interval(operand, ranges)
        case typed.Random(below=typed.Literal(value=below)):
            return 0, below - 1
        case typed.Sum(operand=operand):
            low, high = interval(operand, ranges)
            sums = prod(shape_of(node.type))
            count = prod(shape_of(operand.type)) // sums if sums else 0
            return count * low, count * high
        case (
            typed.Select(then=then, otherwise=other) | typed.Conditional(then=then, otherwise=other)
        ):
            first, second = interval(then, ranges), interval(other, ranges)
            return min(first[0], second[0]), max(first[1], second[1])
        case typed.Binary() if not _element(node).is_fixed:
            return _binary(node, ranges)
        case _:
            return _all(_element(node))


def _binary(node: typed.Binary, ranges: Ranges) -> Interval:
    if _element(node.left).is_fixed:
        return _all(_element(node))
    left, right = interval(node.left, ranges), interval(node.right, ranges)
    match node.op:
        case BinaryOp.ADD:
            return left[0] + right[0], left[1] + right[1]
        case BinaryOp.SUB:
            return left[0] - right[1], left[1] - right[0]
        case BinaryOp.MUL:
            ends = [x * y for x in left for y in right]
            return min(ends), max(ends)
        case BinaryOp.MOD if right[0] == right[1] > 0:
            return (0 if left[0] >= 0 else 1 - right[0]), right[0] - 1
        case BinaryOp.BITAND if right[0] >= 0 or left[0] >= 0:
            return 0, min(side[1] for side in (left, right) if side[0] >= 0)
        case BinaryOp.SHR if right[0] == right[1] and 0 <= right[0] < _element(node).width:
            return left[0] >> right[0], left[1] >> right[0]
        case BinaryOp.MIN:
            return min(left[0], right[0]), min(left[1], right[1])
        case BinaryOp.MAX:
            return max(left[0], right[0]), max(left[1], right[1])
        case _:
            return _all(_element(node))


def _all(element: ScalarType) -> Interval:
    return element.low, element.high


def _element(node: typed.Expr) -> ScalarType:
    element = scalar_element(node.type)
    if element is None:
        raise TypeError(f"{node.type} has no elements that are numbers or bools")
    return element
