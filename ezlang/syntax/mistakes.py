"""Explains where parsing fails: a sentence about the mistake, and what to write instead.

Each rule examines the tokens around the place and knows one mistake; many are habits from other
languages. The first rule that applies is reported. If none does, `expected.py` says what was
expected.
"""

from __future__ import annotations

import re

from ezlang.diagnostics.diagnostic import Diagnostic, Note

from . import habits, slips
from .expected import explain_unexpected
from .foreign import FOREIGN
from .tables import END
from .token_context import (
    CLOSER,
    ITEM_WORDS,
    LABEL_WORDS,
    STATEMENT_WORDS,
    TYPE_WORDS,
    TokenContext,
)

_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_WORD = re.compile(r"[a-z]+[0-9]*")
_FORMS = {
    "input": 'input(alice, "name"), or input(alice, "name", turn)',
    "reveal": "reveal(value), or reveal(value, alice) for alice alone",
    "output": 'output(all, value, "name"), or output(alice, value, "name", turn)',
    "assert": 'assert(condition), or assert(condition, "what must hold")',
}


def explain_mistake(place: TokenContext, index: int) -> Diagnostic:
    """Return the error for the token at `index`, which is not allowed there."""
    for rule in _RULES:
        found = rule(place, index)
        if found is not None:
            return found
    return explain_unexpected(place, index)


def _unclosed(place: TokenContext, index: int) -> Diagnostic | None:
    """A bracket that is still open at the end of the file, or where an item begins."""
    kind, opened = place.kind(index), place.opened(index)
    if not opened or not (kind == END or place.begins_item(index)):
        return None
    opener = place.never_closed(index)
    assert opener is not None
    written = place.text(opener)
    where = "the end of the file" if kind == END else f"this `{kind}`"
    return Diagnostic(
        code="EZ0022",
        message=f"This `{written}` is never closed",
        span=place.span(opener),
        label="opened here",
        notes=(Note(message=f"It is still open at {where}", span=place.span(index)),),
        help=f"Write `{CLOSER[place.kind(opener)]}` where it ends.",
    )


def _wrong_closer(place: TokenContext, index: int) -> Diagnostic | None:
    """A closing bracket without an open one, or the end of a statement with one still open."""
    kind, opened = place.kind(index), place.opened(index)
    ends = kind in (";", "{") or kind in STATEMENT_WORDS
    inside = bool(opened) and place.kind(opened[-1]) in ("(", "[")
    if ends and inside and not place.machine.accepts("INT"):
        unfinished = place.kind(opened[-1] - 1) in _FORMS and not place.machine.accepts(")")
        return None if unfinished else _unclosed_before(place, opened[-1], index)
    if kind not in (")", "]", "}"):
        return None
    matched = any(CLOSER[place.kind(o)] == kind for o in opened)
    if not matched and not inside:
        return Diagnostic(
            code="EZ0023",
            message=f"This `{kind}` closes nothing",
            span=place.span(index),
            help="Remove it, or write the bracket that it should close.",
        )
    if CLOSER[place.kind(opened[-1])] == kind:
        return None
    return _unclosed_before(place, opened[-1], index)


def _unclosed_before(place: TokenContext, opener: int, index: int) -> Diagnostic:
    written, closer = place.text(opener), CLOSER[place.kind(opener)]
    expected = Note(message=f"`{closer}` was expected before this", span=place.span(index))
    return Diagnostic(
        code="EZ0022",
        message=f"This `{written}` is not closed before `{place.text(index)}`",
        span=place.span(opener),
        label="opened here",
        notes=(expected,),
        help=f"Write `{closer}` where it ends.",
    )


def _item_in_function(place: TokenContext, index: int) -> Diagnostic | None:
    """`fn`, `const` or another item inside a block."""
    kind, opened = place.kind(index), place.opened(index)
    following = place.kind(index + 1)
    if kind not in ITEM_WORDS or not opened or place.kind(opened[0]) != "{":
        return None
    if place.machine.accepts("NAME") and following not in ("NAME", *TYPE_WORDS):
        return None
    local = "Write `let name = value;` for a constant of this function."
    return Diagnostic(
        code="EZ0039",
        message=f"`{kind}` is allowed only at the top level of a file, not inside a function",
        span=place.span(index),
        notes=(Note(message="This is still open", span=place.span(opened[0])),),
        help=local if kind in ("const", "param") else "Move it out of the braces.",
    )


