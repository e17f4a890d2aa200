"""Sums of costs: in total, by phase and by source line, with the time that they take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Final, assert_never

from ezlang.records import dataclass
from ezlang.source import NO_SPAN, Source

from ..ir.parties import COMPUTING, Link
from ..ir.sharings import PAIRED
from ..protocols.core.preprocessing import Unit
from .amounts import SHARED_ANDS, Amount, Count, Ots, OtsMade, Rounds, Sent, Units
from .ledger import Entry, Ledger, Phase
from .profiles import Profile

TRANSFORM_SECONDS: Final = 2e-5
"""Seconds of a homomorphic product for each transform of N = 8192 residues: docs/performance.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The cost of a part of a run.

    `rounds` are those of the party that waits more often in the whole run. `hops` is the number of
    sequentially dependent messages of all parties, each half a round trip. `sent` are bytes over
    each link. `ands` are gates of garbled circuits, and `tables` the bytes of their tables. `ots`
    are those used, from a link's sender to its receiver. `ots_made` are at least as many, because
    they are generated in batches, after `set_ups` set-ups. `ot_work` is the equivalent number of
    OTs of the fastest kind. `steps` are groups of operations on shares and the exchanges in them,
    and `requests` what further operations of a group ask for. `transforms` are those of homomorphic
    products. `preprocessing` are units used by a party. `parties` is the number of those that
    compute.
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
    transforms: int
    requests: int
    preprocessing: Mapping[Unit, int]
    parties: int = PAIRED

    @property
    def bytes_sent(self) -> Mapping[int, int]:
        """Party → the number of bytes it sends."""
        return by_sender(self.sent)

    def waiting(self, profile: Profile) -> float:
        """Return the time for waiting, and for turning to another step, in seconds."""
        steps = self.steps * profile.callback + self.requests * profile.request
        return self.hops * profile.rtt / 2 + steps

    def seconds(self, profile: Profile) -> float:
        """Return the time for waiting, sending and computing, one after the other.

        Tables are an exception: they are sent while they are generated. Purely local computation is
        not included.
        """
        garbling = max(self.ands / profile.ands, self.tables / profile.bandwidth)
        others = Counter(self.bytes_sent)
        others[COMPUTING.garbler] -= self.tables
        sending = max(*others.values(), 0) / profile.bandwidth
        # Each OT is made and used by two of the parties, who all work at the same time.
        own = PAIRED / max(self.parties, PAIRED)
        making = own * (self.set_ups * profile.start + self.ot_work / profile.ots)
        using = own * sum(self.ots.values()) * profile.ot_use
        ands = sum(self.preprocessing.get(unit, 0) * many for unit, many in SHARED_ANDS.items())
        sharing = ands / profile.shared_ands + self.transforms * TRANSFORM_SECONDS
        return self.waiting(profile) + garbling + sending + making + using + sharing


def by_sender(amounts: Mapping[Link, int]) -> Mapping[int, int]:
    """Add up amounts over links by sender."""
    found: dict[int, int] = {}
    for link, amount in amounts.items():
        found[link.sender] = found.get(link.sender, 0) + amount
    return found


def waiter_of(ledger: Ledger) -> int:
    """Return the party that waits most often in a run."""
    return max(ledger.parties, key=lambda party: ledger.total(Rounds(party)))


def sum_of(amounts: Iterable[tuple[Entry, int]], waiter: int, parties: int = PAIRED) -> Cost:
    """Sum up entries of a ledger of so many parties; rounds are those of the party `waiter`."""
    found = _Found()
    for entry, amount in amounts:
        found.add(entry.what, amount)
    count = found.counts
    return Cost(
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
        transforms=count[Count.TRANSFORMS],
        requests=count[Count.REQUESTS],
        preprocessing=found.units,
        parties=parties,
    )


def _no_amounts() -> Counter[Link]:
    return Counter(dict.fromkeys(COMPUTING.links, 0))


@dataclass(slots=True)
class _Found:
    """Amounts by kind."""

    rounds: Counter[int] = field(default_factory=Counter)
    sent: Counter[Link] = field(default_factory=_no_amounts)
    ots: Counter[Link] = field(default_factory=_no_amounts)
    ots_made: Counter[Link] = field(default_factory=_no_amounts)
    units: Counter[Unit] = field(default_factory=Counter)
    counts: Counter[Count] = field(default_factory=Counter)

    def add(self, what: Amount, amount: int) -> None:
        """Add an amount of a kind."""
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


def total(ledger: Ledger) -> Cost:
    """Sum up all of a ledger."""
    return sum_of(ledger.amounts.items(), waiter_of(ledger), len(ledger.computing))


def by_phase(ledger: Ledger) -> dict[Phase, Cost]:
    """Sum up each phase."""
    items, waiter, parties = ledger.amounts.items(), waiter_of(ledger), len(ledger.computing)
    return {
        phase: sum_of((x for x in items if x[0].phase is phase), waiter, parties) for phase in Phase
    }


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source line; `source` is None for costs of no particular line, such as the set-up."""

    source: Source | None
    number: int

    @property
    def text(self) -> str:
        """The text of the line."""
        return "" if self.source is None else self.source.line(self.number).strip()


def by_line(ledger: Ledger, profile: Profile) -> list[tuple[SourceLine, Cost]]:
    """Sum up each line that has a cost, the slowest first."""
    lines: dict[SourceLine, list[tuple[Entry, int]]] = {}
    places: dict[object, SourceLine] = {}
    for entry, amount in ledger.amounts.items():
        if not amount:
            continue
        line = places.get(entry.place)
        if line is None:
            known = entry.place != NO_SPAN
            line = (
                SourceLine(entry.place.source, entry.place.line) if known else SourceLine(None, 0)
            )
            places[entry.place] = line
        lines.setdefault(line, []).append((entry, amount))
    waiter, parties = waiter_of(ledger), len(ledger.computing)
    sums = [(line, sum_of(entries, waiter, parties)) for line, entries in lines.items()]
    return sorted(sums, key=lambda one: (-one[1].seconds(profile), one[0].number))
