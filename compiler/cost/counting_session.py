"""The state of a session that determines the cost of its next operations.

The state is small: whether each party's last message was received (for rounds), and the number of
OTs left from the last batch. Identical iterations of a loop therefore soon cost the same: see
repetition.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from copy import copy
from dataclasses import field
from enum import Enum

from ezlang.records import dataclass

from ..ir.garbling import Garbling
from ..ir.ots import OtKind, OtKinds
from ..ir.parties import COMPUTING, Link, links_among
from ..protocols.core.backend import Backend
from ..protocols.ot.backend import OT
from ..protocols.ot.stock import LARGEST_BATCH, START_BYTES, Batches, set_up_lengths
from .amounts import Count, Ots, OtsMade, Sent
from .ledger import Booked, Ledger, Phase, bound
from .ots import work_of


class Bound(Enum):
    """The direction of a bound: the cost of a run is at least, or at most, the counted one."""

    LEAST = "at least"
    MOST = "at most"


@dataclass(slots=True)
class CountingExtension:
    """The correlated OTs over one link, generated in batches (protocols/ot/stock.py) of a kind.

    The `plan` determines the batch sizes. Where the number of OTs left is unknown, the source is
    `bounded`: a batch is used up before the next is generated, so the number generated exceeds the
    number taken by less than a batch.
    """

    ledger: Ledger
    link: Link
    kind: OtKind
    plan: Batches
    left: int = 0
    taken: int = 0
    batches: int = 0
    ready: bool = False
    bounded: Bound | None = None

    @property
    def made_over(self) -> Link:
        """The link over which the messages for batches are sent."""
        return self.link if self.plan.sender_speaks else self.link.back

    def become(self, other: CountingExtension) -> None:
        """Take over the state of another one."""
        self.left, self.taken, self.batches = other.left, other.taken, other.batches
        self.ready, self.bounded, self.plan = other.ready, other.bounded, copy(other.plan)

    def refill(self, wanted: int) -> int:
        """Generate a batch if none are left; return the number of bytes sent for it."""
        if self.left:
            return 0
        self.batches += 1
        made = self.plan.next(wanted)
        count, size = made.count, made.bytes
        if not size:
            # Nothing is sent for OTs that exist before the run.
            self.left = count
            return 0
        if self.bounded is not None:
            count, size = wanted, -(-made.bytes * wanted // made.count)
        self.left = count
        with self.ledger.within(Phase.PREPROCESSING):
            self.ledger.add(OtsMade(self.link), count)
            self.ledger.add(Count.OT_WORK, round(count * work_of(self.kind)))
            if self.bounded is Bound.LEAST:
                # Possibly together with a message that is sent anyway.
                self.ledger.add(Sent(self.made_over), size - 1)
                return 0
        return size

    def bind(self, bound: Bound, most_left: int) -> None:
        """Continue with a bound on the OTs generated, where at most `most_left` are left."""
        if self.bounded is None and bound is Bound.MOST:
            batch = self.plan.next(LARGEST_BATCH)
            if batch.bytes:
                with self.ledger.within(Phase.PREPROCESSING):
                    self.ledger.add(OtsMade(self.link), batch.count)
                    self.ledger.message(self.made_over, batch.bytes)
        self.bounded = bound
        self.left = most_left if bound is Bound.LEAST else 0

    def use(self, wanted: int) -> int:
        """Use up to `wanted` of the OTs left; return the number used."""
        count = min(wanted, self.left)
        self.left -= count
        self.taken += count
        self.ledger.add(Ots(self.link), count)
        return count

    def take(self, wanted: int) -> int:
        """Take up to `wanted` OTs, generating a batch if none are left; return the number taken.

        The first call sets up this source alone.
        """
        self.ledger.add(Count.LABEL_TAKES)
        if not self.ready:
            set_up([self])
        corrections = self.refill(wanted)
        with self.ledger.within(Phase.PREPROCESSING):
            self.ledger.message(self.made_over, corrections)
        return self.use(wanted)

    def take_all(self, wanted: int) -> int:
        """Take `wanted` OTs after the set-up; return the number of bytes sent for new batches."""
        corrections = 0
        while wanted:
            if not self.left and not self.bounded and wanted >= LARGEST_BATCH:
                used, sent = self._use_row(wanted)
                corrections += sent
                wanted -= used
            else:
                corrections += self.refill(wanted)
                wanted -= self.use(wanted)
        return corrections

    def _use_row(self, wanted: int) -> tuple[int, int]:
        """Generate and use the next batches, of all of whose OTs are `wanted`.

        Returns the number of OTs, and of the bytes sent for them.
        """
        count, made = self.plan.row(wanted)
        ots = count * made.count
        self.batches += count
        self.taken += ots
        self.ledger.add(Ots(self.link), ots)
        if made.bytes:
            with self.ledger.within(Phase.PREPROCESSING):
                self.ledger.add(OtsMade(self.link), ots)
                work = count * round(made.count * work_of(self.kind))
                self.ledger.add(Count.OT_WORK, work)
        return ots, count * made.bytes


def set_up(sources: Sequence[CountingExtension], start: int = 0) -> None:
    """Set up sources of a session at once; see `set_up_lengths`."""
    ledger = sources[0].ledger
    with ledger.within(Phase.SET_UP):
        for one in sources:
            one.ready = True
            ledger.add(Count.SET_UPS, int(bool(one.plan.set_up())))
        for lengths in set_up_lengths({one.link: one.plan for one in sources}, start):
            ledger.exchange(lengths)


Take = tuple[int, ...]
"""The OTs taken of each of a session's sources at once."""


