"""Names given by the user: parties by name or number, and suggestions for misspelt names."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from ezlang.diagnostics.diagnostic import Diagnostic, EzError

USAGE = 2
"""The exit code for wrong usage and invalid input."""


def did_you_mean(name: str, names: Sequence[str], *, listed: bool = True) -> str | None:
    """Return the help line for a name that isn't in `names`; it lists all names if `listed`."""
    close = get_close_matches(name, names, n=1)
    if close:
        return f"did you mean `{close[0]}`?"
    if not listed:
        return None
    return f"the names are {', '.join(f'`{n}`' for n in names)}" if names else "there are none"


def party_number(parties: tuple[str, ...], party: int | str) -> int:
    """Return the number of a party that is given by name, by number, or by a number's digits.

    Raises EzError (exit code 2) if there is no such party.
    """
    if party in parties:
        return parties.index(str(party))
    text = str(party)
    if text.isascii() and text.isdecimal():
        if len(text) < 10 and int(text) < len(parties):
            return int(text)
        raise _no_party(
            f"The program has no party number {text}",
            f"the parties are numbered from 0: {', '.join(parties)}",
        )
    raise _no_party(f"The program has no party `{text}`", did_you_mean(text, parties))


def _no_party(message: str, help: str | None) -> EzError:
    diagnostic = Diagnostic(code="EZ4106", message=message, span=None, help=help)
    return EzError(diagnostic, exit_code=USAGE)
