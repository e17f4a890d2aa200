"""Costs summed up: in all, by phase, by line of the source, and what they come to in time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ezlang.source import NO_SPAN, Source

from ..protocols.dealt.demands import BitPair, BitTriple, describe
from .ledger import HOPS, ROUNDS, SENT, Entry, Ledger, Phase
from .profiles import Profile
from .session import OT_WORK, OTS, OTS_MADE, SET_UPS, TAKES
from .shares import STEPS
from .yao import ANDS, GARBLER, TABLES

_COLUMNS: Final = frozenset(
    {*ROUNDS, *SENT, *OTS, *OTS_MADE, OT_WORK, SET_UPS, *TAKES, STEPS, HOPS, ANDS, TABLES}
)
_SHARED_ANDS: Final = {
    "bit triples": 1,
    "pairs of bit triples": 2,
    describe(BitTriple()): 8,
    describe(BitPair()): 16,
}
"""Units of preprocessing for ANDs on boolean shares, and for how many they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What something costs: pairs are for party 0 and party 1.

    `rounds`: how often the party waits that waits more often in the whole run; `hops`: how many
    messages wait for one another, of both parties, each half a round trip. `bytes_sent`.
    `ands` are gates of garbled circuits, `tables` the bytes they take. `ots`: used, by who is the
    sender; `ots_made` are at least as many, as they are made in batches, after so many `set_ups`;
    `ot_work` says how many of the fastest kind that is like.
    `steps`: groups of operations on shares, and exchanges in them. `preprocessing`: units used, by
    their kind.
    """

    rounds: int
    hops: int
    bytes_sent: tuple[int, int]
    ands: int
    tables: int
    ots: tuple[int, int]
    ots_made: tuple[int, int]
    ot_work: int
    set_ups: int
    steps: int
    preprocessing: Mapping[str, int]

    def seconds(self, profile: Profile) -> float:
        """Return what it takes in time: waiting, sending, computing, one after the other.

        But for tables, which are sent while they are made. What is computed without messages is
        left out.
        """
        waiting = self.hops * profile.rtt / 2 + self.steps * profile.callback
        garbling = max(self.ands / profile.ands, self.tables / profile.bandwidth)
        others = [sent - self.tables * (p == GARBLER) for p, sent in enumerate(self.bytes_sent)]
        sending = max(*others, 0) / profile.bandwidth
        making = self.set_ups * profile.start + self.ot_work / profile.ots
        using = sum(self.ots) * profile.ot_use
        ands = sum(self.preprocessing.get(unit, 0) * many for unit, many in _SHARED_ANDS.items())
        return waiting + garbling + sending + making + using + ands / profile.shared_ands


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
        hops=found.get(HOPS, 0),
        bytes_sent=pair(SENT),
        ands=found.get(ANDS, 0),
        tables=found.get(TABLES, 0),
        ots=pair(OTS),
        ots_made=pair(OTS_MADE),
        ot_work=found.get(OT_WORK, 0),
        set_ups=found.get(SET_UPS, 0),
        steps=found.get(STEPS, 0),
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
