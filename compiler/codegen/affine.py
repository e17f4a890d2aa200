"""Reads and writes at positions that are affine in the indices, and sequences of numbers.

The code loops over the indices of the part, with one step for each dimension on either side. The
last dimensions, if both sides have the same layout in them, are copied as blocks. The innermost
loop is a function of the module, one for each block size, since LLVM spends most of its time on
loops.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from math import prod
from typing import Final

from ezlang.records import dataclass

from ..ir import tree as ir
from ..kernels.abi import I64, POINTER
from ..kernels.build import VOID, Kernel, Value
from . import scalar
from .emitter import Emitter
from .representations import Representation


@dataclass(frozen=True, slots=True)
class _Walk:
    """The layout of the elements of a part in its base, in elements.

    They start at `start`; each step along dimension k of the part advances by `steps[k]`.
    """

    start: int
    steps: tuple[int, ...]

    def blocks(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Return the number of dimensions that are looped over, and the elements of a block."""
        outer = len(shape)
        while outer and self.steps[outer - 1] == prod(shape[outer:]):
            outer -= 1
        return outer, prod(shape[outer:])


def _walk(index_map: tuple[tuple[int, ...], ...], base: tuple[int, ...], rank: int) -> _Walk:
    strides = [prod(base[d + 1 :]) for d in range(len(base))]
    totals = [
        sum(row[k] * stride for row, stride in zip(index_map, strides, strict=True))
        for k in range(rank + 1)
    ]
    return _Walk(totals[0], tuple(totals[1:]))


def _offset(
    e: Emitter, moved: tuple[bool, ...], base: tuple[int, ...], offsets: Sequence[ir.Value]
) -> Value:
    """Return the distance by which the offsets move the start, in elements of the base."""
    total = e.i64(0)
    dimensions = [d for d, one in enumerate(moved) if one]
    for d, offset in zip(dimensions, offsets, strict=True):
        number = scalar.index(e.register(offset), offset.type.element)
        total = total + number * prod(base[d + 1 :])
    return total


def _copy(
    e: Emitter,
    operation: ir.AffineRead | ir.AffineWrite,
    offsets: Sequence[ir.Value],
    base: Value,
    part: Value,
    shape: tuple[int, ...],
) -> None:
    """Copy the elements of a part, of `shape`, from their positions in the base, or to them."""
    whole = operation.operands[0].type.shape
    walk = _walk(operation.index_map, whole, len(shape))
    outer, block = walk.blocks(shape)
    stride = e.stride(operation.operands[0])
    there = _offset(e, operation.moved, whole, offsets) + walk.start
    here = e.i64(0)
    writes = isinstance(operation, ir.AffineWrite)
    with ExitStack() as loops:
        for k in range(outer - 1):
            index = loops.enter_context(e.kernel.loop(0, e.i64(shape[k])))
            there = there + index * walk.steps[k]
            here = here + index * prod(shape[k + 1 :])
        near, far = part.at(here * stride), base.at(there * stride)
        target, source = (far, near) if writes else (near, far)
        if not outer:
            e.copy(target, source, block * stride)
            return
        near_step, far_step = block * stride, walk.steps[outer - 1] * stride
        target_step, source_step = (far_step, near_step) if writes else (near_step, far_step)
        steps = (e.i64(target_step), e.i64(source_step), e.i64(shape[outer - 1]))
        e.kernel.call(_copier(e, block * stride), target, source, *steps)


_COPIER: Final = (
    *(("target", POINTER), ("source", POINTER)),
    *(("target_step", I64), ("source_step", I64), ("count", I64)),
)


def _copier(e: Emitter, size: int) -> Kernel:
    """Return a function that copies `count` blocks of `size` bytes, a fixed step apart."""
    found = e.unit.copiers.get(size)
    if found is None:
        k = Kernel(
            e.unit.module, f"copy.{size}", _COPIER, result=VOID, internal=True, inline="noinline"
        )
        with k.loop(0, k["count"]) as number:
            target = k["target"].at(number * k["target_step"])
            k.copy(target, k["source"].at(number * k["source_step"]), k.i64(size))
        k.finish()
        found = e.unit.copiers[size] = k
    return found


def read(e: Emitter, operation: ir.AffineRead) -> None:
    """Copy elements out of the base."""
    base, *offsets = operation.operands
    result = operation.result
    if e.representation(result) is Representation.REGISTER:
        room = e.kernel.bytes_slot(8, 8)
        _copy(e, operation, offsets, e.address(base), room, ())
        e.define(result, scalar.load(e.kernel, room, result.type.element))
    elif result.type.size:
        _copy(e, operation, offsets, e.address(base), e.address(result), result.type.shape)


def write(e: Emitter, operation: ir.AffineWrite) -> None:
    """Copy elements into the base, or into a copy of it."""
    base, value, *offsets = operation.operands
    result = operation.result
    e.copy_value(result, base)
    if value.type.size:
        _copy(e, operation, offsets, e.address(result), e.spilled(value), value.type.shape)


def iota(e: Emitter, operation: ir.Iota) -> None:
    """Store start, start + step, …, wrapping at the element's width."""
    result = operation.result
    type = scalar.register_type(result.type.element)
    address, size = e.address(result), e.stride(result)
    with e.kernel.loop(0, e.i64(result.type.size)) as index:
        number = index * operation.step + operation.start
        scalar.store(e.kernel, number.to(type), address.at(index * size))
