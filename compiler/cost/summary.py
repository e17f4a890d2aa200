"""Costs summed up: in all, by phase, by line of the source, and what they come to in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from ezlang.source import NO_SPAN, Source

from ..ir.parties import COMPUTING, Link
from ..protocols.core.preprocessing import Unit
from .amounts import SHARED_ANDS, Amount, Count, Ots, OtsMade, Rounds, Sent, Units
from .ledger import Entry, Ledger, Phase
from .profiles import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What something costs.

    `rounds`: how often the party waits that waits more often in the whole run; `hops`: how many
    messages wait for one another, of both parties, each half a round trip. `sent` are bytes over
    each link. `ands` are gates of garbled circuits, `tables` the bytes they take. `ots`: used, from
    a link's sender to its receiver; `ots_made` are at least as many, as they are made in batches,
    after so many `set_ups`; `ot_work` says how many of the fastest kind that is like.
    `steps`: groups of operations on shares, and exchanges in them. `preprocessing`: units used.
    """

    rounds: int
    hops: int
    sent: Mapping[Link, int]
    ands: int
    tables: int
    ots: Mapping[Link, int]
    ots_made: Mapping[Link, int]
    ot_work: int
    set_ups: int
    steps: int
    preprocessing: Mapping[Unit, int]

    @property
    def bytes_sent(self) -> Mapping[int, int]:
        """Party → how many bytes it sends."""
        return by_sender(self.sent)

    def seconds(self, profile: Profile) -> float:
        """Return what it takes in time: waiting, sending, computing, one after the other.

        But for tables, which are sent while they are made. What is computed without messages is
        left out.
        """
        waiting = self.hops * profile.rtt / 2 + self.steps * profile.callback
        garbling = max(self.ands / profile.ands, self.tables / profile.bandwidth)
        others = Counter(self.bytes_sent)
        others[COMPUTING.garbler] -= self.tables
        sending = max(*others.values(), 0) / profile.bandwidth
        making = self.set_ups * profile.start + self.ot_work / profile.ots
        using = sum(self.ots.values()) * profile.ot_use
        ands = sum(self.preprocessing.get(unit, 0) * many for unit, many in SHARED_ANDS.items())
        return waiting + garbling + sending + making + using + ands / profile.shared_ands


def by_sender(amounts: Mapping[Link, int]) -> Mapping[int, int]:
    """Add up amounts over links by who sends."""
    found: dict[int, int] = {}
    for link, amount in amounts.items():
        found[link.sender] = found.get(link.sender, 0) + amount
    return found


def waiter_of(ledger: Ledger) -> int:
    """Return the party that waits most often in a run."""
    return max(ledger.parties, key=lambda party: ledger.total(Rounds(party)))


def sum_of(amounts: Iterable[tuple[Entry, int]], waiter: int) -> Sum:
    """Sum up entries of a ledger of two; rounds are those of the party `waiter`."""
    found = _Found()
    for entry, amount in amounts:
        found.add(entry.what, amount)
    count = found.counts
    return Sum(
        rounds=found.rounds[waiter],
        hops=count[Count.HOPS],
        sent=found.sent,
        ands=count[Count.ANDS],
        tables=count[Count.TABLE_BYTES],
        ots=found.ots,
        ots_made=found.ots_made,
        ot_work=count[Count.OT_WORK],
        set_ups=count[Count.SET_UPS],
        steps=count[Count.STEPS],
        preprocessing=found.units,
    )


def _no_amounts() -> dict[Link, int]:
    return dict.fromkeys(COMPUTING.links, 0)


@dataclass(slots=True)
class _Found:
    """Amounts by what they are."""

    rounds: Counter[int] = field(default_factory=Counter)
    sent: dict[Link, int] = field(default_factory=_no_amounts)
    ots: dict[Link, int] = field(default_factory=_no_amounts)
    ots_made: dict[Link, int] = field(default_factory=_no_amounts)
    units: Counter[Unit] = field(default_factory=Counter)
    counts: Counter[Count] = field(default_factory=Counter)

    def add(self, what: Amount, amount: int) -> None:
        """Add an amount to what it is."""
        match what:
            case Sent(link):
                self.sent[link] += amount
            case Rounds(party):
                self.rounds[party] += amount
            case Ots(link):
                self.ots[link] += amount
            case OtsMade(link):
                self.ots_made[link] += amount
            case Units(unit):
                self.units[unit] += amount
            case Count():
                self.counts[what] += amount
            case _:
                assert_never(what)


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
