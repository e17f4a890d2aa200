"""Classes with scores: the label of the largest one, and probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ..problems import RefusedError
from .layer import Layer

CLASSIFIERS: Final = frozenset({"LinearClassifier", "SVMClassifier", "TreeEnsembleClassifier"})


def labels_of(layer: Layer) -> list[Any]:
    """Return the labels of the classes."""
    for name in ("classlabels_ints", "classlabels_int64s", "classlabels_strings"):
        if found := layer.attribute(name):
            return list(found)
    raise RefusedError("it names no classes")


def classified(layer: Layer, scores: str, labels: list[Any]) -> Sequence[str]:
    """Return the texts for the labels and the scores of classes."""
    known = layer.named("scores", scores, (layer.shape()[0], len(labels)))
    label = ""
    if layer.node.outputs[0] is not None:
        label = label_of(layer, known, labels)
    return label, transformed(layer, known)


def transformed(layer: Layer, scores: str) -> str:
    """The text for scores as the attribute `post_transform` says."""
    match layer.attribute("post_transform", "NONE"):
        case "NONE":
            return scores
        case "LOGISTIC":
            return f"functions.sigmoid({scores})"
        case "SOFTMAX":
            return f"normalisation.softmax({scores})"
        case other:
            raise RefusedError(f"its post_transform is {other}")


def label_of(layer: Layer, scores: str, labels: list[Any]) -> str:
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
