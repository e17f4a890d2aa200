"""Errors about powers (EZ2016) and random numbers (EZ2048, EZ2049), one constructor each."""

from __future__ import annotations

from ezlang.diagnostics.diagnostic import Diagnostic
from ezlang.source import Span
from ezlang.types.types import Type


def exponent_not_constant(span: Span) -> Diagnostic:
    """An exponent that is no constant integer."""
    return Diagnostic(
        code="EZ2016",
        message="The exponent of `**` is an integer that is known before the program runs",
        span=span,
        label="not known, or no integer",
        help="Use a number, constant, param or size. For other powers of fixed-point numbers, see "
        "`ezlang doc functions.pow`; for 2 to the power of n, write `1 << n`.",
    )


def exponent_negative(span: Span, exponent: int) -> Diagnostic:
    """A negative exponent."""
    return Diagnostic(
        code="EZ2016",
        message=f"The exponent of `**` is at least 0, and this is {exponent}",
        span=span,
        label="negative",
        help="Divide by the power: `1 / x ** n`.",
    )


def no_random(span: Span, name: str, type: Type) -> Diagnostic:
    """A random value of a type of which there is none."""
    numbers = "integers" if name == "random_below" else "integers and bools"
    return Diagnostic(
        code="EZ2048",
        message=f"`{name}` gives {numbers}, and not `{type}`",
        span=span,
        label="asked for here",
        help="For fractions, draw an integer, as in `from_raw(int64(r))`; for a struct, draw its "
        "fields.",
    )


def no_bound(span: Span, bound: int) -> Diagnostic:
    """A random number below a number that no number is below."""
    return Diagnostic(
        code="EZ2049",
        message=f"There is no random number from 0 to below {bound}",
        span=span,
        label="at least 1",
        help="Give how many numbers there are to choose from: `random_below(6)` is from 0 to 5.",
    )