def _comparison_sign(place: TokenContext, index: int) -> Diagnostic | None:
    """`=` in place of a comparison, or `==` in place of an assignment."""
    kind, opened = place.kind(index), place.opened(index)
    start = place.kind(place.statement_start(index))
    machine = place.machine
    if kind == "=" and machine.accepts("==") and not machine.accepts("="):
        if start == "for" and not opened:
            return None
        return Diagnostic(
            code="EZ0030",
            message="`=` assigns and is not allowed inside an expression",
            span=place.span(index),
            help="To compare, write `==`.",
        )
    if kind == "==" and machine.accepts("=") and not machine.accepts("=="):
        return Diagnostic(
            code="EZ0030",
            message="`==` compares; here a value is given to a name",
            span=place.span(index),
            help="Write `=`.",
        )
    return None


def _chained(place: TokenContext, index: int) -> Diagnostic | None:
    """`a < b < c`, and `f<4>(x)`, which looks like it."""
    kind, machine = place.kind(index), place.machine
    if kind not in _COMPARISONS or not machine.accepts("&&"):
        return None
    before = index - 1
    while before > 0 and place.kind(before) not in _COMPARISONS:
        before -= 1
    help = "Write it as two comparisons: a < b && b < c."
    named = place.kind(before - 1) == "NAME" and place.kind(before) == "<"
    if kind == ">" and named and place.kind(index + 1) == "(":
        call = f"{place.text(before - 1)}::{place.written(before, index)}(…)"
        help = f"To call a function with explicit sizes, write {call}."
    return Diagnostic(
        code="EZ0031",
        message="Comparisons cannot be chained",
        span=place.span(index),
        notes=(Note(message="This is the first comparison", span=place.span(before)),),
        help=help,
    )


def _outside(place: TokenContext, index: int) -> Diagnostic | None:
    """A statement at the top level of a file."""
    kind = place.kind(index)
    begins = kind in STATEMENT_WORDS | LABEL_WORDS | TYPE_WORDS or kind in ("NAME", "reveal")
    if not place.machine.accepts("fn") or not begins:
        return None
    return Diagnostic(
        code="EZ0036",
        message="Only `party`, `compute`, `import`, `param`, `const`, `struct` and `fn` are "
        "allowed at the top level of a file",
        span=place.span(index),
        help=_outside_help(place, index),
    )


def _outside_help(place: TokenContext, index: int) -> str:
    if place.kind(index) in TYPE_WORDS and place.kind(index + 2) == "=":
        declared = place.written(index, index + 1)
        return (
            f"Write const {declared} = …; for a number that is fixed, or param {declared} = …; for "
            "one that a run sets. Variables are declared in functions, and passed as arguments."
        )
    return "Put statements into a function, such as fn main() { … }."


def _special_form(place: TokenContext, index: int) -> Diagnostic | None:
    """`input`, `reveal`, `output` or `assert` with the wrong parts."""
    opened = place.opened(index)
    word = index - 1
    if place.kind(index) == "(" or place.kind(word) not in _FORMS:
        if not opened or place.kind(opened[-1]) != "(":
            return None
        word = opened[-1] - 1
    form = place.kind(word)
    if form not in _FORMS or place.machine.accepts("INT"):
        return None
    return Diagnostic(
        code="EZ0043",
        message=f"This is not how `{form}` is written",
        span=place.span(index),
        notes=(Note(message=f"It belongs to this `{form}`", span=place.span(word)),),
        help=f"Write {_FORMS[form]}.",
    )


def _reserved(place: TokenContext, index: int) -> Diagnostic | None:
    """A reserved word as a name."""
    kind, machine = place.kind(index), place.machine
    if not _WORD.fullmatch(kind) or not machine.accepts("NAME"):
        return None
    if machine.accepts("INT") and (kind in STATEMENT_WORDS or kind in ITEM_WORDS or kind == "else"):
        return None
    help = "Choose another name."
    if kind == "all" and place.kind(index + 1) == "(":
        help = FOREIGN[kind]
    elif kind == "all" and place.text(place.statement_start(index)) != "output":
        help = "Without a party, `reveal` reveals to everyone; `all` is used only in `output`."
    return Diagnostic(
        code="EZ0024",
        message=f"`{kind}` is a reserved word and cannot be a name",
        span=place.span(index),
        help=help,
    )


_RULES = (
    _unclosed,
    *habits.RULES,
    _wrong_closer,
    _item_in_function,
    slips.fraction,
    _comparison_sign,
    _chained,
    slips.size_after_name,
    slips.increment,
    slips.loop_head,
    slips.label_after_type,
    slips.type_after_name,
    slips.function_head,
    slips.foreign,
    _outside,
    slips.comma_in_index,
    slips.braces,
    _special_form,
    _reserved,
)
