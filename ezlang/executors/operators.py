"""What the operators mean, on Python's unbounded integers: the table of docs/language.md.

Every function here returns a function on the values of one element type: integers that are in the
type's range, and bools. All are total; whether a zero divisor or a shift past the width
fails the run instead is for the caller to find out (`blamed`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import assert_never

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.executors.failures import Failure
from ezlang.typed.tree import BinaryOp, UnaryOp
from ezlang.types.types import BoolType, IntType, Type

One = Callable[[int], int]
Two = Callable[[int, int], int]


def integer(type: Type) -> IntType:
    """Return `type`, which is an integer type."""
    if not isinstance(type, IntType):
        raise CompilerBug(f"an operator on integers was given {type}")
    return type


def wrapping(type: IntType) -> One:
    """Return the reduction modulo 2^width into the range of `type`."""
    mask = (1 << type.width) - 1
    if not type.signed:
        return lambda x: x & mask
    half = 1 << (type.width - 1)
    return lambda x: ((x + half) & mask) - half


def unary(op: UnaryOp, type: Type) -> One:
    """Return what `op` means on `type`."""
    match op:
        case UnaryOp.NOT:
            return operator.not_
        case UnaryOp.NEG:
            wrap = wrapping(integer(type))
            return lambda x: wrap(-x)
        case UnaryOp.BITNOT:
            wrap = wrapping(integer(type))
            return lambda x: wrap(~x)
        case UnaryOp.ABS:
            wrap = wrapping(integer(type))
            return lambda x: wrap(abs(x))
        case _:
            assert_never(op)


def cast(source: Type, target: Type) -> One:
    """Return the conversion between two scalar types."""
    if isinstance(target, BoolType):
        return bool
    return int if isinstance(source, BoolType) else wrapping(integer(target))


def binary(op: BinaryOp, left: Type, right: Type) -> Two:
    """Return what `op` means on a `left` and a `right`, which differ in shifts alone."""
    match op:
        case BinaryOp.ADD | BinaryOp.SUB | BinaryOp.MUL:
            return _wrapped(_EXACT[op], integer(left))
        case BinaryOp.DIV:
            return _divide(integer(left))
        case BinaryOp.MOD:
            return _remainder
        case BinaryOp.SHL | BinaryOp.SHR:
            return _shift(op, integer(left), integer(right))
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
            return _EXACT[op]  # the results are in range as they are
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


def _wrapped(exact: Two, type: IntType) -> Two:
    mask = (1 << type.width) - 1
    if not type.signed:
        return lambda x, y: exact(x, y) & mask
    half = 1 << (type.width - 1)
    return lambda x, y: ((exact(x, y) + half) & mask) - half


def _quotient(x: int, y: int) -> int:
    """Divide, rounding toward zero."""
    q = abs(x) // abs(y)
    return q if (x < 0) == (y < 0) else -q


def _divide(type: IntType) -> Two:
    wrap = wrapping(type)
    return lambda x, y: wrap(_quotient(x, y)) if y else wrap(-1)


def _remainder(x: int, y: int) -> int:
    return x - y * _quotient(x, y) if y else x


def _shift(op: BinaryOp, type: IntType, amount: IntType) -> Two:
    width, unsigned, wrap = type.width, (1 << amount.width) - 1, wrapping(type)
    if op is BinaryOp.SHL:
        return lambda x, s: wrap(x << (s & unsigned)) if s & unsigned < width else 0
    return lambda x, s: x >> min(s & unsigned, width)


def blamed(op: BinaryOp, left: Type, right: Type) -> tuple[Failure, One] | None:
    """Return how `op` fails, and the test that a right operand which is to blame meets."""
    match op:
        case BinaryOp.DIV | BinaryOp.MOD:
            return Failure.DIVISION, operator.not_
        case BinaryOp.SHL | BinaryOp.SHR:
            width, unsigned = integer(left).width, (1 << integer(right).width) - 1
            return Failure.SHIFT, lambda s: (s & unsigned) >= width
        case _:
            return None
