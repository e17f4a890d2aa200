"""Classical models, the operators of `ai.onnx.ml`: their weights are attributes of the nodes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ..graph import Array
from ..listing import FRACTION
from ..problems import RefusedError
from .classes import classified, labels_of
from .forests import aggregated, forest_of, numbered_trees_of, trees_of
from .layer import Emit, Layer, decimal, literal, shaped
from .moves import moving, picked


def scaler(layer: Layer) -> str:
    """Numbers moved by an offset and scaled, each column by its own."""
    offset, scale = (np.asarray(layer.attribute(name), np.float64) for name in ("offset", "scale"))
    # The product with what is added beside it is rounded once, and one rounding is enough.
    factor, added = (
        layer.weight(role, data) for role, data in (("scale", scale), ("offset", -offset * scale))
    )
    return f"{layer.x} * {factor} + {added}"


def linear_regressor(layer: Layer) -> str:
    """Weighted sums of the columns."""
    if layer.attribute("post_transform", "NONE") != "NONE":
        raise RefusedError(f"its post_transform is {layer.attribute('post_transform')}")
    rows = np.asarray(layer.attribute("coefficients"), np.float64)
    return _scores(layer, rows.reshape(layer.attribute("targets", 1), -1), "intercepts")


def _scores(layer: Layer, rows: Array, intercepts: str) -> str:
    text = f"tensors.linear({layer.x}, {layer.made_factors('coefficients', rows)})"
    added = layer.attribute(intercepts)
    if not added:
        return text
    return f"{text} + {layer.weight(intercepts, np.asarray(added, np.float64))}"


def linear_classifier(layer: Layer) -> Sequence[str]:
    """Weighted sums of the columns, and the class whose sum is largest."""
    rows = np.asarray(layer.attribute("coefficients"), np.float64).reshape(-1, layer.shape()[1])
    labels = labels_of(layer)
    added = np.asarray(layer.attribute("intercepts") or [0.0] * len(rows), np.float64)
    if len(rows) == 1 and len(labels) == 2:
        rows, added = np.concatenate([-rows, rows]), np.concatenate([-added, added])
    if len(rows) < 2 or len(rows) != len(labels):
        raise RefusedError(f"it has {len(rows)} rows of coefficients for {len(labels)} labels")
    scores = (
        f"tensors.linear({layer.x}, {layer.made_factors('coefficients', rows)}) + "
        f"{layer.weight('intercepts', added)}"
    )
    return classified(layer, scores, labels)


def tree_classifier(layer: Layer) -> Sequence[str]:
    """Trees whose leaves have weights of classes."""
    labels = labels_of(layer)
    ids = layer.attribute("class_ids")
    weights = _numbers(layer, "class_weights")
    base = _numbers(layer, "base_values")
    where = list(
        zip(layer.attribute("class_treeids"), layer.attribute("class_nodeids"), strict=True)
    )
    classes = len(labels)
    is_binary = len(set(ids)) == 1
    if is_binary and (classes > 2 or set(ids) != {0}):
        # Implementations differ in what they make of it.
        raise RefusedError(f"it has weights of class {ids[0]} of {classes} alone")
    leaves = {place: np.zeros(1 if is_binary else classes) for place in where}
    for place, number, weight in zip(where, ids, weights, strict=True):
        leaves[place][0 if is_binary else number] += weight
    added = np.zeros(1 if is_binary else classes)
    if base.size:
        added = added + (base[-1:] if is_binary else base)
    if is_binary:
        # The score of the other class is 1 less this one, or this one with the other sign.
        one = 1.0 if layer.attribute("post_transform", "NONE") == "NONE" else 0.0
        leaves = {place: np.concatenate([-value, value]) for place, value in leaves.items()}
        added = np.concatenate([one - added, added])
        labels = labels if classes == 2 else [0, 1]
    text = forest_of(layer, trees_of(layer), leaves)
    if added.any():
        text = f"{text} + {layer.weight('base', added)}"
    return classified(layer, text, labels)


def tree_regressor(layer: Layer) -> str:
    """Trees whose leaves have numbers, which are added, or of which one is taken."""
    if layer.attribute("post_transform", "NONE") != "NONE":
        raise RefusedError(f"its post_transform is {layer.attribute('post_transform')}")
    targets = layer.attribute("n_targets", 1)
    places = list(
        zip(layer.attribute("target_treeids"), layer.attribute("target_nodeids"), strict=True)
    )
    ids, weights = layer.attribute("target_ids"), _numbers(layer, "target_weights")
    how = layer.attribute("aggregate_function", "SUM")
    text = aggregated(layer, trees_of(layer), how, places, ids, weights, targets)
    base = _numbers(layer, "base_values")
    return f"{text} + {layer.weight('base', base)}" if base.any() else text


def tree_ensemble(layer: Layer) -> str:
    """The same as version 5 writes it: leaves are apart from nodes, and names are numbers."""
    if layer.attribute("post_transform", 0) != 0:
        raise RefusedError(f"its post_transform is number {layer.attribute('post_transform')}")
    how = ("AVERAGE", "SUM", "MIN", "MAX")[layer.attribute("aggregate_function", 1)]
    trees, places = numbered_trees_of(layer)
    ids = [layer.attribute("leaf_targetids")[number] for number in places.values()]
    weights = np.asarray(layer.attribute("leaf_weights"), np.float64)[[*places.values()]]
    targets = layer.attribute("n_targets", 1)
    return aggregated(layer, trees, how, list(places), ids, weights, targets)


def _numbers(layer: Layer, name: str) -> Array:
    tensor = layer.attribute(f"{name}_as_tensor")
    found = layer.attribute(name, []) if tensor is None else tensor
    return np.asarray(found, np.float64)


def normalizer(layer: Layer) -> str:
    """Rows divided by their largest size, or the sum or the root of the sum of squares of sizes."""
    (count, length), x = layer.shape(), layer.x
    match layer.attribute("norm", "MAX"):
        case "MAX":
            size = f"normalisation.largest(abs({x}))"
        case "L1":
            size = f"normalisation.totals(abs({x}))"
        case "L2":
            # The root of a sum is that of a mean times a number.
            return f"normalisation.rms_norm({x}, {decimal(length**-0.5)}, 0.0)"
        case other:
            raise RefusedError(f"its norm is {other}")
    return f"functions.divide({layer.wide(0)}, {shaped(size, (count, 1))})"


def extractor(layer: Layer) -> str | Sequence[str]:
    """The numbers at places; of a public table, also at a secret place."""
    table, index = layer.value(0), layer.value(1)
    if index.data is not None:
        return moving(_columns)(layer)
    if math.prod(table.shape[:-1]) != 1 or (math.prod(index.shape) != 1 and table.is_float):
        raise RefusedError("it looks up places of several rows, or several numbers with fractions")
    found = layer.data(0, "the table").reshape(-1)
    names = layer.use(layer.listing.constant("labels", found))
    if math.prod(index.shape) != 1:
        return shaped(f"functions.looked_up({names}, {layer.operand(1)})", layer.out.shape)
    return shaped(f"{names}[{shaped(layer.operand(1), ())}]", layer.out.shape)


def _columns(layer: Layer) -> str:
    places, before = layer.data(1, "the index").reshape(-1), layer.shape()
    text, shape = picked(layer, layer.x, before, len(before) - 1, places)
    return text if shape == layer.out.shape else shaped(text, layer.out.shape)


def binarizer(layer: Layer) -> str:
    """1 where a number is above a threshold, and 0 elsewhere."""
    bound = decimal(layer.attribute("threshold", 0.0))
    return f"fixed<{FRACTION}>({layer.wide(0)} > {bound})"


MOST_KEYS: Final = 32
"""The most numbers that are compared one after the other."""


def label_encoder(layer: Layer) -> str:
    """Another number for each of some, and a default for all others."""
    keys, values = (_first(layer, name) for name in ("keys", "values"))
    kind = layer.out.dtype.kind
    if keys is None or values is None or kind not in "fi":
        raise RefusedError("it is about words")
    if len(keys) > MOST_KEYS:
        raise RefusedError(f"it has more than {MOST_KEYS} keys")
    tensor = layer.attribute("default_tensor")
    default = layer.attribute("default_float", -0.0) if kind == "f" else None
    if default is None:
        default = layer.attribute("default_int64", -1)
    if tensor is not None:
        default = tensor.reshape(-1)[0]
    x, type = layer.wide(0), f"fixed<{FRACTION}>" if kind == "f" else layer.out.dtype.name
    text = f"{type}({literal(default)})"
    # Of equal keys, the last one counts.
    for key, value in zip(keys, values, strict=True):
        text = f"{x} == {literal(key)} ? {type}({literal(value)}) : ({text})"
    return text


def _first(layer: Layer, name: str) -> list[Any] | None:
    """Return the numbers that stand under one of the names for their types."""
    for kind in ("int64s", "floats", "tensor"):
        found = layer.attribute(f"{name}_{kind}")
        if found is not None and len(found):
            return np.asarray(found).tolist() if kind == "int64s" else list(np.asarray(found))
    return None


OPERATORS: Final[dict[str, Emit]] = {
    "Scaler": scaler,
    "LinearRegressor": linear_regressor,
    "LinearClassifier": linear_classifier,
    "TreeEnsembleClassifier": tree_classifier,
    "TreeEnsembleRegressor": tree_regressor,
    "TreeEnsemble": tree_ensemble,
    "Binarizer": binarizer,
    "Normalizer": normalizer,
    "ArrayFeatureExtractor": extractor,
    "LabelEncoder": label_encoder,
}
