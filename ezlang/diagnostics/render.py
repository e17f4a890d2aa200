"""The rendering of diagnostics: as text for people, with the lines that they refer to, and as JSON.

error[EZ0021]: `;` is missing at the end of this statement
 --> sums.ez:3:14
  |
3 |     let x = 5
  |              ^ `;` expected here
  |
  = help: Write 5;
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import click

from ezlang.source import Span

from .diagnostic import Diagnostic

MAX_WIDTH = 100
"""The width above which a line of the program is shown in part."""

MOST = 20
"""How many diagnostics of a file are shown: what comes after often follows from the first ones."""

_TAB = 4
_CONTEXT = 20
_MORE = "…"


def render(diagnostic: Diagnostic, color: bool = False) -> str:
    """Return a diagnostic as text that ends in a line break; with ANSI colours if `color`."""
    paint = _Paint(color)
    message = _clean(diagnostic.message)
    kind, mark = ("warning", paint.warning) if diagnostic.is_warning else ("error", paint.error)
    head = f"{mark(f'{kind}[{diagnostic.code}]')}{paint.strong(f': {message}')}"
    spans = [diagnostic.span, *(note.span for note in diagnostic.notes)]
    gutter = max((len(str(_last_line(s))) for s in spans if s is not None), default=1)
    lines = [head]
    if diagnostic.span is not None:
        lines += _excerpt(diagnostic.span, diagnostic.label, gutter, paint, mark)
    for note in diagnostic.notes:
        if note.span is None:
            lines.append(_remark(gutter, paint, paint.strong("note"), note.message))
        else:
            lines.append(f"{paint.strong('note')}: {_clean(note.message)}")
            lines += _excerpt(note.span, "", gutter, paint, paint.frame)
    if diagnostic.help is not None:
        lines.append(_remark(gutter, paint, paint.good("help"), diagnostic.help))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def render_all(diagnostics: Iterable[Diagnostic], color: bool = False) -> str:
    """Return diagnostics as text, separated by blank lines, with their number at the end.

    Of each file, the first `MOST` are shown, and the number of the others.
    """
    shown: list[str] = []
    seen: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for diagnostic in diagnostics:
        kinds["warning" if diagnostic.is_warning else "error"] += 1
        file = "" if diagnostic.span is None else diagnostic.span.source.name
        seen[file] += 1
        if seen[file] <= MOST:
            shown.append(render(diagnostic, color))
    if not shown:
        return ""
    parts = [(kinds[kind], kind) for kind in ("error", "warning") if kinds[kind]]
    count = " and ".join(f"1 {kind}" if n == 1 else f"{n} {kind}s" for n, kind in parts)
    if seen.total() > len(shown):
        count += f", of which the first {MOST} of each file are shown"
    return "\n".join([*shown, f"{_Paint(color).strong(count)}\n"])


def to_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return a diagnostic as an argument of `json.dumps`; lines and columns count from 1."""
    return {
        "code": diagnostic.code,
        "message": diagnostic.message,
        "span": _span_json(diagnostic.span),
        "label": diagnostic.label,
        "notes": [{"message": n.message, "span": _span_json(n.span)} for n in diagnostic.notes],
        "help": diagnostic.help,
    }


def _span_json(span: Span | None) -> dict[str, Any] | None:
    if span is None:
        return None
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "start": span.start,
        "end": span.end,
        "line": span.line,
        "column": span.column,
        "end_line": end_line,
        "end_column": end_column,
    }


def _remark(gutter: int, paint: _Paint, kind: str, text: str) -> str:
    """Return a note or a help line; its continuation lines are indented like the first."""
    indent = " " * (gutter + 9)
    return f"{' ' * gutter} {paint.frame('=')} {kind}: " + _clean(text).replace("\n", f"\n{indent}")


def _clean(text: str) -> str:
    """Return text without control characters that could affect a terminal, except line breaks."""
    return "\n".join(map(_shown, text.split("\n")))


class _Paint:
    """Styles text, or leaves it as it is."""

    def __init__(self, color: bool) -> None:
        self._color = color

    def _style(self, text: str, fg: str | None) -> str:
        return click.style(text, fg=fg, bold=True) if self._color else text

    def error(self, text: str) -> str:
        return self._style(text, "red")

    def warning(self, text: str) -> str:
        return self._style(text, "yellow")

    def frame(self, text: str) -> str:
        return self._style(text, "blue")

    def good(self, text: str) -> str:
        return self._style(text, "green")

    def strong(self, text: str) -> str:
        return self._style(text, None)


def _excerpt(
    span: Span, label: str, gutter: int, paint: _Paint, mark: Callable[[str], str]
) -> list[str]:
    """Return the place of a span, and its first and last lines with carets below."""
    lines = [f"{' ' * gutter}{paint.frame('-->')} {_clean(str(span))}"]
    if not span.source.text:
        return lines
    bar = paint.frame("|")
    lines.append(f"{' ' * gutter} {bar}")
    first, last = span.line, _last_line(span)
    end_line, end_column = span.source.position(span.end)
    for number in (first, last) if last > first else (first,):
        if number == last and last > first + 1:
            lines.append(paint.frame("..."))
        start = span.column - 1 if number == first else None
        end = end_column - 1 if number == last == end_line else None
        text, carets = _marked_line(span.source.line(number), start, end)
        words = f" {_clean(label)}" if label and number == last else ""
        lines.append(f"{paint.frame(f'{number:>{gutter}} |')} {text}")
        lines.append(f"{' ' * gutter} {bar} {carets[0]}{mark(carets[1] + words)}")
    lines.append(f"{' ' * gutter} {bar}")
    return lines


def _last_line(span: Span) -> int:
    """Return the line on which a span ends; a line break at its end belongs to that line."""
    return span.source.position(max(span.end - 1, span.start))[0]


def _marked_line(line: str, start: int | None, end: int | None) -> tuple[str, tuple[str, str]]:
    """Return a line as it is shown, and the blanks and the carets below `start..end`.

    Without a start the carets begin at the first character of the line that is not blank; without
    an end they go to its last character.
    """
    start = len(line) - len(line.lstrip()) if start is None else min(start, len(line))
    end = len(line.rstrip()) if end is None else min(end, len(line))
    low, high = _window(line, start, max(end, start))
    before, inside = _shown(line[low:start]), _shown(line[start : min(end, high)])
    left = _MORE if low else ""
    right = _MORE if high < len(line) else ""
    text = f"{left}{before}{inside}{_shown(line[max(min(end, high), start) : high])}{right}"
    blanks = " " * (_width(left) + _width(before))
    return text, (blanks, "^" * max(_width(inside), 1))


def _window(line: str, start: int, end: int) -> tuple[int, int]:
    """Return the part of a line that is shown, around `start..end`."""
    if len(line) <= MAX_WIDTH:
        return 0, len(line)
    low = 0 if end <= MAX_WIDTH - _CONTEXT else max(0, start - _CONTEXT)
    return low, min(len(line), low + MAX_WIDTH)


def _shown(text: str) -> str:
    """Return text with tabs replaced by blanks, and unprintable characters by a replacement."""
    return "".join(
        " " * _TAB if c == "\t" else c if c.isprintable() or unicodedata.combining(c) else "\ufffd"
        for c in text
    )


def _width(text: str) -> int:
    """Return the number of columns that text takes in a terminal."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
