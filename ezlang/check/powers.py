"""Powers by constants: `x ** n`."""

from __future__ import annotations

from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.types.types import Type, scalar_element

from . import constants, fixed
from .coerce import coerce
from .context import Body
from .messages import numbers as errors_numbers
from .messages import sizes as errors_sizes
from .messages import types as errors_types
from .untyped import Deferred, Exact, Poison, Typed, Value


def power(body: Body, node: syntax.Binary) -> Value:
    """Check `x ** n`, where n is a constant integer of at least 0."""
    return raised(body, node.operator_span, node.span, body.value(node.left), node.right)


def raised(body: Body, place: Span, span: Span, base: Value, exponent: syntax.Expr) -> Value:
    """Check a power of a value; `place` is the operator's own place."""
    number = _constant(body, exponent)
    if number is None or isinstance(base, Poison):
        return Poison(span=span)
    match base:
        case Exact(value=value):
            if abs(value) > 1 and number * (abs(value).bit_length() - 1) > constants.EXACT_BITS:
                body.report_size(errors_sizes.exact_too_large(span))
                return Poison(span=span)
            return Exact(value=value**number, span=span)
        case Deferred():
            return _deferred(body, place, span, base, number)
        case Typed():
            return _finish(body, place, span, base, number)


def _constant(body: Body, node: syntax.Expr) -> int | None:
    """Return an exponent; None if it is wrong, which is reported."""
    with body.exact():
        given = body.value(node)
    if isinstance(given, Poison):
        return None
    if not isinstance(given, Exact):
        body.report(errors_numbers.exponent_not_constant(given.span))
        return None
    if given.value < 0:
        body.report_size(errors_numbers.exponent_negative(node.span, given.value))
        return None
    return given.value


def _deferred(body: Body, place: Span, span: Span, base: Deferred, exponent: int) -> Deferred:
    def build(type: Type) -> Typed | Poison:
        built = coerce(body, base, type)
        if isinstance(built, Poison):
            return built
        return fixed.constant_as(type, _finish(body, place, span, built, exponent))

    return Deferred(span=span, what=base.what, shape=base.shape, default=base.default, build=build)


def _finish(body: Body, place: Span, span: Span, base: Typed, exponent: int) -> Typed | Poison:
    base = fixed.whole(base)
    element = scalar_element(base.type)
    if element is None or not element.is_number:
        body.report(errors_types.operator_type(place, "**", base.type, base.span))
        return Poison(span=span)
    constant = base.constant
    if constant is not None:
        constant = constants.fold_power(constant, exponent, element)
    result = typed.Power(
        span=span, type=base.type, label=base.label, operand=base.node, exponent=exponent
    )
    return Typed(node=result, why=base.why, constant=constant)
