"""The circuit of each kind of operation on one element, and on two.

Functions take and return wires, least significant first. `signed` is whether the type of the first
operand has a sign. The functions of the families state the costs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ..ir.kinds import BinaryKind, UnaryKind
from .adders import absolute, add, add_column, negate, subtract
from .builder import FALSE, Builder, Wire
from .comparison import equal, less_than, maximum, minimum
from .division import divide, remainder
from .multiplication import multiply
from .shifts import shift_left, shift_right

Wires = Sequence[Wire]
OnOne = Callable[[Builder, Wires, bool], Wires]
OnTwo = Callable[[Builder, Wires, Wires, bool], Wires]


def _complement(b: Builder, x: Wires, signed: bool) -> Wires:
    return [wire ^ 1 for wire in x]


def _count_ones(b: Builder, x: Wires, signed: bool) -> Wires:
    """The sum of all bits: w - 1 ANDs, the fewest possible [BP08], in log2 w layers.

    This circuit is also used by shallow builders.
    """
    ones: list[Wire] = []
    column = list(x)
    while column:
        bit, column = add_column(b, column)
        ones.append(bit)
    return [*ones, *[FALSE] * (len(x) - len(ones))]


UNARY: Final[Mapping[UnaryKind, OnOne]] = {
    UnaryKind.NEG: lambda b, x, signed: negate(b, x),
    UnaryKind.ABS: lambda b, x, signed: absolute(b, x) if signed else x,
    UnaryKind.BITNOT: _complement,
    UnaryKind.NOT: _complement,
    UnaryKind.COUNT_ONES: _count_ones,
}


def _bit_by_bit(gate: Callable[[Builder, Wire, Wire], Wire]) -> OnTwo:
    return lambda b, x, y, signed: [gate(b, p, q) for p, q in zip(x, y, strict=True)]


BINARY: Final[Mapping[BinaryKind, OnTwo]] = {
    BinaryKind.ADD: lambda b, x, y, signed: add(b, x, y),
    BinaryKind.SUB: lambda b, x, y, signed: subtract(b, x, y),
    BinaryKind.MUL: lambda b, x, y, signed: multiply(b, x, y),
    BinaryKind.DIV: lambda b, x, y, signed: divide(b, x, y, signed=signed),
    BinaryKind.MOD: lambda b, x, y, signed: remainder(b, x, y, signed=signed),
    BinaryKind.SHL: lambda b, x, y, signed: shift_left(b, x, y),
    BinaryKind.SHR: lambda b, x, y, signed: shift_right(b, x, y, signed=signed),
    BinaryKind.AND: _bit_by_bit(Builder.conjunction),
    BinaryKind.OR: _bit_by_bit(Builder.disjunction),
    BinaryKind.XOR: _bit_by_bit(Builder.xor),
    BinaryKind.EQ: lambda b, x, y, signed: [equal(b, x, y)],
    BinaryKind.NE: lambda b, x, y, signed: [equal(b, x, y) ^ 1],
    BinaryKind.LT: lambda b, x, y, signed: [less_than(b, x, y, signed=signed)],
    BinaryKind.LE: lambda b, x, y, signed: [less_than(b, y, x, signed=signed) ^ 1],
    BinaryKind.GT: lambda b, x, y, signed: [less_than(b, y, x, signed=signed)],
    BinaryKind.GE: lambda b, x, y, signed: [less_than(b, x, y, signed=signed) ^ 1],
    BinaryKind.MIN: lambda b, x, y, signed: minimum(b, x, y, signed=signed),
    BinaryKind.MAX: lambda b, x, y, signed: maximum(b, x, y, signed=signed),
}
