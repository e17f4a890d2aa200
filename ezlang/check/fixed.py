"""Fixed-point numbers: products and quotients with integers, sums of products, representations."""

from __future__ import annotations

from typing import Final

from ezlang.source import Span
from ezlang.typed import tree as typed
from ezlang.types.types import (
    INT64,
    FixedType,
    ScalarType,
    Type,
    array_of,
    element_of,
    scalar,
    scalar_element,
    shape_of,
)

from .coerce import cast, repeated
from .constants import scalars
from .untyped import Exact, Poison, Typed, Value, literal

WIDENING: Final = frozenset({"+", "-", "*", "/", "%"})
"""The operators whose results may have more bits than the operands: they have type `fixed<f>`."""


def whole(value: Typed) -> Typed:
    """Return a number of type `fixed<i, f>` as `fixed<f>`, and any other value unchanged."""
    element = element_of(value.type)
    return cast(value, element.whole) if isinstance(element, FixedType) else value


def result(left: Typed, right: Typed) -> ScalarType:
    """Return the element type of the result of arithmetic on two values."""
    types = [scalar(element_of(operand.type)) for operand in (left, right)]
    return types[0] if types[0].is_fixed else types[1]


def constant_as(type: Type, value: Typed | Poison) -> Typed | Poison:
    """Return a constant with the type `fixed<i, f>` that its context asks for, if it fits."""
    element = element_of(type)
    if isinstance(value, Poison) or not isinstance(element, FixedType) or value.constant is None:
        return value
    if not all(element.low <= number <= element.high for number in scalars(value.constant)):
        return value
    return cast(value, element)


def with_integer(operator: str, left: Value, right: Value) -> tuple[Typed, Typed] | None:
    """Return the operands of a product or quotient of a fixed-point number and an integer.

    Neither is rounded on account of the integer: the product is exact. Constants that are whole
    numbers count as integers. None for all other operands, and for integers beyond `int64`.
    """
    if operator not in ("*", "/"):
        return None
    if _is_fixed(left):
        assert isinstance(left, Typed)
        number = _integer(right)
        if number is not None:
            return left, number
    if operator == "*" and _is_fixed(right):
        assert isinstance(right, Typed)
        number = _integer(left)
        if number is not None:
            return number, right
    return None


def of_two_fractions(operator: str, left: Value, right: Value) -> tuple[Typed, Typed] | None:
    """Return the operands of a product of numbers that differ in their fraction bits, else None."""
    if operator != "*" or not (isinstance(left, Typed) and isinstance(right, Typed)):
        return None
    types = [element_of(operand.type) for operand in (left, right)]
    fractions = {type.fraction for type in types if isinstance(type, FixedType)}
    return (left, right) if len(fractions) == 2 else None


def _is_fixed(value: Value) -> bool:
    return isinstance(value, Typed) and isinstance(element_of(value.type), FixedType)


def _integer(value: Value) -> Typed | None:
    """Return a value as an integer, if it is one."""
    if isinstance(value, Exact):
        return literal(value.value, INT64, value.span) if INT64.contains(value.value) else None
    if not isinstance(value, Typed):
        return None
    element = scalar_element(value.type)
    if element is None or not element.is_number:
        return None
    if element.is_integer:
        return value if element.widens_to(INT64) else None
    constant = value.constant
    if not element.is_fixed or constant is None or isinstance(constant, tuple):
        return None
    number, rest = divmod(constant, 1 << element.fraction_bits)
    return None if rest else repeated(literal(number, INT64, value.span), shape_of(value.type))


def sum_of_products(span: Span, operand: Typed) -> Typed | None:
    """Return the sum of all elements of an array of products, if their rounding can be delayed."""
    node = operand.node
    if not isinstance(node, typed.Binary) or node.op is not typed.BinaryOp.MUL:
        return None
    factors = [scalar_element(part.type) for part in (node.left, node.right)]
    if not all(isinstance(factor, FixedType) for factor in factors):
        return None
    total = typed.SumOfProducts(
        span=span, type=element_of(node.type), label=node.label, left=node.left, right=node.right
    )
    return Typed(node=total, why=operand.why)


def reinterpreted(value: Typed, element: ScalarType, span: Span) -> Typed:
    """Return the integers that represent numbers, or the numbers that integers represent."""
    type: Type = array_of(element, shape_of(value.type))
    node = typed.Reinterpret(span=span, type=type, label=value.label, operand=value.node)
    return Typed(node=node, why=value.why, constant=value.constant)
