"""Intervals of integers, and what operations make of them [CC77].

One interval stands for all elements of a tensor, for their values as the element type reads them.
An operation that might wrap around gives everything that its type holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple, assert_never

from ...ir import evaluate
from ...ir import tree as ir
from ...ir.tree import BinaryKind, UnaryKind


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


def full(type: ir.TensorType) -> Interval:
    """Return what a type can hold."""
    return Interval(type.element.low, type.element.high)


def fitted(found: Interval, type: ir.TensorType) -> Interval:
    """Return an interval if the type holds all of it; what wraps around may be anything."""
    return found if found.within(full(type)) else full(type)


def transfer(operation: ir.Operation, x: Sequence[Interval]) -> Interval:
    """Return the interval of an operation's result, for intervals of its operands."""
    type = operation.result.type
    match operation:
        case ir.Constant():
            return (
                Interval(min(operation.data), max(operation.data)) if operation.data else full(type)
            )
        case ir.Iota():
            last = operation.start + operation.step * max(type.size - 1, 0)
            return fitted(Interval(min(operation.start, last), max(operation.start, last)), type)
        case ir.Unary():
            return fitted(_unary(operation.kind, x[0], type), type)
        case ir.Binary():
            return fitted(_binary(operation, x[0], x[1]), type)
        case ir.Select():
            return x[1].join(x[2])
        case ir.Cast():
            return FLAG if type.is_logical else fitted(x[0], type)
        case ir.Relabel() | ir.Reveal() | ir.Convert() | ir.Broadcast() | ir.Reshape():
            return x[0]
        case ir.AffineRead():
            return x[0]
        case ir.Extract() | ir.ExtractSlice():
            return x[0] if operation.checked else x[0].join(Interval(0, 0))
        case ir.ObliviousRead() | ir.Gather():
            return x[0].join(Interval(0, 0))
        case ir.Positions():
            return Interval(-1, max(operation.operands[0].type.size - 1, -1))
        case ir.Insert() | ir.InsertSlice() | ir.AffineWrite() | ir.Scatter():
            return x[0].join(x[1])
        case ir.ObliviousWrite():
            return x[0].join(x[2])
        case ir.Stack():
            return Interval(min(one.low for one in x), max(one.high for one in x))
        case ir.Reduce():
            return fitted(_reduce(operation, x[0]), type)
        case ir.MatrixProduct():
            ends = [a * b for a, b in product((x[0].low, x[0].high), (x[1].low, x[1].high))]
            terms = operation.operands[0].type.shape[-1]
            return fitted(Interval(terms * min(*ends, 0), terms * max(*ends, 0)), type)
        case _:
            return full(type)


def _unary(kind: UnaryKind, x: Interval, type: ir.TensorType) -> Interval:
    match kind:
        case UnaryKind.NEG:
            return Interval(-x.high, -x.low)
        case UnaryKind.ABS:
            low = 0 if x.low <= 0 <= x.high else min(abs(x.low), abs(x.high))
            return Interval(low, max(abs(x.low), abs(x.high)))
        case UnaryKind.BITNOT:
            whole = full(type)
            return Interval(whole.low + whole.high - x.high, whole.low + whole.high - x.low)
        case UnaryKind.NOT:
            return FLAG
        case _:
            assert_never(kind)


def _binary(operation: ir.Binary, x: Interval, y: Interval) -> Interval:
    kind = operation.kind
    match kind:
        case BinaryKind.ADD:
            return Interval(x.low + y.low, x.high + y.high)
        case BinaryKind.SUB:
            return Interval(x.low - y.high, x.high - y.low)
        case BinaryKind.MUL:
            ends = [a * b for a, b in product((x.low, x.high), (y.low, y.high))]
            return Interval(min(ends), max(ends))
        case BinaryKind.DIV:
            return _quotient(x, y, operation.result.type)
        case BinaryKind.MOD:
            return _remainder(x, y)
        case BinaryKind.SHL | BinaryKind.SHR:
            return _shift(operation, x, y)
        case BinaryKind.AND | BinaryKind.OR | BinaryKind.XOR:
            return _bitwise(kind, x, y)
        case BinaryKind.MIN:
            return Interval(min(x.low, y.low), min(x.high, y.high))
        case BinaryKind.MAX:
            return Interval(max(x.low, y.low), max(x.high, y.high))
        case _:
            return FLAG


def _quotient(x: Interval, y: Interval, type: ir.TensorType) -> Interval:
    """Rounded toward zero; division by zero gives all ones."""
    if y.low <= 0 <= y.high:
        return full(type)
    ends = []
    for a, b in product((x.low, x.high), (y.low, y.high)):
        size = abs(a) // abs(b)
        ends.append(size if (a < 0) == (b < 0) else -size)
    return Interval(min(ends), max(ends))


def _remainder(x: Interval, y: Interval) -> Interval:
    """It has the sign of x; modulo zero it is x."""
    low, high = min(x.low, 0), max(x.high, 0)
    if y.low <= 0 <= y.high:
        return Interval(low, high)
    most = max(abs(y.low), abs(y.high)) - 1
    return Interval(max(low, -most), min(high, most))


def _shift(operation: ir.Binary, x: Interval, y: Interval) -> Interval:
    type = operation.result.type
    least, most = (y.low, min(y.high, type.width)) if y.low >= 0 else (0, type.width)
    if operation.kind is BinaryKind.SHL:
        if most >= type.width or y.low < 0:
            return full(type)
        return Interval(min(x.low << least, x.low << most), max(x.high << least, x.high << most))
    low = x.low >> (least if x.low < 0 else most)
    return Interval(low, x.high >> (most if x.high < 0 else least))


def _bitwise(kind: BinaryKind, x: Interval, y: Interval) -> Interval:
    if kind is BinaryKind.AND and max(x.low, y.low) >= 0:
        return Interval(0, min(one.high for one in (x, y) if one.low >= 0))
    bits = max(bits_of(x), bits_of(y))
    if min(x.low, y.low) >= 0:
        return Interval(0, (1 << bits) - 1)
    bits = max(signed_bits_of(x), signed_bits_of(y))
    return Interval(-(1 << bits - 1), (1 << bits - 1) - 1)


def _reduce(operation: ir.Reduce, x: Interval) -> Interval:
    operand = operation.operands[0].type
    count = operand.size if operation.axis is None else operand.shape[operation.axis]
    if count == 0:
        one = evaluate.identity(operation.kind, operand.element)
        return Interval(one, one)
    match operation.kind:
        case BinaryKind.ADD:
            return Interval(count * x.low, count * x.high)
        case BinaryKind.MIN | BinaryKind.MAX:
            return x
        case BinaryKind.AND | BinaryKind.OR | BinaryKind.XOR:
            return _bitwise(operation.kind, x, x)
        case _:
            return FLAG if x.within(FLAG) else full(operation.result.type)


def bits_of(x: Interval) -> int:
    """Return how many bits numbers need none of which is negative, at least 1."""
    return max(x.high.bit_length(), 1)


def signed_bits_of(x: Interval) -> int:
    """Return how many bits they need in two's complement."""
    return 1 + max((n if n >= 0 else -n - 1).bit_length() for n in (x.low, x.high))
