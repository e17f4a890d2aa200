"""Parts of arrays and whole arrays: reading, writing, stacking, repeating; clear and secret alike.

Elements are moved as bytes, so that labels and clear numbers are treated alike. An update writes
into the base's memory if the plan has assigned that to the result, otherwise into a copy of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from math import prod
from typing import assert_never

from ..ir import tree as ir
from ..kernels.abi import I64, POINTER
from ..kernels.build import I1, Value
from . import scalar
from .emitter import Emitter
from .representations import Representation


def constant(e: Emitter, operation: ir.Constant) -> None:
    """Write a constant: a register, a table in the module, or one element stored repeatedly."""
    result = operation.result
    element = result.type.element
    if e.representation(result) is Representation.REGISTER:
        e.registers[result.id] = scalar.constant(e.kernel, element, operation.data[0])
    elif len(operation.data) > 1:
        size = e.stride(result)
        mask = (1 << (8 * size)) - 1
        data = b"".join((number & mask).to_bytes(size, "little") for number in operation.data)
        e.registers[result.id] = e.embedded(data)
    elif result.type.size and operation.data[0] == 0:
        e.zero(e.address(result), result.type, Representation.CLEAR, result.type.size)
    elif result.type.size:
        address, size = e.address(result), e.stride(result)
        number = scalar.constant(e.kernel, element, operation.data[0])
        with e.kernel.loop(0, e.i64(result.type.size)) as index:
            scalar.store(e.kernel, number, address.at(index * size))


def broadcast(e: Emitter, operation: ir.Broadcast) -> None:
    """Write a value, and then copies of it after it."""
    (operand,), result = operation.operands, operation.result
    if result.type.size == 0:
        return
    address = e.address(result)
    size = operand.type.size * e.stride(result)
    e.copy(address, e.spilled(operand), size)
    e.repeat(address, size, result.type.size // operand.type.size)


def stack(e: Emitter, operation: ir.Stack) -> None:
    """Write the operands contiguously."""
    address = e.address(operation.result)
    for number, operand in enumerate(operation.operands):
        size = operand.type.size * e.stride(operation.result)
        e.copy(address.at(number * size), e.spilled(operand), size)


def _in_range(e: Emitter, index: ir.Value, size: int) -> Value:
    """Return whether a scalar is a valid index of a dimension."""
    number = scalar.index(e.register(index), index.type.element)
    return Value(e.kernel, e.kernel.builder.icmp_unsigned("<", number.ir, e.i64(size).ir))


def check(e: Emitter, operation: ir.Extract | ir.Insert | ir.ExtractSlice | ir.InsertSlice) -> None:
    """Fail if an index that all parties know must be in range and isn't; do nothing else."""
    match operation:
        case ir.Extract():
            _all_in_range(e, operation, operation.operands[1:], known_alone=True)
        case ir.Insert():
            _all_in_range(e, operation, operation.operands[2:], known_alone=True)
        case ir.ExtractSlice() | ir.InsertSlice():
            base, first = operation.operands[0], operation.operands[-1]
            part = (
                operation.result
                if isinstance(operation, ir.ExtractSlice)
                else operation.operands[1]
            )
            if first.type.label.is_public:
                _fits(e, operation, _start(e, first), base.type.shape[0], part.type.shape[0])
        case _:
            assert_never(operation)


def _all_in_range(
    e: Emitter,
    operation: ir.Extract | ir.Insert,
    indices: Sequence[ir.Value],
    *,
    known_alone: bool = False,
) -> Value:
    """Return whether all (or all public) indices are in range; first fail on checked ones."""
    shape = operation.operands[0].type.shape
    sizes = [n for n, one in zip(shape, operation.dimensions, strict=False) if one]
    holds = e.kernel.constant(I1, 1)
    for index, size in zip(indices, sizes, strict=True):
        if known_alone and not index.type.label.is_public:
            continue
        inside = _in_range(e, index, size)
        if operation.checked and index.type.label.is_public:
            with e.kernel.when(~inside, likely=False):
                _tell_index(e, index, size)
                e.fail(operation)
        else:
            holds = holds & inside
    return holds


def _each_block(
    e: Emitter,
    loops: ExitStack,
    shape: tuple[int, ...],
    dimensions: tuple[bool, ...],
    indices: Sequence[ir.Value],
) -> tuple[Value, Value, int]:
    """Open loops over the kept dimensions before the last index.

    Returns, for the code inside the loops, the starts of a block of consecutive elements in the
    base and in the part, in elements, and the block's length.
    """
    last = max((n for n, indexed in enumerate(dimensions) if indexed), default=-1)
    block = prod(shape[last + 1 :])
    whole, part = e.i64(0), e.i64(0)
    remaining = list(indices)
    for dimension in range(last + 1):
        if dimensions[dimension]:
            index = remaining.pop(0)
            number = scalar.index(e.register(index), index.type.element)
        else:
            number = loops.enter_context(e.kernel.loop(0, e.i64(shape[dimension])))
            inner = [n for n, one in zip(shape, dimensions, strict=False) if not one]
            kept = sum(not one for one in dimensions[: dimension + 1])
            tail = shape[len(dimensions) :]
            part = part + number * prod((*inner[kept:], *tail))
        whole = whole + number * prod(shape[dimension + 1 :])
    return whole, part, block


