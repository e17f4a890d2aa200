"""Functions of one number, which work on tensors element by element."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..listing import FRACTION
from .layer import Emit, Layer, decimal


def _function(name: str) -> Emit:
    def emit(layer: Layer) -> str:
        return f"functions.{name}({layer.x})"

    return emit


def relu(layer: Layer) -> str:
    """The number, but at least 0."""
    return f"max({layer.x}, 0)"


def clip(layer: Layer) -> str:
    """The number within bounds; either may be left out."""
    low, high = -np.inf, np.inf
    if layer.version < 11:
        low, high = layer.attribute("min", low), layer.attribute("max", high)
    if layer.has(1):
        low = layer.number(1, "the lower bound")
    if layer.has(2):
        high = layer.number(2, "the upper bound")
    # What no fixed-point number exceeds bounds nothing.
    text = layer.wide(0)
    if low > -(2.0**31):
        text = f"max({text}, {decimal(low)})"
    return f"min({text}, {decimal(high)})" if high < 2.0**31 else text


def leaky_relu(layer: Layer) -> str:
    """The number, times a slope where it is negative."""
    return f"functions.leaky_relu({layer.x}, {decimal(layer.attribute('alpha', 0.01))})"


def hard_sigmoid(layer: Layer) -> str:
    """A slope times the number plus an offset, between 0 and 1."""
    slope, offset = layer.attribute("alpha", 0.2), layer.attribute("beta", 0.5)
    return f"functions.hard_sigmoid({layer.wide(0)}, {decimal(slope)}, {decimal(offset)})"


def hard_swish(layer: Layer) -> str:
    """The number times its hard sigmoid."""
    x = layer.wide(0)
    return f"{x} * functions.hard_sigmoid({x}, {decimal(1 / 6)}, 0.5)"


def gelu(layer: Layer) -> str:
    """The number times the probability that a normal variable is below it."""
    if layer.attribute("approximate", "none") != "none":
        x = layer.wide(0)
        # The definition by tanh, which differs by up to 0.0005.
        inner = (
            f"functions.tanh({decimal(np.sqrt(2 / np.pi))} * ({x} + 0.044715 * {x} * {x} * {x}))"
        )
        return f"0.5 * {x} * (1.0 + {inner})"
    return f"functions.gelu({layer.x})"


def swish(layer: Layer) -> str:
    """The number times the sigmoid of a multiple of it."""
    alpha = layer.attribute("alpha", 1.0)
    if alpha == 1:
        return f"functions.silu({layer.x})"
    x = layer.wide(0)
    return f"{x} * functions.sigmoid({x} * {decimal(alpha)})"


def elu(layer: Layer) -> str:
    """The number, or less than 0 times its exponential where it is negative."""
    return _exponential_below(layer, layer.attribute("alpha", 1.0), 1.0, 1.0)


def celu(layer: Layer) -> str:
    """The same with another steepness."""
    alpha = layer.attribute("alpha", 1.0)
    return _exponential_below(layer, alpha, alpha, 1.0)


def selu(layer: Layer) -> str:
    """The same times a factor."""
    alpha = layer.attribute("alpha", 1.6732632423543772)
    return _exponential_below(layer, alpha, 1.0, layer.attribute("gamma", 1.0507009873554805))


def _exponential_below(layer: Layer, size: float, width: float, factor: float) -> str:
    """`factor` times x where x > 0, and times `size` times (e^(x / width) - 1) elsewhere."""
    x = layer.wide(0)
    inner = x if width == 1 else f"{x} / {decimal(width)}"
    below = f"functions.exp_nonpositive({inner}) - 1.0"
    scaled = size * factor
    below = below if scaled == 1 else f"{decimal(scaled)} * ({below})"
    return f"{x} > 0.0 ? {x if factor == 1 else f'{x} * {decimal(factor)}'} : {below}"


def thresholded_relu(layer: Layer) -> str:
    """The number where it is above a threshold, 0 elsewhere."""
    x = layer.wide(0)
    return f"{x} > {decimal(layer.attribute('alpha', 1.0))} ? {x} : 0.0"


def shrink(layer: Layer) -> str:
    """The number moved towards 0 beyond a threshold, 0 elsewhere."""
    x, bias = layer.wide(0), layer.attribute("bias", 0.0)
    bound = layer.attribute("lambd", 0.5)
    low = f"{x} + {decimal(bias)}" if bias else x
    high = f"{x} - {decimal(bias)}" if bias else x
    return f"{x} < {decimal(-bound)} ? {low} : ({x} > {decimal(bound)} ? {high} : 0.0)"


def softsign(layer: Layer) -> str:
    """x / (1 + |x|)."""
    x = layer.wide(0)
    return f"{x} / (1.0 + abs({x}))"


def sign(layer: Layer) -> str:
    """1, 0 or -1."""
    x, type = layer.wide(0), _element(layer)
    return f"{type}({x} > 0) - {type}({x} < 0)"


def floor(layer: Layer) -> str:
    """The largest whole number that isn't above."""
    return _floor(layer.x)


def ceil(layer: Layer) -> str:
    """The smallest whole number that isn't below."""
    return f"-{_floor(f'-{layer.x}')}"


def _floor(x: str) -> str:
    return f"from_raw::<{FRACTION}>((raw({x}) >> {FRACTION}) << {FRACTION})"


def cast(layer: Layer) -> str:
    """The number as another type."""
    source, target = layer.value(0), layer.out
    if source.is_float and target.is_float:
        return layer.x
    if source.dtype == target.dtype:
        return layer.x
    if not source.is_float or target.dtype == bool:
        return f"{_element(layer)}({layer.x})"
    # ONNX rounds toward zero, as a quotient of integers is.
    return f"{_element(layer)}(raw({layer.x}) / (int64(1) << {FRACTION}))"


def _element(layer: Layer) -> str:
    return f"fixed<{FRACTION}>" if layer.out.is_float else layer.out.dtype.name


def negative(layer: Layer) -> str:
    """The number with the other sign."""
    return f"-{layer.wide(0)}"


def absolute(layer: Layer) -> str:
    """The number without its sign."""
    return f"abs({layer.wide(0)})"


OPERATORS: Final[dict[str, Emit]] = {
    "Relu": relu,
    "Clip": clip,
    "LeakyRelu": leaky_relu,
    "HardSigmoid": hard_sigmoid,
    "HardSwish": hard_swish,
    "Gelu": gelu,
    "Swish": swish,
    "Elu": elu,
    "Celu": celu,
    "Selu": selu,
    "ThresholdedRelu": thresholded_relu,
    "Shrink": shrink,
    "Softsign": softsign,
    "Sign": sign,
    "Floor": floor,
    "Ceil": ceil,
    "Cast": cast,
    "Neg": negative,
    "Abs": absolute,
    "Softplus": _function("softplus"),
    "Sigmoid": _function("sigmoid"),
    "Tanh": _function("tanh"),
    "Erf": _function("erf"),
    "Exp": _function("exp"),
    "Log": _function("log"),
    "Sqrt": _function("sqrt"),
    "Reciprocal": _function("reciprocal"),
}
