"""The operators on Python's unbounded integers, as the table of docs/language.md defines them.

Every function here returns a function on the values of one element type: bools, or integers in the
range of the type. All results are total; whether a zero divisor or a shift past the width fails the
run instead is for the caller to decide (`blamed`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import assert_never

from ezlang.executors.failures import Failure
from ezlang.typed.operators import BinaryOp, UnaryOp
from ezlang.types import fixed_point
from ezlang.types.types import ScalarType

One = Callable[[int], int]
Two = Callable[[int, int], int]


def unary(op: UnaryOp, type: ScalarType) -> One:
    """Return the operation of `op` on `type`."""
    match op:
        case UnaryOp.NOT:
            return operator.not_
        case UnaryOp.NEG:
            wrap = type.wrapping()
            return lambda x: wrap(-x)
        case UnaryOp.BITNOT:
            wrap = type.wrapping()
            return lambda x: wrap(~x)
        case UnaryOp.ABS:
            wrap = type.wrapping()
            return lambda x: wrap(abs(x))
        case UnaryOp.COUNT_ONES:
            mask = (1 << type.width) - 1
            return lambda x: (x & mask).bit_count()
        case _:
            assert_never(op)


def binary(op: BinaryOp, left: ScalarType, right: ScalarType) -> Two:
    """Return the operation of `op` on `left` and `right`.

    The types differ only in shifts, and in products and quotients of fixed-point numbers.
    """
    match op:
        case BinaryOp.MUL if left.is_fixed or right.is_fixed:
            return partial(fixed_point.product, left, right)
        case BinaryOp.DIV if left.is_fixed:
            return partial(fixed_point.quotient, right)
        case BinaryOp.ADD | BinaryOp.SUB | BinaryOp.MUL:
            return _wrapped(_EXACT[op], left)
        case BinaryOp.DIV:
            return _divide(left)
        case BinaryOp.MOD:
            return _remainder
        case BinaryOp.SHL | BinaryOp.SHR:
            return _shift(op, left, right)
        case BinaryOp.MULHI:
            return lambda x, y: x * y >> left.width
        case BinaryOp.MIN:
            return min
        case BinaryOp.MAX:
            return max
        case (
            BinaryOp.BITAND
            | BinaryOp.BITOR
            | BinaryOp.BITXOR
            | BinaryOp.LOGAND
            | BinaryOp.LOGOR
            | BinaryOp.EQ
            | BinaryOp.NE
            | BinaryOp.LT
            | BinaryOp.LE
            | BinaryOp.GT
            | BinaryOp.GE
        ):
            return _EXACT[op]  # these results are always in range
        case _:
            assert_never(op)


_EXACT: dict[BinaryOp, Two] = {
    BinaryOp.ADD: operator.add,
    BinaryOp.SUB: operator.sub,
    BinaryOp.MUL: operator.mul,
    BinaryOp.BITAND: operator.and_,
    BinaryOp.BITOR: operator.or_,
    BinaryOp.BITXOR: operator.xor,
    BinaryOp.LOGAND: operator.and_,
    BinaryOp.LOGOR: operator.or_,
    BinaryOp.EQ: operator.eq,
    BinaryOp.NE: operator.ne,
    BinaryOp.LT: operator.lt,
    BinaryOp.LE: operator.le,
    BinaryOp.GT: operator.gt,
    BinaryOp.GE: operator.ge,
}


def _wrapped(exact: Two, type: ScalarType) -> Two:
    # As `type.wrapping()` does, but without a call: loops spend most of their time here.
    low, mask = type.low, (1 << type.width) - 1
    return lambda x, y: ((exact(x, y) - low) & mask) + low


def _quotient(x: int, y: int) -> int:
    """Divide, rounding toward zero."""
    q = abs(x) // abs(y)
    return q if (x < 0) == (y < 0) else -q


def _divide(type: ScalarType) -> Two:
    wrap = type.wrapping()
    return lambda x, y: wrap(_quotient(x, y)) if y else wrap(-1)


def _remainder(x: int, y: int) -> int:
    return x - y * _quotient(x, y) if y else x


def _shift(op: BinaryOp, type: ScalarType, amount: ScalarType) -> Two:
    width, unsigned, wrap = type.width, (1 << amount.width) - 1, type.wrapping()
    if op is BinaryOp.SHL:
        return lambda x, s: wrap(x << (s & unsigned)) if s & unsigned < width else 0
    return lambda x, s: x >> min(s & unsigned, width)


def blamed(op: BinaryOp, left: ScalarType, right: ScalarType) -> tuple[Failure, One] | None:
    """Return the failure of `op`, and the test that a right operand which causes it meets."""
    match op:
        case BinaryOp.DIV | BinaryOp.MOD:
            return Failure.DIVISION, operator.not_
        case BinaryOp.SHL | BinaryOp.SHR:
            width, unsigned = left.width, (1 << right.width) - 1
            return Failure.SHIFT, lambda s: (s & unsigned) >= width
        case _:
            return None
