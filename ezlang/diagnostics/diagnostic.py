"""Diagnostics as data.

A diagnostic has a code (EZ0 syntax, EZ1 names, EZ2 types, EZ3 flow, EZ4 lowering
and run time, EZ5 protocol and session), a sentence, the place it is about, notes
that point elsewhere, and a help line that shows what to write instead. Nothing here prints.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ezlang.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A further sentence, with the place it is about if it has one."""

    message: str
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One error. `message` is a sentence without its full stop; `label` stands under the carets."""

    code: str
    message: str
    span: Span | None
    label: str = ""
    notes: tuple[Note, ...] = ()
    help: str | None = None

    @property
    def sort_key(self) -> tuple[str, int, str]:
        """Orders diagnostics by file, place and code."""
        if self.span is None:
            return ("", 0, self.code)
        return (self.span.source.name, self.span.start, self.code)


@dataclass(slots=True)
class Diagnostics:
    """Collects the diagnostics of a check; the same one twice counts once."""

    items: list[Diagnostic] = field(default_factory=list)

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic unless it is here already."""
        if diagnostic not in self.items:
            self.items.append(diagnostic)

    @property
    def sorted(self) -> tuple[Diagnostic, ...]:
        """All diagnostics in source order."""
        return tuple(sorted(self.items, key=lambda d: d.sort_key))

    def __bool__(self) -> bool:
        return bool(self.items)


class EzError(Exception):
    """A failure that is the user's to mend; carries what to tell them and the exit code.

    Exit codes: 1 the program has errors, 2 wrong usage or input, 3 the run failed.
    """

    def __init__(self, *diagnostics: Diagnostic, exit_code: int = 1) -> None:
        super().__init__("; ".join(d.message for d in diagnostics))
        self.diagnostics = diagnostics
        self.exit_code = exit_code


class CompilerBug(Exception):  # noqa: N818 (it is no error of the user's)
    """A mistake of ezlang itself, never of its user."""


class PassSkipped(UserWarning):
    """An optional pass of the compiler failed, so the program was prepared without it."""

    def __init__(self, name: str, error: Exception) -> None:
        super().__init__(
            f"The pass `{name}` of the compiler failed, so the program is prepared without it and "
            f"may run slower: {type(error).__name__}: {error}"
        )
        self.name = name
        self.error = error
