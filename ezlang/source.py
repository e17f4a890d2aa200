"""Source text and the places in it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import field

from ezlang.records import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One file of Ez: its name as the user wrote it, and its text.

    Sources are compared by identity: two files with the same text are two sources.
    """

    name: str
    text: str
    _line_starts: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        starts = [0]
        starts.extend(i + 1 for i, char in enumerate(self.text) if char == "\n")
        object.__setattr__(self, "_line_starts", tuple(starts))

    def __reduce__(self) -> str | tuple[object, ...]:
        # The built-in source stays the same object, so that what has no place is recognised.
        return "BUILTIN_SOURCE" if self is BUILTIN_SOURCE else (Source, (self.name, self.text))

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and column of a character offset, both counted from 1."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Return line `number` (counted from 1) without its line break."""
        start = self._line_starts[number - 1]
        end = self._line_starts[number] - 1 if number < len(self._line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r")


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of characters `start..end` in a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        """The line on which the span starts, counted from 1."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """The column at which the span starts, counted from 1."""
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        """The characters of the span."""
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """Return the span from the start of this one to the end of `other` (same source)."""
        return Span(self.source, self.start, max(self.end, other.end))

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"


BUILTIN_SOURCE = Source("<built in>", "")
NO_SPAN = Span(BUILTIN_SOURCE, 0, 0)
