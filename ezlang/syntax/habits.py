"""Forms of other languages, recognised where parsing fails: operators, casts, slices and others."""

from __future__ import annotations

import re
from difflib import get_close_matches

from ezlang.diagnostics.diagnostic import Diagnostic, Fix
from ezlang.source import Span

from .foreign import FOREIGN, FORMS, RESULTS
from .token_context import LABEL_WORDS, TYPE_WORDS, TokenContext

_ELSE_IFS = frozenset({"elif", "elsif", "elseif"})
_QUOTIENT = re.compile(r"//[^\S\n]*[\w(][\w .()\[\]+*-]*;[^\S\n]*(\n|$)")


def another_else(place: TokenContext, index: int) -> Diagnostic | None:
    """`elif a == b {`."""
    start = place.statement_start(index)
    word = place.text(start)
    if word not in _ELSE_IFS or place.kind(start) != "NAME":
        return None
    return Diagnostic(
        code="EZ0035",
        message=f"`{word}` means nothing in Ez",
        span=place.span(start),
        help=FOREIGN[word],
        fix=Fix.of_word(place.span(start), FOREIGN[word]),
    )


def operator(place: TokenContext, index: int) -> Diagnostic | None:
    """`a === b`, `x ** 2`, `0...4`, `i++`."""
    for first in (index - 1, index):
        for kinds, (written, help) in FORMS.items():
            last = first + len(kinds) - 1
            if last < index or tuple(map(place.kind, range(first, last + 1))) != kinds:
                continue
            if all(place.adjacent(at) for at in range(first + 1, last + 1)):
                return Diagnostic(
                    code="EZ0033",
                    message=f"There is no operator `{written}`",
                    span=place.span(first, last),
                    help=help,
                )
    return None


def quotient(place: TokenContext, index: int) -> Diagnostic | None:
    """`a // b;`, of which everything from `//` on is a comment."""
    if index == 0 or not place.machine.accepts(";"):
        return None
    end = place.tokens[index - 1].end
    between = place.source.text[end : place.tokens[index].start]
    found = _QUOTIENT.match(between.lstrip(" \t"))
    if found is None or not place.begins_statement(index):
        return None
    start = end + len(between) - len(between.lstrip(" \t"))
    return Diagnostic(
        code="EZ0033",
        message="`//` begins a comment",
        span=Span(place.source, start, start + 2),
        help="To divide, write `/`: integers are rounded towards 0.",
    )


def at_sign(place: TokenContext, index: int) -> Diagnostic | None:
    """`a @ b`, the product of matrices."""
    if place.kind(index) != "@" or not place.machine.accepts("&&"):
        return None
    return Diagnostic(
        code="EZ0033",
        message="There is no operator `@`",
        span=place.span(index),
        help="Write `import linalg;` and linalg.matmul(a, b); for two vectors, sum(a * b).",
    )


def cast(place: TokenContext, index: int) -> Diagnostic | None:
    """`(int64) x`."""
    type = place.kind(index - 1)
    if place.kind(index) != ")" or type not in TYPE_WORDS or place.kind(index - 2) != "(":
        return None
    if not place.machine.accepts("("):
        return None
    operand = place.text(index + 1) if place.kind(index + 1) == "NAME" else "x"
    return Diagnostic(
        code="EZ0035",
        message="A cast is written like a call",
        span=place.span(index - 2, index),
        help=f"Write {type}({operand}).",
    )


def conditional(place: TokenContext, index: int) -> Diagnostic | None:
    """`a if c else b`."""
    if place.kind(index) != "if" or place.begins_line(index) or not place.machine.accepts("&&"):
        return None
    return Diagnostic(
        code="EZ0035",
        message="An `if` begins a statement, and is no part of an expression",
        span=place.span(index),
        help="Write c ? a : b.",
    )


def open_size(place: TokenContext, index: int) -> Diagnostic | None:
    """`int32[] x`."""
    if place.kind(index) != "]" or place.kind(index - 1) != "[":
        return None
    type = place.text(index - 2)
    if place.kind(index - 2) not in (*TYPE_WORDS, "NAME", "]"):
        return None
    return Diagnostic(
        code="EZ0032",
        message="An array's type has its size",
        span=place.span(index - 1, index),
        help=f"Write {type}[10] x; in a function for every size: fn f<n>({type}[n] x).",
    )


def colon_slice(place: TokenContext, index: int) -> Diagnostic | None:
    """`x[0:2]`, `x[:2]`."""
    opened = place.opened(index)
    if place.kind(index) != ":" or not opened or place.kind(opened[-1]) != "[":
        return None
    first = place.written(opened[-1] + 1, index - 1) or "0"
    last = place.text(index + 1) if place.kind(index + 1) in ("NAME", "INT") else "n"
    return Diagnostic(
        code="EZ0045",
        message="A slice is written with `..`",
        span=place.span(index),
        help=f"Write {place.text(opened[-1] - 1)}[{first}..{last}].",
    )


