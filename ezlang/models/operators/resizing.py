"""Images of other sizes: along each axis, pixels are sums of pixels with public weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ..graph import Array
from ..problems import RefusedError
from .axes import Shape, along, transposed
from .layer import Emit, Layer, shaped
from .moves import chosen

_ATTRIBUTES: Final = frozenset(
    {"antialias", "coordinate_transformation_mode", "cubic_coeff_a", "exclude_outside"}
    | {"mode", "nearest_mode"}
)
"""The attributes that say how one axis is resized."""


def resize(layer: Layer) -> str:
    """Images with more or fewer pixels: nearest ones, or sums by linear or cubic weights."""
    text, shape = layer.x, layer.shape()
    for axis, (old, new) in enumerate(zip(layer.shape(), layer.out.shape, strict=True)):
        matrix = _matrix(layer, axis, old, new)
        if matrix.shape == (old, old) and (matrix == np.eye(old)).all():
            continue
        if ((matrix == 0) | (matrix == 1)).all() and matrix.any(axis=1).all():
            places = chosen(layer, matrix.argmax(axis=1))
            text, shape = along(text, shape, axis, "gather", [], new, places)
        else:
            text, shape = _summed(layer, text, shape, axis, matrix)
    return text


def _matrix(layer: Layer, axis: int, old: int, new: int) -> Array:
    """Return the weights of the old pixels in the new ones, as the reference computes them."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    node = layer.node
    named = [one % len(layer.shape()) for one in layer.attribute("axes", range(len(layer.shape())))]
    scale, by_size = new / old, layer.has(3)
    place = 1 if node.op == "Upsample" or node.version < 11 else 2
    if not by_size and layer.has(place) and axis in named:
        scale = float(layer.data(place, "its scales")[named.index(axis)])
    given = {name: value for name, value in node.attributes.items() if name in _ATTRIBUTES}
    if node.op == "Upsample" or node.version < 11:
        # What these older ones mean, said as now.
        mode = node.attributes.get("mode", "nearest")
        how = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        given = {"mode": mode, **how}
    region = _region(layer, axis, named)
    names = ["x", "region", "", "sizes"] if by_size else ["x", "region", "scales"]
    made = onnx.helper.make_node("Resize", names, ["y"], **given)
    feeds = {"x": np.eye(old, dtype=np.float32), "region": region}
    feeds |= (
        {"sizes": np.array([old, new])} if by_size else {"scales": np.array([1, scale], np.float32)}
    )
    graph = onnx.helper.make_graph(
        [made],
        "axis",
        [onnx.ValueInfoProto(name=name) for name in feeds],
        [onnx.ValueInfoProto(name="y")],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 19)])
    (result,) = ReferenceEvaluator(model).run(None, feeds)
    found = np.asarray(result, np.float64).T
    if found.shape != (new, old):
        raise RefusedError(f"{old} pixels become {len(found)}, not {new}")
    return found


def _region(layer: Layer, axis: int, named: Sequence[int]) -> Array:
    """Return the part of an axis that a cropping layer takes, and the whole of another one."""
    low, high = 0.0, 1.0
    if layer.attribute("coordinate_transformation_mode") == "tf_crop_and_resize":
        if layer.attribute("extrapolation_value", 0.0) != 0:
            raise RefusedError("it extrapolates by a number other than 0")
        given = layer.data(1, "its region")
        if axis in named:
            at = list(named).index(axis)
            low, high = given[at], given[at + len(named)]
    return np.array([0, low, 1, high], np.float32)


def _summed(layer: Layer, text: str, shape: Shape, axis: int, matrix: Array) -> tuple[str, Shape]:
    """Return the text for the product with a matrix along an axis, and its shape."""
    order = [*(k for k in range(len(shape)) if k != axis), axis]
    moved = tuple(shape[k] for k in order)
    rows = int(np.prod(moved[:-1])), shape[axis]
    weights = layer.use(layer.listing.constant("weights", matrix))
    product = f"tensors.linear({shaped(transposed(text, shape, order), rows)}, {weights})"
    resized = (*moved[:-1], len(matrix))
    back = transposed(
        shaped(product, resized), resized, [order.index(k) for k in range(len(shape))]
    )
    return back, (*shape[:axis], len(matrix), *shape[axis + 1 :])


OPERATORS: Final[dict[str, Emit]] = {"Resize": resize, "Upsample": resize}