def extract(e: Emitter, operation: ir.Extract) -> None:
    """Copy a part out, or zeros if an index is out of range."""
    base, *indices = operation.operands
    result = operation.result
    inside = _all_in_range(e, operation, indices)
    stride = e.stride(base)
    if e.representation(result) is Representation.REGISTER:
        found = e.variable(result.type)
        with e.kernel.when(inside), ExitStack() as loops:
            whole, _, _ = _each_block(e, loops, base.type.shape, operation.dimensions, indices)
            element = e.address(base).at(whole * stride)
            found.set(scalar.load(e.kernel, element, result.type.element))
        e.define(result, found.get())
        return
    with e.kernel.builder.if_else(inside.ir) as (then, otherwise):
        with then, ExitStack() as loops:
            whole, part, block = _each_block(
                e, loops, base.type.shape, operation.dimensions, indices
            )
            source = e.address(base).at(whole * stride)
            e.copy(e.address(result).at(part * stride), source, block * stride)
        with otherwise:
            e.zero(e.address(result), result.type, e.representation(result), result.type.size)


def insert(e: Emitter, operation: ir.Insert) -> None:
    """Write a part, unless an index is out of range."""
    base, value, *indices = operation.operands
    result = operation.result
    inside = _all_in_range(e, operation, indices)
    e.copy_value(result, base)
    stride = e.stride(result)
    source = e.spilled(value)
    with e.kernel.when(inside), ExitStack() as loops:
        whole, part, block = _each_block(e, loops, base.type.shape, operation.dimensions, indices)
        target = e.address(result).at(whole * stride)
        e.copy(target, source.at(part * stride), block * stride)


def _tell_index(e: Emitter, index: ir.Value, size: int) -> None:
    """Write an index that is out of range where the process looks for it."""
    element = index.type.element
    told = e.kernel.load(e.kernel["host"].at(24), POINTER, 8)
    e.kernel.store(scalar.index(e.register(index), element), told, 8)
    e.kernel.store(e.i64(size), told.at(8), 8)
    e.kernel.store(e.i64(int(not element.signed)), told.at(16), 8)


def _start(e: Emitter, value: ir.Value) -> Value:
    """Return a slice's start as an i64 to which a length can be added: huge starts become negative.

    An unsigned start of 2^63 or more is past the end of any array: it becomes -2^63.
    """
    number = scalar.index(e.register(value), value.type.element)
    if value.type.signed or value.type.width < 64:
        return number
    return e.kernel.select(number < 0, e.kernel.constant(I64, -(1 << 63)), number)


def _fits(
    e: Emitter, operation: ir.ExtractSlice | ir.InsertSlice, start: Value, size: int, length: int
) -> Value:
    """Return whether a slice lies entirely in the array; fail if it must and does not."""
    last = e.i64(size - length)
    fits = ~(start < 0) & (start <= last)
    if operation.checked and operation.operands[-1].type.label.is_public:
        e.fail_if(~fits, operation)
    return fits


def _each_inside(
    e: Emitter, loops: ExitStack, start: Value, size: int, length: int
) -> tuple[Value, Value]:
    """Open a loop over the items of a slice that are in range; return both positions."""
    number = loops.enter_context(e.kernel.loop(0, e.i64(length)))
    position = start + number
    compare = e.kernel.builder.icmp_unsigned
    inside = Value(e.kernel, compare("<", position.ir, e.i64(size).ir))
    loops.enter_context(e.kernel.when(inside))
    return position, number


def extract_slice(e: Emitter, operation: ir.ExtractSlice) -> None:
    """Copy items out; those out of range are zeros."""
    base, first = operation.operands
    result = operation.result
    size, length = base.type.shape[0], result.type.shape[0]
    item = prod(base.type.shape[1:]) * e.stride(base)
    start = _start(e, first)
    fits = _fits(e, operation, start, size, length)
    source, target = e.address(base), e.address(result)
    with e.kernel.builder.if_else(fits.ir) as (then, otherwise):
        with then:
            e.copy(target, source.at(start * item), length * item)
        with otherwise:
            e.zero(target, result.type, e.representation(result), result.type.size)
            with ExitStack() as loops:
                position, number = _each_inside(e, loops, start, size, length)
                e.copy(target.at(number * item), source.at(position * item), item)


def insert_slice(e: Emitter, operation: ir.InsertSlice) -> None:
    """Write items; those out of range are dropped."""
    base, value, first = operation.operands
    result = operation.result
    size, length = base.type.shape[0], value.type.shape[0]
    item = prod(base.type.shape[1:]) * e.stride(result)
    start = _start(e, first)
    fits = _fits(e, operation, start, size, length)
    e.copy_value(result, base)
    source, target = e.address(value), e.address(result)
    with e.kernel.builder.if_else(fits.ir) as (then, otherwise):
        with then:
            e.copy(target.at(start * item), source, length * item)
        with otherwise, ExitStack() as loops:
            position, number = _each_inside(e, loops, start, size, length)
            e.copy(target.at(position * item), source.at(number * item), item)