@dataclass(slots=True)
class CountingSession:
    """A ledger, and OTs: those for the labels of Yao's protocol, and for shares over each link.

    `kinds` are the kinds of OTs, if the `backend` generates any, and `garbling` is the garbling
    scheme, for two parties. `parties` is the number of parties that compute, whom `clients` follow.

    `takes` records what is taken, unless it is None. In an iteration of a loop, `pending` is what
    remains to be booked.
    """

    parties: int = 2
    backend: Backend = OT
    kinds: OtKinds = field(default_factory=OtKinds)
    garbling: Garbling = Garbling.HALF_GATES
    clients: int = 0
    ledger: Ledger = field(init=False)
    labels: CountingExtension = field(init=False)
    shares: dict[Link, CountingExtension] = field(init=False)
    takes: list[Take] | None = None
    pending: Counter[Booked] | None = None

    def __post_init__(self) -> None:
        clients = range(self.parties, self.parties + self.clients)
        self.ledger = Ledger(range(self.parties), clients)
        garbled = COMPUTING.forth
        self.labels = self._source(garbled, self.kinds.yao)
        self.shares = {
            link: self._source(link, self.kinds.shares) for link in links_among(self.parties)
        }

    def _source(self, link: Link, kind: OtKind) -> CountingExtension:
        return CountingExtension(self.ledger, link, kind, self.backend.batches(kind))

    @property
    def ots(self) -> tuple[CountingExtension, ...]:
        """All sources of OTs."""
        return self.labels, *self.shares.values()

    def take(self, wanted: Mapping[Link, int]) -> Mapping[Link, int]:
        """Take OTs for shares over each link at the same time.

        Returns the bytes that have to be sent over each link to generate them. The first OTs set
        up all links at once.
        """
        self.ledger.add(Count.SHARE_TAKES)
        if self.takes is not None:
            self.takes.append((0, *(wanted.get(link, 0) for link in self.shares)))
        if any(wanted.values()):
            self.begin()
        return {
            self.shares[link].made_over: self.shares[link].take_all(count)
            for link, count in wanted.items()
        }

    def begin(self) -> None:
        """Set up OTs for shares over all links, unless they are."""
        sources = tuple(self.shares.values())
        if not all(one.ready for one in sources):
            set_up(sources, START_BYTES)

    @property
    def sender_speaks(self) -> bool:
        """Whether the senders of OTs for shares send to generate them."""
        return any(one.plan.sender_speaks for one in self.shares.values())

    def take_labels(self, count: int) -> None:
        """Record that OTs for labels are taken."""
        if self.takes is not None:
            self.takes.append((count, *(0 for _ in self.shares)))

    def book(self, counts: Mapping[Booked, int]) -> None:
        """Book amounts that belong together, each as often as given."""
        if self.pending is None:
            self.ledger.book(counts)
        else:
            self.pending.update(counts)

    @property
    def state(self) -> Hashable:
        """The state that determines the cost of later operations."""
        stocks = tuple((one.left, one.ready, one.plan.position) for one in self.ots)
        return self.ledger.state, stocks

    def copy(self) -> CountingSession:
        """Return an independent copy."""
        other = CountingSession(self.parties, self.backend, self.kinds, self.garbling, self.clients)
        other.become(self)
        other.ledger.phase, other.ledger.place = self.ledger.phase, self.ledger.place
        return other

    def become(self, other: CountingSession) -> None:
        """Take over the state of another one."""
        self.ledger.become(other.ledger)
        for mine, theirs in zip(self.ots, other.ots, strict=True):
            mine.become(theirs)


def _has_begun(plan: Batches) -> bool:
    return plan.position > 0


def merged(sessions: Sequence[CountingSession], *, most: bool) -> CountingSession:
    """Return a session whose cost bounds those of all given sessions from above or below."""
    pick = max if most else min
    result = sessions[0].copy()
    result.ledger.become(bound([session.ledger for session in sessions], most=most))
    for number, one in enumerate(result.ots):
        given = [session.ots[number] for session in sessions]
        one.left, one.bounded = given[0].left, given[0].bounded
        one.taken = pick(other.taken for other in given)
        one.batches = pick(other.batches for other in given)
        one.ready = (all if most else any)(other.ready for other in given)
        one.plan = copy((min if most else max)((o.plan for o in given), key=_has_begun))
        if any((other.left, other.bounded) != (one.left, one.bounded) for other in given):
            one.bind(Bound.MOST if most else Bound.LEAST, max(other.left for other in given))
    return result
