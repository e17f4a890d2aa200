"""Errors about statements, constants and params (EZ2), one constructor each."""

from __future__ import annotations

from ezlang.diagnostics.diagnostic import Diagnostic, Note
from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.types.types import Type

from ..untyped import Typed


def bound_type(span: Span, found: Type) -> Diagnostic:
    """A loop bound that is not an integer."""
    return Diagnostic(
        code="EZ2015",
        message=f"The bounds of a `for` are integers, and this is `{found}`",
        span=span,
        label=f"`{found}`",
        help="To loop over the items of an array, write `for x in xs { … }`.",
    )


def assigned_fixed(span: Span, name: str, what: str, declared: Span | None) -> Diagnostic:
    """An assignment to a name that never changes."""
    advice = "Declare a variable and assign to that."
    if what == "a `let`":
        advice = f"Declare it with a type instead of `let`: `int32 {name} = …;`"
    notes = () if declared is None else (Note(message="It is declared here", span=declared),)
    return Diagnostic(
        code="EZ2018",
        message=f"`{name}` is {what}, and cannot be assigned",
        span=span,
        label="assigned here",
        notes=notes,
        help=advice,
    )


def missing_return(name: syntax.Name, wanted: Type) -> Diagnostic:
    """A function with a result that may end without returning one."""
    return Diagnostic(
        code="EZ2020",
        message=f"`{name.text}` returns `{wanted}`, but may end without a `return`",
        span=name.span,
        label="not on every path",
        help="Add a `return` at the end, for the paths that reach it.",
    )


def never_reached(span: Span, in_loop: bool) -> Diagnostic:
    """A statement after one that always returns, or always leaves a loop's turn."""
    leaves, before = "returns", "`return`"
    if in_loop:
        leaves, before = "returns or leaves this turn", "`return`, `break` or `continue`"
    return Diagnostic(
        code="EZ2021",
        message=f"This is unreachable: the statement before it always {leaves}",
        span=span,
        label="never runs",
        help=f"Remove it, or move it before the {before}.",
    )


def outside_of_loops(span: Span, word: str) -> Diagnostic:
    """A `break` or `continue` that is in no loop."""
    return Diagnostic(
        code="EZ2019",
        message=f"`{word}` stands in a loop, and there is none around this",
        span=span,
        label="no loop to leave" if word == "break" else "no loop to go on with",
        help="To leave a function, write `return`; to skip statements, put them into an `if`.",
    )


def returns_nothing(span: Span, name: syntax.Name, wanted: Type) -> Diagnostic:
    """A `return` without a value in a function with a result."""
    return Diagnostic(
        code="EZ2022",
        message=f"`{name.text}` returns `{wanted}`, and this `return` has no value",
        span=span,
        label="no value",
        help="Write `return value;`.",
    )


def returns_value(span: Span, name: syntax.Name) -> Diagnostic:
    """A `return` with a value in a function without a result."""
    return Diagnostic(
        code="EZ2022",
        message=f"`{name.text}` returns nothing, and this `return` has a value",
        span=span,
        label="a value",
        help=f"Say which type it returns: `fn {name.text}(…) -> type`."
        if name.text != "main"
        else 'To hand out a result of `main`, write `output(all, value, "name");`.',
    )


def value_unused(span: Span) -> Diagnostic:
    """A cast or built-in function as a statement."""
    return Diagnostic(
        code="EZ2023",
        message="This computes a value that is not used",
        span=span,
        label="not used",
        help="Assign the value, as in `x = …;`, or remove the statement; only the program's own "
        "functions are called for their effects.",
    )


def not_constant(span: Span, name: str) -> Diagnostic:
    """A constant or a param's default that is computed at run time."""
    return Diagnostic(
        code="EZ2024",
        message=f"The value of `{name}` is not known before the program runs",
        span=span,
        label="not a constant",
        help="Constants are made of numbers, other constants, params, operators, and functions "
        "that read no input, and reveal and output nothing.",
    )


