"""What is wrong where the parse cannot go on: a sentence and what to write instead.

Each rule looks at the tokens around the place and knows one mistake, many of them habits
from other languages. The first that applies is told; if none does, `expected.py` tells
what could have stood there.
"""

from __future__ import annotations

import re

from ezlang.diagnostics.diagnostic import Diagnostic, Note

from .expected import explain_unexpected
from .foreign import FOREIGN
from .place import CLOSER, ITEM_WORDS, LABEL_WORDS, STATEMENT_WORDS, TYPE_WORDS, Place
from .tables import END

_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_WORD = re.compile(r"[a-z]+[0-9]*")
_FORMS = {
    "input": 'input(alice, "name")',
    "reveal": "reveal(value), or reveal(value, alice) for alice alone",
    "output": 'output(all, value, "name"), or output(alice, value, "name")',
    "assert": 'assert(condition), or assert(condition, "what must hold")',
}


def explain_mistake(place: Place, index: int) -> Diagnostic:
    """Return the error that the token at `index`, which cannot stand there, shows."""
    for rule in _RULES:
        found = rule(place, index)
        if found is not None:
            return found
    return explain_unexpected(place, index)


def _unclosed(place: Place, index: int) -> Diagnostic | None:
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


def _wrong_closer(place: Place, index: int) -> Diagnostic | None:
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


def _unclosed_before(place: Place, opener: int, index: int) -> Diagnostic:
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


def _item_in_function(place: Place, index: int) -> Diagnostic | None:
    """`fn`, `const` and the like inside a block."""
    kind, opened = place.kind(index), place.opened(index)
    following = place.kind(index + 1)
    if kind not in ITEM_WORDS or not opened or place.kind(opened[0]) != "{":
        return None
    if place.machine.accepts("NAME") and following not in ("NAME", *TYPE_WORDS):
        return None
    local = "Write `let name = value;` for a constant of this function."
    return Diagnostic(
        code="EZ0039",
        message=f"`{kind}` stands only at the top of a file, not inside of a function",
        span=place.span(index),
        notes=(Note(message="This is still open", span=place.span(opened[0])),),
        help=local if kind in ("const", "param") else "Move it out of the braces.",
    )


def _fraction(place: Place, index: int) -> Diagnostic | None:
    """`1.5`, `.5`."""
    last = index + 1 if place.kind(index) == "." else index
    first = last - 1
    if place.kind(last) != "INT" or place.kind(first) != "." or not place.adjacent(last):
        return None
    if place.kind(first - 1) == "INT" and place.adjacent(first):
        first -= 1
    return Diagnostic(
        code="EZ0046",
        message=f"`{place.written(first, last)}` is no integer, and there are no other numbers",
        span=place.span(first, last),
        help="Scale the values, by 1000 say, and compute on integers.",
    )


def _comparison_sign(place: Place, index: int) -> Diagnostic | None:
    """`=` where values are compared, `==` where one is assigned."""
    kind, opened = place.kind(index), place.opened(index)
    start = place.kind(place.statement_start(index))
    machine = place.machine
    if kind == "=" and machine.accepts("==") and not machine.accepts("="):
        if start == "for" and not opened:
            return None
        return Diagnostic(
            code="EZ0030",
            message="`=` assigns and cannot stand inside of an expression",
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


def _chained(place: Place, index: int) -> Diagnostic | None:
    """`a < b < c`, and `f<4>(x)`, which reads like it."""
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
        notes=(Note(message="The first comparison is this", span=place.span(before)),),
        help=help,
    )


def _size_after_name(place: Place, index: int) -> Diagnostic | None:
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
    return Diagnostic(
        code="EZ0032",
        message="The size of an array belongs to its type, not to its name",
        span=place.span(index, end - 1),
        help=f"Write {type}{sizes} {place.text(index - 1)}.",
    )


def _partner(place: Place, index: int) -> int:
    """Return the index of the `]` for a `[`; of the last token before the line's end if none."""
    depth, i = 0, index
    while place.kind(i) not in (END, ";", "{", "}"):
        depth += (place.kind(i) == "[") - (place.kind(i) == "]")
        if depth == 0:
            return i
        i += 1
    return max(i - 1, index)


def _opening(place: Place, index: int) -> int:
    depth, i = 0, index
    while i > 0:
        depth += (place.kind(i) == "]") - (place.kind(i) == "[")
        if depth == 0:
            return i
        i -= 1
    return i


def _increment(place: Place, index: int) -> Diagnostic | None:
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


def _loop_head(place: Place, index: int) -> Diagnostic | None:
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


