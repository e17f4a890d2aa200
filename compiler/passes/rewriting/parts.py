"""Slices, concatenations and strips of arrays, for expansions."""

from __future__ import annotations

from collections.abc import Callable

from ezlang.records import replace

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind

Strip = Callable[[ir.Value, ir.Value, int], ir.Value]
"""Emits a total with a strip added, given the total, where the strip begins, and its length."""


def items_of(build: Builder, items: ir.Value, first: int, end: int) -> ir.Value:
    """Emit the items of an array from `first` to `end` (exclusive)."""
    if (first, end) == (0, items.type.shape[0]):
        return items
    return build.extract_slice(items, build.index(first), end - first)


def joined(build: Builder, x: ir.Value, y: ir.Value) -> ir.Value:
    """Emit the concatenation of two arrays with the same label and sharing."""
    length = x.type.shape[0] + y.type.shape[0]
    zeros = build.zeros(replace(x.type, shape=(length, *x.type.shape[1:])))
    whole = build.insert_slice(zeros, x, build.index(0))
    return build.insert_slice(whole, y, build.index(x.type.shape[0]))


def in_strips(build: Builder, total: ir.Value, size: int, length: int, strip: Strip) -> ir.Value:
    """Emit a loop over the whole strips of `length` among `size` items, and the remainder."""
    count, rest = divmod(size, length)
    low, high = build.index(0), build.index(count)
    number, before = build.fresh(low.type), build.fresh(total.type)
    with build.nested() as operations:
        start = build.binary(BinaryKind.MUL, number, build.index(length))
        after = strip(before, start, length)
    body = ir.Region(parameters=(number, before), operations=tuple(operations), yields=(after,))
    result = build.fresh(total.type)
    build.emit(
        ir.For(operands=(low, high, total), results=(result,), regions=(body,), span=build.span)
    )
    return strip(result, build.index(count * length), rest) if rest else result


def part_of(
    build: Builder, x: ir.Value, dimension: int | None, start: ir.Value, length: int
) -> ir.Value:
    """Emit a slice of x along a dimension, or all of it for None."""
    if dimension is None:
        return x
    if dimension == 0:
        return build.extract_slice(x, start, length)
    shape = list(x.type.shape)
    shape[dimension] = length
    rank = len(shape)
    return build.affine_read(x, _places(rank), tuple(shape), _moved(rank, dimension, start))


def written(
    build: Builder, base: ir.Value, part: ir.Value, dimension: int, start: ir.Value
) -> ir.Value:
    """Emit a base with a part written at `start` along a dimension."""
    if dimension == 0:
        return build.insert_slice(base, part, start)
    rank = len(base.type.shape)
    return build.affine_write(base, part, _places(rank), _moved(rank, dimension, start))


def _places(rank: int) -> list[tuple[int, ...]]:
    return [(0, *(int(d == k) for k in range(rank))) for d in range(rank)]


def _moved(rank: int, dimension: int, start: ir.Value) -> list[ir.Value | None]:
    return [start if d == dimension else None for d in range(rank)]
