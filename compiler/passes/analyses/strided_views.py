"""Strided views: the composition of data movement operations.

If a value results from another one by any number of reads, repetitions and reshapes, it is a single
*strided view* of that value, with a stride for each dimension, as in the array views of NumPy.
Views index the flat elements of the base, so views of views are views, whatever the shapes in
between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from itertools import pairwise
from math import prod

from ezlang.records import dataclass

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.facts import Constants, constant_operands


@dataclass(frozen=True, slots=True)
class StridedView:
    """A view whose element [t₀, t₁, …] is element start + strides·t of the flattened base.

    Dimensions of one element have stride 0.
    """

    base: ir.Value
    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the view has all elements of the base in order."""
        return self.start == 0 and self.strides == paces(self.shape) and self.is_as_large

    @property
    def is_as_large(self) -> bool:
        """Whether the view has as many elements as the base."""
        return prod(self.shape) == self.base.type.size

    def taken(self, dimensions: Sequence[int]) -> StridedView:
        """Return the view of the given dimensions, in that order, at index 0 of the others."""
        return StridedView(
            self.base,
            self.start,
            tuple(self.shape[d] for d in dimensions),
            tuple(self.strides[d] for d in dimensions),
        )

    def emit(self, build: Builder) -> ir.Value:
        """Emit the elements by the simplest operation that yields them."""
        if self.is_whole:
            return build.reshape(self.base, self.shape)
        lead = next((d for d, stride in enumerate(self.strides) if stride), len(self.shape))
        if lead:
            rest = self.taken(range(lead, len(self.shape)))
            return build.broadcast(rest.emit(build), self.shape[:lead])
        flat = build.reshape(self.base, (self.base.type.size,))
        return build.affine_read(flat, [(self.start, *self.strides)], self.shape)


def paces(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the row-major strides of a tensor, with 0 for dimensions of one element."""
    return tuple(prod(shape[d + 1 :]) if size > 1 else 0 for d, size in enumerate(shape))


def whole(value: ir.Value) -> StridedView:
    """Return a value as a view of itself."""
    return StridedView(value, 0, value.type.shape, paces(value.type.shape))


@dataclass(slots=True)
class StridedViews:
    """The views among the operations seen so far, in one function."""

    known: dict[int, StridedView] = field(default_factory=dict)
    rows: dict[int, StridedView] = field(default_factory=dict)
    """The sources of reshapes to one dimension that aren't views themselves, by result id."""
    constants: Constants = field(default_factory=Constants)

    def of(self, value: ir.Value) -> StridedView:
        """Return a value as a view, possibly of itself."""
        return self.known.get(value.id) or whole(value)

    def see(self, operation: ir.Operation) -> StridedView | None:
        """Record an operation; return its result as a view, if it only moves elements."""
        self.constants.see(operation)
        found = self._moved(operation)
        if found is not None:
            self.known[operation.result.id] = found
        return found

    def _moved(self, operation: ir.Operation) -> StridedView | None:
        match operation:
            case ir.Reshape() | ir.Broadcast() | ir.AffineRead() | ir.Extract():
                if not operation.result.type.size:
                    return None
                source = self.of(operation.operands[0])
            case _:
                return None
        match operation:
            case ir.Reshape():
                found = reshaped(source, operation.result.type.shape)
                if found is None and len(operation.result.type.shape) == 1:
                    self.rows[operation.result.id] = source
                return found
            case ir.Broadcast():
                new = operation.result.type.shape[: -len(source.shape) or None]
                return StridedView(
                    source.base, source.start, new + source.shape, (0,) * len(new) + source.strides
                )
            case ir.AffineRead() if not any(operation.moved):
                row = self.rows.get(operation.operands[0].id)
                if row is not None:
                    return _from_row(row, operation.index_map[0], operation.result.type.shape)
                return _composed(source, operation.index_map, operation.result.type.shape)
            case ir.Extract():
                return self._extracted(source, operation)
            case _:
                return None

    def _extracted(self, source: StridedView, operation: ir.Extract) -> StridedView | None:
        indices = constant_operands(operation, self.constants)[1:]
        given = iter(indices)
        rest = len(source.shape) - len(operation.dimensions)
        start, kept = source.start, []
        for d, indexed in enumerate((*operation.dimensions, *(False,) * rest)):
            if not indexed:
                kept.append(d)
                continue
            index = next(given)
            if index is None or not 0 <= index < source.shape[d]:
                return None
            start += index * source.strides[d]
        part = source.taken(kept)
        return StridedView(source.base, start, part.shape, part.strides)


def _composed(
    source: StridedView, index_map: tuple[tuple[int, ...], ...], shape: tuple[int, ...]
) -> StridedView:
    totals = [
        sum(row[k] * stride for row, stride in zip(index_map, source.strides, strict=True))
        for k in range(1 + len(shape))
    ]
    strides = (stride if size > 1 else 0 for stride, size in zip(totals[1:], shape, strict=True))
    return StridedView(source.base, source.start + totals[0], shape, tuple(strides))


def _from_row(
    source: StridedView, index_map: tuple[int, ...], shape: tuple[int, ...]
) -> StridedView | None:
    """Return a view of the flattened elements of another one; None if a step has no stride.

    Each step has to stay within one dimension of the source.
    """
    sizes, steps = source.shape, [prod(source.shape[d + 1 :]) for d in range(len(source.shape))]
    start, strides, left = source.start, [], index_map[0]
    reach = []
    for step, stride in zip(steps, source.strides, strict=True):
        digit, left = divmod(left, step)
        start += digit * stride
        reach.append(digit)
    for size, factor in zip(shape, index_map[1:], strict=True):
        if size == 1 or factor == 0:
            strides.append(0)
            continue
        fitting = [d for d, step in enumerate(steps) if sizes[d] > 1 and factor % step == 0]
        if factor < 0 or not fitting:
            return None
        times = factor // steps[fitting[0]]
        reach[fitting[0]] += times * (size - 1)
        strides.append(times * source.strides[fitting[0]])
    if any(end >= size for end, size in zip(reach, sizes, strict=True)):
        return None
    return StridedView(source.base, start, shape, tuple(strides))


def reshaped(source: StridedView, shape: tuple[int, ...]) -> StridedView | None:
    """Return a view in another shape; None if its elements have no constant strides there.

    Dimensions are split as the shapes require, and merged if they are contiguous.
    """
    strides: list[int] = []
    for old, new in aligned(source.shape, shape):
        sizes = [(source.shape[d], source.strides[d]) for d in old if source.shape[d] > 1]
        if any(outer[1] != inner[0] * inner[1] for outer, inner in pairwise(sizes)):
            return None
        last = sizes[-1][1] if sizes else 0
        parts = tuple(shape[d] for d in new)
        strides += [pace * last for pace in paces(parts)]
    return StridedView(source.base, source.start, shape, tuple(strides))


def aligned(
    old: tuple[int, ...], new: tuple[int, ...]
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return the smallest groups of dimensions that match between two shapes of equal size > 0.

    Groups are consecutive, and each has the same number of elements in both shapes.
    """
    groups: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        first, second = i, j
        left = right = 1
        if i < len(old):
            left, i = old[i], i + 1
        if j < len(new):
            right, j = new[j], j + 1
        while left != right:
            if left < right:
                left, i = left * old[i], i + 1
            else:
                right, j = right * new[j], j + 1
        groups.append((tuple(range(first, i)), tuple(range(second, j))))
    return groups
