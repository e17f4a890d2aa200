"""Computation at checking time: exact integers, and constants that have a type.

Typed operations follow the operator table of docs/language.md. Callers have excluded division by
zero, which is an error on constants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import assert_never

from ezlang.typed.operators import UnaryOp, products_of_power
from ezlang.types import fixed_point
from ezlang.types.types import ScalarType

from .untyped import Constant

EXACT_BITS = 4096
"""The largest number of bits of exact integers; larger ones are almost certainly a mistake."""


def divided(x: int, y: int) -> int:
    """Return x / y rounded toward zero."""
    quotient = abs(x) // abs(y)
    return quotient if (x < 0) == (y < 0) else -quotient


def compare(operator: str, x: int, y: int) -> bool:
    """Return the result of a comparison."""
    match operator:
        case "==":
            return x == y
        case "!=":
            return x != y
        case "<":
            return x < y
        case "<=":
            return x <= y
        case ">":
            return x > y
        case _:
            return x >= y


def compute(operator: str, x: int, y: int) -> int:
    """Return the exact result of an integer operation; `y` is a valid divisor or shift amount."""
    match operator:
        case "+":
            return x + y
        case "-":
            return x - y
        case "*":
            return x * y
        case "/":
            return divided(x, y)
        case "%":
            return x - divided(x, y) * y
        case "<<":
            return x << y
        case ">>":
            return x >> y
        case "&":
            return x & y
        case "|":
            return x | y
        case "^":
            return x ^ y
        case "min":
            return min(x, y)
        case "max":
            return max(x, y)
        case _:
            raise ValueError(operator)


def fold_binary(
    operator: str, x: Constant, y: Constant, type: ScalarType, second: ScalarType
) -> Constant:
    """Compute an operator on two constants of equal shape, given their element types."""
    if isinstance(x, tuple):
        others = y if isinstance(y, tuple) else (y,) * len(x)
        pairs = zip(x, others, strict=True)
        return tuple([fold_binary(operator, a, b, type, second) for a, b in pairs])
    if isinstance(y, tuple):
        return tuple([fold_binary(operator, x, b, type, second) for b in y])
    if operator == "*" and (type.is_fixed or second.is_fixed):
        return fixed_point.product(type, second, x, y)
    if operator == "/" and type.is_fixed:
        return fixed_point.quotient(second, x, y)
    if operator in ("==", "!=", "<", "<=", ">", ">="):
        return compare(operator, x, y)
    if operator == "mulhi":
        return x * y >> type.width
    bitwise = {"&&": "&", "||": "|"}.get(operator, operator)
    return type.wrap(compute(bitwise, int(x), int(y)))


def compute_unary(op: UnaryOp, x: int, type: ScalarType | None = None) -> int | None:
    """Return the result of an operator on a value of a type, or on an integer without a type.

    None where the result depends on the type and there is none.
    """
    match op:
        case UnaryOp.NEG:
            exact = -x
        case UnaryOp.BITNOT:
            exact = ~x
        case UnaryOp.NOT:
            exact = not x
        case UnaryOp.ABS:
            exact = abs(x)
        case UnaryOp.COUNT_ONES:
            return None if type is None else (x & ((1 << type.width) - 1)).bit_count()
        case _:
            assert_never(op)
    return exact if type is None else type.wrap(exact)


def repeated(x: Constant, own: tuple[int, ...], shape: tuple[int, ...]) -> Constant:
    """Return a constant of scalars repeated from its own shape to another, by NumPy's rule."""
    if not isinstance(x, tuple):
        return x
    if len(own) < len(shape):
        return (repeated(x, own, shape[1:]),) * shape[0]
    items = tuple([repeated(item, own[1:], shape[1:]) for item in x])
    return items if own[0] == shape[0] else items * shape[0]


def reshaped(x: Constant, source: tuple[int, ...], shape: tuple[int, ...]) -> Constant:
    """Return a constant array (or single value) in another shape of as many elements."""
    if source and not isinstance(x, tuple):
        return x
    return _arranged(_items(x, source), shape)


def _arranged(items: Iterator[Constant], shape: tuple[int, ...]) -> Constant:
    """Return the next elements in a shape."""
    if not shape:
        return next(items)
    return tuple([_arranged(items, shape[1:]) for _ in range(shape[0])])


def _items(x: Constant, shape: tuple[int, ...]) -> Iterator[Constant]:
    """Yield the elements of a constant of this shape."""
    if not shape:
        yield x
        return
    for item in x if isinstance(x, tuple) else (x,) * shape[0]:
        yield from _items(item, shape[1:])


def fold_unary(op: UnaryOp, x: Constant, type: ScalarType) -> Constant:
    """Compute an operator on a constant."""

    def on_scalar(value: int | bool) -> int | bool:
        result = compute_unary(op, int(value), type)
        assert result is not None
        return result

    return each(x, on_scalar)


def fold_power(x: Constant, exponent: int, type: ScalarType) -> Constant:
    """Compute a power of a constant."""
    if exponent == 0:
        return each(x, lambda value: type.conversion(None)(1))
    values = [x]
    for i, j in products_of_power(exponent):
        values.append(fold_binary("*", values[i], values[j], type, type))
    return values[-1]


def fold_cast(x: Constant, source: ScalarType | None, to: ScalarType) -> Constant:
    """Compute a cast from `source`, or of integers without a type."""
    return each(x, to.conversion(source))


def each(x: Constant, function: Callable[[int | bool], int | bool]) -> Constant:
    """Apply a function to every scalar of a constant."""
    if isinstance(x, tuple):
        return tuple([each(item, function) for item in x])
    return function(x)


def scalars(x: Constant) -> list[int | bool]:
    """Return every scalar of a constant, in order."""
    if isinstance(x, tuple):
        return [scalar for item in x for scalar in scalars(item)]
    return [x]
