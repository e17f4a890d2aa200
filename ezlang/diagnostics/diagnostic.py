"""Diagnostics as data.

A diagnostic has a code (EZ0 syntax, EZ1 names, EZ2 types, EZ3 flow, EZ4 lowering and run time, EZ5
protocol and session), a sentence, the place that it refers to, notes that refer to other places,
and a help line that shows what to write instead. Nothing in this module prints.
"""

from __future__ import annotations

import re
from dataclasses import field

from ezlang.records import dataclass
from ezlang.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A further sentence, with the place that it refers to, if there is one."""

    message: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Fix:
    """What mends an error for certain: the text that replaces a place."""

    span: Span
    replacement: str

    @classmethod
    def of_word(cls, span: Span, help: str) -> Fix | None:
        """Return what mends a wrong word, if the help line names the right one and says no more."""
        found = _RIGHT_WORD.fullmatch(help)
        return cls(span, found[1]) if found else None


_RIGHT_WORD = re.compile(r"(?:Did you mean|Write) `([^`\s(…]+|else if)`[.?]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One error or warning.

    `message` is a sentence without a full stop; `label` is shown below the carets. `fix` is what
    the help line says, where that is an exact replacement.
    """

    code: str
    message: str
    span: Span | None
    label: str = ""
    notes: tuple[Note, ...] = ()
    help: str | None = None
    fix: Fix | None = None

    @property
    def is_warning(self) -> bool:
        """Whether it is about a program that is right, and may not be meant so."""
        return self.code.startswith("EZ6")

    @property
    def sort_key(self) -> tuple[str, int, str]:
        """The key that orders diagnostics by file, place and code."""
        if self.span is None:
            return ("", 0, self.code)
        return (self.span.source.name, self.span.start, self.code)


@dataclass(slots=True)
class Diagnostics:
    """The diagnostics of a check, without duplicates."""

    items: list[Diagnostic] = field(default_factory=list)

    def add(self, diagnostic: Diagnostic) -> None:
        """Add a diagnostic unless an equal one exists."""
        if diagnostic not in self.items:
            self.items.append(diagnostic)

    @property
    def sorted(self) -> tuple[Diagnostic, ...]:
        """Return all diagnostics in source order."""
        return tuple(sorted(self.items, key=lambda d: d.sort_key))

    def __bool__(self) -> bool:
        return bool(self.items)


class EzError(Exception):
    """A failure that the user can fix, with its diagnostics and the exit code.

    Exit codes: 1 the program has errors, 2 wrong usage or input, 3 the run failed.
    """

    def __init__(self, *diagnostics: Diagnostic, exit_code: int = 1) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics
        self.exit_code = exit_code

    @property
    def summary(self) -> str:
        """The sentences alone, in one line."""
        return "; ".join(d.message for d in self.diagnostics)

    def __str__(self) -> str:
        """Return the diagnostics as the command line prints them."""
        from .render import render_all

        return render_all(self.diagnostics).rstrip()

    def _render_traceback_(self) -> list[str]:
        """Return what notebooks show: the diagnostics, in colour, without Python's traceback."""
        from .render import render_all

        return render_all(self.diagnostics, color=True).splitlines()


class CompilerBug(Exception):  # noqa: N818 (it is no error of the user's)
    """A bug of ezlang, never a mistake of its user."""


class PassSkipped(UserWarning):
    """An optional pass of the compiler failed, so the program was prepared without it."""

    def __init__(self, name: str, error: Exception) -> None:
        super().__init__(
            f"The pass `{name}` of the compiler failed, so the program is prepared without it and "
            f"may run slower: {type(error).__name__}: {error}"
        )
        self.name = name
        self.error = error
