"""What operations cost in each sharing, and what conversions do: closed formulas.

These compare sharings; what a run takes to the byte is another model's business. What they leave
out: that batches of OTs round up, and that messages of operations side by side share headers. They
are for preprocessing made from OTs in the run, without a dealer. Sources of the formulas are
the protocols' own files; ANDs and depths are those of the circuits.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil, log2
from typing import assert_never

from ezlang.types.types import IntType

from ...circuits import catalogue
from ...circuits.netlist import Netlist
from ...ir import tree as ir
from ...ir.sharings import COMPARISONS, A, B, Y, is_bool
from ...ir.tree import BinaryKind, Sharing, UnaryKind
from ...protocols.lengths import matrix_ots
from ...protocols.sizes import DIGIT_BITS
from .usage import NOTHING, Usage

_ORDERS = COMPARISONS - {BinaryKind.EQ, BinaryKind.NE}
_LABEL = 16
_EVALUATOR = 1


def operation_usage(operation: ir.Operation, column: Sharing) -> Usage:
    """Return what an operation without regions takes in a column of the table of sharings.py.

    Operands that aren't secret count as known: by a label of their own, as one party's.
    """
    if not operation.results:
        return NOTHING
    moved = _bytes(operation.results[0].type) * (8 * _LABEL if column is Y else 1)
    return _usage(operation, column) + Usage(moved=moved)


def _usage(operation: ir.Operation, column: Sharing) -> Usage:
    match operation:
        case ir.Relabel():
            return share_usage(operation, column)
        case ir.Reveal():
            return _reveal(operation, column)
        case ir.Reduce():
            return _reduce(operation, column)
        case ir.MatrixProduct():
            return _matrix(operation, column)
        case ir.Unary() | ir.Binary() | ir.Select() | ir.Cast() | ir.Bit():
            if column is A:
                return _arithmetic(operation)
            return _circuit(circuit_of(operation, shallow=column is B), column).times(
                operation.result.type.size
            )
        case _:
            return NOTHING


def convert_usage(type: ir.TensorType, old: Sharing, new: Sharing) -> Usage:
    """Return what a conversion takes. From Yao to arithmetic goes by way of boolean."""
    w, n = type.width, type.size
    match (old, new):
        case (Sharing.YAO, Sharing.BOOLEAN):
            return Usage(rounds=1, moved=n * w)
        case (Sharing.YAO, Sharing.ARITHMETIC):
            return convert_usage(type, Y, B) + convert_usage(type, B, A)
        case (Sharing.BOOLEAN, Sharing.YAO):
            return Usage(rounds=1, ots=n * w, sent=n * w / 8, moved=n * w * _LABEL)
        case (Sharing.ARITHMETIC, Sharing.YAO):
            return convert_usage(type, B, Y) + Usage(gates=n * (w - 1))
        case (Sharing.ARITHMETIC, Sharing.BOOLEAN):
            return _circuit(_adder(w), B).times(n)
        case (Sharing.BOOLEAN, Sharing.ARITHMETIC):
            return Usage(rounds=2, ots=n * w, sent=n * (w * (w + 1) / 2 + w) / 16)
        case _:
            return NOTHING


def share_usage(operation: ir.Relabel, sharing: Sharing) -> Usage:
    """Return what sharing a known value directly takes: nothing where all know it."""
    source = operation.operands[0].type
    if source.label.is_public:
        return NOTHING
    bits = source.size * source.width
    if sharing is not Y:
        return Usage(rounds=1, sent=bits / 8)
    if source.label.owner == _EVALUATOR:
        return Usage(rounds=1, sent=bits / 8, ots=bits)
    return NOTHING


def circuit_of(operation: catalogue.CircuitOperation, *, shallow: bool) -> tuple[float, float]:
    """Return the ANDs of an element of an operation, and their depth."""
    operands: list[catalogue.Operand] = []
    for value in operation.operands:
        same = operands and value == operation.operands[0] and isinstance(operation, ir.Binary)
        known = not value.type.label.is_secret
        operands.append(catalogue.PUBLIC if known else catalogue.SAME if same else catalogue.SECRET)
    if isinstance(operation, ir.Binary):
        width = operation.operands[0].type.width
        if operation.kind in (BinaryKind.DIV, BinaryKind.MOD):
            if shallow:
                return 2.5 * width**2, width * log2(width)
            return 0.65 * width**2, width**2 / 2
        if operation.kind in (BinaryKind.SHL, BinaryKind.SHR) and operands[1] is catalogue.PUBLIC:
            return 0, 0
    made = catalogue.circuit(operation, operands, shallow=shallow)
    return made.ands, made.depth


def _adder(width: int) -> tuple[float, float]:
    element = IntType(width, signed=False)
    return _size(catalogue.binary(BinaryKind.ADD, element, *_SECRETS, shallow=True))


_SECRETS = (catalogue.SECRET, catalogue.SECRET)


def _size(netlist: Netlist) -> tuple[float, float]:
    return netlist.ands, netlist.depth


def _circuit(circuit: tuple[float, float], column: Sharing) -> Usage:
    ands, depth = circuit
    if column is Y:
        return Usage(gates=ands)
    return Usage(rounds=depth, triples=ands, sent=ands / 4)


def _bytes(type: ir.TensorType) -> float:
    return type.size * max(type.width, 8) / 8


# Openings


def _reveal(operation: ir.Reveal, column: Sharing) -> Usage:
    type = operation.result.type
    bits = type.size * type.width
    both = type.label.is_public
    return Usage(rounds=2 if column is Y and both else 1, sent=bits / 8)


# What works on whole arrays


def _reduce(operation: ir.Reduce, column: Sharing) -> Usage:
    (x,) = operation.operands
    size = x.type.size if operation.axis is None else x.type.shape[operation.axis]
    if size < 2:
        return NOTHING
    if column is A or (column is B and operation.kind is BinaryKind.XOR):
        return NOTHING
    step = _step(operation.kind, x.type, column)
    usage = step.times(operation.result.type.size * (size - 1))
    return usage + Usage(rounds=step.rounds * (ceil(log2(size)) - 1))


def _step(kind: BinaryKind, type: ir.TensorType, column: Sharing) -> Usage:
    netlist = catalogue.binary(kind, type.element, *_SECRETS, shallow=column is B)
    return _circuit(_size(netlist), column)


def _matrix(operation: ir.MatrixProduct, column: Sharing) -> Usage:
    x, y = (value.type for value in operation.operands)
    (m, k), n, w = x.shape, y.shape[1], x.width
    secrets = [v.type for v in operation.operands if v.type.label.is_secret]
    if column is not A:
        element = x.element
        known = catalogue.PUBLIC if len(secrets) < 2 else catalogue.SECRET
        product = catalogue.binary(
            BinaryKind.MUL, element, catalogue.SECRET, known, shallow=column is B
        )
        step = _step(BinaryKind.ADD, x, column)
        sums = step.times(m * n * (k - 1))
        levels = ceil(log2(k)) if k > 1 else 0
        waits = Usage(rounds=step.rounds * (levels - 1))
        return _circuit(_size(product), column).times(m * k * n) + sums + waits
    if any(type.label.is_public for type in (x, y)):
        return NOTHING
    ways = 2 if len(secrets) == 2 else 1
    ots = matrix_ots(w, m, k, n)
    sent = ots / 8 + m * k * n * w * (w + 1) / 16
    made = Usage(ots=ways * ots, moved=8 * ways * sent)
    return Usage(rounds=2, sent=sent) + made


# Element-wise, on arithmetic shares


def _arithmetic(operation: catalogue.CircuitOperation) -> Usage:
    n = operation.result.type.size
    match operation:
        case ir.Unary():
            w = operation.result.type.width
            if operation.kind is not UnaryKind.ABS:
                return NOTHING
            return (_compared(w - 1) + _selected(w)).times(n)
        case ir.Binary():
            return _binary(operation).times(n)
        case ir.Select():
            w = operation.result.type.width
            return _selected(w).times(n) if operation.operands[0].type.label.is_secret else NOTHING
        case ir.Cast():
            return _cast(operation.operands[0].type, operation.result.type).times(n)
        case ir.Bit():
            return _compared(operation.position).times(n) if operation.position else NOTHING
        case _:
            assert_never(operation)


def _binary(operation: ir.Binary) -> Usage:
    x, y = (value.type for value in operation.operands)
    w, kind = x.width, operation.kind
    public = x.label.is_public or y.label.is_public
    match kind:
        case BinaryKind.ADD | BinaryKind.SUB:
            return NOTHING
        case BinaryKind.MUL:
            if public:
                return NOTHING
            same = operation.operands[0] == operation.operands[1]
            both = x.label.is_secret and y.label.is_secret and not same
            return _product(w, ways=2 if both else 1)
        case BinaryKind.SHL:
            return NOTHING
        case BinaryKind.SHR:
            return _compared(w) + Usage(rounds=3, ots=2, sent=(1 + w) / 8, triples=1)
        case BinaryKind.MIN | BinaryKind.MAX:
            return _ordered(w) + _selected(w)
        case BinaryKind.EQ | BinaryKind.NE:
            return _same(w)
        case _ if kind in _ORDERS:
            return _ordered(w)
        case _:  # quotients are computed on bits
            into = _circuit(_adder(w), B).times(1 if public else 2)
            back = convert_usage(replace(x, shape=()), B, A)
            return into + _circuit(circuit_of(operation, shallow=True), B) + back


def _cast(old: ir.TensorType, new: ir.TensorType) -> Usage:
    if is_bool(old):
        return _counted(new.width)
    if is_bool(new):
        return _same(old.width)
    if new.width <= old.width:
        return NOTHING
    return _compared(old.width) + _counted(new.width)


def _product(width: int, *, ways: int) -> Usage:
    """A product of shares, or one way with a number that a party knows [Gil99]."""
    sent = width * (width + 1) / 16 + width / 8
    return Usage(rounds=2, sent=sent, products=(width / 64) ** 2 * ways / 2)


def _selected(width: int) -> Usage:
    """A choice by a shared bit: an additive OT each way."""
    return Usage(rounds=2, ots=2, sent=(1 + width) / 8)


def _counted(width: int) -> Usage:
    """A bit as a number: an additive OT in one of the directions."""
    return Usage(rounds=2, ots=1, sent=(1 + width) / 16)


def _compared(bits: int) -> Usage:
    """Which of two numbers that a party each knows is less [RRK+20]."""
    digits = max(ceil(bits / DIGIT_BITS), 1)
    leaves = Usage(rounds=2, ots=DIGIT_BITS * digits, sent=20 * digits / 16)
    levels = ceil(log2(digits)) if digits > 1 else 0
    return leaves + Usage(rounds=levels, triples=2 * (digits - 1), sent=3 * (digits - 1) / 8)


def _same(bits: int) -> Usage:
    digits = max(ceil(bits / DIGIT_BITS), 1)
    leaves = Usage(rounds=2, ots=DIGIT_BITS * digits, sent=20 * digits / 16)
    levels = ceil(log2(digits)) if digits > 1 else 0
    return leaves + Usage(rounds=levels, triples=digits - 1, sent=(digits - 1) / 4)


def _ordered(width: int) -> Usage:
    return _compared(width - 1).times(3) + Usage(rounds=1, triples=1, sent=1 / 4)
