"""The upper half of an integer product, from products of numbers of twice or half the width.

The parts are in ranges that later passes see, so that they are computed in the bits that they need.
"""

from __future__ import annotations

from ezlang.types.types import INT64, SCALARS, UINT64, ScalarType

from ..ir import tree as ir
from ..ir.build import Builder
from ..ir.tree import BinaryKind


def high_half(build: Builder, x: ir.Value, y: ir.Value) -> ir.Value:
    """Emit ⌊x·y / 2^w⌋ for integers of w bits."""
    element = x.type.element
    if element.width == UINT64.width:
        return _of_64_bits(build, x, y)
    wide = _twice(element)
    product = build.binary(BinaryKind.MUL, build.cast(x, wide), build.cast(y, wide))
    return build.cast(_shifted(build, product, element.width), element)


def _of_64_bits(build: Builder, x: ir.Value, y: ir.Value) -> ir.Value:
    """Emit the upper half by four products of 32-bit halves, as one multiplies by hand.

    Without signs no sum is 2^64 or more: (2^32 - 1)² + 2·(2^32 - 1) is 2^64 - 1. A negative number
    is 2^64 too large without its sign, so that the other one is subtracted from the upper half.
    """
    (x1, x0), (y1, y0) = (_halves(build, build.cast(one, UINT64)) for one in (x, y))
    lowest = build.binary(BinaryKind.MUL, x0, y0)
    carry, _ = _halves(build, lowest)
    middle = build.binary(BinaryKind.ADD, build.binary(BinaryKind.MUL, x1, y0), carry)
    upper, lower = _halves(build, middle)
    other = build.binary(BinaryKind.ADD, build.binary(BinaryKind.MUL, x0, y1), lower)
    carry, _ = _halves(build, other)
    high = build.binary(BinaryKind.ADD, build.binary(BinaryKind.MUL, x1, y1), upper)
    result = build.cast(build.binary(BinaryKind.ADD, high, carry), x.type.element)
    if x.type.element != INT64:
        return result
    for one, factor in ((x, y), (y, x)):
        zero = build.constant(INT64, (0,), one.type.shape)
        negative = build.binary(BinaryKind.LT, one, zero)
        taken = build.select(negative, factor, zero)
        result = build.binary(BinaryKind.SUB, result, taken)
    return result


def _halves(build: Builder, x: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Emit the upper and the lower 32 bits of unsigned numbers."""
    mask = build.constant(UINT64, ((1 << 32) - 1,), x.type.shape)
    return _shifted(build, x, 32), build.binary(BinaryKind.AND, x, mask)


def _shifted(build: Builder, x: ir.Value, by: int) -> ir.Value:
    amount = build.constant(x.type.element, (by,), x.type.shape)
    return build.binary(BinaryKind.SHR, x, amount)


def _twice(element: ScalarType) -> ScalarType:
    """Return the integers of twice the width."""
    sign = "u" if element.low == 0 else ""
    return SCALARS[f"{sign}int{2 * element.width}"]
