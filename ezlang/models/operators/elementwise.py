"""Operators of two or more tensors that work element by element."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from ..problems import RefusedError
from .layer import Emit, Layer, is_number, literal, shaped

SMALLEST_DIVISOR: Final = 2.0**-8
"""The smallest divisor of the library's `divide`."""


def _shape(layer: Layer, text: str) -> str:
    """The text in the shape of the result: a number that is written out has none."""
    shapes = [value.shape for value in layer.values if not is_number(value)]
    return (
        text if np.broadcast_shapes(*shapes) == layer.out.shape else shaped(text, layer.out.shape)
    )


def _binary(operator: str) -> Emit:
    def emit(layer: Layer) -> str:
        return _shape(layer, f"{layer.beside(0)} {operator} {layer.beside(1)}")

    return emit


def div(layer: Layer) -> str:
    """A quotient: exact by a public number, and else by an inverse."""
    if not layer.value(0).is_float:
        raise RefusedError("it divides integers")
    x, y = layer.value(0), layer.value(1)
    if is_number(y):
        number = float(np.asarray(y.data).reshape(()))
        if number == 0:
            raise RefusedError("it divides by 0")
        # A product with the inverse of a small number is rounded less.
        text = (
            f"{layer.beside(0)} * {literal(1 / number)}"
            if abs(number) < 1
            else f"{layer.beside(0)} / {literal(number)}"
        )
        return _shape(layer, text)
    if y.data is not None:
        if not y.data.all():
            raise RefusedError(f"it divides by `{y.name}`, which has a 0")
        sizes = np.abs(y.data.astype(np.float64))
        if sizes.max() > 2 and sizes.min() >= SMALLEST_DIVISOR and x.shape == layer.out.shape:
            # The inverse would have few digits.
            return f"functions.divide({layer.beside(0)}, {layer.operand(1)})"
        inverse = layer.given("inverse", y, 1 / y.data.astype(np.float64))
        return _shape(layer, f"{layer.beside(0)} * {inverse}")
    inverse = f"functions.reciprocal({layer.beside(1)})"
    if is_number(x) and float(np.asarray(x.data).reshape(())) == 1:
        return _shape(layer, inverse)
    if x.shape == layer.out.shape:
        return f"functions.divide({layer.beside(0)}, {layer.beside(1)})"
    return _shape(layer, f"{layer.beside(0)} * {inverse}")


def power(layer: Layer) -> str:
    """A power whose exponent is public."""
    exponent, x = layer.number(1, "the exponent"), layer.beside(0)
    if not layer.value(0).is_float:
        raise RefusedError("it is a power of integers")
    match exponent:
        case 1 | 2 | 3:
            text = " * ".join([x] * int(exponent))
        case 4:
            text = f"({x} * {x}) * ({x} * {x})"
        case 0.5:
            text = f"functions.sqrt({x})"
        case -0.5:
            text = f"functions.rsqrt({x})"
        case -1:
            text = f"functions.reciprocal({x})"
        case _ if exponent == round(exponent) or abs(exponent) >= 128:
            raise RefusedError(f"its exponent is {exponent:g}")
        case _:
            text = f"functions.pow({x}, {literal(exponent)})"
    return text if layer.shape() == layer.out.shape else shaped(text, layer.out.shape)


def _folded(function: str) -> Emit:
    """An operator of any number of tensors, by a function or operator of two."""

    def emit(layer: Layer) -> str:
        text = layer.beside(0)
        for place in range(1, len(layer.node.inputs)):
            other = layer.beside(place)
            text = f"{text} + {other}" if function == "+" else f"{function}({text}, {other})"
        return _shape(layer, text)

    return emit


def mean(layer: Layer) -> str:
    """The mean of tensors, element by element."""
    count = len(layer.node.inputs)
    return layer.x if count == 1 else f"({_folded('+')(layer)}) / {count}"


def where(layer: Layer) -> str:
    """One of two, as a tensor of bools says."""
    first, second = (layer.beside(place) for place in (1, 2))
    return _shape(layer, f"{layer.x} ? {first} : {second}")


def prelu(layer: Layer) -> str:
    """The number, times a slope of its channel where it is negative."""
    x, slope = layer.wide(0), layer.operand(1)
    if layer.version < 7 and math.prod(layer.shape(1)) > 1:
        # Later versions repeat it by the rule of all operators.
        slope = shaped(slope, (*layer.shape(1), *[1] * (len(layer.shape()) - 2)))
    return f"{x} < 0 ? {x} * {slope} : {x}"


def negation(layer: Layer) -> str:
    """Not."""
    return f"!{layer.x}"


OPERATORS: Final[dict[str, Emit]] = {
    "Add": _binary("+"),
    "Sub": _binary("-"),
    "Mul": _binary("*"),
    "Div": div,
    "Pow": power,
    "Sum": _folded("+"),
    "Max": _folded("max"),
    "Min": _folded("min"),
    "Mean": mean,
    "Where": where,
    "Less": _binary("<"),
    "LessOrEqual": _binary("<="),
    "Greater": _binary(">"),
    "GreaterOrEqual": _binary(">="),
    "Equal": _binary("=="),
    "And": _binary("&"),
    "Or": _binary("|"),
    "Xor": _binary("^"),
    "Not": negation,
    "PRelu": prelu,
}
