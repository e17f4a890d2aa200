"""Conversion of values to the type that their context asks for: literals, widening, broadcast."""

from __future__ import annotations

from typing import TypeVar

from ezlang.diagnostics.diagnostic import Note
from ezlang.records import dataclass
from ezlang.source import Span
from ezlang.typed import tree as typed
from ezlang.types.types import (
    ArrayType,
    Scalar,
    ScalarType,
    Type,
    array_of,
    element_of,
    joint_shape,
    scalar_element,
    shape_of,
    widens,
)

from . import constants
from .context import Body
from .messages import sizes as errors_sizes
from .messages import types as errors_types
from .messages.wording import sentence
from .untyped import Deferred, Exact, Poison, Typed, Value, default_type, known_shape, literal


@dataclass(frozen=True, slots=True)
class Want:
    """The reason why a type is asked for, as a sentence and a place for the notes of an error."""

    message: str
    span: Span | None

    @property
    def notes(self) -> tuple[Note, ...]:
        """The request as notes."""
        return (Note(message=sentence(self.message), span=self.span),) if self.message else ()


NOBODY = Want("", None)


def own_type(value: Value, type: Type) -> Type:
    """Return the type of an operand in an expression of a type: the same, with its own shape."""
    shape = known_shape(value)
    return type if shape is None else array_of(element_of(type), shape)


def coerce(body: Body, value: Value, type: Type, want: Want = NOBODY) -> Typed | Poison:
    """Return the value with exactly this type; report an error if that is impossible."""
    match value:
        case Poison():
            return value
        case Exact():
            return _coerce_exact(body, value, type, want)
        case Deferred():
            return _coerce_deferred(body, value, type, want)
        case Typed():
            return _coerce_typed(body, value, type, want)


def _coerce_exact(body: Body, value: Exact, type: Type, want: Want) -> Typed | Poison:
    element = scalar_element(type)
    if element is None or not element.is_number:
        body.report(errors_types.number_where_other(value.span, value.value, type, want.notes))
        return Poison(span=value.span)
    if not element.contains(value.value):
        body.report_size(
            errors_types.literal_out_of_range(value.span, value.value, element, want.notes)
        )
        return Poison(span=value.span)
    number = element.conversion(None)(value.value)
    return repeated(literal(number, element, value.span), shape_of(type))


def _coerce_deferred(body: Body, value: Deferred, type: Type, want: Want) -> Typed | Poison:
    if isinstance(type, ArrayType) and value.shape == ():
        built = value.build(type.element)
        return built if isinstance(built, Poison) else repeated(built, type.shape)
    if value.shape is not None and value.shape != shape_of(type):
        body.report_size(
            errors_sizes.literal_shape(value.span, value.what, value.shape, type, want.notes)
        )
        return Poison(span=value.span)
    built = value.build(type)
    return built if isinstance(built, Poison) else _coerce_typed(body, built, type, want)


def _coerce_typed(body: Body, value: Typed, type: Type, want: Want) -> Typed | Poison:
    if value.type == type:
        return value
    element, shape = element_of(value.type), shape_of(value.type)
    to_element, to_shape = element_of(type), shape_of(type)
    fits = widens(element, to_element)
    if fits and shape == to_shape:
        return cast(value, to_element)
    if fits and shape == ():
        return repeated(cast(value, to_element), to_shape)
    if fits:
        body.report_size(errors_sizes.shape_mismatch(value.span, value.type, type, want.notes))
    else:
        body.report(errors_types.type_mismatch(value.span, value.type, type, want.notes))
    return Poison(span=value.span)


def cast(value: Typed, element: Type) -> Typed:
    """Return the value with its elements cast to a scalar type (structs are unchanged)."""
    source = element_of(value.type)
    if source == element:
        return value
    if not (isinstance(source, Scalar) and isinstance(element, Scalar)):
        raise TypeError(f"no cast from {source} to {element}")
    constant = value.constant
    if constant is not None:
        constant = constants.fold_cast(constant, source, element)
    if isinstance(value.node, typed.Literal) and constant is not None:
        assert not isinstance(constant, tuple)
        return literal(constant, element, value.span)
    node = typed.Cast(
        span=value.span,
        type=array_of(element, shape_of(value.type)),
        label=value.label,
        operand=value.node,
    )
    return Typed(node=node, why=value.why, constant=constant)


