"""The failures of a checked program: one diagnostic for each, the same in every executor.

An executor knows the kind of failure, its place in the program, and an index that is out of range;
native code returns only these.
"""

from __future__ import annotations

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.records import dataclass
from ezlang.source import Span
from ezlang.typed.failures import Failure as Failure
from ezlang.values.turns import Question


@dataclass(frozen=True, slots=True)
class _Texts:
    message: str
    label: str
    help: str


_TEXTS = {
    Failure.DIVISION: _Texts(
        "This divides by a public zero",
        "the divisor is 0 here",
        "test the divisor first, for example `d == 0 ? 0 : x / d`",
    ),
    Failure.SHIFT: _Texts(
        "This shifts by a public amount that is not less than the width",
        "the amount is out of range here",
        "test the amount first, or keep it in range, for example `x << (s & 31)` on 32 bits",
    ),
    Failure.INDEX: _Texts(
        "A public index is out of range",
        "there is no such element",
        "indices go from 0 to `len(a) - 1`, and both sides of an `if` on a secret run; test the "
        "index first, or correct the loop's bounds",
    ),
    Failure.ASSERTION: _Texts(
        "An assertion of this program does not hold",
        "this is false here",
        "run it with inputs and params for which the assertion holds",
    ),
    Failure.OUTPUT: _Texts(
        "This output was already given in this run",
        "the second output of this name to the same party",
        "give each output a name of its own, or collect the values in an array and output that",
    ),
    Failure.SLICE: _Texts(
        "A slice with public bounds is out of range",
        "there are no such elements",
        "`0 <= lo`, `lo <= hi` and `hi <= len(a)` must hold for `a[lo..hi]`",
    ),
    Failure.INPUT: _Texts(
        "A party gives no value in this turn",
        "asked for here",
        "give a value for each turn in a list, or start the party at a terminal, which asks for it",
    ),
    Failure.TURN: _Texts(
        "This output is not for the next turn",
        "another turn is next",
        "the turns of an output go from 0 on, one after the other, and each is given once",
    ),
}


def failure(
    kind: Failure,
    span: Span,
    message: str | None = None,
    index: tuple[int, int] | None = None,
) -> EzError:
    """Return the error that ends a run.

    `message` is that of an assertion, or says whose input; `index` is one that is out of range, and
    how many elements there are.
    """
    texts = _TEXTS[kind]
    label = texts.label
    if index is not None:
        wrong, count = index
        label = f"the index is {wrong}, and there {_counted(count)}"
    said = f"{texts.message}: {message}" if message else texts.message
    diagnostic = Diagnostic(code=kind.code, message=said, span=span, label=label, help=texts.help)
    return EzError(diagnostic, exit_code=3)


def _counted(count: int) -> str:
    """Return how many elements there are, as the end of a sentence."""
    if count == 0:
        return "are no elements"
    return "is 1 element" if count == 1 else f"are {count} elements"


def no_value(question: Question, span: Span) -> EzError:
    """Return the error for a turn in which a party gives nothing."""
    asked = f"{question.party}'s `{question.name}`, turn {question.turn}"
    return failure(Failure.INPUT, span, asked)
