"""Type parameters, as `t` in `fn dot<number t, k>(t[k] x, t[k] y) -> t`: taken from arguments."""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.types.types import FixedType, Scalar, StructType, element_of, widens

from .context import Body
from .items import FunctionInfo
from .messages import generics as errors_generics
from .parameters import ElementType
from .untyped import Deferred, Exact, Poison, Typed, Value, default_type


def element_type(
    function: FunctionInfo, name: syntax.SizeParameter, arguments: Sequence[Value]
) -> ElementType | None:
    """Return the element type that a parameter stands for in a call; None if nothing says so.

    It is the one that the arguments of this type widen to, or the first one's if there is none.
    Only where no argument has a type of its own, literals count. `fixed<i, f>` counts as
    `fixed<f>`, since that is the type of what is computed from it.
    """
    own = [
        argument
        for parameter, argument in zip(function.node.parameters, arguments, strict=True)
        if parameter.type.name.text == name.text
    ]
    typed = [t for argument in own if (t := _own_type(argument)) is not None]
    found = typed or [t for argument in own if (t := _default(argument)) is not None]
    if not found:
        return None
    result = found[0]
    for one in found[1:]:
        result = one if widens(result, one) else result
    return result


def _own_type(value: Value) -> ElementType | None:
    if not isinstance(value, Typed):
        return None
    element = element_of(value.type)
    if isinstance(element, FixedType):
        return element.whole
    return element if isinstance(element, Scalar | StructType) else None


def _default(value: Value) -> ElementType | None:
    match value:
        case Exact(value=number):
            return default_type(number)
        case Deferred(default=default):
            return default
        case _:
            return None


def element_fits(
    body: Body,
    function: FunctionInfo,
    name: syntax.SizeParameter,
    element: ElementType | None,
    span: Span,
    arguments: Sequence[Value],
) -> bool:
    """Return whether a parameter stands for such types; report it if not."""
    if element is None:
        if not any(isinstance(argument, Poison) for argument in arguments):
            body.report(errors_generics.type_not_inferred(span, function.name, name.text))
        return False
    is_number = isinstance(element, Scalar) and element.is_number
    fits = {
        "type": True,
        "number": is_number,
        "integer": isinstance(element, Scalar) and element.is_integer,
    }
    if fits.get(name.kind or "", True):
        return True
    body.report(errors_generics.wrong_element(span, function.name, name, element))
    return False
