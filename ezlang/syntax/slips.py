"""Habits from other languages, recognised where parsing fails."""

from __future__ import annotations

from ezlang.diagnostics.diagnostic import Diagnostic, Fix

from .foreign import FOREIGN
from .lexer import STRUCT_BRACE
from .tables import END
from .token_context import LABEL_WORDS, TYPE_WORDS, TokenContext


def fraction(place: TokenContext, index: int) -> Diagnostic | None:
    """`.5`, `1.`."""
    point = index if place.kind(index) == "." else index - 1
    if place.kind(point) != "." or place.kind(point - 1) in ("NAME", "]", ")"):
        return None
    first = last = point
    if place.kind(point - 1) == "INT" and place.adjacent(point):
        first -= 1
    elif place.kind(point + 1) == "INT" and place.adjacent(point + 1):
        last += 1
    if first == last:
        return None
    before = place.text(first) if first < point else "0"
    after = place.text(last) if last > point else "0"
    return Diagnostic(
        code="EZ0046",
        message="A number has digits on both sides of its point",
        span=place.span(first, last),
        help=f"Write {before}.{after}.",
        fix=Fix(place.span(first, last), f"{before}.{after}"),
    )


def size_after_name(place: TokenContext, index: int) -> Diagnostic | None:
    """`int32 a[10]`."""
    before = place.kind(index - 2)
    declared = before in TYPE_WORDS or before in ("NAME", "]")
    if place.kind(index) != "[" or place.kind(index - 1) != "NAME" or not declared:
        return None
    end = index
    while place.kind(end) == "[":
        end = _partner(place, end) + 1
    start = index - 2
    while place.kind(start) == "]" and start > 0:
        start = _opening(place, start) - 1
    if place.kind(start - 1) == ".":
        start -= 2
    type, sizes = place.written(start, index - 2), place.written(index, end - 1)
    written = f"{type}{sizes} {place.text(index - 1)}"
    return Diagnostic(
        code="EZ0032",
        message="The size of an array is part of its type, not of its name",
        span=place.span(index, end - 1),
        help=f"Write {written}.",
        fix=Fix(place.span(start, end - 1), written),
    )


def _partner(place: TokenContext, index: int) -> int:
    """Return the index of the `]` for a `[`, or of the last token of the line if there is none."""
    depth, i = 0, index
    while place.kind(i) not in (END, ";", "{", "}"):
        depth += (place.kind(i) == "[") - (place.kind(i) == "]")
        if depth == 0:
            return i
        i += 1
    return max(i - 1, index)


def _opening(place: TokenContext, index: int) -> int:
    depth, i = 0, index
    while i > 0:
        depth += (place.kind(i) == "]") - (place.kind(i) == "[")
        if depth == 0:
            return i
        i -= 1
    return i


def increment(place: TokenContext, index: int) -> Diagnostic | None:
    """`i++`, `--i`."""
    for first in (index - 2, index - 1, index):
        sign = place.kind(first)
        if sign in ("+", "-") and place.kind(first + 1) == sign and place.adjacent(first + 1):
            break
    else:
        return None
    if first == index - 2 and place.machine.accepts("&&"):
        return None
    name = place.text(first - 1) if place.kind(first - 1) == "NAME" else place.text(first + 2)
    name = name if name.isidentifier() else "i"
    return Diagnostic(
        code="EZ0033",
        message=f"There is no operator `{sign}{sign}`",
        span=place.span(first, first + 1),
        help=f"Write {name} {sign}= 1; as a statement of its own.",
    )


def braces(place: TokenContext, index: int) -> Diagnostic | None:
    """`int32[2] a = {1, 2}`, `P p = {x: 1}`."""
    if place.kind(index) not in ("{", STRUCT_BRACE) or not place.machine.accepts("INT"):
        return None
    return Diagnostic(
        code="EZ0026",
        message="An expression was expected, but here is `{`",
        span=place.span(index),
        help="Write an array as [1, 2], and a struct with its name: Point { x: 1, y: 2 }.",
    )


def loop_head(place: TokenContext, index: int) -> Diagnostic | None:
    """`for (i = 0; …)`, `for i = 0`, `for int32 i`."""
    kind = place.kind(index)
    direct = place.kind(index - 1) == "for" and (kind == "(" or kind in TYPE_WORDS)
    counted = place.kind(index - 2) == "for" and kind in ("=", ":", ",", "NAME")
    if not direct and not counted:
        return None
    return Diagnostic(
        code="EZ0034",
        message="A `for` loop runs over a range or an array, and declares its variable",
        span=place.span(index),
        help="Write `for i in 0..n { … }` or `for x in xs { … }`.",
    )


