"""The ledger: the order of sends and receives of all parties, turned into bytes and rounds.

The definition of a round is the channel's: a party has one whenever it turns to receiving after it
has sent, or begins with it, whoever it sends to and receives from; the rounds of a run are those of
the party that has most. Nothing else about messages matters: how they are cut and buffered is
neither in the counts nor in here. So one ledger serves the executor that only simulates messages
and the model that only knows their lengths.

Every amount is booked at an entry, which is a *phase*, a *place* and *what* it is an amount of, so
that what a repeated part has added can be added again without walking it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import partial
from itertools import permutations
from typing import NamedTuple

from ezlang.source import NO_SPAN, Span

from ..ir.parties import Link
from .amounts import Amount, Count, Rounds, Sent


class Phase(Enum):
    """What a message is for.

    SET_UP comes once a session, whatever the program does; PREPROCESSING depends on how much the
    program does but on no data; ONLINE is the rest.
    """

    SET_UP = "set-up"
    PREPROCESSING = "preprocessing"
    ONLINE = "online"

    __hash__ = object.__hash__  # members are alone; Enum's own hashes their names


class Entry(NamedTuple):
    """Under which phase, for which part of the program, something is booked, and what it is."""

    phase: Phase
    place: Span
    what: Amount


Amounts = Counter[Entry]


@dataclass(frozen=True, slots=True)
class State:
    """All of a ledger that decides what is booked next.

    `receiving` are the parties that received last; `at` is which hop each party is at, and
    `arriving` at which hop the last message over each link arrives, seen from the party that is
    furthest.
    """

    receiving: frozenset[int]
    at: tuple[int, ...]
    arriving: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A ledger as it was at a time; see `Ledger.since`."""

    amounts: Amounts
    state: State


class Ledger:
    """Rounds and bytes of all parties so far, and other amounts that somebody books.

    `parties` are their numbers. `phase` and `place` are those under which the next amounts are
    booked.
    """

    def __init__(self, parties: Iterable[int]) -> None:
        self.parties = tuple(parties)
        self.amounts: Amounts = Counter()
        self.phase = Phase.ONLINE
        self.place: Span = NO_SPAN
        self._receiving: set[int] = set()
        self._at = dict.fromkeys(self.parties, 0)
        self._arriving = {Link(*ends): 0 for ends in permutations(self.parties, 2)}

    @property
    def rounds(self) -> int:
        """The rounds of the party that has most."""
        return max(self.total(Rounds(party)) for party in self.parties)

    @property
    def bytes_sent(self) -> dict[int, int]:
        """Party → how many bytes it has sent."""
        sent = dict.fromkeys(self.parties, 0)
        for entry, amount in self.amounts.items():
            if isinstance(entry.what, Sent):
                sent[entry.what.link.sender] += amount
        return sent

    @property
    def receiving(self) -> frozenset[int]:
        """The parties that received last."""
        return frozenset(self._receiving)

    @property
    def state(self) -> State:
        """All that is remembered."""
        # What arrives at a hop that the receiver has passed makes no difference.
        arriving = (max(hop, self._at[link.receiver]) for link, hop in self._arriving.items())
        return State(self.receiving, tuple(self._at.values()), tuple(arriving))

    def total(self, what: Amount) -> int:
        """Return how much of something is booked altogether."""
        return sum(amount for entry, amount in self.amounts.items() if entry.what == what)

    def add(self, what: Amount, amount: int = 1) -> None:
        """Book an amount here."""
        if amount:
            self.amounts[Entry(self.phase, self.place, what)] += amount

    def send(self, link: Link, count: int) -> None:
        """The sender of a link sends so many bytes."""
        if count:
            self._receiving.discard(link.sender)
            self._arriving[link] = self._at[link.sender] + 1
            self.add(Sent(link), count)

    def receive(self, link: Link, count: int) -> None:
        """The receiver of a link receives so many bytes, which count where they are sent."""
        if not count:
            return
        party = link.receiver
        if party not in self._receiving:
            self._receiving.add(party)
            self.add(Rounds(party))
        if self._arriving[link] > self._at[party]:
            self._at[party] = self._arriving[link]
            self._advance(self._at[party])

    def _advance(self, further: int) -> None:
        """Count the hops that a party has got further than any was before."""
        if further > 0:
            self.add(Count.HOPS, further)
            for party in self._at:
                self._at[party] -= further
            for link, hop in self._arriving.items():
                self._arriving[link] = max(hop - further, self._at[link.receiver])

    def message(self, link: Link, count: int) -> None:
        """Send over a link, and receive."""
        self.send(link, count)
        self.receive(link, count)

    def exchange(self, lengths: Mapping[Link, int]) -> None:
        """Send so many bytes over each link, all at the same time; then receive them."""
        for link, count in lengths.items():
            self.send(link, count)
        for link, count in lengths.items():
            self.receive(link, count)

    def mark(self) -> Mark:
        """Return what `since` needs."""
        return Mark(amounts=self.amounts.copy(), state=self.state)

    def since(self, mark: Mark) -> Amounts:
        """Return what has been booked since."""
        added = self.amounts.copy()
        added.subtract(mark.amounts)
        return Counter({entry: amount for entry, amount in added.items() if amount})

    def repeat(self, amounts: Amounts, times: int) -> None:
        """Book amounts again, so many times; the state of the ledger has to be the same after."""
        for entry, amount in amounts.items():
            self.amounts[entry] += amount * times

    def copy(self) -> Ledger:
        """Return a ledger that goes on from here by itself."""
        other = Ledger(self.parties)
        other.become(self)
        other.phase, other.place = self.phase, self.place
        return other

    def become(self, other: Ledger) -> None:
        """Take over what another one has booked, and go on from there."""
        self.amounts = other.amounts.copy()
        self._receiving = set(other._receiving)
        self._at, self._arriving = dict(other._at), dict(other._arriving)

    @contextmanager
    def within(self, phase: Phase) -> Iterator[None]:
        """Book under a phase for a while."""
        before, self.phase = self.phase, phase
        try:
            yield
        finally:
            self.phase = before

    @contextmanager
    def at(self, place: Span) -> Iterator[None]:
        """Book for a place of the program for a while."""
        before, self.place = self.place, place
        try:
            yield
        finally:
            self.place = before


def bound(ledgers: Sequence[Ledger], *, most: bool) -> Ledger:
    """Return a ledger whose amounts are at most, or at least, those of any that are given.

    It goes on as the one that makes more, or fewer, rounds of what comes next.
    """
    result = ledgers[0].copy()
    pick = max if most else min
    result.amounts = Counter()
    for what in {entry.what for ledger in ledgers for entry in ledger.amounts}:
        chosen = pick(ledgers, key=partial(Ledger.total, what=what))
        for entry, amount in chosen.amounts.items():
            if entry.what == what:
                result.amounts[entry] = amount
    receiving = [ledger._receiving for ledger in ledgers]
    result._receiving = set.intersection(*receiving) if most else set.union(*receiving)
    for party in result._at:
        result._at[party] = pick(ledger._at[party] for ledger in ledgers)
    for link in result._arriving:
        result._arriving[link] = pick(ledger._arriving[link] for ledger in ledgers)
    return result
