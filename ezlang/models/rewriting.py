"""Rewrites a graph so that it takes fewer layers, without changing what it computes.

Each rule looks at one node with the nodes around it, and returns what replaces it. Rules are tried
until none applies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from .graph import Array, Graph, Node, Value, needed
from .patterns import attention_scale, product
from .surroundings import Change, Surroundings

Rule = Callable[[Node, Surroundings], Change | None]

AFFINE: Final = "ChannelAffine"
"""An operator of ours: each channel times a factor, plus an offset."""

NORM_RELU: Final = "NormRelu"
"""An operator of ours: `norm_relu` of the library."""

LARGEST_OFFSET: Final = 2.0**10
"""The largest offset of `norm_relu`."""


def rewritten(graph: Graph) -> Graph:
    """Return an equivalent graph of fewer nodes."""
    while (change := _change(graph)) is not None:
        nodes: list[Node] = []
        for node in graph.nodes:
            nodes += change.get(node.out.name, (node,))
        graph = replace(graph, nodes=needed(nodes, graph.outputs.values()))
    return graph


def _change(graph: Graph) -> Change | None:
    around = Surroundings(graph)
    for node in graph.nodes:
        for rule in RULES.get(node.op, ()) if not node.domain else ():
            if (change := rule(node, around)) is not None:
                return change
    return None


def constant(name: str, data: Array) -> Value:
    """Return a value for numbers that are made of the vendor's."""
    return Value(name=name, shape=data.shape, dtype=np.dtype(np.float64), data=data)


def _as_affine(node: Node, around: Surroundings) -> Change | None:
    """A batch normalisation of constant statistics is a factor and an offset for each channel."""
    given = [None if value is None else value.data for value in node.inputs[1:5]]
    if node.attributes.get("training_mode", 0) or any(one is None for one in given):
        return None
    scale, bias, mean, variance = (np.asarray(one, np.float64) for one in given)
    factor = scale / np.sqrt(variance + node.attributes.get("epsilon", 1e-5))
    return {node.out.name: (_affine(node, factor, bias - mean * factor, node.inputs[0]),)}


def _affine(node: Node, factor: Array, offset: Array, x: Value | None) -> Node:
    """Return a node that multiplies channels by factors and adds offsets, in place of another."""
    return replace(
        node,
        op=AFFINE,
        inputs=(
            x,
            constant(f"{node.name}_factor", factor),
            constant(f"{node.name}_offset", offset),
        ),
        outputs=node.outputs[:1],
        attributes={},
    )


def _parts(affine: Node) -> tuple[Array, Array]:
    """Return the factors and the offsets."""
    factor, offset = (value.data for value in affine.inputs[1:3] if value is not None)
    assert factor is not None
    assert offset is not None
    return factor, offset


def _merged_affine(node: Node, around: Surroundings) -> Change | None:
    """A constant for each channel that a layer is multiplied by, or that is added to it."""
    for place in (0, 1):
        layer = around.maker(node.inputs[place], AFFINE, "Conv", "ConvTranspose")
        other = node.inputs[1 - place]
        if layer is None or other is None or not around.is_private(layer.out):
            continue
        numbers = _by_channel(other, node.out)
        if numbers is None or layer.out.shape != node.out.shape:
            continue
        one, none = np.ones_like(numbers), np.zeros_like(numbers)
        factor, offset = (numbers, none) if node.op == "Mul" else (one, numbers)
        if layer.op != AFFINE:
            return {node.out.name: (_affine(node, factor, offset, layer.out),)}
        before, added = _parts(layer)
        made = _affine(node, before * factor, added * factor + offset, layer.inputs[0])
        return {layer.out.name: (), node.out.name: (made,)}
    return None


def _by_channel(value: Value, result: Value) -> Array | None:
    """Return constant numbers as one for each channel of a result, if they are."""
    if value.data is None or len(result.shape) < 3 or len(value.shape) > len(result.shape):
        return None
    shape = (1,) * (len(result.shape) - len(value.shape)) + value.shape
    if any(size != 1 for place, size in enumerate(shape) if place != 1):
        return None
    return np.array(np.broadcast_to(value.data.astype(np.float64).reshape(-1), result.shape[1]))


def _fold_affine(node: Node, around: Surroundings) -> Change | None:
    """Factors and offsets after a layer with weights become part of the weights."""
    layer = around.maker(node.inputs[0], "Conv", "ConvTranspose", "Gemm")
    if layer is None or not around.is_private(layer.out):
        return None
    weights = layer.inputs[1]
    bias = layer.inputs[2] if len(layer.inputs) > 2 else None
    if weights is None or weights.data is None or (bias is not None and bias.data is None):
        return None
    factor, offset = _parts(node)
    numbers = weights.data.astype(np.float64)
    if layer.op == "Gemm":
        if layer.attributes.get("beta", 1.0) != 1.0 or (bias and len(bias.shape) > 1):
            return None
        by_rows = bool(layer.attributes.get("transB", 0))
        scaled = numbers * (factor[:, np.newaxis] if by_rows else factor)
    elif layer.op == "ConvTranspose":
        groups = layer.attributes.get("group", 1)
        parts = numbers.reshape(groups, -1, *numbers.shape[1:])
        each = factor.reshape(groups, 1, -1, *[1] * (parts.ndim - 3))
        scaled = (parts * each).reshape(numbers.shape)
    else:
        scaled = numbers * factor.reshape(-1, *[1] * (numbers.ndim - 1))
    added = offset if bias is None or bias.data is None else bias.data * factor + offset
    made = replace(
        layer,
        inputs=(
            layer.inputs[0],
            constant(weights.name, scaled),
            constant(bias.name if bias else f"{layer.name}_bias", np.asarray(added)),
        ),
        outputs=node.outputs[:1],
    )
    return {layer.out.name: (), node.out.name: (made,)}


