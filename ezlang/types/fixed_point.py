"""The meaning of products and quotients of fixed-point numbers, on the integers x·2^f.

Everything is computed modulo 2^64 and rounded to nearest, a half up. docs/language.md defines it.
"""

from __future__ import annotations

from .scalars import INT64, ScalarType

_wrap = INT64.wrapping()


def fraction_of_product(left: ScalarType, right: ScalarType) -> int:
    """Return the number of bits by which a product of two numbers is rounded; 0 for an integer."""
    return min(left.fraction_bits, right.fraction_bits)


def rounded(total: int, fraction: int) -> int:
    """Return an exact product, or a sum of products, rounded to `fraction` bits less."""
    total = _wrap(total)
    return _wrap(total + (1 << fraction >> 1)) >> fraction


def product(left: ScalarType, right: ScalarType, x: int, y: int) -> int:
    """Return x·y."""
    return rounded(x * y, fraction_of_product(left, right))


def quotient(right: ScalarType, x: int, y: int) -> int:
    """Return x / y; all bits are set if y is 0."""
    if y == 0:
        return -1
    x = _wrap(x << right.fraction_bits)
    if y < 0:
        x, y = _wrap(-x), _wrap(-y)
    dividend = _wrap(x + (y >> 1))
    truncated = abs(dividend) // abs(y) * (1 if (dividend < 0) == (y < 0) else -1)
    # It is negative only for y = -2^63, which is its own negative.
    return truncated - (dividend - truncated * y < 0)
