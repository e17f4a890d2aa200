"""Casts and the built-in functions."""

from __future__ import annotations

from math import prod

from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.types.types import (
    FIXED,
    INT64,
    FixedType,
    ScalarType,
    VoidType,
    array_of,
    element_of,
    scalar,
    scalar_element,
    shape_of,
)

from . import coerce, constants, fixed, operators, randomness, shapes
from .context import Body
from .items import BUILTINS
from .messages import programs as errors_programs
from .messages import types as errors_types
from .parties import named_parties
from .typenames import constant_integer, fixed_type, spread
from .untyped import Deferred, Exact, Poison, Typed, Value, known_shape, literal


def cast(body: Body, node: syntax.Call, type: ScalarType) -> Value:
    """Check `int32(x)`, element-wise on arrays; a number or an input simply takes the type."""
    to = fixed_type(body, node.sizes) if node.sizes else type
    if not _counted(body, node, node.callee.span.text, 1) or to is None:
        return Poison(span=node.span)
    value = body.value(node.arguments[0])
    match value:
        case Poison():
            return Poison(span=node.span)
        case Exact(value=number):
            wrapped = constants.fold_cast(number, None, to)
            assert not isinstance(wrapped, tuple)
            return literal(wrapped, to, node.span)
        case Deferred(default=default) if default is None or (default.is_fixed and to.is_fixed):
            # Operators on numbers of type `fixed<i, f>` have results of type `fixed<f>`.
            built = value.build(array_of(to, value.shape or ()))
            return built if isinstance(built, Poison) else coerce.cast(built, to)
        case Deferred():
            settled = coerce.settle(body, value)
        case Typed():
            settled = value
    if isinstance(settled, Poison):
        return Poison(span=node.span)
    if scalar_element(settled.type) is None:
        body.report(errors_types.cast_operand(node.span, to, settled.type))
        return Poison(span=node.span)
    return coerce.cast(settled, to)


def call(body: Body, node: syntax.Call, name: str) -> Value:
    """Check a call of a built-in function."""
    if node.sizes and name != "from_raw":
        body.report(errors_types.size_count(node.span, name, 0, len(node.sizes)))
        return Poison(span=node.span)
    if name == "reshape" and node.arguments:
        return shapes.reshape(body, node)
    along = name == "sum" and len(node.arguments) == 2
    if not along and not _counted(body, node, name, BUILTINS[name]):
        return Poison(span=node.span)
    if name in ("len", "elements"):
        return _counted_items(body, node, name)
    if name in ("random", "random_below"):
        return randomness.random(body, node)
    if along:
        return _sum_along(body, node)
    values = [body.value(a) for a in node.arguments]
    if name == "sum":
        return _sum(body, node, values[0])
    if name in ("raw", "from_raw"):
        return _reinterpreted(body, node, name, values[0])
    if BUILTINS[name] == 1:
        return operators.apply_unary(body, typed.UnaryOp(name), node.span, values[0])
    return operators.apply(body, name, node.callee.span, node.span, values[0], values[1])


def _counted(body: Body, node: syntax.Call, name: str, count: int) -> bool:
    if len(node.arguments) == count:
        return True
    for argument in node.arguments:
        body.value(argument)
    body.report(errors_types.argument_count(node.span, name, count, len(node.arguments), None))
    return False


def _counted_items(body: Body, node: syntax.Call, name: str) -> Value:
    """Check `len(a)`, or `elements(a)` of an array, a single value or a shape."""
    argument = node.arguments[0]
    group = named_parties(body, argument) if name == "len" else None
    if group is not None:
        if body.module.is_program:
            return Exact(value=len(group), span=node.span)
        body.report(errors_programs.parties_in_module(argument.span))
        return Poison(span=node.span)
    if name == "elements" and isinstance(argument, syntax.Spread):
        of = spread(body, argument)
        return Poison(span=node.span) if of is None else Exact(value=prod(of), span=node.span)
    value = coerce.settle(body, body.value(argument))
    if isinstance(value, Poison):
        return Poison(span=node.span)
    shape = shape_of(value.type)
    if name == "elements" and not isinstance(value.type, VoidType):
        return Exact(value=prod(shape), span=node.span)
    if not shape:
        body.report(errors_types.len_operand(node.span, value.type))
        return Poison(span=node.span)
    return Exact(value=shape[0], span=node.span)


def _sum(body: Body, node: syntax.Call, value: Value) -> Value:
    settled = coerce.settle(body, value)
    if isinstance(settled, Poison):
        return Poison(span=node.span)
    element = scalar_element(settled.type)
    if not shape_of(settled.type) or element is None or not element.is_number:
        body.report(errors_types.sum_operand(node.span, settled.type))
        return Poison(span=node.span)
    settled = fixed.whole(settled)
    element = scalar(element_of(settled.type))
    delayed = fixed.sum_of_products(node.span, settled)
    if delayed is not None:
        return delayed
    result = typed.Sum(span=node.span, type=element, label=settled.label, operand=settled.node)
    constant = None
    if isinstance(settled.constant, tuple):
        constant = element.wrap(sum(constants.scalars(settled.constant)))
    return Typed(node=result, why=settled.why, constant=constant)


def _sum_along(body: Body, node: syntax.Call) -> Value:
    """Check `sum(a, d)`: the sums along dimension d, a constant."""
    settled = coerce.settle(body, body.value(node.arguments[0]))
    axis = constant_integer(body, node.arguments[1])
    if isinstance(settled, Poison) or axis is None:
        return Poison(span=node.span)
    shape, element = shape_of(settled.type), scalar_element(settled.type)
    if not shape or element is None or not element.is_number:
        body.report(errors_types.sum_operand(node.span, settled.type))
        return Poison(span=node.span)
    if not 0 <= axis < len(shape):
        body.report_size(errors_types.no_axis(node.arguments[1].span, axis, settled.type))
        return Poison(span=node.span)
    settled = fixed.whole(settled)
    element = scalar(element_of(settled.type))
    type = array_of(element, shape[:axis] + shape[axis + 1 :])
    result = typed.Sum(
        span=node.span, type=type, label=settled.label, operand=settled.node, axis=axis
    )
    return Typed(node=result, why=settled.why)


def _reinterpreted(body: Body, node: syntax.Call, name: str, value: Value) -> Value:
    """Check `raw(x)`, or `from_raw(x)`, whose operand is an `int64`."""
    if name == "raw":
        number = coerce.settle(body, value)
        if isinstance(number, Poison):
            return number
        if not isinstance(element_of(number.type), FixedType):
            body.report(errors_types.operator_type(node.span, name, number.type, number.span))
            return Poison(span=node.span)
        return fixed.reinterpreted(number, INT64, node.span)
    to = fixed_type(body, node.sizes) if node.sizes else FIXED
    want = coerce.Want("`from_raw` takes the `int64` that `raw` gives", None)
    bits = coerce.coerce(body, value, array_of(INT64, known_shape(value) or ()), want)
    if isinstance(bits, Poison) or to is None:
        return Poison(span=node.span)
    return fixed.reinterpreted(bits, to, node.span)
