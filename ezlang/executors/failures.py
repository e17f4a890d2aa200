"""The failures of a checked program: one diagnostic for each, the same in every executor.

An executor knows the kind of failure and its place in the program; native code returns only these.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.source import Span


@dataclass(frozen=True, slots=True)
class _Texts:
    code: str
    message: str
    label: str
    help: str


class Failure(Enum):
    """The kinds of failure. All depend on public data alone, so that they reveal nothing."""

    DIVISION = "division"
    SHIFT = "shift"
    INDEX = "index"
    ASSERTION = "assertion"
    OUTPUT = "output"
    SLICE = "slice"

    @property
    def code(self) -> str:
        """The code of the diagnostic, which `ezlang explain` has a page about."""
        return _TEXTS[self].code


_TEXTS = {
    Failure.DIVISION: _Texts(
        "EZ4001",
        "This divides by a public zero",
        "the divisor is 0 here",
        "test the divisor first, for example `d == 0 ? 0 : x / d`",
    ),
    Failure.SHIFT: _Texts(
        "EZ4002",
        "This shifts by a public amount that is not less than the width",
        "the amount is out of range here",
        "test the amount first, or keep it in range, for example `x << (s & 31)` on 32 bits",
    ),
    Failure.INDEX: _Texts(
        "EZ4003",
        "A public index is out of range",
        "there is no such element",
        "indices go from 0 to `len(a) - 1`; test the index first, or correct the loop's bounds",
    ),
    Failure.ASSERTION: _Texts(
        "EZ4004",
        "An assertion of this program does not hold",
        "this is false here",
        "run it with inputs and params for which the assertion holds",
    ),
    Failure.OUTPUT: _Texts(
        "EZ4005",
        "This output was already given in this run",
        "the second output of this name to the same party",
        "give each output a name of its own, or collect the values in an array and output that",
    ),
    Failure.SLICE: _Texts(
        "EZ4006",
        "A slice with public bounds is out of range",
        "there are no such elements",
        "`0 <= lo`, `lo <= hi` and `hi <= len(a)` must hold for `a[lo..hi]`",
    ),
}


def failure(kind: Failure, span: Span, message: str | None = None) -> EzError:
    """Return the error that ends a run; `message` is that of an assertion."""
    texts = _TEXTS[kind]
    said = f"{texts.message}: {message}" if message else texts.message
    diagnostic = Diagnostic(
        code=texts.code, message=said, span=span, label=texts.label, help=texts.help
    )
    return EzError(diagnostic, exit_code=3)
