"""Array and struct literals."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.types.labels import PUBLIC
from ezlang.types.types import (
    FIXED,
    ScalarType,
    Type,
    VoidType,
    array_of,
    element_of,
    scalar_element,
    shape_of,
)

from .coerce import Want, coerce, join
from .context import Body
from .label_checks import flow
from .messages import names as errors_names
from .messages import sizes as errors_sizes
from .messages import structs as errors_structs
from .messages import types as errors_types
from .program_counter import leaves, shared
from .provenance import Traced, combine
from .typenames import struct_named, struct_type
from .untyped import Deferred, Exact, Poison, Typed, Value, default_type, known_shape, literal

_WHERE = "an array literal"


def decimal(body: Body, value: Fraction, span: Span) -> Deferred:
    """Check `0.5`: a fixed-point number of the type that the context asks for, else `fixed`."""

    def build(type: Type) -> Typed | Poison:
        element = scalar_element(type)
        if element is None or not element.is_fixed:
            body.report(errors_types.fraction_where_other(span, type))
            return Poison(span=span)
        if not element.contains(value):
            body.report_size(errors_types.literal_out_of_range(span, value, element, ()))
            return Poison(span=span)
        return literal(element.conversion(None)(value), element, span)

    return Deferred(span=span, what="this number", shape=(), default=FIXED, build=build)


def array(body: Body, node: syntax.ArrayLiteral) -> Value:
    """Check `[x, y, …]`: it takes its type from the context if all its elements do."""
    values = [body.value(e) for e in node.elements]
    if any(isinstance(v, Poison) for v in values):
        return Poison(span=node.span)
    with_type = [v for v in values if isinstance(v, Typed)]
    if with_type:
        type = _common_type(body, with_type)
        if type is None:
            return Poison(span=node.span)
        return _build(body, node, values, array_of(type, (len(values),)))
    default: ScalarType | None = None
    shape: tuple[int, ...] | None = (len(values),)
    for value in values:
        own, inner = _alone(value)
        if own is not None:
            joined = own if default is None else join(default, own)
            default = default if joined is None else joined
        shape = None if inner is None or shape is None else (len(values), *inner)
    return Deferred(
        span=node.span,
        what="this array literal",
        shape=shape,
        default=default,
        build=lambda type: _build(body, node, values, type),
    )


def _alone(value: Value) -> tuple[ScalarType | None, tuple[int, ...] | None]:
    """Return the default type and the shape of a value without a type."""
    if isinstance(value, Exact):
        return default_type(value.value), ()
    assert isinstance(value, Deferred)
    return value.default, value.shape


def _common_type(body: Body, values: list[Typed]) -> Type | None:
    """Return the type that all elements widen to; None if there is none, which is reported."""
    first = values[0]
    if isinstance(first.type, VoidType):
        body.report(errors_types.no_value(first.span))
        return None
    type: Type = first.type
    for value in values[1:]:
        if shape_of(value.type) != shape_of(first.type):
            body.report_size(
                errors_sizes.shapes_differ(first.span, first.type, value.span, value.type, _WHERE)
            )
            return None
        widest = join(element_of(type), element_of(value.type))
        if widest is None:
            body.report(
                errors_types.operands_differ(first.span, type, value.span, value.type, _WHERE)
            )
            return None
        type = array_of(widest, shape_of(first.type))
    return type


def _build(
    body: Body, node: syntax.ArrayLiteral, values: list[Value], type: Type
) -> Typed | Poison:
    """Make the node for an array literal of a type."""
    shape = shape_of(type)
    if not shape or shape[0] != len(values):
        body.report_size(
            errors_sizes.literal_shape(node.span, "this array literal", (len(values),), type, ())
        )
        return Poison(span=node.span)
    item = array_of(element_of(type), shape[1:])
    want = Want(f"the elements of the array are `{item}`", None)
    traced = Traced(PUBLIC)
    items: list[Typed] = []
    for value in values:
        own = known_shape(value)
        if own is not None and own != shape[1:]:
            body.report_size(
                errors_sizes.literal_shape(value.span, "this element", own, item, want.notes)
            )
            return Poison(span=node.span)
        element = coerce(body, value, item, want)
        if isinstance(element, Poison):
            return Poison(span=node.span)
        traced = combine(traced, element.traced)
        items.append(element)
    result = typed.ArrayLiteral(
        span=node.span,
        type=type,
        label=traced.label,
        elements=tuple([shared(e, traced.label).node for e in items]),
    )
    constants = [e.constant for e in items if e.constant is not None]
    constant = tuple(constants) if len(constants) == len(items) else None
    return Typed(node=result, why=traced.why, constant=constant)


def struct(body: Body, node: syntax.StructLiteral) -> Value:
    """Check `Point { x: 1, y: 2 }`."""
    info = struct_named(body, node.name)
    type = None if info is None else struct_type(body.world, info)
    given: dict[str, tuple[syntax.FieldValue, Value]] = {}
    for field_value in node.fields:
        before = given.get(field_value.name.text)
        value = body.value(field_value.value)
        if before is not None:
            body.report(errors_names.duplicate_field(field_value.name, before[0].name.span))
        else:
            given[field_value.name.text] = (field_value, value)
    if type is None:
        return Poison(span=node.span)
    known = [f.name for f in type.fields]
    for name, (field_value, _) in given.items():
        if name not in known:
            body.report(errors_names.unknown_field(field_value.name, type.name, known))
    missing = [name for name in known if name not in given]
    if missing and all(name in known for name in given):
        body.report(errors_types.missing_fields(node.span, type.name, missing))
    values: list[Typed] = []
    for field in type.fields:
        if field.name not in given:
            continue
        field_value, value = given[field.name]
        want = Want(f"the field `{field.name}` of `{type.name}` is `{field.type}`", None)
        item = coerce(body, value, field.type, want)
        if isinstance(item, Typed) and field.label is not None:
            error = partial(errors_structs.into_field, body, item, type, field)
            item = flow(body, item, field.label, error)
        if isinstance(item, Typed):
            values.append(item)
    if len(values) != len(known) or len(given) != len(known):
        return Poison(span=node.span)
    traced = Traced(PUBLIC)
    for field, item in zip(type.fields, values, strict=True):
        if field.label is None and leaves(field.type)[0]:
            traced = combine(traced, item.traced)
    nodes = [
        shared(v, traced.label).node if f.label is None else v.node
        for f, v in zip(type.fields, values, strict=True)
    ]
    result = typed.StructLiteral(span=node.span, type=type, label=traced.label, values=tuple(nodes))
    constants = [v.constant for v in values if v.constant is not None]
    constant = tuple(constants) if len(constants) == len(values) else None
    return Typed(node=result, why=traced.why, constant=constant)
