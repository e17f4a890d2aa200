"""Operations on arithmetic and boolean shares that need no messages.

A share is a word of the element's width, or an i1 for a bool, so that it is computed with like a
clear number. Both parties perform linear operations on their shares. Public values are added by
party 0 alone, as if they were its share and party 1's share were zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from math import prod
from typing import assert_never

from ezlang.diagnostics.diagnostic import CompilerBug

from ..circuits.catalogue import CircuitOperation
from ..ir import evaluate
from ..ir import tree as ir
from ..ir.parties import COMPUTING
from ..ir.tree import BinaryKind, UnaryKind
from ..kernels.build import Value
from ..kernels.products import declare_multiply
from . import scalar
from .emitter import Emitter
from .locality import by_kernel
from .representations import Representation


def compute(e: Emitter, operation: CircuitOperation, x: Sequence[Value]) -> Value:
    """Return this party's share of one element of a local operation."""
    element = operation.operands[0].type.element
    match operation:
        case ir.Unary():
            return _unary(e, operation, x[0])
        case ir.Binary():
            return _binary(e, operation, x[0], x[1])
        case ir.Select():
            _, yes, no = _own(e, operation, x)
            return e.kernel.select(x[0], yes, no)
        case ir.Cast():
            return scalar.cast(e.kernel, x[0], element, operation.result.type.element)
        case ir.Bit():
            return scalar.bit(x[0], operation.position)
        case _:
            assert_never(operation)


def _first(e: Emitter) -> bool:
    """Return whether this party adds public values."""
    return e.unit.view.party == COMPUTING.first


def _own(e: Emitter, operation: ir.Operation, x: Sequence[Value]) -> list[Value]:
    """Return the operands as shares: the first party's share of a known operand is its value."""
    return [
        one
        if _first(e) or e.representation(operand) is Representation.SHARES
        else e.kernel.constant(one.type, 0)
        for one, operand in zip(x, operation.operands, strict=True)
    ]


def _unary(e: Emitter, operation: ir.Unary, x: Value) -> Value:
    arithmetic = operation.result.type.sharing is ir.Sharing.ARITHMETIC
    match operation.kind:
        case UnaryKind.NEG if arithmetic:
            return -x
        case UnaryKind.BITNOT if arithmetic:
            # −x − 1, where the first party adds −1.
            return ~x if _first(e) else -x
        case UnaryKind.BITNOT | UnaryKind.NOT:
            return ~x if _first(e) else x
        case _:
            raise CompilerBug(f"{operation.kind.value} is not local on shares")


def _binary(e: Emitter, operation: ir.Binary, x: Value, y: Value) -> Value:
    kind, element = operation.kind, operation.operands[0].type.element
    own = _own(e, operation, (x, y))
    match kind:
        case BinaryKind.ADD | BinaryKind.SUB | BinaryKind.XOR:
            return scalar.binary(e.kernel, kind, element, *own)
        case BinaryKind.MUL | BinaryKind.AND | BinaryKind.SHL | BinaryKind.SHR:
            return scalar.binary(e.kernel, kind, element, x, y)
        case BinaryKind.NE:
            return own[0] ^ own[1]
        case BinaryKind.EQ:
            return ~(own[0] ^ own[1]) if _first(e) else own[0] ^ own[1]
        case BinaryKind.OR:
            share, known = (
                (x, y)
                if e.representation(operation.operands[0]) is Representation.SHARES
                else (y, x)
            )
            return (
                Value(e.kernel, e.kernel.builder.or_(x.ir, y.ir)) if _first(e) else share & ~known
            )
        case _:
            raise CompilerBug(f"{kind.value} is not local on shares")


# Whole arrays: public values, clear values, and shares of them


def relabel(e: Emitter, operand: ir.Value, result: ir.Value) -> None:
    """Make shares of a public value."""
    address, full = e.address(result), e.plan.aliases.count(result)
    if not _first(e):
        e.zero(address, result.type, Representation.SHARES, full)
    elif e.plan.aliases.of(operand).repeated:
        size = e.stride(result)
        e.copy(address, e.spilled(operand), size if full else 0)
        e.repeat(address, size, full)
    else:
        e.copy(address, e.spilled(operand), full * e.stride(result))