def foreign(place: TokenContext, index: int) -> Diagnostic | None:
    """A word of another language at the place, directly before it, or starting the statement."""
    for at in (index, index - 1, place.statement_start(index), index - 2):
        word = place.text(at)
        if word in FOREIGN and place.kind(at) == "NAME":
            return Diagnostic(
                code="EZ0035",
                message=f"`{word}` means nothing in Ez",
                span=place.span(at),
                help=FOREIGN[word],
                fix=Fix.of_word(place.span(at), FOREIGN[word]),
            )
    return None


def function_head(place: TokenContext, index: int) -> Diagnostic | None:
    """The result of a function as C and other languages write it, or a missing `fn`."""
    kind, machine = place.kind(index), place.machine
    message = help = ""
    if machine.accepts("->") and (kind in (":", "NAME", "=") or kind in TYPE_WORDS | LABEL_WORDS):
        message = "The type of a function's result goes after `->`"
        help = "Write fn name(int32 x) -> int32 { … }."
    elif place.kind(index - 1) == "fn" and kind in TYPE_WORDS | LABEL_WORDS:
        message = "`fn` is followed by the function's name; the type of its result comes last"
        help = "Write fn name(int32 x) -> int32 { … }."
    elif machine.accepts("fn"):
        at = index
        while place.kind(at) in TYPE_WORDS | LABEL_WORDS | {"NAME", "]", "[", "INT"}:
            at += 1
        if at > index + 1 and place.kind(at) == "(" and place.kind(at - 1) == "NAME":
            message = "A function begins with `fn`"
            help = f"Write fn {place.text(at - 1)}(…) {{ … }}, with `-> type` before the brace."
    if not message:
        return None
    return Diagnostic(code="EZ0044", message=message, span=place.span(index), help=help)


def label_after_type(place: TokenContext, index: int) -> Diagnostic | None:
    """`int32 secret x`, `let secret x`."""
    kind, before = place.kind(index), place.kind(index - 1)
    if kind not in LABEL_WORDS:
        return None
    label = place.written(index, index + 1) if kind == "@" else kind
    if before == "let":
        message, help = "`let` infers the label", f"Write a type: {label} int32 x = …;."
    elif before in LABEL_WORDS or place.kind(index - 2) == "@":
        message, help = (
            "A value has one label",
            ("Write `public`, `secret` or the label of one party."),
        )
    elif before in TYPE_WORDS or before in ("]", "NAME"):
        message, help = "The label goes before the type", f"Write {label} int32 x."
    else:
        return None
    return Diagnostic(code="EZ0040", message=message, span=place.span(index), help=help)


def type_after_name(place: TokenContext, index: int) -> Diagnostic | None:
    """`x: int32`, `let int32 x`, `x := 1`."""
    kind, before = place.kind(index), place.kind(index - 1)
    name, following = place.text(index - 1), place.kind(index + 1)
    message = ""
    if kind == ":" and before == "NAME" and following == "=":
        message, help = (
            ("`:=` is not an operator"),
            f"Write let {name} = …;, or {name} = …; to assign.",
        )
    elif kind == ":" and before == "NAME" and following in TYPE_WORDS | LABEL_WORDS | {"NAME"}:
        if place.machine.accepts("{") or place.begins_line(index + 1):
            return None
        type = place.text(index + 1) if following in TYPE_WORDS or following == "NAME" else "int32"
        message, help = "The type goes before the name", f"Write {type} {name}."
    elif before == "let" and kind in TYPE_WORDS:
        message = "`let` infers the type"
        help = f"Write {kind} {place.text(index + 1)} = …; without `let`."
    if not message:
        return None
    return Diagnostic(code="EZ0041", message=message, span=place.span(index), help=help)


def comma_in_index(place: TokenContext, index: int) -> Diagnostic | None:
    """`a[i, j]`."""
    opened = place.opened(index)
    if place.kind(index) != "," or not opened or place.kind(opened[-1]) != "[":
        return None
    before = place.kind(opened[-1] - 1)
    if before not in TYPE_WORDS and before not in ("NAME", "]", ")"):
        return None
    return Diagnostic(
        code="EZ0045",
        message="Each dimension has brackets of its own",
        span=place.span(index),
        help="Write a[i][j] for an element, int32[n][m] for a type.",
    )
