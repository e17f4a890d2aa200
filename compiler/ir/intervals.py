"""Intervals of integers, and what the operations make of them [CC77].

A range is what is known about the elements of a tensor, of their values as the element type reads
them. The rules here are for exact integers: whoever uses them looks whether the result still fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from .value import TensorType


@dataclass(frozen=True, slots=True)
class Range:
    """All numbers from `low` to `high`, both in it."""

    low: int
    high: int

    def join(self, other: Range) -> Range:
        """Return the least range around both."""
        return Range(min(self.low, other.low), max(self.high, other.high))

    def within(self, other: Range) -> bool:
        """Return whether all of it is in the other."""
        return other.low <= self.low and self.high <= other.high


FLAG = Range(0, 1)


def full(type: TensorType) -> Range:
    """Return what a type can hold."""
    return Range(type.element.low, type.element.high)


def fitted(found: Range, type: TensorType) -> Range:
    """Return a range if the type holds all of it; what wraps around may be anything."""
    return found if found.within(full(type)) else full(type)


def bits_of(x: Range) -> int:
    """Return how many bits the numbers of a range that has no negative ones need, at least 1."""
    return max(x.high.bit_length(), 1)


def signed_bits_of(x: Range) -> int:
    """Return how many bits they need in two's complement."""
    return 1 + max((n if n >= 0 else -n - 1).bit_length() for n in (x.low, x.high))


# Of an operand, and of two


def negative(x: Range) -> Range:
    """The numbers −x."""
    return Range(-x.high, -x.low)


def absolute(x: Range) -> Range:
    """The numbers |x|."""
    low = 0 if x.low <= 0 <= x.high else min(abs(x.low), abs(x.high))
    return Range(low, max(abs(x.low), abs(x.high)))


def complement(x: Range, type: TensorType) -> Range:
    """The numbers with all bits inverted."""
    whole = full(type)
    return Range(whole.low + whole.high - x.high, whole.low + whole.high - x.low)


def multiplied(x: Range, y: Range) -> Range:
    """The numbers x·y."""
    ends = [a * b for a, b in product((x.low, x.high), (y.low, y.high))]
    return Range(min(ends), max(ends))


def quotient(x: Range, y: Range, type: TensorType) -> Range:
    """The numbers x / y, rounded toward zero; division by zero gives all ones."""
    if y.low <= 0 <= y.high:
        return full(type)
    ends = []
    for a, b in product((x.low, x.high), (y.low, y.high)):
        size = abs(a) // abs(b)
        ends.append(size if (a < 0) == (b < 0) else -size)
    return Range(min(ends), max(ends))


def remainder(x: Range, y: Range) -> Range:
    """The numbers x % y: they have the sign of x; modulo zero it is x."""
    low, high = min(x.low, 0), max(x.high, 0)
    if y.low <= 0 <= y.high:
        return Range(low, high)
    most = max(abs(y.low), abs(y.high)) - 1
    return Range(max(low, -most), min(high, most))


def shifted_left(x: Range, y: Range, type: TensorType) -> Range:
    """The numbers x << y."""
    least, most = _amounts(y, type)
    if most >= type.width or y.low < 0:
        return full(type)
    return Range(min(x.low << least, x.low << most), max(x.high << least, x.high << most))


def shifted_right(x: Range, y: Range, type: TensorType) -> Range:
    """The numbers x >> y."""
    least, most = _amounts(y, type)
    low = x.low >> (least if x.low < 0 else most)
    return Range(low, x.high >> (most if x.high < 0 else least))


def _amounts(y: Range, type: TensorType) -> tuple[int, int]:
    return (y.low, min(y.high, type.width)) if y.low >= 0 else (0, type.width)


def conjunction(x: Range, y: Range) -> Range:
    """The numbers x & y."""
    if max(x.low, y.low) >= 0:
        return Range(0, min(one.high for one in (x, y) if one.low >= 0))
    return bitwise(x, y)


def bitwise(x: Range, y: Range) -> Range:
    """What any combination of bits of both may give."""
    bits = max(bits_of(x), bits_of(y))
    if min(x.low, y.low) >= 0:
        return Range(0, (1 << bits) - 1)
    bits = max(signed_bits_of(x), signed_bits_of(y))
    return Range(-(1 << bits - 1), (1 << bits - 1) - 1)
