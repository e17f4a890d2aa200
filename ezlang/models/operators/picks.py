"""Operators that pick elements: at public places by moves, and at others by products."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ..graph import Array
from ..problems import RefusedError
from .axes import transposed
from .layer import Emit, Layer, integer, is_number, shaped
from .moves import chosen, moving, picked


def gather(layer: Layer) -> str | Sequence[str]:
    """The items at places along an axis."""
    if is_number(layer.value(0)):
        raise RefusedError("it takes items of a number")
    return moving(_gather)(layer) if layer.constant(1) is not None else embedding(layer)


def _gather(layer: Layer) -> str:
    """The items at public places."""
    shape = layer.shape()
    axis = layer.attribute("axis", 0) % len(shape)
    index = layer.data(1, "the index").astype(np.int64)
    places = np.where(index < 0, index + shape[axis], index).reshape(-1)
    text, found = picked(layer, layer.x, shape, axis, places)
    return text if found == layer.out.shape else shaped(text, layer.out.shape)


def embedding(layer: Layer) -> str:
    """The items of a table at places that nobody or one party knows."""
    table, index = layer.value(0), layer.value(1)
    if not table.is_float:
        raise RefusedError(f"it looks up numbers of the type {table.dtype.name}")
    shape = table.shape
    axis = layer.attribute("axis", 0) % len(shape)
    others = [k for k in range(len(shape)) if k != axis]
    rows = (shape[axis], math.prod(shape[k] for k in others))
    text = transposed(layer.x, shape, [axis, *others])
    if tuple(shape[k] for k in (axis, *others)) != rows:
        text = shaped(text, rows)
    places = integer(layer.operand(1), index)
    text = f"tensors.embedding({text}, {places})"
    # The axes of the index come first here, and where the axis was in the result.
    inner = tuple(shape[k] for k in others)
    found = (*index.shape, *inner)
    if found != (*index.shape, rows[1]):
        text = shaped(text, found)
    start = len(index.shape)
    order = [*range(start, start + axis), *range(start), *range(start + axis, len(found))]
    return transposed(text, found, order)


def _at_places(layer: Layer) -> str:
    """The elements that an operator picks whose other operands are constants."""
    for place in range(1, len(layer.node.inputs)):
        if layer.has(place):
            layer.data(place, f"operand {place}")
    places = _picked(layer)
    flat = shaped(layer.x, (math.prod(layer.shape()),))
    text = f"moves.gather::<[]>({flat}, {chosen(layer, places.reshape(-1))})"
    return shaped(text, layer.out.shape)


def _picked(layer: Layer) -> Array:
    """Return the number of each picked element, as the reference picks them."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    node, shape = layer.node, layer.shape()
    feeds: dict[str, Any] = {"x0": np.arange(math.prod(shape)).reshape(shape)}
    feeds |= {
        f"x{place}": value.data
        for place, value in enumerate(node.inputs)
        if place and value is not None
    }
    names = [f"x{place}" if layer.has(place) else "" for place in range(len(node.inputs))]
    made = onnx.helper.make_node(node.op, names, ["y"], **node.attributes)
    graph = onnx.helper.make_graph(
        [made],
        "picked",
        [onnx.ValueInfoProto(name=name) for name in feeds],
        [onnx.ValueInfoProto(name="y")],
    )
    sets = [onnx.helper.make_opsetid("", node.version)]
    model = onnx.helper.make_model(graph, opset_imports=sets)
    (found,) = ReferenceEvaluator(model).run(None, feeds)
    return np.asarray(found)


OPERATORS: Final[dict[str, Emit]] = {
    "Gather": gather,
    **dict.fromkeys(
        ("GatherElements", "GatherND", "Compress", "ReverseSequence"), moving(_at_places)
    ),
}
