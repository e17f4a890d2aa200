"""Operators that move elements, and compute nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ..graph import Array
from ..listing import MOST_CONSTANTS
from ..problems import RefusedError
from .axes import Shape, along, transposed
from .layer import Emit, Layer, decimal, is_number, shaped


def reshape(layer: Layer) -> str:
    """The same elements in another shape."""
    if layer.out.shape == layer.shape():
        return layer.x
    return shaped(layer.x, layer.out.shape)


def transpose(layer: Layer) -> str:
    """The axes in another order."""
    rank = len(layer.shape())
    order = layer.attribute("perm", list(reversed(range(rank))))
    return transposed(layer.x, layer.shape(), [axis % rank for axis in order])


def expand(layer: Layer) -> str:
    """The same tensor, repeated along axes of size 1."""
    out = layer.out.shape
    text, shape = layer.x, layer.shape()
    if len(shape) < len(out):
        shape = (*[1] * (len(out) - len(shape)), *shape)
        text = shaped(text, shape)
    return repeated(text, shape, [m // n for m, n in zip(out, shape, strict=True)])


def tile(layer: Layer) -> str:
    """The same tensor, repeated along axes."""
    counts = [int(count) for count in layer.data(1, "the number of repetitions")]
    return repeated(layer.x, layer.shape(), counts)


def repeated(text: str, shape: Shape, counts: Sequence[int]) -> str:
    """Return the text for a tensor that is repeated along its first axes."""
    for axis, count in enumerate(counts):
        if count != 1:
            size = count * shape[axis]
            text, shape = along(text, shape, axis, "tile", [count], size)
    return text


def concat(layer: Layer) -> str:
    """Tensors one after the other."""
    out = layer.out.shape
    axis = layer.attribute("axis", 1) % len(out)
    places = [k for k in range(len(layer.node.inputs)) if layer.shape(k)[axis]]
    if len(out) == 4 and axis == 1:
        text = layer.operand(places[0])
        for place in places[1:]:
            text = f"tensors.concat({text}, {layer.operand(place)})"
        return text
    text, shape = layer.operand(places[0]), layer.shape(places[0])
    for place in places[1:]:
        size = shape[axis] + layer.shape(place)[axis]
        text, shape = along(text, shape, axis, "concat", [], size, layer.operand(place))
    return text


def split(layer: Layer) -> Sequence[str]:
    """Parts of a tensor along an axis."""
    shape = layer.shape()
    axis = layer.attribute("axis", 0) % len(shape)
    if layer.has(1):
        sizes = [int(size) for size in layer.data(1, "the sizes of the parts")]
    elif layer.attribute("split"):
        sizes = list(layer.attribute("split"))
    else:
        count = layer.attribute("num_outputs", len(layer.node.outputs))
        size = -(-shape[axis] // count)
        sizes = [min(size, shape[axis] - k * size) for k in range(count)]
    texts, start = [], 0
    for size in sizes:
        texts.append(_part(layer.x, shape, axis, start, start + size, 1)[0] if size else "")
        start += size
    if not all(sizes):
        raise RefusedError("one of its parts is empty")
    return texts


def _part(text: str, shape: Shape, axis: int, low: int, high: int, step: int) -> tuple[str, Shape]:
    count = max(0, -(-(high - low) // step))
    if count == 0:
        raise RefusedError("its result is empty")
    if (low, step) == (0, 1) and high == shape[axis]:
        return text, shape
    if step == 1:
        return along(text, shape, axis, "part", [low, high], count)
    return along(text, shape, axis, "every", [low, high, step], count)


def slices(layer: Layer) -> str:
    """A part of a tensor along some axes, with steps."""
    shape, text = layer.shape(), layer.x
    if layer.version < 10:
        starts, ends = layer.attribute("starts"), layer.attribute("ends")
        axes = layer.attribute("axes", range(len(starts)))
        steps = [1] * len(starts)
    else:
        starts, ends = (
            layer.data(k, what).tolist() for k, what in ((1, "its start"), (2, "its end"))
        )
        axes = layer.data(3, "its axes").tolist() if layer.has(3) else range(len(starts))
        steps = layer.data(4, "its steps").tolist() if layer.has(4) else [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        place = axis % len(shape)
        found = range(*slice(start, _clamped(end, step), step).indices(shape[place]))
        if len(found) == 0:
            raise RefusedError("its result is empty")
        if step > 0:
            text, shape = _part(text, shape, place, found.start, found.stop, step)
            continue
        # From the smallest item on, and then in the other direction.
        text, shape = _part(text, shape, place, found[-1], found[0] + 1, -step)
        if len(found) > 1:
            text, shape = along(text, shape, place, "reversed", [], len(found))
    return text


def _clamped(end: int, step: int) -> int | None:
    """Return an end for Python, in which a negative one isn't before the start."""
    return None if step < 0 and end < -(1 << 30) else end


