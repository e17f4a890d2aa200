"""The meaning of products and quotients of fixed-point numbers, on the integers x·2^f.

Everything is computed modulo 2^64 and rounded to nearest, a half up. docs/language.md defines it.
"""

from __future__ import annotations

from .scalars import INT64, ScalarType

_wrap = INT64.wrapping()


def fraction_of_product(left: ScalarType, right: ScalarType) -> int:
    """Return the number of bits by which a product is rounded; 0 if either is an integer.

    A product of two numbers has the fraction bits of the left one, so those of the right one go.
    """
    return right.fraction_bits if left.is_fixed else 0


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
    # −2^63 is its own negative; without a sign, it is 2^63.
    return _wrap(x + (abs(y) >> 1)) // abs(y)