def reduce(e: Emitter, operation: ir.Reduce) -> None:
    """Combine elements, in the clear or by an operation that is local on shares."""
    (operand,), result, axis = operation.operands, operation.result, operation.axis
    shape = operand.type.shape
    outer, length, inner = (
        (1, operand.type.size, 1)
        if axis is None
        else (prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :]))
    )
    element = result.type.element
    start = evaluate.identity(operation.kind, element)
    neutral = scalar.constant(e.kernel, element, start)
    source, size = e.spilled(operand), e.stride(operand)

    def combined(total: Value, place: Value) -> Value:
        item = scalar.load(e.kernel, source.at(place * size), element)
        return scalar.binary(e.kernel, operation.kind, element, total, item)

    if e.representation(result) is Representation.REGISTER:
        e.registers[result.id] = _fold(e, neutral, length, combined)
        return
    target = e.address(result)
    with e.kernel.loop(0, e.i64(outer)) as row:
        if inner == 1:
            start_of_row = row * length
            total = _fold(e, neutral, length, lambda t, step: combined(t, start_of_row + step))
            scalar.store(e.kernel, total, target.at(row * size))
        else:
            with e.kernel.loop(0, e.i64(inner)) as column:
                scalar.store(e.kernel, neutral, target.at((row * inner + column) * size))
            with e.kernel.loop(0, e.i64(length)) as step, e.kernel.loop(0, e.i64(inner)) as column:
                place = target.at((row * inner + column) * size)
                before = scalar.load(e.kernel, place, element)
                after = combined(before, (row * length + step) * inner + column)
                scalar.store(e.kernel, after, place)


def _fold(
    e: Emitter, neutral: Value, length: int, combine: Callable[[Value, Value], Value]
) -> Value:
    """Combine a value with each number below `length` in order."""
    total = e.kernel.variable(neutral)
    with e.kernel.loop(0, e.i64(length)) as step:
        total.set(combine(total.get(), step))
    return total.get()


def matrix_product(e: Emitter, operation: ir.MatrixProduct) -> None:
    """Multiply matrices, in the clear or if one of them is public."""
    left, right = operation.operands
    result = operation.result
    *items, rows, common = left.type.shape
    columns = right.type.shape[-1]
    element, size = result.type.element, e.stride(result)
    if columns == 1:
        _dot_products(e, operation)
        return
    if by_kernel(operation):
        _multiplied(e, operation)
        return
    e.zero(e.address(result), result.type, e.representation(result), result.type.size)
    a, b, c = e.spilled(left), e.spilled(right), e.address(result)
    with ExitStack() as loops:
        item = loops.enter_context(e.kernel.loop(0, e.i64(prod(items))))
        i = loops.enter_context(e.kernel.loop(0, e.i64(rows)))
        k = loops.enter_context(e.kernel.loop(0, e.i64(common)))
        row = item * rows + i
        factor = scalar.load(e.kernel, a.at((row * common + k) * size), element)
        j = loops.enter_context(e.kernel.loop(0, e.i64(columns)))
        place = b.at(((item * common + k) * columns + j) * size)
        term = factor * scalar.load(e.kernel, place, element)
        place = c.at((row * columns + j) * size)
        scalar.store(e.kernel, scalar.load(e.kernel, place, element) + term, place)


def _multiplied(e: Emitter, operation: ir.MatrixProduct) -> None:
    """Multiply matrices by kernels/products.py."""
    left, right = operation.operands
    *items, rows, common = left.type.shape
    columns, size = right.type.shape[-1], e.stride(operation.result)
    multiply = declare_multiply(e.unit.module, operation.result.type.width)
    a, b, c = e.spilled(left), e.spilled(right), e.address(operation.result)
    sizes = (rows, common, columns, common, 1, columns, 1, columns)
    with e.kernel.loop(0, e.i64(prod(items))) as item:
        places = (
            one.at(item * (count * size))
            for one, count in ((a, rows * common), (b, common * columns), (c, rows * columns))
        )
        e.kernel.call(multiply, *places, *map(e.i64, sizes))


def _dot_products(e: Emitter, operation: ir.MatrixProduct) -> None:
    """Do the same for a product with one column."""
    left, right = operation.operands
    *items, rows, common = left.type.shape
    element, size = operation.result.type.element, e.stride(operation.result)
    a, b, c = e.spilled(left), e.spilled(right), e.address(operation.result)
    zero = scalar.constant(e.kernel, element, 0)
    with e.kernel.loop(0, e.i64(prod(items))) as item, e.kernel.loop(0, e.i64(rows)) as i:
        row, start = item * rows + i, item * common

        def add(total: Value, k: Value) -> Value:
            factor = scalar.load(e.kernel, a.at((row * common + k) * size), element)
            return total + factor * scalar.load(e.kernel, b.at((start + k) * size), element)

        scalar.store(e.kernel, _fold(e, zero, common, add), c.at(row * size))
