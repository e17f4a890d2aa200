"""Images that are padded copies: values that are written into zeros."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from ezlang.records import dataclass

from ...ir import tree as ir
from ..analyses.strided_views import StridedView

Padding = tuple[int, int, int, int]
NONE: Padding = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Copy:
    """A value that has the elements of `source` from `offsets` on, and zeros elsewhere."""

    value: ir.Value
    source: ir.Value
    offsets: tuple[int, ...]


def unpadded(images: StridedView, made: Mapping[int, ir.Operation]) -> tuple[StridedView, Padding]:
    """Return images [… height, width] as they are before they are padded, and the padding.

    `made` are the operations that define values. Images that are no padded copy are unchanged.
    """
    copy = _copy_of(images.base, made)
    found = None if copy is None else _without_padding(images, copy)
    if found is None:
        return images, NONE
    # Rows and columns are often padded one after the other.
    inner, rest = unpadded(found[0], made)
    top, left, bottom, right = (x + y for x, y in zip(found[1], rest, strict=True))
    return inner, (top, left, bottom, right)


def _copy_of(value: ir.Value, made: Mapping[int, ir.Operation]) -> _Copy | None:
    operation = made.get(value.id)
    if not isinstance(operation, ir.AffineWrite) or any(operation.moved):
        return None
    base, source = operation.operands[:2]
    rank = len(base.type.shape)
    straight = len(source.type.shape) == rank and all(
        row[1:] == tuple(int(d == k) for k in range(rank))
        for d, row in enumerate(operation.index_map)
    )
    labelled = source.type.label == base.type.label
    if not (straight and labelled and _is_zero(base, made)):
        return None
    return _Copy(value, source, tuple(row[0] for row in operation.index_map))


def _is_zero(value: ir.Value, made: Mapping[int, ir.Operation]) -> bool:
    operation = made.get(value.id)
    if isinstance(operation, ir.Relabel | ir.Read):
        return _is_zero(operation.operands[0], made)
    return isinstance(operation, ir.Constant) and not any(operation.data)


def _without_padding(images: StridedView, copy: _Copy) -> tuple[StridedView, Padding] | None:
    """Return a view of a padded copy as one of its source; None if that isn't possible.

    Only height and width may be padded, and must be dimensions of the copy there.
    """
    shape, source = copy.value.type.shape, copy.source.type.shape
    steps, source_steps = _steps(shape), _steps(source)
    along = [_dimension(stride, shape) for stride in images.strides]
    strides, first, left = [0] * len(along), [], images.start
    for step in steps:
        digit, left = divmod(left, step)
        first.append(digit)
    reach = list(first)
    for k, d in enumerate(along):
        if d is not None:
            factor, rest = divmod(images.strides[k], steps[d])
            if rest:
                return None
            strides[k] = factor * source_steps[d]
            reach[d] += factor * (images.shape[k] - 1)
    if any(end >= size for end, size in zip(reach, shape, strict=True)):
        return None
    sizes, padding = list(images.shape), list(NONE)
    for d, offset in enumerate(copy.offsets):
        if source[d] == shape[d]:
            continue
        by = [k for k, one in enumerate(along) if one == d]
        side = by[0] - (len(along) - 2) if len(by) == 1 else -1
        if side < 0 or images.strides[by[0]] != steps[d]:
            return None
        low, high = max(first[d], offset), min(reach[d] + 1, offset + source[d])
        if low >= high:
            return None
        padding[side], padding[2 + side] = low - first[d], reach[d] + 1 - high
        first[d], sizes[by[0]] = low - offset, high - low
    start = sum(digit * step for digit, step in zip(first, source_steps, strict=True))
    kept = tuple(s if n > 1 else 0 for n, s in zip(sizes, strides, strict=True))
    top, before, bottom, after = padding
    return StridedView(copy.source, start, tuple(sizes), kept), (top, before, bottom, after)


def _steps(shape: tuple[int, ...]) -> list[int]:
    return [prod(shape[d + 1 :]) for d in range(len(shape))]


def _dimension(stride: int, shape: tuple[int, ...]) -> int | None:
    """Return the dimension of an array along which a stride steps; None if it doesn't."""
    if stride <= 0:
        return None
    return next(d for d, step in enumerate(_steps(shape)) if shape[d] > 1 and step <= stride)
