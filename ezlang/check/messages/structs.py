"""Errors about structs whose fields have labels of their own (EZ3), one constructor each."""

from __future__ import annotations

from ezlang.diagnostics.diagnostic import Diagnostic
from ezlang.source import Span
from ezlang.types.types import Field, StructType, Type

from ..context import Body
from ..provenance import Traced, way
from ..untyped import Typed
from .flow import knows, release


def into_field(body: Body, value: Typed, struct: StructType, field: Field) -> Diagnostic:
    """A value for a field with a label of its own that it doesn't flow to."""
    assert field.label is not None
    has, wants = body.name_label(value.label), body.name_label(field.label)
    return Diagnostic(
        code="EZ3004",
        message=f"The field `{field.name}` of `{struct.name}` is `{wants}`, "
        f"but this value is `{has}`",
        span=value.span,
        label=knows(body, value.label),
        notes=way(value.why),
        help=f"Declare the field `{has}`, or without a label; or, "
        f"{release(body, value.span, field.label)}.",
    )


def field_tells_choice(body: Body, span: Span, field: Field, condition: Typed) -> Diagnostic:
    """A selection between structs that the label of a field would reveal."""
    return _field_tells(body, span, field, condition.traced, "Which struct is selected")


def field_tells_index(body: Body, span: Span, field: Field, at: Traced) -> Diagnostic:
    """An index into structs that the label of a field would reveal."""
    return _field_tells(body, span, field, at, "Which element is selected")


def field_under(body: Body, span: Span, field: Field, chooser: Traced) -> Diagnostic:
    """An assignment of a struct that would reveal a branch or index by the label of a field."""
    return _field_tells(body, span, field, chooser, "Whether it is assigned here")


def _field_tells(body: Body, span: Span, field: Field, by: Traced, what: str) -> Diagnostic:
    assert field.label is not None
    own = body.name_label(field.label)
    return Diagnostic(
        code="EZ3015",
        message=f"{what} is `{body.name_label(by.label)}`, but the field `{field.name}` stays "
        f"`{own}`, and would reveal it",
        span=span,
        label=f"has a field that is `{own}`",
        notes=way(by.why),
        help=f"Leave out the label of `{field.name}`, or keep that field in a variable of its own.",
    )


def output_of_labelled_field(body: Body, value: Typed, field: Field, to: int | None) -> Diagnostic:
    """An output of a struct with a field that its receiver may not know."""
    assert field.label is not None
    who = "everyone" if to is None else f"`{body.world.parties[to]}`"
    return Diagnostic(
        code="EZ3016",
        message=f"This struct goes to {who}, but its field `{field.name}` is "
        f"`{body.name_label(field.label)}`",
        span=value.span,
        label="has a field with a label of its own",
        help=f"Output the fields one by one; `reveal(….{field.name})` releases that one.",
    )


def input_of_labelled_field(body: Body, span: Span, type: Type, field: Field) -> Diagnostic:
    """An input of a struct with a field that is not its owner's alone."""
    assert field.label is not None
    return Diagnostic(
        code="EZ3016",
        message=f"An input is its owner's alone, but the field `{field.name}` of `{type}` is "
        f"`{body.name_label(field.label)}`",
        span=span,
        label="has a field with a label of its own",
        help="Input the fields one by one, and make the struct from them.",
    )
