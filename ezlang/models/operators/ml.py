"""Classical models, the operators of `ai.onnx.ml`: their weights are attributes of the nodes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ..graph import Array
from ..listing import FRACTION
from ..problems import RefusedError
from .axes import along
from .forests import forest_of
from .layer import Emit, Layer, decimal, shaped
from .moves import chosen


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
    text = f"tensors.linear({layer.x}, {layer.weight('coefficients', rows)})"
    added = layer.attribute(intercepts)
    if not added:
        return text
    return f"{text} + {layer.weight(intercepts, np.asarray(added, np.float64))}"


def linear_classifier(layer: Layer) -> Sequence[str]:
    """Weighted sums of the columns, and the class whose sum is largest."""
    rows = np.asarray(layer.attribute("coefficients"), np.float64).reshape(-1, layer.shape()[1])
    labels = _labels(layer)
    added = np.asarray(layer.attribute("intercepts") or [0.0] * len(rows), np.float64)
    if len(rows) == 1 and len(labels) == 2:
        rows, added = np.concatenate([-rows, rows]), np.concatenate([-added, added])
    if len(rows) < 2 or len(rows) != len(labels):
        raise RefusedError(f"it has {len(rows)} rows of coefficients for {len(labels)} labels")
    scores = (
        f"tensors.linear({layer.x}, {layer.weight('coefficients', rows)}) + "
        f"{layer.weight('intercepts', added)}"
    )
    return _classified(layer, scores, labels)


def _labels(layer: Layer) -> list[Any]:
    for name in ("classlabels_ints", "classlabels_int64s", "classlabels_strings"):
        if found := layer.attribute(name):
            return list(found)
    raise RefusedError("it names no classes")


def _classified(layer: Layer, scores: str, labels: list[Any]) -> Sequence[str]:
    """Return the texts for the labels and the scores of classes."""
    known = layer.named("scores", scores, (layer.shape()[0], len(labels)))
    label = ""
    if layer.node.outputs[0] is not None:
        label = _label(layer, known, labels)
    match layer.attribute("post_transform", "NONE"):
        case "NONE":
            return label, known
        case "LOGISTIC":
            return label, f"functions.sigmoid({known})"
        case "SOFTMAX":
            return label, f"normalisation.softmax({known})"
        case other:
            raise RefusedError(f"its post_transform is {other}")


def _label(layer: Layer, scores: str, labels: list[Any]) -> str:
    """The label with the largest score; of several, the first one."""
    if not all(isinstance(one, int) for one in labels):
        raise RefusedError(
            "its labels are words, which no program gives: choose another output by --output-name"
        )
    places = f"int64(functions.argmax({scores}))"
    if labels != list(range(len(labels))):
        table = layer.use(layer.listing.constant("labels", np.asarray(labels, np.int64)))
        return f"functions.looked_up({table}, {places})"
    return places


def tree_classifier(layer: Layer) -> Sequence[str]:
    """Trees whose leaves have weights of classes."""
    labels = _labels(layer)
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
    return _classified(layer, forest_of(layer, leaves, added), labels)


def tree_regressor(layer: Layer) -> str:
    """Trees whose leaves have numbers, which are added."""
    if layer.attribute("post_transform", "NONE") != "NONE":
        raise RefusedError(f"its post_transform is {layer.attribute('post_transform')}")
    how = layer.attribute("aggregate_function", "SUM")
    if how not in ("SUM", "AVERAGE"):
        raise RefusedError(f"its aggregate_function is {how}")
    trees = len(set(layer.attribute("nodes_treeids")))
    targets = layer.attribute("n_targets", 1)
    where = list(
        zip(layer.attribute("target_treeids"), layer.attribute("target_nodeids"), strict=True)
    )
    leaves = {place: np.zeros(targets) for place in where}
    weights = _numbers(layer, "target_weights") / (trees if how == "AVERAGE" else 1)
    for place, number, weight in zip(where, layer.attribute("target_ids"), weights, strict=True):
        leaves[place][number] += weight
    base = _numbers(layer, "base_values")
    return forest_of(layer, leaves, base if base.size else np.zeros(targets))


def _numbers(layer: Layer, name: str) -> Array:
    tensor = layer.attribute(f"{name}_as_tensor")
    found = layer.attribute(name, []) if tensor is None else tensor
    return np.asarray(found, np.float64)


def normalizer(layer: Layer) -> str:
    """Rows divided by their largest size, or the sum or the root of the sum of squares of sizes."""
    count, x = layer.shape()[0], layer.x
    match layer.attribute("norm", "MAX"):
        case "MAX":
            size = f"normalisation.largest(abs({x}))"
        case "L1":
            size = f"from_raw::<{FRACTION}>(normalisation.row_sums(raw(abs({x}))))"
        case "L2":
            square = f"normalisation.row_sums(raw({x}) * raw({x}))"
            inverse = f"functions.rsqrt(from_raw::<{FRACTION}>({square} >> {FRACTION}))"
            return f"{x} * {shaped(inverse, (count, 1))}"
        case other:
            raise RefusedError(f"its norm is {other}")
    return f"{x} * functions.reciprocal({shaped(size, (count, 1))})"


def extractor(layer: Layer) -> str:
    """The numbers at places; of a public table, also at a secret place."""
    table, index = layer.value(0), layer.value(1)
    if index.data is not None:
        places = layer.data(1, "the index").reshape(-1)
        axis = len(table.shape) - 1
        text, shape = along(
            layer.x, table.shape, axis, "gather", [], len(places), chosen(layer, places)
        )
        return text if shape == layer.out.shape else shaped(text, layer.out.shape)
    if math.prod(table.shape[:-1]) != 1 or (math.prod(index.shape) != 1 and table.is_float):
        raise RefusedError("it looks up places of several rows, or several numbers with fractions")
    found = layer.data(0, "the table").reshape(-1)
    names = layer.use(layer.listing.constant("labels", found))
    if math.prod(index.shape) != 1:
        return shaped(f"functions.lookup({names}, {layer.operand(1)})", layer.out.shape)
    return shaped(f"{names}[{shaped(layer.operand(1), ())}]", layer.out.shape)


def svm_regressor(layer: Layer) -> str:
    """A weighted sum of how like rows are to the support vectors."""
    if layer.attribute("post_transform", "NONE") != "NONE" or layer.attribute("one_class", 0):
        raise RefusedError("it has a post_transform, or one class")
    supports = layer.attribute("n_supports", 0)
    weights = np.asarray(layer.attribute("coefficients"), np.float64)
    added = layer.weight("rho", np.asarray(layer.attribute("rho"), np.float64)[:1])
    if supports == 0:
        rows = layer.weight("coefficients", weights.reshape(1, -1))
        return f"tensors.linear({layer.x}, {rows}) + {added}"
    vectors = np.asarray(layer.attribute("support_vectors"), np.float64).reshape(supports, -1)
    kernel = layer.named("kernel", kernel_of(layer, vectors), (layer.shape()[0], supports))
    return (
        f"tensors.linear({kernel}, {layer.weight('coefficients', weights[np.newaxis])}) + {added}"
    )


def kernel_of(layer: Layer, vectors: Array) -> str:
    """How like each row is to each support vector."""
    gamma, offset, degree = (*layer.attribute("kernel_params", []), 0.0, 0.0, 0.0)[:3]
    kernel = layer.attribute("kernel_type", "LINEAR")
    if kernel != "RBF":
        product = f"tensors.linear({layer.x}, {layer.weight('supports', vectors)})"
    match kernel:
        case "LINEAR":
            return product
        case "RBF":
            # -gamma |x - v|^2, from a matrix product; gamma is part of the weights.
            own = layer.weight("supports", 2 * gamma * vectors)
            sizes = layer.weight("sizes", gamma * (vectors**2).sum(axis=1))
            count = layer.shape()[0]
            factor = layer.weight("gamma", np.full((1, vectors.shape[1]), gamma))
            x = layer.wide(0)
            squares = f"tensors.linear({x} * {x}, {factor})"
            return (
                f"functions.exp_nonpositive(min(tensors.linear({layer.x}, {own}) - {sizes} - "
                f"{shaped(squares, (count, 1))}, 0.0))"
            )
        case "SIGMOID":
            return f"functions.tanh({product} * {decimal(gamma)} + {decimal(offset)})"
        case "POLY" if degree in (1, 2, 3):
            name = layer.named(
                "products",
                f"{product} * {decimal(gamma)} + {decimal(offset)}",
                (layer.shape()[0], len(vectors)),
            )
            return " * ".join([name] * int(degree))
        case other:
            raise RefusedError(f"its kernel is {other} of degree {degree:g}")


def binarizer(layer: Layer) -> str:
    """1 where a number is above a threshold, and 0 elsewhere."""
    bound = decimal(layer.attribute("threshold", 0.0))
    return f"fixed<{FRACTION}>({layer.wide(0)} > {bound})"


OPERATORS: Final[dict[str, Emit]] = {
    "Scaler": scaler,
    "LinearRegressor": linear_regressor,
    "LinearClassifier": linear_classifier,
    "TreeEnsembleClassifier": tree_classifier,
    "TreeEnsembleRegressor": tree_regressor,
    "Binarizer": binarizer,
    "Normalizer": normalizer,
    "ArrayFeatureExtractor": extractor,
    "SVMRegressor": svm_regressor,
}