def _without_products(node: Node, around: Surroundings) -> Change | None:
    """Factors before a ReLU move into the weights of the layers after it.

    What is left is `norm_relu` of the library: an offset, and a sign. A factor near 0 would make
    the offset large, so that all stay as they are then.
    """
    relu = around.only_user(node.out, "Relu")
    if relu is None or len(node.out.shape) != 4:
        return None
    factor, offset = _parts(node)
    if np.any(np.abs(offset) > LARGEST_OFFSET * np.abs(factor)):
        return None
    change = _absorbed(relu.out, factor, around)
    if change is None:
        return None
    flipped = replace(constant(f"{node.name}_flipped", factor < 0), dtype=np.dtype(bool))
    # The next weights of a channel without a factor are 0, and so is its offset.
    quotients = np.divide(offset, factor, out=np.zeros_like(offset), where=factor != 0)
    inputs = (node.inputs[0], constant(f"{node.name}_offset", quotients), flipped)
    made = replace(node, op=NORM_RELU, inputs=inputs, outputs=relu.outputs)
    return {**change, node.out.name: (), relu.out.name: (made,)}


def _absorbed(value: Value, factor: Array, around: Surroundings) -> Change | None:
    """Multiply the weights of all layers that use a value by factors of its channels."""
    if around.graph.is_output(value):
        return None
    change: Change = {}
    for user in around.users.get(value.name, []):
        weights = user.inputs[1] if len(user.inputs) > 1 else None
        if user.domain or user.inputs[0] != value:
            return None
        if user.op in _BY_CHANNEL and user.out.shape[:2] == value.shape[:2]:
            # Flat channels are one number each.
            if user.op in _FLAT and user.out.shape[2:] not in ((), (1, 1)):
                return None
            found = _absorbed(user.out, factor, around)
        elif weights is None or weights.data is None:
            return None
        elif user.op == "Conv" and user.attributes.get("group", 1) == 1:
            shape = (1, -1, *[1] * (weights.data.ndim - 2))
            found = _with_weights(user, weights, weights.data * factor.reshape(shape))
        elif user.op == "Gemm" and not user.attributes.get("transA", 0):
            by_rows = user.attributes.get("transB", 0)
            scaled = weights.data * (factor if by_rows else factor[:, np.newaxis])
            found = _with_weights(user, weights, scaled)
        else:
            return None
        if found is None:
            return None
        change |= found
    return change


_FLAT: Final = frozenset({"Flatten", "Reshape", "Squeeze"})
_BY_CHANNEL: Final = _FLAT | {"GlobalAveragePool", "AveragePool"}
"""What commutes with factors of channels, if the channels stay."""


def _with_weights(node: Node, weights: Value, scaled: Array) -> Change:
    inputs = (node.inputs[0], constant(weights.name, scaled), *node.inputs[2:])
    return {node.out.name: (replace(node, inputs=inputs),)}


def _pool_before_relu(node: Node, around: Surroundings) -> Change | None:
    """The largest numbers of windows are taken before the ReLU, of which there are fewer then."""
    relu = around.maker(node.inputs[0], "Relu")
    if relu is None or not around.is_private(relu.out) or len(node.outputs) > 1:
        return None
    inner = replace(node.out, name=f"{node.out.name} before {relu.name}")
    pool = replace(node, inputs=relu.inputs, outputs=(inner,))
    return {
        relu.out.name: (),
        node.out.name: (pool, replace(relu, inputs=(inner,), outputs=node.outputs)),
    }


def _flat_mean(node: Node, around: Surroundings) -> Change | None:
    """The means of channels are flat at once if only that is used."""
    shape = node.out.shape[:2]
    flat = around.only_user(node.out, "Flatten", "Reshape", "Squeeze")
    if flat is None or flat.out.shape != shape or node.out.shape == shape:
        return None
    return {node.out.name: (replace(node, outputs=flat.outputs),), flat.out.name: ()}


RULES: Final[dict[str, tuple[Rule, ...]]] = {
    "BatchNormalization": (_as_affine,),
    "Mul": (_merged_affine, product, attention_scale),
    "Div": (product, attention_scale),
    "Add": (_merged_affine,),
    AFFINE: (_fold_affine, _without_products),
    "MaxPool": (_pool_before_relu,),
    "GlobalAveragePool": (_flat_mean,),
}
