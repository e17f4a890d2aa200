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
from typing import Final, NamedTuple

from ezlang.source import NO_SPAN, Span

SENT: Final = ("bytes sent by party 0", "bytes sent by party 1")
ROUNDS: Final = ("rounds of party 0", "rounds of party 1")
"""Names of the amounts that the ledger books itself, for party 0 and 1."""

HOPS: Final = "messages on the longest path"
"""Name of another: how many messages wait for one another in the run, those of both parties."""


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
    what: str


Amounts = Counter[Entry]

State = tuple[tuple[bool, bool], tuple[int, int], tuple[int, int]]
"""All of a ledger that decides what is booked next: see `Ledger.state`."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A ledger as it was at a time; see `Ledger.since`."""

    amounts: Amounts
    state: State


class Ledger:
    """Rounds and bytes of both parties so far, and other amounts that somebody books.

    `phase` and `place` are those under which the next amounts are booked.
    """

    def __init__(self) -> None:
        self.amounts: Amounts = Counter()
        self.phase = Phase.ONLINE
        self.place: Span = NO_SPAN
        self._receiving = [False, False]
        # Seen from the party that is further: which hop parties are at, and what they last sent.
        self._at = [0, 0]
        self._arriving = [0, 0]

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
        """Whether the last thing that party 0 and 1 did was to receive."""
        return self._receiving[0], self._receiving[1]

    @property
    def state(self) -> State:
        """All that is remembered: who is receiving, and how far each is behind the other."""
        at, arriving = self._at, self._arriving
        return self.receiving, (at[0], at[1]), (arriving[0], arriving[1])

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
            self._arriving[1 - party] = self._at[party] + 1
            self.add(SENT[party], count)

    def receive(self, party: int, count: int) -> None:
        """Party 0 or 1 receives so many bytes, which count where they are sent."""
        if not count:
            return
        if not self._receiving[party]:
            self._receiving[party] = True
            self.add(ROUNDS[party])
        if self._arriving[party] > self._at[party]:
            self._at[party] = self._arriving[party]
            self._advance(self._at[party])

    def _advance(self, further: int) -> None:
        """Count the hops that a party has got further than any was before."""
        if further > 0:
            self.add(HOPS, further)
            for party in (0, 1):
                self._at[party] -= further
                self._arriving[party] = max(self._arriving[party] - further, self._at[party])

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
        other = Ledger()
        other.become(self)
        other.phase, other.place = self.phase, self.place
        return other

    def become(self, other: Ledger) -> None:
        """Take over what another one has booked, and go on from there."""
        self.amounts = other.amounts.copy()
        self._receiving = list(other._receiving)
        self._at, self._arriving = list(other._at), list(other._arriving)

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
    result._at = [pick(ledger._at[party] for ledger in ledgers) for party in (0, 1)]
    result._arriving = [pick(ledger._arriving[party] for ledger in ledgers) for party in (0, 1)]
    return result