def pad(layer: Layer) -> str:
    """A tensor with a border of a number, or of its own elements."""
    if not layer.value(0).is_float:
        raise RefusedError(f"it moves numbers of the type {layer.value(0).dtype.name}")
    mode = layer.attribute("mode", "constant")
    shape, text = layer.shape(), layer.x
    if layer.version < 11:
        pads, number = layer.attribute("pads"), layer.attribute("value", 0.0)
        axes = list(range(len(shape)))
    else:
        pads = layer.data(1, "its border").tolist()
        number = layer.number(2, "the number in its border") if layer.has(2) else 0.0
        axes = layer.data(3, "its axes").tolist() if layer.has(3) else list(range(len(shape)))
    for before, after, axis in zip(pads[: len(axes)], pads[len(axes) :], axes, strict=True):
        at = axis % len(shape)
        if mode == "constant":
            text, shape = bordered(text, shape, at, before, after, number)
        elif before or after:
            kept = np.arange(max(-before, 0), shape[at] - max(-after, 0))
            sides = (max(before, 0), max(after, 0))
            places = np.pad(kept, sides, mode=mode)
            if mode == "reflect" and len(places) > MOST_CONSTANTS and len(kept) == shape[at]:
                text, shape = _reflected(text, shape, at, sides)
                continue
            text, shape = along(text, shape, at, "gather", [], len(places), chosen(layer, places))
    return text


def _reflected(text: str, shape: Shape, axis: int, sides: tuple[int, int]) -> tuple[str, Shape]:
    """Return the text for a border of the items beside the first and the last one, turned round."""
    last = shape[axis] - 1
    if max(sides) > last:
        raise RefusedError("its border is longer than what it reflects")
    parts = [(text, shape)]
    for size, low, place in ((sides[0], 1, 0), (sides[1], last - sides[1], 2)):
        if size:
            part, piece = _part(text, shape, axis, low, low + size, 1)
            parts.insert(place, along(part, piece, axis, "reversed", [], size))
    found, whole = parts[0]
    for part, piece in parts[1:]:
        found, whole = along(found, whole, axis, "concat", [], whole[axis] + piece[axis], part)
    return found, whole


def bordered(
    text: str, shape: Shape, axis: int, before: int, after: int, number: float
) -> tuple[str, Shape]:
    """Return the text for a border along one axis; a negative one cuts items off."""
    low, high = max(-before, 0), shape[axis] - max(-after, 0)
    text, shape = _part(text, shape, axis, low, high, 1)
    before, after = max(before, 0), max(after, 0)
    if before == after == 0:
        return text, shape
    size = before + shape[axis] + after
    return along(text, shape, axis, "pad", [before, after], size, decimal(number))


def picked(layer: Layer, text: str, shape: Shape, axis: int, places: Array) -> tuple[str, Shape]:
    """Return the text for the items at public places along an axis, and its shape."""
    if (np.diff(places) == 1).all():
        return _part(text, shape, axis, int(places[0]), int(places[-1]) + 1, 1)
    return along(text, shape, axis, "gather", [], len(places), chosen(layer, places))


def chosen(layer: Layer, places: Array) -> str:
    """Return the text for public places; refuse more than stand in a program."""
    if places.size > MOST_CONSTANTS:
        raise RefusedError(f"it picks {places.size:,} items, more than {MOST_CONSTANTS:,}")
    return layer.use(layer.listing.constant("places", places.astype(np.int32)))


def depth_to_space(layer: Layer) -> str:
    """Channels as blocks of pixels."""
    n, c, h, w = layer.shape()
    size = layer.attribute("blocksize")
    if layer.attribute("mode", "DCR") == "DCR":
        shape, order = (n, size, size, c // size**2, h, w), (0, 3, 4, 1, 5, 2)
    else:
        shape, order = (n, c // size**2, size, size, h, w), (0, 1, 4, 2, 5, 3)
    return shaped(transposed(shaped(layer.x, shape), shape, order), layer.out.shape)


def space_to_depth(layer: Layer) -> str:
    """Blocks of pixels as channels."""
    n, c, h, w = layer.shape()
    size = layer.attribute("blocksize")
    shape = (n, c, h // size, size, w // size, size)
    if layer.attribute("mode", "DCR") != "DCR":
        raise RefusedError(f"its mode is {layer.attribute('mode')}")
    return shaped(transposed(shaped(layer.x, shape), shape, (0, 3, 5, 1, 2, 4)), layer.out.shape)


def moving(emit: Emit) -> Emit:
    """An operator that moves elements of any type as if they were fixed-point numbers."""

    def moved(layer: Layer) -> str | Sequence[str]:
        value = layer.value(0)
        if value.is_float:
            return emit(layer)
        if is_number(value):
            raise RefusedError(f"it moves numbers of the type {value.dtype.name}")
        layer.has_raw = True
        texts = emit(layer)
        to = "{}" if value.dtype.name == "int64" else f"{value.dtype.name}({{}})"
        if isinstance(texts, str):
            return to.format(f"raw({texts})")
        return [to.format(f"raw({text})") for text in texts]

    return moved


OPERATORS: Final[dict[str, Emit]] = {
    "Flatten": reshape,
    "Reshape": reshape,
    "Squeeze": reshape,
    "Unsqueeze": reshape,
    "Transpose": moving(transpose),
    "Expand": moving(expand),
    "Tile": moving(tile),
    "Concat": moving(concat),
    "Split": moving(split),
    "Slice": moving(slices),
    "Pad": pad,
    "DepthToSpace": depth_to_space,
    "SpaceToDepth": space_to_depth,
}
