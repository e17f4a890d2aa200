"""Interval arithmetic on integers [CC77].

One interval covers all elements of a tensor, interpreted as numbers of the element type. The rules
apply to exact integers; callers check whether the result fits the type (`fitted`).
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from .value import TensorType


class Interval(NamedTuple):
    """All integers from `low` to `high`, both inclusive."""

    low: int
    high: int

    def join(self, other: Interval) -> Interval:
        """Return the smallest interval that contains both."""
        return Interval(min(self.low, other.low), max(self.high, other.high))

    def within(self, other: Interval) -> bool:
        """Return whether the interval is contained in the other."""
        return other.low <= self.low and self.high <= other.high


FLAG = Interval(0, 1)


def full(type: TensorType) -> Interval:
    """Return the interval of all numbers of a type."""
    return Interval(type.element.low, type.element.high)


def fitted(found: Interval, type: TensorType) -> Interval:
    """Return the interval if it fits the type, otherwise the full one, as values wrap around."""
    return found if found.within(full(type)) else full(type)


def bits_of(x: Interval) -> int:
    """Return the bits needed for an interval without negative numbers, at least 1."""
    return max(x.high.bit_length(), 1)


def signed_bits_of(x: Interval) -> int:
    """Return the bits needed for an interval in two's complement."""
    return 1 + max((n if n >= 0 else -n - 1).bit_length() for n in (x.low, x.high))


# Unary and binary operations


def negative(x: Interval) -> Interval:
    """Return an interval that contains −x."""
    return Interval(-x.high, -x.low)


def absolute(x: Interval) -> Interval:
    """Return an interval that contains |x|."""
    low = 0 if x.low <= 0 <= x.high else min(abs(x.low), abs(x.high))
    return Interval(low, max(abs(x.low), abs(x.high)))


def complement(x: Interval, type: TensorType) -> Interval:
    """Return an interval that contains x with all bits inverted."""
    whole = full(type)
    return Interval(whole.low + whole.high - x.high, whole.low + whole.high - x.low)


def multiplied(x: Interval, y: Interval) -> Interval:
    """Return an interval that contains x·y."""
    ends = [a * b for a, b in product((x.low, x.high), (y.low, y.high))]
    return Interval(min(ends), max(ends))


def quotient(x: Interval, y: Interval, type: TensorType) -> Interval:
    """Return an interval that contains x / y, rounded toward zero; x / 0 is all ones."""
    if y.low <= 0 <= y.high:
        return full(type)
    ends = []
    for a, b in product((x.low, x.high), (y.low, y.high)):
        size = abs(a) // abs(b)
        ends.append(size if (a < 0) == (b < 0) else -size)
    return Interval(min(ends), max(ends))


def remainder(x: Interval, y: Interval) -> Interval:
    """Return an interval that contains x % y, with the sign of x; x % 0 is x."""
    low, high = min(x.low, 0), max(x.high, 0)
    if y.low <= 0 <= y.high:
        return Interval(low, high)
    most = max(abs(y.low), abs(y.high)) - 1
    return Interval(max(low, -most), min(high, most))


def shifted_left(x: Interval, y: Interval, type: TensorType) -> Interval:
    """Return an interval that contains x << y."""
    least, most = _amounts(y, type)
    if most >= type.width or y.low < 0:
        return full(type)
    return Interval(min(x.low << least, x.low << most), max(x.high << least, x.high << most))


def shifted_right(x: Interval, y: Interval, type: TensorType) -> Interval:
    """Return an interval that contains x >> y."""
    least, most = _amounts(y, type)
    low = x.low >> (least if x.low < 0 else most)
    return Interval(low, x.high >> (most if x.high < 0 else least))


def _amounts(y: Interval, type: TensorType) -> tuple[int, int]:
    return (y.low, min(y.high, type.width)) if y.low >= 0 else (0, type.width)


def conjunction(x: Interval, y: Interval) -> Interval:
    """Return an interval that contains x & y."""
    if max(x.low, y.low) >= 0:
        return Interval(0, min(one.high for one in (x, y) if one.low >= 0))
    return bitwise(x, y)


def bitwise(x: Interval, y: Interval) -> Interval:
    """Return an interval that contains the results of any bitwise operation on x and y."""
    bits = max(bits_of(x), bits_of(y))
    if min(x.low, y.low) >= 0:
        return Interval(0, (1 << bits) - 1)
    bits = max(signed_bits_of(x), signed_bits_of(y))
    return Interval(-(1 << bits - 1), (1 << bits - 1) - 1)