def several_targets(place: TokenContext, index: int) -> Diagnostic | None:
    """`a, b = b, a;`."""
    opened = place.opened(index)
    if place.kind(index) != "," or (opened and place.kind(opened[-1]) in ("(", "[")):
        return None
    start = place.statement_start(index)
    if not place.machine.accepts("=") or place.text(start) in FOREIGN:
        return None
    if place.kind(start) not in ("NAME", "let", *TYPE_WORDS):
        return None
    declares = place.kind(start) != "NAME"
    return Diagnostic(
        code="EZ0041" if declares else "EZ0038",
        message="One statement gives a value to one variable",
        span=place.span(index),
        help="Write a statement for each."
        if declares
        else "Write a statement for each; to swap: let t = a; a = b; b = t;.",
    )


def step(place: TokenContext, index: int) -> Diagnostic | None:
    """`for i in 0..10..2`."""
    if place.kind(index) != ".." or place.kind(place.statement_start(index)) != "for":
        return None
    if not place.machine.accepts("{"):
        return None
    return Diagnostic(
        code="EZ0034",
        message="The range of a loop has no step",
        span=place.span(index),
        help="Count in steps of 1, and multiply: `for i in 0..n / 2 { let k = 2 * i; … }`.",
    )


def comprehension(place: TokenContext, index: int) -> Diagnostic | None:
    """`[i for i in xs]`."""
    opened = place.opened(index)
    if place.kind(index) != "for" or not opened or place.begins_line(index):
        return None
    if place.kind(opened[-1]) not in ("[", "("):
        return None
    return Diagnostic(
        code="EZ0034",
        message="A `for` loop is a statement, and is no part of an expression",
        span=place.span(index),
        help="Declare the array, and fill it: int32[4] x; for i in 0..4 { x[i] = i; }",
    )


def membership(place: TokenContext, index: int) -> Diagnostic | None:
    """`x in xs` outside of the head of a loop."""
    if place.kind(index) != "in" or not place.machine.accepts("&&"):
        return None
    return Diagnostic(
        code="EZ0035",
        message="`in` is a part of `for` loops alone",
        span=place.span(index),
        help=FOREIGN["in"],
    )


def prefixed_string(place: TokenContext, index: int) -> Diagnostic | None:
    """`f"…"`."""
    if place.kind(index) != "STRING" or place.kind(index - 1) != "NAME":
        return None
    if not place.adjacent(index):
        return None
    return Diagnostic(
        code="EZ0035",
        message="A string has no prefix",
        span=place.span(index - 1, index),
        help=FOREIGN["string"],
    )


def tuple_type(place: TokenContext, index: int) -> Diagnostic | None:
    """`-> (int32, int32)`, `return (a, b);`."""
    if place.kind(index) == "(" and place.kind(index - 1) == "->":
        first, message = index, "A function has one result"
    elif place.kind(index) == "," and place.kind(place.statement_start(index)) == "return":
        opened = place.opened(index)
        if opened and place.kind(opened[-1]) == "(" and place.kind(opened[-1] - 1) != "return":
            return None
        first, message = index, "`return` gives one value"
    else:
        return None
    return Diagnostic(code="EZ0044", message=message, span=place.span(first), help=RESULTS)


def generic_label(place: TokenContext, index: int) -> Diagnostic | None:
    """`secret<int32> x`."""
    before = place.kind(index - 1)
    if place.kind(index) != "<" or before not in LABEL_WORDS:
        return None
    type = place.text(index + 1) if place.kind(index + 1) in TYPE_WORDS else "int32"
    return Diagnostic(
        code="EZ0040",
        message="A label stands before the type, without `<` and `>`",
        span=place.span(index - 1, index),
        help=f"Write {before} {type} x.",
    )


def misspelt_label(place: TokenContext, index: int) -> Diagnostic | None:
    """`secert int32 x`, and words that are no labels in Ez."""
    kind, before = place.kind(index), index - 1
    if kind not in TYPE_WORDS or place.kind(before) != "NAME" or not place.machine.accepts("NAME"):
        return None
    word = place.text(before)
    if word in FOREIGN:
        return None
    near = get_close_matches(word, ("secret", "public"), n=1, cutoff=0.6)
    return Diagnostic(
        code="EZ0040",
        message=f"There is no label `{word}`",
        span=place.span(before),
        help=f"Did you mean `{near[0]}`?"
        if near
        else f"The labels are `public`, `secret` and, for a party, as in @{word}.",
        fix=Fix(place.span(before), near[0]) if near else None,
    )


RULES = (
    another_else,
    operator,
    quotient,
    at_sign,
    cast,
    conditional,
    open_size,
    colon_slice,
    several_targets,
    step,
    comprehension,
    membership,
    prefixed_string,
    tuple_type,
    generic_label,
    misspelt_label,
)
