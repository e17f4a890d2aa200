"""Sums, means and largest numbers along axes."""

from __future__ import annotations

import math
from typing import Final

from ..problems import RefusedError
from .axes import transposed
from .layer import Emit, Layer, shaped


def _axes(layer: Layer) -> list[int]:
    """Return the axes that are reduced, in order."""
    rank = len(layer.shape())
    given = layer.attribute("axes")
    if layer.has(1):
        given = layer.data(1, "its axes").tolist()
    if not given:
        given = [] if layer.attribute("noop_with_empty_axes", 0) else range(rank)
    return sorted(axis % rank for axis in given)


def _rows(layer: Layer, x: str, axes: list[int]) -> tuple[str, int, int]:
    """Return the text for a matrix whose rows are reduced, and its sizes."""
    shape = layer.shape()
    kept = [axis for axis in range(len(shape)) if axis not in axes]
    moved = transposed(x, shape, [*kept, *axes])
    sizes = math.prod(shape[axis] for axis in kept), math.prod(shape[axis] for axis in axes)
    after = tuple(shape[axis] for axis in [*kept, *axes])
    return (moved if after == sizes else shaped(moved, sizes)), *sizes


def _reduced(function: str) -> Emit:
    """A reduction by a text with {x} for the rows and {m} for their length."""

    def emit(layer: Layer) -> str:
        if not layer.value(0).is_float:
            raise RefusedError(f"it reduces numbers of the type {layer.value(0).dtype.name}")
        axes = _axes(layer)
        if not axes:
            return layer.x
        rows, count, length = _rows(layer, layer.x, axes)
        if length == 0:
            raise RefusedError("it reduces nothing")
        text = function.replace("{x}", rows).replace("{m}", str(length))
        return text if layer.out.shape == (count,) else shaped(text, layer.out.shape)

    return emit


_SUM = "normalisation.totals({x})"


def argument(sign: str) -> Emit:
    """The place of the largest or smallest number of each row; of several, the first one."""

    def emit(layer: Layer) -> str:
        axis = layer.attribute("axis", 0) % len(layer.shape())
        rows, count, length = _rows(layer, layer.x, [axis])
        if layer.attribute("select_last_index", 0):
            rows = f"moves.reversed::<[{count}]>({rows})"
        text = f"int64(functions.argmax({sign}{rows}))"
        if layer.attribute("select_last_index", 0):
            text = f"{length - 1} - {text}"
        return text if layer.out.shape == (count,) else shaped(text, layer.out.shape)

    return emit


def log_sum_exp(layer: Layer) -> str:
    """The logarithm of the sum of exponentials, which are at most 1 for that."""
    rows, count, length = _rows(layer, layer.x, _axes(layer))
    x = layer.named("rows", rows, (count, length))
    most = layer.named("largest", f"normalisation.largest({x})", (count,))
    below = f"functions.exp_nonpositive({x} - {shaped(most, (count, 1))})"
    text = f"{most} + functions.log({_SUM.replace('{x}', below)})"
    return text if layer.out.shape == (count,) else shaped(text, layer.out.shape)


def running_sum(layer: Layer) -> str:
    """The sums of all items up to each one along an axis, or of all before it."""
    if not layer.value(0).is_float:
        raise RefusedError(f"it adds numbers of the type {layer.value(0).dtype.name}")
    shape = layer.shape()
    axis = int(layer.number(1, "its axis")) % len(shape)
    order = [*(k for k in range(len(shape)) if k != axis), axis]
    rows, count, length = _rows(layer, layer.x, [axis])
    if layer.attribute("reverse", 0):
        rows = f"moves.reversed::<[{count}]>({rows})"
    text = f"normalisation.running_sums({rows})"
    if layer.attribute("exclusive", 0):
        text = f"moves.part::<[{count}], 0, {length}>(moves.pad::<[{count}], 1, 0>({text}, 0.0))"
    if layer.attribute("reverse", 0):
        text = f"moves.reversed::<[{count}]>({text})"
    moved = tuple(shape[k] for k in order)
    back = [order.index(k) for k in range(len(shape))]
    return transposed(text if moved == (count, length) else shaped(text, moved), moved, back)


OPERATORS: Final[dict[str, Emit]] = {
    "ReduceMax": _reduced("normalisation.largest({x})"),
    "ReduceMin": _reduced("-normalisation.largest(-{x})"),
    "ReduceSum": _reduced(_SUM),
    "ReduceProd": _reduced("normalisation.products({x})"),
    "CumSum": running_sum,
    "ReduceMean": _reduced(f"{_SUM} / {{m}}"),
    "ReduceL1": _reduced(_SUM.replace("{x}", "abs({x})")),
    "ReduceLogSumExp": log_sum_exp,
    "ArgMax": argument(""),
    "ArgMin": argument("-"),
}
