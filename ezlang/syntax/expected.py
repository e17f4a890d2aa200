"""Errors that say what was expected where parsing fails, if no common mistake explains it."""

from __future__ import annotations

from ezlang.diagnostics.diagnostic import Diagnostic, Fix
from ezlang.source import Span

from .lexer import STRUCT_BRACE
from .tables import END
from .token_context import LABEL_WORDS, TYPE_WORDS, TokenContext

_NAMED = {
    "NAME": "a name",
    "STRING": "a string",
    "INT": "an integer",
    END: "the end of the file",
}
_MOST = 4

UNEXPECTED = frozenset({"EZ0020", "EZ0021", "EZ0025", "EZ0026"})
"""The codes of the errors that say what was expected, and explain no mistake."""


def explain_unexpected(place: TokenContext, index: int) -> Diagnostic:
    """Return an error that says what was expected at `index`, and what is there."""
    accepts = place.machine.accepts
    found = _found(place, index)
    misfit = _misfit(place, index)
    if misfit is not None:
        return misfit
    if accepts("{") and not accepts("NAME") and not _brace_follows(place, index):
        return Diagnostic(
            code="EZ0025",
            message=f"`{{` was expected before {found}: a block is enclosed in braces",
            span=place.span(index),
            help=_block_help(place, index),
        )
    if accepts(";") and place.begins_statement(index):
        return _missing_semicolon(place, index)
    if accepts("INT"):
        return Diagnostic(
            code="EZ0026",
            message=f"An expression was expected, but here is {found}",
            span=place.span(index),
            help=_value_help(place, index),
        )
    return Diagnostic(
        code="EZ0020",
        message=f"{_sentence(place)} was expected, but here is {found}",
        span=place.span(index),
        help=_help(place, index),
    )


def _value_help(place: TokenContext, index: int) -> str:
    """Return what to write where a value is missing."""
    if place.kind(index) == "+":
        return "There is no `+` in front of a single value."
    before = place.text(index - 1)
    if before and place.kind(index) != END:
        return f"Write a value between `{before}` and {_found(place, index)}, such as 1 or x."
    return "Write a value, such as 1 or x."


def _misfit(place: TokenContext, index: int) -> Diagnostic | None:
    """Return an error for a token that is never allowed at this place, or None."""
    kind, before = place.kind(index), place.kind(index - 1)
    if kind == ";" and before in ("}", ";", "{", END):
        message, help = "This `;` ends nothing", "Remove it: a block does not end with `;`."
    elif kind == "else":
        message = "This `else` follows no `if`"
        help = "It goes directly after the `}` of its `if`."
    elif kind == "{" and before == "NAME" and place.kind(index + 1) == "}":
        message = "A struct has at least one field, and a struct literal names them all"
        help = f"Write {place.text(index - 1)} {{ field: value }}."
    elif kind == "->":
        message, help = "`->` is allowed only in the head of a function", "A field is written p.x."
    else:
        return None
    return Diagnostic(code="EZ0020", message=message, span=place.span(index), help=help)


def _missing_semicolon(place: TokenContext, index: int) -> Diagnostic:
    end = place.tokens[index - 1].end
    return Diagnostic(
        code="EZ0021",
        message="`;` is missing at the end of this statement",
        span=Span(place.source, end, end),
        label="`;` expected here",
        help=f"Write {place.text(index - 1)};",
        fix=Fix(Span(place.source, end, end), ";"),
    )


def _brace_follows(place: TokenContext, index: int) -> bool:
    """Return whether the line goes on to a `{`, so that another error precedes it."""
    while place.kind(index) not in (END, ";", "}"):
        if place.kind(index) in ("{", STRUCT_BRACE):
            return True
        index += 1
        if place.begins_line(index):
            return False
    return False


def _block_help(place: TokenContext, index: int) -> str:
    if place.kind(place.statement_start(index)) == "fn":
        return "A function has a body: fn name(int32 x) -> int32 { … }."
    if place.kind(index) == ":":
        return "Write `{` instead of `:`, and `}` where the block ends."
    return "Write braces even around a single statement."


def _found(place: TokenContext, index: int) -> str:
    kind, text = place.kind(index), place.text(index)
    if kind in (END, "STRING"):
        return _NAMED[kind]
    return f"`{text if len(text) <= 40 else text[:37] + '…'}`"


def _sentence(place: TokenContext) -> str:
    """Return the tokens that the parser could accept, as a phrase with a capital: "`,` or `)`"."""
    kinds = place.machine.expected()
    if "INT" in kinds and "NAME" in kinds:
        kinds = ["NAME"]
    if {"NAME", "["}.issubset(kinds) and len(kinds) < _MOST:
        words = ["a name"]
    elif TYPE_WORDS.issubset(kinds):
        words = ["a type"] + (["a label"] if "secret" in kinds else [])
        words += [f"`{k}`" for k in kinds if k in (")", "}")]
    elif len(kinds) > _MOST and {"&&", "+"} <= set(kinds):
        closing = [k for k in (";", ")", "]", "}", ",", "{", "..", ":") if k in kinds]
        words = ["an operator", *(f"`{k}`" for k in closing)]
    elif len(kinds) > _MOST:
        words = ["something else"]
    else:
        words = [_NAMED.get(k, f"`{'{' if k == STRUCT_BRACE else k}`") for k in sorted(set(kinds))]
    text = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
    return text[0].upper() + text[1:]


def _help(place: TokenContext, index: int) -> str | None:
    kind, accepts = place.kind(index), place.machine.accepts
    if kind == "}" and accepts("NAME"):
        return "A struct has at least one field."
    if kind == "." and place.kind(index - 2) == "import":
        return "A module is one file: import name;."
    start = place.kind(place.statement_start(index))
    if start in LABEL_WORDS and accepts("["):
        return "A label is followed by a type: secret int32 x = …;."
    if start == "fn" and kind in (")", ",") and accepts("NAME"):
        return "A parameter has a type and a name: fn name(int32 x)."
    if start == "param" and accepts("NAME"):
        return "A param has a type: param int32 n = 10;."
    if accepts("&&") and accepts(";"):
        return "Write an operator before it, or `;` where the statement ends."
    if accepts("&&"):
        return f"Write an operator, `,` or the end of the expression before {_found(place, index)}."
    return None