def repeated(value: Typed, shape: tuple[int, ...]) -> Typed:
    """Return a value repeated to a shape that its own is repeated to by NumPy's rule."""
    own, element = shape_of(value.type), element_of(value.type)
    if own == shape:
        return value
    node = typed.Broadcast(
        span=value.span, type=array_of(element, shape), label=value.label, operand=value.node
    )
    constant = None
    if value.constant is not None and isinstance(element, Scalar):
        constant = constants.repeated(value.constant, own, shape)
    return Typed(node=node, why=value.why, constant=constant)


def settle(body: Body, value: Value) -> Typed | Poison:
    """Return the value with its default type, where the context asks for none."""
    match value:
        case Exact():
            return coerce(body, value, default_type(value.value), Want(_BY_ITSELF, None))
        case Deferred(default=None):
            body.report(errors_types.no_type(value.span, value.what))
            return Poison(span=value.span)
        case Deferred(default=element):
            assert element is not None
            return value.build(array_of(element, value.shape or ()))
        case Typed() | Poison():
            return value


_BY_ITSELF = (
    "a number is `int32` where the context asks for no other type, or `int64` if it is large"
)


def unify(body: Body, left: Value, right: Value, operator: str) -> tuple[Typed, Typed] | Poison:
    """Return two operands with one type and one shape; at least one already has a type."""
    span = right.span
    if isinstance(left, Poison):
        return left
    if isinstance(right, Poison):
        return right
    if not isinstance(left, Typed):
        if not isinstance(right, Typed):
            raise TypeError("neither operand has a type")
        other = _like(body, left, right)
        return (
            Poison(span=span) if isinstance(other, Poison) else level(body, other, right, operator)
        )
    if not isinstance(right, Typed):
        other = _like(body, right, left)
        return (
            Poison(span=span) if isinstance(other, Poison) else level(body, left, other, operator)
        )
    return level(body, left, right, operator)


def level_to(
    body: Body, left: Exact | Deferred, right: Exact | Deferred, type: Type, operator: str
) -> tuple[Typed, Typed] | Poison:
    """Return two operands without a type as the type of the result, and of one shape."""
    x, y = (coerce(body, value, own_type(value, type)) for value in (left, right))
    if isinstance(x, Poison):
        return x
    return y if isinstance(y, Poison) else fit(body, x, y, operator)


def _like(body: Body, value: Exact | Deferred, model: Typed) -> Typed | Poison:
    """Give a value without a type the type of the other operand."""
    element = element_of(model.type)
    want = Want(f"the other operand is {quoted(model.type)}", model.span)
    if isinstance(value, Exact):
        return coerce(body, value, element, want)
    fraction = value.default is not None and value.default.is_fixed
    if fraction and isinstance(element, Scalar) and element.is_integer:
        return settle(body, value)
    if value.shape is None:
        return coerce(body, value, model.type, want)
    return coerce(body, value, array_of(element, value.shape), want)


def quoted(type: Type) -> str:
    """Return a type in back quotes."""
    return f"`{type}`"


ElementType = TypeVar("ElementType", ScalarType, Type)


def join(left: ElementType, right: ElementType) -> ElementType | None:
    """Return whichever of two element types both widen to, or None."""
    if widens(left, right):
        return right
    return left if widens(right, left) else None


def level(body: Body, left: Typed, right: Typed, operator: str) -> tuple[Typed, Typed] | Poison:
    """Widen and broadcast two typed operands to one type."""
    element = join(element_of(left.type), element_of(right.type))
    if element is None:
        body.report(
            errors_types.operands_differ(left.span, left.type, right.span, right.type, operator)
        )
        return Poison(span=left.span.to(right.span))
    left, right = cast(left, element), cast(right, element)
    return fit(body, left, right, operator)


def fit(body: Body, left: Typed, right: Typed, operator: str) -> tuple[Typed, Typed] | Poison:
    """Broadcast two typed operands to one shape; their element types are unchanged."""
    shape = joint_shape(shape_of(left.type), shape_of(right.type))
    if shape is not None:
        return repeated(left, shape), repeated(right, shape)
    body.report_size(
        errors_sizes.shapes_differ(left.span, left.type, right.span, right.type, operator)
    )
    return Poison(span=left.span.to(right.span))
