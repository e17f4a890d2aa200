"""Normalisations."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from ..problems import RefusedError
from ..rewriting import AFFINE, NORM_RELU
from .axes import transposed
from .layer import Emit, Layer, decimal, shaped


def batch(layer: Layer) -> str:
    """A batch normalisation whose statistics depend on the inputs: none of ours."""
    if layer.attribute("training_mode", 0):
        raise RefusedError("it is meant for training")
    raise RefusedError("its statistics depend on the model's inputs")


def affine(layer: Layer) -> str:
    """Each channel times a factor, plus an offset."""
    return f"normalisation.batch_norm({layer.x}, {layer.operand(1)}, {layer.operand(2)})"


def layer_norm(layer: Layer) -> str:
    """Rows of what follows an axis, normalised; with a gain and an offset for each place."""
    return _rows_norm(layer, "layer_norm", layer.attribute("axis", -1))


def rms_norm(layer: Layer) -> str:
    """The same without the mean, and without an offset."""
    return _rows_norm(layer, "rms_norm", layer.attribute("axis", -1))


def _rows_norm(layer: Layer, function: str, axis: int) -> str:
    shape = layer.shape()
    axis %= len(shape)
    length = math.prod(shape[axis:])
    rows = (*shape[:axis], length)
    x = layer.x if rows == shape else shaped(layer.x, rows)
    factors = [_flat(layer, place, length) for place in (1, 2) if layer.has(place)]
    if function == "layer_norm" and len(factors) == 1:
        factors.append(layer.use(layer.listing.constant("none", np.zeros(length))))
    epsilon = decimal(layer.attribute("epsilon", 1e-5))
    text = f"normalisation.{function}({', '.join([x, *factors, epsilon])})"
    return text if rows == shape else shaped(text, shape)


def _flat(layer: Layer, place: int, length: int) -> str:
    """A gain or an offset as one row."""
    data, role = layer.constant(place), ("", "gain", "offset")[place]
    if math.prod(layer.shape(place)) != length:
        raise RefusedError(f"its {role} has the shape {layer.shape(place)}")
    if layer.shape(place) == (length,):
        return layer.operand(place)
    if data is None:
        return shaped(layer.operand(place), (length,))
    return layer.weight(role, data.reshape(length))


def instance_norm(layer: Layer) -> str:
    """Each channel of each item, normalised."""
    epsilon = decimal(layer.attribute("epsilon", 1e-5))
    return (
        f"normalisation.instance_norm({layer.x}, {layer.operand(1)}, {layer.operand(2)}, {epsilon})"
    )


def lrn(layer: Layer) -> str:
    """Numbers divided by a power of the sum of squares of channels around them."""
    alpha, beta, bias = (
        decimal(layer.attribute(name, default))
        for name, default in (("alpha", 1e-4), ("beta", 0.75), ("bias", 1.0))
    )
    return f"normalisation.lrn::<{layer.attribute('size')}>({layer.x}, {alpha}, {beta}, {bias})"


def norm_relu(layer: Layer) -> str:
    """An offset for each channel, and a ReLU."""
    return f"tensors.norm_relu({layer.x}, {layer.operand(1)}, {layer.operand(2)})"


def _softmax(function: str) -> Emit:
    def emit(layer: Layer) -> str:
        shape = layer.shape()
        axis = layer.attribute("axis", -1 if layer.version >= 13 else 1) % len(shape)
        if layer.version < 13:
            # What follows the axis is one row with it.
            rows = (math.prod(shape[:axis]), math.prod(shape[axis:]))
            inner = layer.x if rows == shape else shaped(layer.x, rows)
            text = f"normalisation.{function}({inner})"
            return text if rows == shape else shaped(text, shape)
        order = [*(k for k in range(len(shape)) if k != axis), axis]
        text = f"normalisation.{function}({transposed(layer.x, shape, order)})"
        moved = tuple(shape[k] for k in order)
        return transposed(text, moved, [order.index(k) for k in range(len(shape))])

    return emit


OPERATORS: Final[dict[str, Emit]] = {
    "BatchNormalization": batch,
    AFFINE: affine,
    NORM_RELU: norm_relu,
    "LayerNormalization": layer_norm,
    "RMSNormalization": rms_norm,
    "InstanceNormalization": instance_norm,
    "LRN": lrn,
    "Softmax": _softmax("softmax"),
    "LogSoftmax": _softmax("log_softmax"),
}
