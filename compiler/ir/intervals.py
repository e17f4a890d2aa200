"""Intervals of integers, and what the operations make of them [CC77].

One interval stands for all elements of a tensor, for their values as the element type reads them.
The rules here are for exact integers. An operation that might wrap around gives everything that its
type holds: see `fitted`.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from .value import TensorType


class Interval(NamedTuple):
    """All numbers from `low` to `high`, both in it."""

    low: int
    high: int

    def join(self, other: Interval) -> Interval:
        """Return the least interval around both."""
        return Interval(min(self.low, other.low), max(self.high, other.high))

    def within(self, other: Interval) -> bool:
        """Return whether all of it is in the other."""
        return other.low <= self.low and self.high <= other.high


FLAG = Interval(0, 1)


def full(type: TensorType) -> Interval:
    """Return what a type can hold."""
    return Interval(type.element.low, type.element.high)


def fitted(found: Interval, type: TensorType) -> Interval:
    """Return an interval if the type holds all of it; what wraps around may be anything."""
    return found if found.within(full(type)) else full(type)


def bits_of(x: Interval) -> int:
    """Return how many bits numbers need none of which is negative, at least 1."""
    return max(x.high.bit_length(), 1)


def signed_bits_of(x: Interval) -> int:
    """Return how many bits they need in two's complement."""
    return 1 + max((n if n >= 0 else -n - 1).bit_length() for n in (x.low, x.high))


# Of an operand, and of two


def negative(x: Interval) -> Interval:
    """The numbers −x."""
    return Interval(-x.high, -x.low)


def absolute(x: Interval) -> Interval:
    """The numbers |x|."""
    low = 0 if x.low <= 0 <= x.high else min(abs(x.low), abs(x.high))
    return Interval(low, max(abs(x.low), abs(x.high)))


def complement(x: Interval, type: TensorType) -> Interval:
    """The numbers with all bits inverted."""
    whole = full(type)
    return Interval(whole.low + whole.high - x.high, whole.low + whole.high - x.low)


def multiplied(x: Interval, y: Interval) -> Interval:
    """The numbers x·y."""
    ends = [a * b for a, b in product((x.low, x.high), (y.low, y.high))]
    return Interval(min(ends), max(ends))


def quotient(x: Interval, y: Interval, type: TensorType) -> Interval:
    """The numbers x / y, rounded toward zero; division by zero gives all ones."""
    if y.low <= 0 <= y.high:
        return full(type)
    ends = []
    for a, b in product((x.low, x.high), (y.low, y.high)):
        size = abs(a) // abs(b)
        ends.append(size if (a < 0) == (b < 0) else -size)
    return Interval(min(ends), max(ends))


def remainder(x: Interval, y: Interval) -> Interval:
    """The numbers x % y: they have the sign of x; modulo zero it is x."""
    low, high = min(x.low, 0), max(x.high, 0)
    if y.low <= 0 <= y.high:
        return Interval(low, high)
    most = max(abs(y.low), abs(y.high)) - 1
    return Interval(max(low, -most), min(high, most))


def shifted_left(x: Interval, y: Interval, type: TensorType) -> Interval:
    """The numbers x << y."""
    least, most = _amounts(y, type)
    if most >= type.width or y.low < 0:
        return full(type)
    return Interval(min(x.low << least, x.low << most), max(x.high << least, x.high << most))


def shifted_right(x: Interval, y: Interval, type: TensorType) -> Interval:
    """The numbers x >> y."""
    least, most = _amounts(y, type)
    low = x.low >> (least if x.low < 0 else most)
    return Interval(low, x.high >> (most if x.high < 0 else least))


def _amounts(y: Interval, type: TensorType) -> tuple[int, int]:
    return (y.low, min(y.high, type.width)) if y.low >= 0 else (0, type.width)


def conjunction(x: Interval, y: Interval) -> Interval:
    """The numbers x & y."""
    if max(x.low, y.low) >= 0:
        return Interval(0, min(one.high for one in (x, y) if one.low >= 0))
    return bitwise(x, y)


def bitwise(x: Interval, y: Interval) -> Interval:
    """What any combination of bits of both may give."""
    bits = max(bits_of(x), bits_of(y))
    if min(x.low, y.low) >= 0:
        return Interval(0, (1 << bits) - 1)
    bits = max(signed_bits_of(x), signed_bits_of(y))
    return Interval(-(1 << bits - 1), (1 << bits - 1) - 1)