def _foreign(place: Place, index: int) -> Diagnostic | None:
    """A word of another language at the place, right before it, or beginning the statement."""
    for at in (index, index - 1, place.statement_start(index), index - 2):
        word = place.text(at)
        if word in FOREIGN and place.kind(at) == "NAME":
            return Diagnostic(
                code="EZ0035",
                message=f"`{word}` means nothing in Ez",
                span=place.span(at),
                help=FOREIGN[word],
            )
    return None


def _function_head(place: Place, index: int) -> Diagnostic | None:
    """C's and other languages' ways to write the result of a function, or no `fn`."""
    kind, machine = place.kind(index), place.machine
    message = help = ""
    if machine.accepts("->") and (kind in (":", "NAME", "=") or kind in TYPE_WORDS | LABEL_WORDS):
        message = "The type of a function's result stands after `->`"
        help = "Write fn name(int32 x) -> int32 { … }."
    elif place.kind(index - 1) == "fn" and kind in TYPE_WORDS | LABEL_WORDS:
        message = "After `fn` stands the function's name; the type of its result comes last"
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


def _outside(place: Place, index: int) -> Diagnostic | None:
    """A statement at the top of a file."""
    kind = place.kind(index)
    begins = kind in STATEMENT_WORDS | LABEL_WORDS | TYPE_WORDS or kind in ("NAME", "reveal")
    if not place.machine.accepts("fn") or not begins:
        return None
    return Diagnostic(
        code="EZ0036",
        message="At the top of a file stand only `party`, `import`, `param`, `const`, `struct` "
        "and `fn`",
        span=place.span(index),
        help="Put statements into a function, such as fn main() { … }.",
    )


def _label_after_type(place: Place, index: int) -> Diagnostic | None:
    """`int32 secret x`, `let secret x`."""
    kind, before = place.kind(index), place.kind(index - 1)
    if kind not in LABEL_WORDS:
        return None
    label = place.written(index, index + 1) if kind == "@" else kind
    if before == "let":
        message, help = "`let` infers the label", f"Write a type: {label} int32 x = …;."
    elif before in LABEL_WORDS or place.kind(index - 2) == "@":
        message, help = "A value has one label", "Write `public`, `secret` or the one party's."
    elif before in TYPE_WORDS or before in ("]", "NAME"):
        message, help = "The label stands before the type", f"Write {label} int32 x."
    else:
        return None
    return Diagnostic(code="EZ0040", message=message, span=place.span(index), help=help)


def _type_after_name(place: Place, index: int) -> Diagnostic | None:
    """`x: int32`, `let int32 x`, `x := 1`."""
    kind, before = place.kind(index), place.kind(index - 1)
    name, following = place.text(index - 1), place.kind(index + 1)
    message = ""
    if kind == ":" and before == "NAME" and following == "=":
        message, help = "`:=` is no operator", f"Write let {name} = …;, or {name} = …; to assign."
    elif kind == ":" and before == "NAME" and following in TYPE_WORDS | LABEL_WORDS | {"NAME"}:
        if place.machine.accepts("{") or place.begins_line(index + 1):
            return None
        type = place.text(index + 1) if following in TYPE_WORDS or following == "NAME" else "int32"
        message, help = "The type stands before the name", f"Write {type} {name}."
    elif before == "let" and kind in TYPE_WORDS:
        message = "`let` infers the type"
        help = f"Write {kind} {place.text(index + 1)} = …; without `let`."
    if not message:
        return None
    return Diagnostic(code="EZ0041", message=message, span=place.span(index), help=help)


def _comma_in_index(place: Place, index: int) -> Diagnostic | None:
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


def _special_form(place: Place, index: int) -> Diagnostic | None:
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


def _reserved(place: Place, index: int) -> Diagnostic | None:
    """A reserved word as a name."""
    kind, machine = place.kind(index), place.machine
    if not _WORD.fullmatch(kind) or not machine.accepts("NAME"):
        return None
    if machine.accepts("INT") and (kind in STATEMENT_WORDS or kind in ITEM_WORDS or kind == "else"):
        return None
    help = "Choose another name."
    if kind == "all" and place.text(place.statement_start(index)) != "output":
        help = "Without a party, `reveal` reveals to everyone; `all` stands in `output` alone."
    return Diagnostic(
        code="EZ0024",
        message=f"`{kind}` is a reserved word and cannot be a name",
        span=place.span(index),
        help=help,
    )


_RULES = (
    _unclosed,
    _wrong_closer,
    _item_in_function,
    _fraction,
    _comparison_sign,
    _chained,
    _size_after_name,
    _increment,
    _loop_head,
    _label_after_type,
    _type_after_name,
    _function_head,
    _foreign,
    _outside,
    _comma_in_index,
    _special_form,
    _reserved,
)
