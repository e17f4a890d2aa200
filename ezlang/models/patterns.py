"""Functions that exporters write as several nodes, as the one node that they stand for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from .graph import Node, Value
from .surroundings import Change, Surroundings

_CLOSE: Final = 1e-3
"""How far a number may be from the one that a pattern has, relatively: exporters round."""

_ROUNDED: Final = 2.0**-21
"""The same of roots that were computed in float32."""

_SCALES: Final = (-0.5, -0.25)
"""The powers of a size by which attention scales a product of matrices, or both its factors."""


def product(node: Node, around: Surroundings) -> Change | None:
    """GELU, SiLU and hard swish are products of a number and a function of it."""
    factors = _factors(node, around)
    numbers = [one for one in (_number(value) for value in factors) if one is not None]
    others = [value for value in factors if _number(value) is None]
    scale = math.prod(numbers)
    if len(others) != 2:
        return None
    for x, gate in (others, others[::-1]):
        op = _gated(x, gate, scale, around)
        if op is not None:
            return {node.out.name: (replace(node, op=op, inputs=(x,), attributes={}),)}
    return None


def attention_scale(node: Node, around: Surroundings) -> Change | None:
    """The scale of attention is public if it says no more than a size, which is public.

    PyTorch writes it among the weights: 1/√d for the product of two matrices with inner size d, or
    the root of that for each factor. Any other number stays secret: it must equal the formula to
    the precision of a float.
    """
    for x, value in [*_pairs(node)][: 1 if node.op == "Div" else 2]:
        number = _number(value)
        if not number or value.is_public or x.data is not None:
            continue
        scale = 1 / number if node.op == "Div" else number
        size = _inner_size(x, node.out, around)
        if size and any(math.isclose(scale, size**power, rel_tol=_ROUNDED) for power in _SCALES):
            reason = f"the scale of attention `{node.name}`, which follows from the size {size}"
            factor = _inverse(value, number) if node.op == "Div" else value
            factor = replace(factor, is_public=True, reason=reason)
            return {node.out.name: (replace(node, op="Mul", inputs=(x, factor)),)}
    return None


def _inner_size(x: Value, scaled: Value, around: Surroundings) -> int | None:
    """Return the inner size of the product of two computed matrices that is scaled by a number.

    `x` is the product, or `scaled`, which is a multiple of `x`, is a factor of it alone.
    """
    for product in (around.maker(x, "MatMul"), around.only_user(scaled, "MatMul")):
        for left, right in [*_pairs(product)][:1]:
            if left.data is None and right.data is None and left.shape:
                return left.shape[-1]
    return None


def _gated(x: Value, gate: Value, scale: float, around: Surroundings) -> str | None:
    """Return the operator that `scale` times `x` times `gate` is."""
    sigmoid = around.maker(gate, "Sigmoid")
    if sigmoid is not None and sigmoid.inputs[0] == x and scale == 1:
        return "Swish"
    hard = around.maker(gate, "HardSigmoid")
    if hard is not None and hard.inputs[0] == x and scale == 1:
        slope, offset = hard.attributes.get("alpha", 0.2), hard.attributes.get("beta", 0.5)
        return "HardSwish" if _is(slope, 1 / 6) and _is(offset, 0.5) else None
    clip = around.maker(gate, "Clip")
    if clip is not None and _is(scale, 1 / 6) and _bounds(clip) == (0, 6):
        return "HardSwish" if _sum(clip.inputs[0], around) == (x, 3) else None
    total = _sum(gate, around)
    erf = around.maker(total[0], "Erf") if total is not None and total[1] == 1 else None
    if erf is None or not _is(scale, 0.5):
        return None
    return "Gelu" if _scaled(erf.inputs[0], around) == x else None


def _factors(node: Node, around: Surroundings) -> list[Value]:
    """Return what a product is made of; products in it that something else uses are one factor."""
    factors: list[Value] = []
    for place, value in enumerate(node.inputs):
        assert value is not None
        below = around.maker(value, "Mul", "Div")
        if node.op == "Div" and place == 1:
            divisor = _number(value)
            factors.append(value if not divisor else _inverse(value, divisor))
        elif below is not None and around.is_private(value):
            factors += _factors(below, around)
        else:
            factors.append(value)
    return factors


def _inverse(value: Value, number: float) -> Value:
    assert value.data is not None
    return replace(value, data=value.data * 0 + 1 / number)


def _number(value: Value | None) -> float | None:
    """Return a constant of one element."""
    if value is None or value.data is None or value.data.size != 1:
        return None
    return float(value.data.reshape(()))


def _is(number: float, expected: float) -> bool:
    return math.isclose(number, expected, rel_tol=_CLOSE)


def _bounds(clip: Node) -> tuple[float | None, float | None]:
    given = [_number(value) for value in (*clip.inputs[1:], None, None)]
    low, high = clip.attributes.get("min", given[0]), clip.attributes.get("max", given[1])
    return low, high


def _sum(value: Value | None, around: Surroundings) -> tuple[Value, float] | None:
    """Return what a value is the sum of, if that is another one and a number."""
    node = around.maker(value, "Add")
    for first, second in _pairs(node):
        number = _number(second)
        if number is not None:
            return first, number
    return None


def _scaled(value: Value | None, around: Surroundings) -> Value | None:
    """Return the value that another one is, divided by the root of 2."""
    negated = around.maker(value, "Neg")
    if negated is not None:
        below = around.maker(_scaled(negated.inputs[0], around), "Neg")
        return None if below is None else below.inputs[0]
    node = around.maker(value, "Mul", "Div")
    for first, second in _pairs(node):
        number = _number(second)
        if number is None or node is None:
            continue
        wanted = math.sqrt(2) if node.op == "Div" else math.sqrt(0.5)
        if _is(number, wanted) and (node.op == "Mul" or first == node.inputs[0]):
            return first
    return None


def _pairs(node: Node | None) -> Iterator[tuple[Value, Value]]:
    if node is not None:
        first, second = node.inputs
        assert first is not None
        assert second is not None
        yield first, second
        yield second, first