def constant_fails(span: Span, name: str, what: str, value: Span) -> Diagnostic:
    """A constant whose computation fails, or takes too long."""
    return Diagnostic(
        code="EZ2029",
        message=f"The value of `{name}` cannot be computed: this {what}",
        span=span,
        label="computed when the program is checked",
        notes=(Note(message=f"`{name}` gets its value from this", span=value),),
        help="The functions of constants run when the program is checked, with the same rules as "
        "in a run.",
    )


def param_not_scalar(span: Span, name: str, found: Type) -> Diagnostic:
    """A param whose type is neither bool nor an integer."""
    return Diagnostic(
        code="EZ2025",
        message=f"The param `{name}` is `{found}`, and a param is a `bool` or an integer",
        span=span,
        label=f"`{found}`",
        help="Use a `const` for a table, and an `input` for data.",
    )


def output_twice(name: syntax.StringLiteral, party: str, before: Span) -> Diagnostic:
    """Two outputs of one name to one party."""
    return Diagnostic(
        code="EZ2026",
        message=f'`{party}` gets two outputs called "{name.value}"',
        span=name.span,
        label="again",
        notes=(Note(message="It is used here first", span=before),),
        help="Give each output a name of its own.",
    )


def output_repeated(name: syntax.StringLiteral, loop: Span) -> Diagnostic:
    """An output of one name in a loop that certainly runs several times."""
    return Diagnostic(
        code="EZ2026",
        message=f'The output "{name.value}" is given again in each iteration',
        span=name.span,
        label="again",
        notes=(Note(message="This loop runs more than once", span=loop),),
        help="Collect the values in an array, and output that after the loop.",
    )


def input_types_differ(
    span: Span, name: str, type: Type, before: Span, before_type: Type
) -> Diagnostic:
    """One input that is read with two types."""
    return Diagnostic(
        code="EZ2027",
        message=f'The input "{name}" is read as `{type}` here, and as `{before_type}` elsewhere',
        span=span,
        label=f"`{type}`",
        notes=(Note(message=f"It is `{before_type}` here", span=before),),
        help="Reading the same name again gives the same value: use one type, or two names.",
    )


def input_ways_differ(span: Span, name: str, before: Span) -> Diagnostic:
    """One input that is read with and without a turn, or of one party and of all."""
    return Diagnostic(
        code="EZ2027",
        message=f'The input "{name}" is read in two ways',
        span=span,
        label="read like this",
        notes=(Note(message="It is read in another way here", span=before),),
        help="An input has a turn at each place or at none, and is one party's or that of all: use "
        "two names.",
    )


def output_turns_differ(span: Span, name: str, before: Span) -> Diagnostic:
    """Outputs of one name that are no list: some without a turn, or of another type."""
    return Diagnostic(
        code="EZ2046",
        message=f'The outputs called "{name}" do not fit together as turns',
        span=span,
        label="does not fit",
        notes=(Note(message="It is output here, too", span=before),),
        help="All outputs of a name that has turns have a turn, and a value of the same type.",
    )


def no_turn(value: Typed) -> Diagnostic:
    """A turn that is no integer, or negative."""
    return Diagnostic(
        code="EZ2047",
        message="A turn is an integer, from 0 on",
        span=value.span,
        label=f"this is `{value.type}`" if value.constant is None else "this is not",
        help="Count the turns in an integer variable.",
    )


def public_turn(span: Span) -> Diagnostic:
    """A turn of an input that all parties give."""
    return Diagnostic(
        code="EZ2047",
        message="An input of all parties has no turns",
        span=span,
        label="a turn",
        help="They agree on its value before the run: read an array, or ask one party in each "
        "turn, and reveal what it gives.",
    )


def assert_fails(span: Span) -> Diagnostic:
    """An assertion that certainly fails."""
    return Diagnostic(
        code="EZ2028",
        message="This assertion never holds",
        span=span,
        label="always false",
        help="Check the constants and params in it.",
    )
