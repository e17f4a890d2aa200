"""The report of `ezlang run --stats`, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from .output import counted, duration, together
from .tables import INDENT, QUIET, Sheet

if TYPE_CHECKING:
    from ezlang.executors.meter import Lines, Part, Stats

SHOWN_ROWS: Final = 20
"""The number of rows of lines that are shown; the rest is one row."""


def stats_lines(name: str, stats: Stats, *, styled: bool = False, clients: int = 0) -> list[str]:
    """Return the lines of the text about a run of the program in the file `name`.

    What the last so many parties send, the clients, is in one column.
    """
    sheet = Sheet(styled=styled)
    parties = list(together(next(iter(stats.phases.values())).bytes, clients))
    heads = ("rounds", *(f"{party}\nsends" for party in parties), "time")
    sheet.gap()
    cells = partial(_cells, clients=clients)
    phases = [(phase, *cells(part)) for phase, part in stats.phases.items()]
    sheet.numbers(("by phase", *heads), [*phases, ("in all", *cells(_sum(stats.phases.values())))])
    sheet.gap()
    shown = stats.lines[:SHOWN_ROWS]
    rows = [(_row_name(name, lines), *cells(part)) for lines, part in shown]
    rest = [part for _, part in stats.lines[SHOWN_ROWS:]]
    if rest:
        rows.append((f"{counted(len(rest), 'more row')}: see --json", *cells(_sum(rest))))
    rows.append(("the program", *cells(_sum([part for _, part in stats.lines]))))
    sheet.numbers(("by line, slowest first", *heads), rows)
    if any(len(lines) > 1 for lines, _ in shown):
        text = "Lines that share a row run together. Their cost is not divided among them."
        sheet.text(INDENT + text, style=QUIET)
    return sheet.lines


def _row_name(name: str, lines: Lines) -> str:
    if not lines:
        return "the session"
    if len(lines) == 1:
        (line,) = lines
        place = line.number if line.file == name else f"{line.file}:{line.number}"
        return f"{place:>4} | {line.text}"
    files: dict[str, list[str]] = {}
    for line in lines:
        files.setdefault(line.file, []).append(str(line.number))
    places = (f"{'' if file == name else f'{file}:'}{', '.join(n)}" for file, n in files.items())
    return f"  {'; '.join(places)} | together"


def _cells(part: Part, clients: int) -> tuple[str, ...]:
    sent = together(part.bytes, clients).values()
    return (
        *(f"{n:,}" if n else "-" for n in (part.rounds, *sent)),
        duration(part.seconds),
    )


def _sum(parts: Iterable[Part]) -> Part:
    from ezlang.executors.meter import Part

    sent = Counter[str]()
    parts = list(parts)
    for part in parts:
        for party, count in part.bytes.items():
            sent[party] += count
    return Part(
        seconds=sum(part.seconds for part in parts),
        rounds=sum(part.rounds for part in parts),
        bytes=dict(sent),
    )


def stats_object(stats: Stats) -> dict[str, Any]:
    """Return the same as a JSON object."""
    return {
        "phases": {phase: _object(part) for phase, part in stats.phases.items()},
        "lines": [
            {
                "lines": [
                    {"file": line.file, "line": line.number, "text": line.text} for line in lines
                ],
                **_object(part),
            }
            for lines, part in stats.lines
        ],
    }


def _object(part: Part) -> dict[str, Any]:
    return {"rounds": part.rounds, "bytes": dict(part.bytes), "seconds": round(part.seconds, 6)}
