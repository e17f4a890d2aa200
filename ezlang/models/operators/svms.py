"""Support vector machines: weighted sums of how like rows are to the support vectors."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Final

import numpy as np

from ..graph import Array
from ..listing import FRACTION
from ..problems import RefusedError
from .classes import label_of, labels_of, transformed
from .layer import Emit, Layer, decimal, shaped

MOST_DEGREE: Final = 6
"""The highest degree of a polynomial kernel."""


def svm_classifier(layer: Layer) -> Sequence[str]:
    """A score for each pair of classes; the class that wins most pairs; probabilities of two."""
    labels = labels_of(layer)
    counts = layer.attribute("vectors_per_class") or []
    weights = np.asarray(layer.attribute("coefficients"), np.float64)
    if len(counts) != len(labels) or not sum(counts) or len(labels) < 2:
        raise RefusedError("it has no support vectors of its classes")
    if weights.min() >= 0:
        # Implementations differ in what they make of it.
        raise RefusedError("no weight of its support vectors is negative")
    rows, total = layer.shape()[0], sum(counts)
    vectors = np.asarray(layer.attribute("support_vectors"), np.float64).reshape(total, -1)
    coefficients = _of_pairs(weights.reshape(-1, total), counts)
    kernel = layer.named("kernel", kernel_of(layer, vectors), (rows, total))
    rho = layer.weight("rho", np.asarray(layer.attribute("rho"), np.float64)[: len(coefficients)])
    text = f"tensors.linear({kernel}, {layer.made_factors('coefficients', coefficients)}) + {rho}"
    scores = layer.named("pairs", text, (rows, len(coefficients)))
    label = ""
    if layer.node.outputs[0] is not None:
        label = label_of(layer, f"fixed<5>(functions.votes::<{len(labels)}>({scores}))", labels)
    if len(layer.node.outputs) < 2 or layer.node.outputs[1] is None:
        return label, ""
    if layer.attribute("prob_a"):
        scores = _probabilities(layer, scores, rows, len(labels))
    elif len(labels) == 2:
        scores = f"moves.concat::<[{rows}]>(-{scores}, {scores})"
    return label, transformed(layer, scores)


def _of_pairs(weights: Array, counts: Sequence[int]) -> Array:
    """Return a row of weights for each pair of classes; one class has them in the other's row."""
    ends = np.cumsum(counts)
    starts = ends - counts
    pairs = list(combinations(range(len(counts)), 2))
    found = np.zeros((len(pairs), ends[-1]))
    for row, (i, j) in zip(found, pairs, strict=True):
        row[starts[i] : ends[i]] = weights[j - 1, starts[i] : ends[i]]
        row[starts[j] : ends[j]] = weights[i, starts[j] : ends[j]]
    return found


def _probabilities(layer: Layer, scores: str, rows: int, classes: int) -> str:
    """The probabilities of two classes, by a logistic function that was fitted."""
    if classes > 2:
        raise RefusedError(
            "the probabilities of more than two classes are found by an iteration: choose the "
            "label by --output-name, or train without probabilities"
        )
    slope, offset = (
        layer.weight(name, -np.asarray(layer.attribute(name), np.float64)[:1])
        for name in ("prob_a", "prob_b")
    )
    text = f"functions.sigmoid({scores} * {slope} + {offset})"
    first = layer.named("probability", text, (rows, 1))
    return f"moves.concat::<[{rows}]>({first}, 1.0 - {first})"


def svm_regressor(layer: Layer) -> str:
    """A weighted sum of how like rows are to the support vectors."""
    if layer.attribute("post_transform", "NONE") != "NONE":
        raise RefusedError(f"its post_transform is {layer.attribute('post_transform')}")
    supports = layer.attribute("n_supports", 0)
    weights = np.asarray(layer.attribute("coefficients"), np.float64)
    added = layer.weight("rho", np.asarray(layer.attribute("rho"), np.float64)[:1])
    if supports == 0:
        rows = layer.made_factors("coefficients", weights.reshape(1, -1))
        return _sided(layer, f"tensors.linear({layer.x}, {rows}) + {added}")
    vectors = np.asarray(layer.attribute("support_vectors"), np.float64).reshape(supports, -1)
    kernel = layer.named("kernel", kernel_of(layer, vectors), (layer.shape()[0], supports))
    rows = layer.made_factors("coefficients", weights[np.newaxis])
    return _sided(layer, f"tensors.linear({kernel}, {rows}) + {added}")


def _sided(layer: Layer, score: str) -> str:
    """A score, or with one class only its side: 1 if it is above 0, and else -1."""
    if not layer.attribute("one_class", 0):
        return score
    return f"fixed<{FRACTION}>({score} > 0) * 2 - 1"


def kernel_of(layer: Layer, vectors: Array) -> str:
    """How like each row is to each support vector."""
    gamma, offset, degree = (*layer.attribute("kernel_params", []), 0.0, 0.0, 0.0)[:3]
    kernel = layer.attribute("kernel_type", "LINEAR")
    if kernel != "RBF":
        product = f"tensors.linear({layer.x}, {layer.made_factors('supports', vectors)})"
    match kernel:
        case "LINEAR":
            return product
        case "RBF":
            # -gamma |x - v|^2, from a matrix product; gamma is part of the weights.
            own = layer.made_factors("supports", 2 * gamma * vectors)
            sizes = layer.weight("sizes", gamma * (vectors**2).sum(axis=1))
            count = layer.shape()[0]
            factor = layer.made_factors("gamma", np.full((1, vectors.shape[1]), gamma))
            x = layer.wide(0)
            squares = f"tensors.linear({x} * {x}, {factor})"
            return (
                f"functions.exp_nonpositive(min(tensors.linear({layer.x}, {own}) - {sizes} - "
                f"{shaped(squares, (count, 1))}, 0.0))"
            )
        case "SIGMOID":
            return f"functions.tanh({product} * {decimal(gamma)} + {decimal(offset)})"
        case "POLY" if degree in range(1, MOST_DEGREE + 1):
            name = layer.named(
                "products",
                f"{product} * {decimal(gamma)} + {decimal(offset)}",
                (layer.shape()[0], len(vectors)),
            )
            return " * ".join([name] * int(degree))
        case other:
            raise RefusedError(f"its kernel is {other} of degree {degree:g}")


OPERATORS: Final[dict[str, Emit]] = {
    "SVMClassifier": svm_classifier,
    "SVMRegressor": svm_regressor,
}
