"""The ledger, which derives bytes and rounds from the order of all parties' sends and receives.

Rounds are defined as in the channel: a party has one whenever it starts to receive after it has
sent, or at the beginning, regardless of its peers. The rounds of a run are those of the party with
the most. How messages are split and buffered doesn't affect the counts and isn't represented here.
The same ledger therefore serves the executor that simulates messages and the model that knows only
their lengths.

Every amount is booked under an entry, which consists of a *phase*, a *place* and the kind of amount
(*what*), so that the amounts of a repeated part can be added again without walking it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from functools import partial
from heapq import heapify, heappop, heappush
from itertools import count as counter
from itertools import permutations
from typing import NamedTuple

from ezlang.records import dataclass
from ezlang.source import NO_SPAN, Span

from ..ir.parties import Link, links_to
from ..protocols.core.phases import Phase as Phase
from .amounts import Amount, Count, Rounds, Sent


class Entry(NamedTuple):
    """The key of a booked amount: its phase, its place in the program, and its kind."""

    phase: Phase
    place: Span
    what: Amount


Amounts = Counter[Entry]


@dataclass(frozen=True, slots=True)
class PartyState:
    """The state of a ledger on which later bookings depend.

    `receiving` are the parties that received last. `at` is the current hop of each party, and
    `arriving` the hop at which the last message over each link arrives, both relative to the party
    that is furthest ahead.
    """

    receiving: frozenset[int]
    at: tuple[int, ...]
    arriving: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot of a ledger; see `Ledger.since`."""

    amounts: Amounts
    state: PartyState


_numbers = counter()


@dataclass(slots=True, eq=False)
class Booked:
    """Amounts that belong together, and how often they include others.

    A smaller `number` belongs to one made earlier, which therefore doesn't include a later one.
    """

    amounts: Amounts
    parts: tuple[tuple[Booked, int], ...]
    number: int = field(default_factory=_numbers.__next__)


class Ledger:
    """Rounds and bytes of all parties so far, and other booked amounts.

    `computing` are the numbers of the parties that compute. Those of `clients` follow, who exchange
    messages with the first two alone; `parties` are all. `phase` and `place` are those under which
    the next amounts are booked.
    """

    def __init__(self, computing: Iterable[int], clients: Iterable[int] = ()) -> None:
        self.computing, self.clients = tuple(computing), tuple(clients)
        self.parties = self.computing + self.clients
        self.amounts: Amounts = Counter()
        self.phase = Phase.ONLINE
        self.place: Span = NO_SPAN
        self._receiving: set[int] = set()
        self._at = dict.fromkeys(self.parties, 0)
        among = (Link(*ends) for ends in permutations(self.computing, 2))
        self._arriving = dict.fromkeys((*among, *links_to(self.clients)), 0)

    @property
    def rounds(self) -> int:
        """The rounds of the party with the most."""
        return max(self.total(Rounds(party)) for party in self.parties)

    @property
    def bytes_sent(self) -> dict[int, int]:
        """Party → the number of bytes it has sent."""
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
    def state(self) -> PartyState:
        """The state on which later bookings depend."""
        # A message that arrives at a hop that the receiver has passed makes no difference.
        arriving = (max(hop, self._at[link.receiver]) for link, hop in self._arriving.items())
        return PartyState(self.receiving, tuple(self._at.values()), tuple(arriving))

    def resume(self, state: PartyState) -> None:
        """Continue from another state; amounts stay as they are."""
        self._receiving = set(state.receiving)
        self._at = dict(zip(self.parties, state.at, strict=True))
        self._arriving = dict(zip(self._arriving, state.arriving, strict=True))

    def total(self, what: Amount) -> int:
        """Return the total booked amount of a kind."""
        return sum(amount for entry, amount in self.amounts.items() if entry.what == what)

    def add(self, what: Amount, amount: int = 1) -> None:
        """Book an amount under the current phase and place."""
        if amount:
            self.amounts[Entry(self.phase, self.place, what)] += amount

    def send(self, link: Link, count: int) -> None:
        """Book `count` bytes sent by the link's sender."""
        if count:
            self._receiving.discard(link.sender)
            self._arriving[link] = self._at[link.sender] + 1
            self.add(Sent(link), count)

    def receive(self, link: Link, count: int) -> None:
        """Record that the link's receiver receives `count` bytes, which are booked when sent."""
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
        """Count the hops by which a party has moved ahead of all others."""
        if further > 0:
            self.add(Count.HOPS, further)
            for party in self._at:
                self._at[party] -= further
            for link, hop in self._arriving.items():
                self._arriving[link] = max(hop - further, self._at[link.receiver])

    def message(self, link: Link, count: int) -> None:
        """Send over a link and receive at its other end."""
        self.send(link, count)
        self.receive(link, count)

    def exchange(self, lengths: Mapping[Link, int]) -> None:
        """Send the given number of bytes over each link at the same time; then receive them."""
        for link, count in lengths.items():
            self.send(link, count)
        for link, count in lengths.items():
            self.receive(link, count)

    def snapshot(self) -> Snapshot:
        """Return a snapshot for `since`."""
        return Snapshot(amounts=self.amounts.copy(), state=self.state)

    def since(self, snapshot: Snapshot) -> Amounts:
        """Return the amounts booked since a snapshot was taken."""
        added = self.amounts.copy()
        added.subtract(snapshot.amounts)
        return Counter({entry: amount for entry, amount in added.items() if amount})

    def repeat(self, amounts: Amounts, times: int) -> None:
        """Book amounts again `times` times; the ledger's state must be unchanged by them."""
        for entry, amount in amounts.items():
            self.amounts[entry] += amount * times

    def book(self, counts: Mapping[Booked, int]) -> None:
        """Book what belongs together, each as often as given."""
        total = Counter(counts)
        numbers = [(-one.number, one) for one in total]
        heapify(numbers)
        while numbers:
            _, one = heappop(numbers)
            self.repeat(one.amounts, total[one])
            for part, times in one.parts:
                if part not in total:
                    heappush(numbers, (-part.number, part))
                total[part] += total[one] * times

    def copy(self) -> Ledger:
        """Return an independent copy."""
        other = Ledger(self.computing, self.clients)
        other.become(self)
        other.phase, other.place = self.phase, self.place
        return other

    def become(self, other: Ledger) -> None:
        """Take over the bookings and the state of another ledger."""
        self.amounts = other.amounts.copy()
        self._receiving = set(other._receiving)
        self._at, self._arriving = dict(other._at), dict(other._arriving)

    @contextmanager
    def within(self, phase: Phase) -> Iterator[None]:
        """Book under a phase within this context."""
        before, self.phase = self.phase, phase
        try:
            yield
        finally:
            self.phase = before

    @contextmanager
    def at(self, place: Span) -> Iterator[None]:
        """Book for a place of the program within this context."""
        before, self.place = self.place, place
        try:
            yield
        finally:
            self.place = before


def bound(ledgers: Sequence[Ledger], *, most: bool) -> Ledger:
    """Return a ledger whose amounts bound those of all given ledgers from above or below.

    Its state is the one that leads to more, or fewer, subsequent rounds.
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
