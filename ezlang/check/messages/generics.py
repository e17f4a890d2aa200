"""Errors about type parameters (EZ2017), one constructor each."""

from __future__ import annotations

from ezlang.diagnostics.diagnostic import Diagnostic, Note
from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.types.types import Type

_KINDS = {"type": "elements of any type", "number": "numbers", "integer": "integers"}


def wrong_element(span: Span, function: str, name: syntax.SizeParameter, found: Type) -> Diagnostic:
    """Arguments of a type that a type parameter doesn't stand for."""
    return Diagnostic(
        code="EZ2017",
        message=f"`{function}` takes {_KINDS[name.kind or 'type']}, and this is `{found}`",
        span=span,
        label=f"`{name.text}` would be `{found}`",
        notes=(Note(message=f"`{name.text}` stands for the type", span=name.span),),
        help="Cast the argument, as in `int32(x)`, or use a function for this type.",
    )


def type_not_inferred(span: Span, function: str, name: str) -> Diagnostic:
    """A type parameter that the arguments do not determine."""
    return Diagnostic(
        code="EZ2017",
        message=f"The type `{name}` of `{function}` cannot be inferred from these arguments",
        span=span,
        label=f"what is `{name}`?",
        help="Give the argument a type: declare a variable for it, or cast it, as in `int32(x)`.",
    )


def type_given(span: Span, function: str, name: syntax.SizeParameter) -> Diagnostic:
    """A type parameter that a call tries to give."""
    return Diagnostic(
        code="EZ2017",
        message=f"The type `{name.text}` of `{function}` is always taken from the arguments",
        span=span,
        label="in the place of a type",
        notes=(Note(message=f"`{name.text}` stands for the type", span=name.span),),
        help="Give the sizes that stand before it alone, and cast arguments to change the type.",
    )
