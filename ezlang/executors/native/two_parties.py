"""The number of parties that native code runs with."""

from __future__ import annotations

from ezlang.diagnostics.diagnostic import Diagnostic, EzError

PARTIES = 2
_NUMBERS = {1: "one", 3: "three", 4: "four", 5: "five", 6: "six"}


def require_two_parties(parties: tuple[str, ...]) -> None:
    """Reject programs without exactly two parties. Raises EzError."""
    if len(parties) == PARTIES:
        return
    number = _NUMBERS.get(len(parties), str(len(parties)))
    raise EzError(
        Diagnostic(
            code="EZ5013",
            message=f"Native code runs programs of two parties, and this one has {number}",
            span=None,
            help="run it simulated: `ezlang run` without --native and --party",
        ),
        exit_code=2,
    )


def require_several_parties(parties: tuple[str, ...]) -> None:
    """Reject programs of one party. Raises EzError."""
    if len(parties) > 1:
        return
    raise EzError(
        Diagnostic(
            code="EZ5013",
            message="Native code runs programs of two or more parties, and this one has one",
            span=None,
            help="run it simulated: `ezlang run` without --native and --party",
        ),
        exit_code=2,
    )
