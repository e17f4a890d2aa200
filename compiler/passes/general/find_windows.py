"""Recognition of convolutions among contractions.

One operand of a convolution reads an image through a window: positions and offsets within the
window step along the same dimensions of the image, so that patches overlap. The image is found from
the strides alone, whatever the shape of the value is that holds it. An operand that is a padded
copy is replaced by what it pads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from math import gcd, prod

from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.windows import Window
from ..analyses.contractions import Contraction
from ..analyses.strided_views import StridedView
from .padded_copies import unpadded


@dataclass(slots=True)
class _Axis:
    """A dimension of the image: its stride in memory, and the contraction's dimensions along it."""

    pace: int
    span: int
    dimensions: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FoundWindow:
    """A contraction that is a convolution.

    `images` [n…, g…, c…, height, width] and `filters` [g…, f…, c…, rows, columns] have the numbers
    of dimensions `counts` (n, g, c and f); `order` are the dimensions of the result.
    """

    images: StridedView
    filters: StridedView
    counts: tuple[int, int, int, int]
    window: Window
    order: tuple[int, ...]

    def emit(self, build: Builder) -> ir.Value:
        """Emit the convolution."""
        n, g, c, f = self.counts
        images, filters = self.images.shape, self.filters.shape
        x = build.reshape(
            self.images.emit(build),
            (prod(images[:n]), prod(images[n : n + g + c]), *images[n + g + c :]),
        )
        y = build.reshape(
            self.filters.emit(build),
            (prod(filters[: g + f]), prod(filters[g + f : g + f + c]), *filters[g + f + c :]),
        )
        return build.convolution(x, y, self.window)


def found_window(found: Contraction, made: Mapping[int, ir.Operation]) -> FoundWindow | None:
    """Return a contraction as a convolution whose image is x; None if it isn't one.

    `made` are the operations that define values, by id.
    """
    found = _forwards(found)
    batch = found.dimensions(in_x=True, in_y=True, summed=False)
    rows = found.dimensions(in_x=True, in_y=False, summed=False)
    columns = found.dimensions(in_x=False, in_y=True, summed=False)
    inner = found.dimensions(in_x=True, in_y=True, summed=True)
    axes = _axes(found.x, [*rows, *inner, *batch])
    if axes is None:
        return None
    pairs = [one for one in axes if sorted(d in rows for d in one.dimensions) == [False, True]]
    if not pairs or any(set(one.dimensions) & set(batch) for one in pairs):
        return None
    if any(len(one.dimensions) > 1 and one not in pairs for one in axes):
        return None
    # A third dimension is left to the patches: its offsets become channels.
    pairs = pairs[-2:]
    lines, pixels = pairs[1] if len(pairs) > 1 else None, pairs[0]
    places = [*_role(lines, rows), *_role(pixels, rows)]
    offsets = [*_role(lines, inner), *_role(pixels, inner)]
    counted = [d for d in rows if d not in places]
    channels = [d for d in inner if d not in offsets]
    size = found.x.shape
    sizes = [(_extent(found.x, one) if one else 1) for one in (lines, pixels)]
    steps = [(one.pace if one else 0) for one in (lines, pixels)]
    kept = found.x.taken([*counted, *batch, *channels])
    images = StridedView(kept.base, kept.start, (*kept.shape, *sizes), (*kept.strides, *steps))
    filters = found.y.taken([*batch, *columns, *channels, *offsets])
    if lines is None:
        cut = len(filters.shape) - 1
        filters = replace(
            filters,
            shape=(*filters.shape[:cut], 1, *filters.shape[cut:]),
            strides=(*filters.strides[:cut], 0, *filters.strides[cut:]),
        )
    window = Window(
        stride=_factors(found.x, lines, pixels, rows),
        dilation=_factors(found.x, lines, pixels, inner),
        groups=prod(size[d] for d in batch),
    )
    images, padding = unpadded(images, made)
    return FoundWindow(
        images=images,
        filters=filters,
        counts=(len(counted), len(batch), len(channels), len(columns)),
        window=replace(window, padding=padding),
        order=(*counted, *batch, *columns, *places),
    )


def _forwards(found: Contraction) -> Contraction:
    """Return a contraction with summed dimensions turned around along which x goes backwards."""
    x, y = found.x, found.y
    for d in found.summed:
        if x.strides[d] < 0:
            x, y = _turned(x, d), _turned(y, d)
    return replace(found, x=x, y=y)


def _turned(view: StridedView, d: int) -> StridedView:
    strides = list(view.strides)
    strides[d] = -strides[d]
    start = view.start + view.strides[d] * (view.shape[d] - 1)
    return replace(view, start=start, strides=tuple(strides))


def _axes(view: StridedView, dimensions: Sequence[int]) -> list[_Axis] | None:
    """Return the dimensions of the image that a view reads, by increasing strides.

    Two dimensions of the view step along the same one of the image if the larger step is within
    the reach of the smaller. None if the view goes backwards.
    """
    axes: list[_Axis] = []
    for d in sorted(dimensions, key=lambda d: (view.strides[d], d)):
        stride = view.strides[d]
        if stride < 0:
            return None
        if axes and stride <= axes[-1].span:
            axes[-1].pace = gcd(axes[-1].pace, stride)
        else:
            axes.append(_Axis(stride, 0))
        axes[-1].span += stride * (view.shape[d] - 1)
        axes[-1].dimensions.append(d)
    return axes


def _role(axis: _Axis | None, among: Sequence[int]) -> list[int]:
    """Return the dimension along an axis that is `among` some; none without an axis."""
    return [] if axis is None else [d for d in axis.dimensions if d in among]


def _extent(view: StridedView, axis: _Axis) -> int:
    """Return the number of elements of the image along an axis."""
    return axis.span // axis.pace + 1


def _factors(
    view: StridedView, lines: _Axis | None, pixels: _Axis, among: Sequence[int]
) -> tuple[int, int]:
    """Return how far dimensions among some step along both axes."""
    down, across = (
        view.strides[_role(axis, among)[0]] // axis.pace if axis else 1 for axis in (lines, pixels)
    )
    return down, across


@dataclass(frozen=True, slots=True)
class Sliced:
    """A read as a slice of a `shape`, which may have offsets, and a read of the slice."""

    shape: tuple[int, ...]
    slice_map: tuple[tuple[int, ...], ...]
    read_map: tuple[tuple[int, ...], ...]


def sliced(operation: ir.AffineRead) -> Sliced | None:
    """Return a read that has offsets as a slice and a read; None if it repeats no elements."""
    shape = operation.result.type.shape
    if not any(operation.moved) or 0 in shape:
        return None
    lows, extents = [], []
    for first, *factors in operation.index_map:
        ends = [factor * (size - 1) for factor, size in zip(factors, shape, strict=True)]
        lows.append(first + sum(min(end, 0) for end in ends))
        extents.append(sum(map(abs, ends)) + 1)
    if prod(extents) >= prod(shape):
        return None
    slices = [(low, *(int(d == k) for k in range(len(lows)))) for d, low in enumerate(lows)]
    reads = [(row[0] - low, *row[1:]) for row, low in zip(operation.index_map, lows, strict=True)]
    return Sliced(tuple(extents), tuple(slices), tuple(reads))
