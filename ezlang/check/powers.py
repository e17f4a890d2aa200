"""Powers by constants: `x ** n`."""

from __future__ import annotations

from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.types.types import Type, scalar_element

from . import constants, fixed
from .coerce import coerce
from .context import Body
from .messages import sizes as errors_sizes
from .messages import types as errors_types
from .untyped import Deferred, Exact, Poison, Typed, Value


def power(body: Body, node: syntax.Binary) -> Value:
    """Check `x ** n`, where n is a constant integer of at least 0."""
    base = body.value(node.left)
    with body.exact():
        given = body.value(node.right)
    exponent = _exponent(body, node, given)
    if exponent is None or isinstance(base, Poison):
        return Poison(span=node.span)
    match base:
        case Exact(value=number):
            if abs(number) > 1 and exponent * (abs(number).bit_length() - 1) > _EXACT_BITS:
                body.report_size(errors_sizes.exact_too_large(node.span))
                return Poison(span=node.span)
            return Exact(value=number**exponent, span=node.span)
        case Deferred():
            return _deferred(body, node, base, exponent)
        case Typed():
            return _finish(body, node, base, exponent)


_EXACT_BITS = constants.EXACT_BITS


def _exponent(body: Body, node: syntax.Binary, given: Value) -> int | None:
    if isinstance(given, Poison):
        return None
    number = given.value if isinstance(given, Exact) else None
    if number is None:
        body.report(errors_types.exponent_not_constant(given.span))
    elif number < 0:
        body.report_size(errors_types.exponent_negative(node.right.span, number))
        return None
    return number


def _deferred(body: Body, node: syntax.Binary, base: Deferred, exponent: int) -> Deferred:
    def build(type: Type) -> Typed | Poison:
        built = coerce(body, base, type)
        if isinstance(built, Poison):
            return built
        return fixed.constant_as(type, _finish(body, node, built, exponent))

    return Deferred(
        span=node.span, what=base.what, shape=base.shape, default=base.default, build=build
    )


def _finish(body: Body, node: syntax.Binary, base: Typed, exponent: int) -> Typed | Poison:
    base = fixed.whole(base)
    element = scalar_element(base.type)
    if element is None or not element.is_number:
        place: Span = node.operator_span
        body.report(errors_types.operator_type(place, "**", base.type, base.span))
        return Poison(span=node.span)
    constant = base.constant
    if constant is not None:
        constant = constants.fold_power(constant, exponent, element)
    result = typed.Power(
        span=node.span, type=base.type, label=base.label, operand=base.node, exponent=exponent
    )
    return Typed(node=result, why=base.why, constant=constant)
