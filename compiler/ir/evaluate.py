"""Evaluation of operations on cleartext values, as NumPy arrays.

Constant folding and the simulated executor use this module. Arrays have the dtype of the element
type, so that arithmetic wraps as the language requires. Evaluation is total; `fails` returns
whether a checked operation fails instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any, assert_never

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.typed.failures import Failure
from ezlang.types.types import ScalarType

from . import tree as ir
from .dtypes import dtype as dtype
from .kinds import Array as Array
from .kinds import unsigned
from .tree import BinaryKind
from .windows import convolved


def array(type: ir.TensorType, data: Sequence[int]) -> Array:
    """Return integers in range, one repeated or one per element, as an array of `type`."""
    flat = np.array(data, dtype=dtype(type.element))
    if len(data) == type.size:
        return flat.reshape(type.shape)
    return np.full(type.shape, flat[0])


def evaluate(operation: ir.AnyComputation, operands: Sequence[Array]) -> Array:
    """Evaluate an operation. Checks are ignored."""
    with np.errstate(all="ignore"):
        return evaluator(operation)(operands)


def evaluator(operation: ir.AnyComputation) -> Callable[..., Array]:
    """Return the function of operands that an operation is, for repeated evaluation.

    That of a write takes `in_place` (see `moved`). NumPy must not warn of overflows. Operands and
    results without dimensions may be NumPy's scalars, which it computes with much faster. No result
    has memory in common with an operand, except for those of Broadcast and Reshape.
    """
    match operation:
        case ir.Binary():
            compute = operation.kind.traits.compute
            return lambda operands: compute(operands[0], operands[1])
        case ir.Extract():
            return partial(_extracted, operation.result.type.shape, operation.dimensions)
        case ir.Insert():
            return partial(_inserted, operation.dimensions)
        case ir.Move() | ir.Oblivious():
            return partial(moved, operation)
        case _:
            return partial(_evaluated, operation)


def _evaluated(operation: ir.AnyComputation, operands: Sequence[Array]) -> Array:
    result = operation.result.type
    match operation:
        case ir.Constant():
            return array(result, operation.data)
        case ir.Iota():
            steps = np.arange(result.size, dtype=dtype(result.element))
            return np.asarray(
                _wrapped(operation.start, result) + _wrapped(operation.step, result) * steps
            )
        case ir.Unary():
            return np.asarray(operation.kind.traits.compute(operands[0]))
        case ir.Select():
            return np.where(*operands)
        case ir.Cast():
            if result.is_logical:
                return np.asarray(operands[0] != 0)
            return operands[0].astype(dtype(result.element))
        case ir.Bit():
            x = operands[0]
            return np.asarray((x >> x.dtype.type(operation.position)) & x.dtype.type(1) != 0)
        case ir.RectifiedShift():
            x = operands[0]
            return np.asarray(np.maximum(x, 0) >> x.dtype.type(operation.shift))
        case ir.SignAndFit():
            x, most = operands[0], 1 << operation.size
            return np.stack((x < 0, (x >= -most) & (x < most)))
        case ir.Reduce():
            return reduce(operation.kind, operands[0], operation.axis, result.element)
        case ir.MatrixProduct():
            return np.asarray(operands[0] @ operands[1])
        case ir.Convolution():
            return convolved(operands[0], operands[1], operation.window)
        case ir.Lookup():
            return _gathered(operands[0], operands[1], result.shape)
        case ir.Positions():
            return _positions(operands[0], result)
        case ir.Separate():
            return np.asarray(_separate(operation, operands))
        case _:
            raise CompilerBug(f"{type(operation).__name__} has an evaluator of its own")


def _wrapped(number: int, type: ir.TensorType) -> Array:
    return np.array(type.element.wrap(number), dtype=dtype(type.element))


def moved(
    operation: ir.AnyMove | ir.AnyOblivious, operands: Sequence[Array], *, in_place: bool = False
) -> Array:
    """Evaluate a data movement operation on elements of any dtype.

    `in_place`: a write changes its base, an array of its own, instead of a copy.
    """
    shape = operation.result.type.shape
    if isinstance(operation, ir.Insert):
        return _inserted(operation.dimensions, operands, in_place=in_place)
    if operation.traits.overwrites and not in_place:
        base: Array = operands[0].copy()
        operands = [base, *operands[1:]]
    match operation:
        case ir.Broadcast():
            return np.broadcast_to(operands[0], shape)
        case ir.Reshape():
            return operands[0].reshape(shape)
        case ir.Stack():
            return np.stack(operands)
        case ir.Extract():
            return _extracted(shape, operation.dimensions, operands)
        case ir.ObliviousRead():
            place = _place(operands[0].shape, (True,), operands[1:2])
            return _zeros(shape, operands[0]) if place is None else np.array(operands[0][place])
        case ir.ObliviousWrite():
            place = _place(operands[0].shape, (True,), operands[1:2])
            written = len(operands) == 3 or bool(operands[3])
            return _put(operands[0], place if written else None, operands[2])
        case ir.AffineRead():
            base = np.ascontiguousarray(operands[0])
            return _mapped(operation, base, shape, operands[1:]).copy()
        case ir.AffineWrite():
            _mapped(operation, operands[0], operands[1].shape, operands[2:])[...] = operands[1]
            return operands[0]
        case ir.Gather():
            return _gathered(operands[0], operands[1], shape)
        case ir.Scatter():
            inside = _inside(operands[2], shape[0])
            operands[0][operands[2][inside].astype(np.int64)] = operands[1][inside]
            return operands[0]
        case ir.ExtractSlice():
            result = _zeros(shape, operands[0])
            source, target = _overlap(operands[0].shape[0], shape[0], int(operands[1]))
            result[target] = operands[0][source]
            return result
        case ir.InsertSlice():
            target, source = _overlap(shape[0], operands[1].shape[0], int(operands[2]))
            return _put(operands[0], target, operands[1][source])
        case _:
            assert_never(operation)


def _extracted(
    shape: tuple[int, ...], dimensions: tuple[bool, ...], operands: Sequence[Array]
) -> Array:
    place = _place(operands[0].shape, dimensions, operands[1:])
    if place is None:
        return _zeros(shape, operands[0])
    found = operands[0][place]
    return found.copy() if shape else found


def _inserted(
    dimensions: tuple[bool, ...], operands: Sequence[Array], *, in_place: bool = False
) -> Array:
    base = operands[0] if in_place else operands[0].copy()
    return _put(base, _place(base.shape, dimensions, operands[2:]), operands[1])


def _gathered(base: Array, indices: Array, shape: tuple[int, ...]) -> Array:
    inside = _inside(indices, base.shape[0])
    gathered = _zeros(shape, base)
    gathered[inside] = base[indices[inside].astype(np.int64)]
    return gathered


def _inside(indices: Array, size: int) -> Array:
    return np.asarray((indices >= 0) & (indices < size))


def _positions(condition: Array, type: ir.TensorType) -> Array:
    found = np.flatnonzero(condition)[: type.size]
    result: Array = np.full(type.shape, -1, dtype=dtype(type.element))
    result[: len(found)] = found
    return result


def _separate(operation: ir.Separate, indices: Sequence[Array]) -> bool:
    if any(np.any(row >= operation.size) for row in indices):
        return False
    early, first_read = operation.early, operation.early + operation.written
    turns = np.arange(len(indices[0]))
    writer = np.full(operation.size, len(turns))
    written = 0
    for row in indices[early:first_read]:
        writer[row[row >= 0]] = turns[row >= 0]
        written += int(np.count_nonzero(row >= 0))
    if np.count_nonzero(writer < len(turns)) != written:
        return False
    for number, row in enumerate(indices):
        if early <= number < first_read:
            continue
        by, turn = writer[row[row >= 0]], turns[row >= 0]
        if np.any(by < turn if number < early else by <= turn):
            return False
    return True


def fails(operation: ir.Operation, operands: Sequence[Array | None]) -> bool:
    """Return whether an operation is checked, and one of its operands makes it fail.

    Operands that aren't public are passed as None; they never make an operation fail.
    """
    if not isinstance(operation, ir.Checkable) or not operation.checked:
        return False
    match operation:
        case ir.Binary():
            right, width = operands[1], operation.result.type.width
            return right is not None and _is_to_blame(operation.kind, right, width)
        case ir.Extract() | ir.Insert():
            return outside(operation, operands) is not None
        case ir.ExtractSlice() | ir.InsertSlice():
            writes = isinstance(operation, ir.InsertSlice)
            part = operation.operands[1] if writes else operation.result
            start = operands[operation.element_count]
            size = operation.operands[0].type.shape[0]
            return start is not None and not 0 <= int(start) <= size - part.type.shape[0]
        case _:
            assert_never(operation)


def outside(operation: ir.Operation, operands: Sequence[Array | None]) -> tuple[int, int] | None:
    """Return the first index that is out of range, and the size of its dimension; None if none is.

    Operands are as for `fails`.
    """
    if not isinstance(operation, ir.Extract | ir.Insert):
        return None
    given = iter(operands[operation.element_count :])
    for size, indexed in zip(operation.operands[0].type.shape, operation.dimensions, strict=False):
        index = next(given) if indexed else None
        if index is not None and not 0 <= int(index) < size:
            return int(index), size
    return None


def _is_to_blame(kind: BinaryKind, right: Array, width: int) -> bool:
    match kind.traits.failure:
        case Failure.DIVISION:
            return bool(np.any(right == 0))
        case Failure.SHIFT:
            return bool(np.any(unsigned(right) >= width))
        case _:
            raise CompilerBug(f"nothing is out of range for {kind.value}")


def binary(kind: BinaryKind, x: Array, y: Array) -> Array:
    """Evaluate a binary operation element-wise."""
    with np.errstate(all="ignore"):
        return np.asarray(kind.traits.compute(x, y))


def reduce(kind: BinaryKind, x: Array, axis: int | None, element: ScalarType) -> Array:
    """Reduce all elements, or those along an axis; no elements give the identity on `element`."""
    lines = x.reshape(-1) if axis is None else np.moveaxis(x, axis, -1)
    if lines.shape[-1] == 0:
        return np.broadcast_to(np.array(identity(kind, element), x.dtype), lines.shape[:-1])
    return np.asarray(kind.traits.combining.fold.reduce(lines, axis=-1, dtype=x.dtype))


def identity(kind: BinaryKind, element: ScalarType) -> int:
    """Return the result of an empty reduction."""
    return int(kind.traits.combining.identity(element))


def _zeros(shape: tuple[int, ...], like: Array) -> Array:
    return np.zeros(shape, dtype=like.dtype)


def _place(
    shape: tuple[int, ...], dimensions: tuple[bool, ...], indices: Sequence[Array]
) -> tuple[int | slice, ...] | None:
    """Return the place that indices select; None if it is out of range."""
    if dimensions == (True,):
        (index,) = map(int, indices)
        return (index,) if 0 <= index < shape[0] else None
    given = map(int, indices)
    place: list[int | slice] = []
    for size, indexed in zip(shape, dimensions, strict=False):
        if not indexed:
            place.append(slice(None))
            continue
        index = next(given)
        if not 0 <= index < size:
            return None
        place.append(index)
    return tuple(place)


def _mapped(
    operation: ir.AffineRead | ir.AffineWrite,
    base: Array,
    shape: tuple[int, ...],
    offsets: Sequence[Array],
) -> Array:
    """Return a view of a contiguous array with the elements that an affine map selects."""
    if 0 in shape:
        return base.reshape(-1)[:0].reshape(shape)
    given = iter(offsets)
    start, steps, pace = 0, [0] * len(shape), 1
    sizes = operation.operands[0].type.shape
    moved = operation.moved or (False,) * len(sizes)
    rows = list(zip(sizes, operation.index_map, moved, strict=True))
    shifts = [int(next(given)) if shifted else 0 for _, _, shifted in rows]
    for (size, (constant, *factors), _), shift in zip(
        reversed(rows), reversed(shifts), strict=True
    ):
        ends = [factor * (n - 1) for factor, n in zip(factors, shape, strict=True)]
        first = constant + shift
        low, high = (first + sum(pick(end, 0) for end in ends) for pick in (min, max))
        if not (low >= 0 and high < size):
            raise CompilerBug(f"indices {low} to {high} of an array of {size}")
        start += pace * first
        steps = [step + pace * factor for step, factor in zip(steps, factors, strict=True)]
        pace *= size
    strides = tuple(step * base.itemsize for step in steps)
    return np.ndarray(shape, base.dtype, base, start * base.itemsize, strides)


def _put(base: Array, place: tuple[int | slice, ...] | slice | None, value: Array) -> Array:
    if place is not None:
        base[place] = value
    return base


def _overlap(size: int, length: int, start: int) -> tuple[slice, slice]:
    """Return the slices of an array of `size` and of a part at `start` where the two overlap."""
    first, end = max(start, 0), min(start + length, size)
    if first >= end:
        return slice(0, 0), slice(0, 0)
    return slice(first, end), slice(first - start, end - start)


def elements(type: ir.TensorType, value: Array) -> list[int]:
    """Return an array's elements as Python integers, row-major; bools as 0 and 1."""
    flat: list[Any] = value.reshape(-1).tolist()
    if len(flat) != prod(type.shape):
        raise CompilerBug(f"{len(flat)} elements in a value of {type}")
    return [int(x) for x in flat]
