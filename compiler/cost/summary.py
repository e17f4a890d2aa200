"""Costs summed up: in all, by phase, by line of the source, and what they come to in time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ezlang.source import NO_SPAN, Source

from .ledger import ROUNDS, SENT, Entry, Ledger, Phase
from .profiles import Profile
from .session import OTS, OTS_MADE
from .yao import ANDS, TABLES

_COLUMNS: Final = frozenset({*ROUNDS, *SENT, *OTS, *OTS_MADE, ANDS, TABLES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What something costs: pairs are for party 0 and party 1.

    `rounds`: how often the party waits that waits more often in the whole run. `bytes_sent`.
    `ands` are gates of garbled circuits, `tables` the bytes they take. `ots`: used, by who is the
    sender; `ots_made` are at least as many, as they are made in batches. `preprocessing`: units
    used, by their kind.
    """

    rounds: int
    bytes_sent: tuple[int, int]
    ands: int
    tables: int
    ots: tuple[int, int]
    ots_made: tuple[int, int]
    preprocessing: Mapping[str, int]

    def seconds(self, profile: Profile) -> float:
        """Return what it takes in time: waiting, sending, computing, one after the other."""
        waiting = self.rounds * profile.rtt
        sending = max(self.bytes_sent) / profile.bandwidth
        garbling = self.ands / profile.ands
        return waiting + sending + garbling + max(self.ots_made) / profile.ots


def waiter_of(ledger: Ledger) -> int:
    """Return the party that waits more often in a run."""
    first, second = (ledger.total(name) for name in ROUNDS)
    return 0 if first >= second else 1


def sum_of(amounts: Iterable[tuple[Entry, int]], waiter: int) -> Sum:
    """Sum up entries of a ledger; rounds are those of the party `waiter`."""
    found: dict[str, int] = {}
    for entry, amount in amounts:
        found[entry.what] = found.get(entry.what, 0) + amount

    def pair(names: tuple[str, str]) -> tuple[int, int]:
        return found.get(names[0], 0), found.get(names[1], 0)

    return Sum(
        rounds=found.get(ROUNDS[waiter], 0),
        bytes_sent=pair(SENT),
        ands=found.get(ANDS, 0),
        tables=found.get(TABLES, 0),
        ots=pair(OTS),
        ots_made=pair(OTS_MADE),
        preprocessing={name: found[name] for name in sorted(found.keys() - _COLUMNS)},
    )


def total(ledger: Ledger) -> Sum:
    """Sum up all of a ledger."""
    return sum_of(ledger.amounts.items(), waiter_of(ledger))


def by_phase(ledger: Ledger) -> dict[Phase, Sum]:
    """Sum up each phase."""
    items, waiter = ledger.amounts.items(), waiter_of(ledger)
    return {phase: sum_of((x for x in items if x[0].phase is phase), waiter) for phase in Phase}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the source; `source` is None for what no line asked for, as the set-up."""

    source: Source | None
    number: int

    @property
    def text(self) -> str:
        """What is written there."""
        return "" if self.source is None else self.source.line(self.number).strip()


def by_line(ledger: Ledger, profile: Profile) -> list[tuple[Line, Sum]]:
    """Sum up each line that costs something, the one that takes longest first."""
    lines: dict[Line, list[tuple[Entry, int]]] = {}
    places: dict[object, Line] = {}
    for entry, amount in ledger.amounts.items():
        if not amount:
            continue
        line = places.get(entry.place)
        if line is None:
            known = entry.place is not NO_SPAN
            line = Line(entry.place.source, entry.place.line) if known else Line(None, 0)
            places[entry.place] = line
        lines.setdefault(line, []).append((entry, amount))
    waiter = waiter_of(ledger)
    sums = [(line, sum_of(entries, waiter)) for line, entries in lines.items()]
    return sorted(sums, key=lambda one: (-one[1].seconds(profile), one[0].number))
