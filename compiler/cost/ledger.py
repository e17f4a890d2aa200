"""The ledger: the order of sends and receives of both parties, turned into bytes and rounds.

The definition of a round is the channel's: a party has one whenever it turns to receiving after it
has sent, or begins with it; the rounds of a run are those of the party that has more. Nothing else
about messages matters: how they are cut and buffered is neither in the counts nor in here. So one
ledger serves the executor that only simulates messages and the model that only knows their lengths.

Every amount is booked at an entry, which is a *phase* and a *place*, under the name of what it is,
so that what a repeated part has added can be added again without walking it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Final

from ezlang.source import NO_SPAN, Span

SENT: Final = ("bytes sent by party 0", "bytes sent by party 1")
ROUNDS: Final = ("rounds of party 0", "rounds of party 1")
"""Names of the amounts that the ledger books itself, for party 0 and 1."""


class Phase(Enum):
    """What a message is for.

    SET_UP comes once a session, whatever the program does; PREPROCESSING depends on how much the
    program does but on no data; ONLINE is the rest.
    """

    SET_UP = "set-up"
    PREPROCESSING = "preprocessing"
    ONLINE = "online"


@dataclass(frozen=True, slots=True)
class Entry:
    """Under which phase, for which part of the program, something is booked, and what it is."""

    phase: Phase
    place: Span
    what: str


Amounts = Counter[Entry]


@dataclass(frozen=True, slots=True)
class Mark:
    """A ledger as it was at a time; see `Ledger.since`."""

    amounts: Amounts
    receiving: tuple[bool, bool]


class Ledger:
    """Rounds and bytes of both parties so far, and other amounts that somebody books.

    `phase` and `place` are those under which the next amounts are booked.
    """

    def __init__(self) -> None:
        self.amounts: Amounts = Counter()
        self.phase = Phase.ONLINE
        self.place: Span = NO_SPAN
        self._receiving = [False, False]

    @property
    def rounds(self) -> int:
        """The rounds of the party that has more."""
        return max(self.total(name) for name in ROUNDS)

    @property
    def bytes_sent(self) -> tuple[int, int]:
        """What party 0 and party 1 have sent."""
        return self.total(SENT[0]), self.total(SENT[1])

    @property
    def receiving(self) -> tuple[bool, bool]:
        """Whether the last thing that party 0 and 1 did was to receive: all that is remembered."""
        return self._receiving[0], self._receiving[1]

    def total(self, what: str) -> int:
        """Return how much of something is booked altogether."""
        return sum(amount for entry, amount in self.amounts.items() if entry.what == what)

    def add(self, what: str, amount: int = 1) -> None:
        """Book an amount here."""
        if amount:
            self.amounts[Entry(self.phase, self.place, what)] += amount

    def send(self, party: int, count: int) -> None:
        """Party 0 or 1 sends so many bytes."""
        if count:
            self._receiving[party] = False
            self.add(SENT[party], count)

    def receive(self, party: int, count: int) -> None:
        """Party 0 or 1 receives so many bytes, which count where they are sent."""
        if count and not self._receiving[party]:
            self._receiving[party] = True
            self.add(ROUNDS[party])

    def message(self, sender: int, count: int) -> None:
        """Send from one party to the other."""
        self.send(sender, count)
        self.receive(1 - sender, count)

    def exchange(self, first: int, second: int) -> None:
        """Party 0 sends `first` bytes and party 1 `second`, at the same time; then they receive."""
        self.send(0, first)
        self.send(1, second)
        self.receive(0, second)
        self.receive(1, first)

    def mark(self) -> Mark:
        """Return what `since` needs."""
        return Mark(amounts=self.amounts.copy(), receiving=self.receiving)

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
        other = Ledger()
        other.become(self)
        other.phase, other.place = self.phase, self.place
        return other

    def become(self, other: Ledger) -> None:
        """Take over what another one has booked, and go on from there."""
        self.amounts = other.amounts.copy()
        self._receiving = list(other._receiving)

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
    pick, both = (max, all) if most else (min, any)
    result.amounts = Counter()
    for what in {entry.what for ledger in ledgers for entry in ledger.amounts}:
        chosen = pick(ledgers, key=partial(Ledger.total, what=what))
        for entry, amount in chosen.amounts.items():
            if entry.what == what:
                result.amounts[entry] = amount
    result._receiving = [both(ledger.receiving[party] for ledger in ledgers) for party in (0, 1)]
    return result
