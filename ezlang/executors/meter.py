"""Metering a run: its time, rounds and bytes by line of the program and by phase.

A run that is metered tells its meter which lines it works on. Operations that exchange their
messages together are one piece of work: if they are from several lines, so is what they cost, and
it isn't divided among them. A run without a meter does nothing for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from time import perf_counter
from typing import NamedTuple

from ezlang.compiler.protocols.core.phases import Phase
from ezlang.records import dataclass
from ezlang.source import BUILTIN_SOURCE, Span


class Line(NamedTuple):
    """A line of a program."""

    file: str
    number: int
    text: str


Lines = tuple[Line, ...]
"""The lines of work that can't be divided; none for what belongs to the session."""


@dataclass(slots=True)
class Tally:
    """What was counted: seconds, rounds by party, and bytes by their sender."""

    seconds: float = 0.0
    rounds: Counter[int] = field(default_factory=Counter)
    sent: Counter[int] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Add another tally."""
        self.seconds += other.seconds
        self.rounds.update(other.rounds)
        self.sent.update(other.sent)


Tallies = dict[tuple[Lines, Phase], Tally]


class Meter:
    """What a run has cost so far. `lines` and `phase` are those of what it does now."""

    def __init__(self) -> None:
        self.tallies: Tallies = {}
        self.lines: Lines = ()
        self.phase = Phase.ONLINE
        self._lines: dict[tuple[Span, ...], Lines] = {}
        self._since = perf_counter()

    def at(self, spans: Sequence[Span]) -> None:
        """Count what follows for the lines of operations that run together."""
        key = tuple(spans)
        lines = self._lines.get(key)
        if lines is None:
            lines = self._lines[key] = lines_of(spans)
        if lines != self.lines:
            self.lap()
            self.lines = lines

    @contextmanager
    def within(self, phase: Phase) -> Iterator[None]:
        """Count the block for a phase, unless it is part of another one.

        So OTs that a set-up makes belong to the set-up.
        """
        self.lap()
        before = self.phase
        if before is Phase.ONLINE:
            self.phase = phase
        try:
            yield
        finally:
            self.lap()
            self.phase = before

    def lap(self) -> None:
        """Count the time since the last lap."""
        now = perf_counter()
        self.tally().seconds += now - self._since
        self._since = now

    def tally(self, phase: Phase | None = None) -> Tally:
        """Return the tally of what the run does now, or of another phase of it."""
        key = self.lines, phase or self.phase
        found = self.tallies.get(key)
        if found is None:
            found = self.tallies[key] = Tally()
        return found


def lines_of(spans: Sequence[Span]) -> Lines:
    """Return the lines of spans, in order."""
    found = {(one.source, one.line) for one in spans if one.source is not BUILTIN_SOURCE}
    return tuple(sorted(Line(at.name, n, at.line(n).strip()) for at, n in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The cost of a part of a run: seconds, rounds of the party that waits most, bytes by sender.

    Rounds and bytes of lines, and of phases, add up to those of the run.
    """

    seconds: float
    rounds: int = 0
    bytes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What a run has cost, by phase in order, and by line, the slowest first."""

    phases: dict[str, Part]
    lines: list[tuple[Lines, Part]]


def stats_of(tallies: Tallies, names: Sequence[str], before: Mapping[str, float]) -> Stats:
    """Return the tallies by phase and by line.

    `names` are the parties, and `before` are the seconds of phases before the run.
    """
    phases: dict[Phase, Tally] = {phase: Tally() for phase in Phase}
    lines: dict[Lines, Tally] = {}
    for (where, phase), tally in tallies.items():
        phases[phase].add(tally)
        lines.setdefault(where, Tally()).add(tally)

    rounds = Counter[int]()
    for tally in tallies.values():
        rounds.update(tally.rounds)
    waiter = max(range(len(names)), key=rounds.__getitem__)

    def part(tally: Tally) -> Part:
        sent = {name: tally.sent[party] for party, name in enumerate(names)}
        return Part(seconds=tally.seconds, rounds=tally.rounds[waiter], bytes=sent)

    nothing = dict.fromkeys(names, 0)
    early = {name: Part(seconds=seconds, bytes=nothing) for name, seconds in before.items()}
    rows = [(where, part(tally)) for where, tally in lines.items()]
    return Stats(
        phases={**early, **{phase.value: part(tally) for phase, tally in phases.items()}},
        lines=sorted(rows, key=lambda row: (-row[1].seconds, row[0])),
    )
