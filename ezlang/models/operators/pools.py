"""Pools: the largest numbers and the means of windows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from ..graph import Array
from ..problems import RefusedError
from .axes import Shape, along
from .layer import Emit, Layer, shaped
from .moves import bordered, picked
from .windows import Windows, windows


def _pool(layer: Layer, function: str, found: Windows) -> str:
    """The text for a pool of rows, images or volumes."""
    count = len(found.sizes)
    if count > 3:
        raise RefusedError(f"its windows are {found.sizes}")
    ends = [a + e for a, e in zip(found.after, found.excess, strict=True)]
    is_even = count == 2 and len({*found.sizes}) == len({*found.strides}) == 1
    if is_even and not any((*found.before, *ends)):
        short = "max_pool" if function == "max" else "average_pool"
        return f"tensors.{short}::<{found.sizes[0]}, {found.strides[0]}>({layer.x})"
    given = ", ".join(map(str, (*found.sizes, *found.strides, *found.before, *ends)))
    return f"pooling.{function}{count}d::<{given}>({layer.x})"


def max_pool(layer: Layer) -> str:
    """The largest numbers of windows."""
    found = windows(layer, tuple(layer.attribute("kernel_shape")))
    if {*found.dilations} == {1}:
        return _pool(layer, "max", found)
    text, shape = layer.x, layer.shape()
    for axis, places in enumerate(_places(layer, found), 2):
        # What is outside counts as much as a number that is in the window anyway.
        inside = (places >= 0) & (places < shape[axis])
        if not inside.any(axis=1).all():
            raise RefusedError("it has a window outside of its input")
        anyone = places[np.arange(len(places)), inside.argmax(axis=1)]
        chosen = np.where(inside, places, anyone[:, np.newaxis])
        text, shape = _over_windows(layer, "max_along", text, shape, axis, chosen)
    return text


def average_pool(layer: Layer) -> str:
    """The means of windows."""
    found = windows(layer, tuple(layer.attribute("kernel_shape")))
    counts_border = bool(layer.attribute("count_include_pad", 0))
    if {*found.dilations} == {1} and not (counts_border and any(found.excess)):
        return _pool(layer, "average" if counts_border else "average_inside", found)
    text, shape = layer.x, layer.shape()
    counts = np.ones((), np.int64)
    for axis, places in enumerate(_places(layer, found), 2):
        size = shape[axis]
        before = found.before[axis - 2] if counts_border else 0
        after = found.after[axis - 2] if counts_border else 0
        counted = ((places >= -before) & (places < size + after)).sum(axis=1)
        counts = counts[..., np.newaxis] * counted
        low, high = max(-int(places.min()), 0), max(int(places.max()) + 1 - size, 0)
        text, shape = bordered(text, shape, axis, low, high, 0.0)
        text, shape = _over_windows(layer, "sum_along", text, shape, axis, places + low)
    if not counts.all():
        raise RefusedError("it has a window outside of its input")
    # One divisor, and one rounding.
    divisor = math.lcm(*counts.reshape(-1).tolist())
    if (counts == divisor).all():
        return f"{text} / {divisor}"
    factors = layer.use(layer.listing.constant("counts", (divisor // counts).astype(np.int32)))
    return f"{text} * {factors} / {divisor}"


def _places(layer: Layer, found: Windows) -> Iterator[Array]:
    """Yield the places of the numbers of each window along each axis; some are outside."""
    for size, stride, dilation, before, count in zip(
        found.sizes,
        found.strides,
        found.dilations,
        found.before,
        layer.out.shape[2:],
        strict=True,
    ):
        starts = stride * np.arange(count) - before
        yield starts[:, np.newaxis] + dilation * np.arange(size)


def _over_windows(
    layer: Layer, function: str, text: str, shape: Shape, axis: int, places: Array
) -> tuple[str, Shape]:
    """Return the text for windows along an axis whose numbers are at the given places."""
    text, shape = picked(layer, text, shape, axis, places.reshape(-1))
    count, size = places.shape
    return along(text, shape, axis, function, [size, size, 0, 0], count, module="pooling")


def _whole(function: str) -> Emit:
    def emit(layer: Layer) -> str:
        text = f"pooling.global_{function}({layer.x})"
        return text if len(layer.out.shape) == 2 else shaped(text, layer.out.shape)

    return emit


OPERATORS: Final[dict[str, Emit]] = {
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "GlobalAveragePool": _whole("average"),
    "GlobalMaxPool": _whole("max"),
}
