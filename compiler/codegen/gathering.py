"""Items of arrays at public indices that are computed at run time, and checks of such indices.

Items are moved as bytes, so that labels, shares and clear numbers are treated alike. Reading at an
index out of range gives zeros, and writing there does nothing.
"""

from __future__ import annotations

from math import prod

from ezlang.types.types import INT64, ScalarType

from ..ir import tree as ir
from ..kernels.abi import I8
from ..kernels.build import Value
from . import scalar
from .emitter import Emitter


def _index(e: Emitter, indices: ir.Value, address: Value, number: Value) -> Value:
    """Read an index as an i64 that, read as unsigned, is in range exactly if the index is."""
    element = indices.type.element
    found = scalar.load(e.kernel, address.at(number * e.stride(indices)), element)
    return scalar.index(found, element)


def _below(e: Emitter, number: Value, size: int) -> Value:
    return Value(e.kernel, e.kernel.builder.icmp_unsigned("<", number.ir, e.i64(size).ir))


def gather(e: Emitter, operation: ir.Gather) -> None:
    """Copy items out of the base."""
    base, indices = operation.operands
    result = operation.result
    if not result.type.size:
        return
    representation = e.representation(result)
    items = prod(base.type.shape[1:])
    item = items * e.stride(result)
    source, target, numbers = e.spilled(base), e.address(result), e.address(indices)
    with e.kernel.loop(0, e.i64(indices.type.size)) as number:
        index = _index(e, indices, numbers, number)
        there = target.at(number * item)
        with e.kernel.builder.if_else(_below(e, index, base.type.shape[0]).ir) as sides:
            inside, outside = sides
            with inside:
                e.copy(there, source.at(index * item), item)
            with outside:
                e.zero(there, result.type, representation, items)


def scatter(e: Emitter, operation: ir.Scatter) -> None:
    """Copy items into the base, or into a copy of it."""
    base, value, indices = operation.operands
    result = operation.result
    e.copy_value(result, base)
    if not value.type.size:
        return
    item = prod(base.type.shape[1:]) * e.stride(result)
    source, target, numbers = e.address(value), e.address(result), e.address(indices)
    with e.kernel.loop(0, e.i64(indices.type.size)) as number:
        index = _index(e, indices, numbers, number)
        with e.kernel.when(_below(e, index, base.type.shape[0])):
            e.copy(target.at(index * item), source.at(number * item), item)


def positions(e: Emitter, operation: ir.Positions) -> None:
    """Store the positions of true elements, followed by -1."""
    (condition,), result = operation.operands, operation.result
    if not result.type.size:
        return
    element, stride = result.type.element, e.stride(result)
    target, flags = e.address(result), e.address(condition)
    most = e.i64(result.type.size)
    count = e.kernel.variable(e.i64(0))
    with e.kernel.loop(0, e.i64(condition.type.size)) as number:
        chosen = scalar.load(e.kernel, flags.at(number), condition.type.element)
        with e.kernel.when(chosen & (count.get() < most)):
            _store(e, number, target.at(count.get() * stride), element)
            count.set(count.get() + 1)
    with e.kernel.loop(count.get(), most) as number:
        _store(e, e.i64(-1), target.at(number * stride), element)


def _store(e: Emitter, number: Value, address: Value, element: ScalarType) -> None:
    scalar.store(e.kernel, number.to(scalar.register_type(element)), address)


def separate(e: Emitter, operation: ir.Separate) -> None:
    """Mark the indices that are written, one byte each, in order; return whether one repeats."""
    size, marks = operation.size, e.scratch
    if size:
        e.kernel.clear(marks, e.i64(size))
    holds = e.variable(operation.result.type)
    holds.set(scalar.constant(e.kernel, operation.result.type.element, 1))
    false = scalar.constant(e.kernel, operation.result.type.element, 0)
    rows = [e.address(indices) for indices in operation.operands]
    written = range(operation.early, operation.early + operation.written)
    with e.kernel.loop(0, e.i64(operation.operands[0].type.size)) as number:
        for n, numbers in enumerate(rows):
            index = scalar.load(e.kernel, numbers.at(number * 8), INT64)
            inside = _below(e, index, size)
            with e.kernel.when(~inside & ~(index < 0)):
                holds.set(false)
            with e.kernel.when(inside):
                mark = marks.at(index)
                with e.kernel.when(e.kernel.load(mark, I8).differs(0)):
                    holds.set(false)
                if n in written:
                    e.kernel.store(e.kernel.constant(I8, 1), mark)
    e.define(operation.result, holds.get())
