"""What is wrong with a model: sentences, which are collected and reported all at once."""

from __future__ import annotations

from dataclasses import field

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.records import dataclass

CODE = "EZ4108"


class RefusedError(Exception):
    """An operator can't be imported as it stands in the model; the message is the reason."""


@dataclass(slots=True)
class Problems:
    """The problems found so far: sentences without a full stop, each with what to do about it."""

    found: dict[str, str | None] = field(default_factory=dict)

    def add(self, message: str, help: str | None = None) -> None:
        """Add a problem, unless it was found before."""
        self.found.setdefault(message, help)

    def check(self) -> None:
        """Raise an EzError (exit code 2) with all problems, if there are any."""
        if self.found:
            raise EzError(
                *(
                    Diagnostic(code=CODE, message=message, span=None, help=help)
                    for message, help in self.found.items()
                ),
                exit_code=2,
            )


def refusal(message: str, help: str | None = None, *, code: str = CODE) -> EzError:
    """Return the error for a model that has one problem; `code` is that of imports otherwise."""
    return EzError(Diagnostic(code=code, message=message, span=None, help=help), exit_code=2)
