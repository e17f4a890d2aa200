"""Lowering of fixed-point numbers to the integers x·2^f that represent them.

docs/language.md defines all results, modulo 2^64 too; the clear executor computes them from
`ezlang/types/fixed_point.py`, which this file must agree with.
"""

from __future__ import annotations

from ezlang.types.fixed_point import fraction_of_product
from ezlang.types.types import BOOL, INT64, RING, UINT64, ScalarType

from ..ir import tree as ir
from ..ir.build import Builder
from ..ir.tree import BinaryKind, UnaryKind


def product(
    build: Builder, x: ir.Value, y: ir.Value, left: ScalarType, right: ScalarType
) -> ir.Value:
    """Emit x·y, rounded to nearest; a product with an integer is exact."""
    exact = build.binary(BinaryKind.MUL, build.cast(x, INT64), build.cast(y, INT64))
    return rounded(build, exact, fraction_of_product(left, right))


def rounded(build: Builder, x: ir.Value, fraction: int) -> ir.Value:
    """Emit x / 2^fraction, rounded to nearest, a half up."""
    if fraction == 0:
        return x
    moved = build.binary(BinaryKind.ADD, x, _constant(build, x, 1 << (fraction - 1)))
    return build.binary(BinaryKind.SHR, moved, _constant(build, x, fraction))


def quotient(
    build: Builder, x: ir.Value, y: ir.Value, right: ScalarType, *, checked: bool
) -> ir.Value:
    """Emit x / y, rounded to nearest, a half up, where y is a number or an integer.

    It is ⌊(x + ⌊y / 2⌋) / y⌋ for positive y, and ⌊z / y⌋ is ~⌊~z / y⌋ for negative z: so what is
    divided has no sign. A y of 0 gives −1, or fails the run if `checked`.
    """
    x = build.binary(BinaryKind.SHL, x, _constant(build, x, right.fraction_bits))
    y = build.cast(y, INT64)
    zero = _constant(build, y, 0)
    opposite = build.binary(BinaryKind.LT, y, zero)
    dividend = build.select(opposite, build.unary(UnaryKind.NEG, x), x)
    divisor = build.unary(UnaryKind.ABS, y)
    # −2^63 is its own negative: without a sign, it is 2^63.
    size = build.cast(divisor, UINT64)
    half = build.cast(build.binary(BinaryKind.SHR, size, _constant(build, size, 1)), INT64)
    dividend = build.binary(BinaryKind.ADD, dividend, half)
    negative = build.binary(BinaryKind.LT, dividend, _constant(build, dividend, 0))
    positive = build.select(negative, build.unary(UnaryKind.BITNOT, dividend), dividend)
    below = build.binary(BinaryKind.DIV, positive, divisor, checked=checked)
    result = build.select(negative, build.unary(UnaryKind.BITNOT, below), below)
    if checked:
        return result
    same = build.binary(BinaryKind.EQ, y, zero)
    return build.select(same, _constant(build, result, -1), result)


def converted(build: Builder, x: ir.Value, source: ScalarType, to: ScalarType) -> ir.Value:
    """Emit a cast: rounded to nearest where bits after the binary point are dropped."""
    if to == BOOL:
        return build.cast(x, BOOL)
    if not (source.is_fixed or to.is_fixed):
        return build.cast(x, to)
    shift = to.fraction_bits - source.fraction_bits
    wide = build.cast(x, INT64)
    if shift <= 0:
        scaled = rounded(build, wide, -shift)
    else:
        scaled = build.binary(BinaryKind.SHL, wide, _constant(build, wide, shift))
    if not to.is_fixed:
        return build.cast(scaled, to)
    if to.width == RING or source.widens_to(to):
        return scaled
    spare = _constant(build, scaled, RING - to.width)
    low = build.binary(BinaryKind.SHL, scaled, spare)
    return build.binary(BinaryKind.SHR, low, spare)


def _constant(build: Builder, like: ir.Value, number: int) -> ir.Value:
    """Emit a number for each element of a value."""
    return build.constant(like.type.element, (number,), like.type.shape)
