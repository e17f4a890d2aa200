"""Operations in a row, counted without booking each of their messages every time.

What an operation books depends on the ledger's state, and on the batches of OTs that are made for
it. So the OTs that an operation takes are recorded when it is booked. From then on the takes alone
are followed, and where they make the same batches from the same state of the ledger, the operation
books the same amounts again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from copy import copy
from dataclasses import field
from typing import Final

from ezlang.records import dataclass

from ..kernels.layout import BIT_BUFFER
from ..protocols.ot.stock import Batches
from .counting_session import CountingSession, Take
from .ledger import Booked, PartyState

_LARGEST_TAKE: Final = 8 * BIT_BUFFER
"""The largest number of OTs for labels that are taken at once."""


@dataclass(slots=True)
class Step:
    """An operation that has a cost, and what is known of it.

    `split` returns its parts, if it has any. An operation is booked by its parts where it hasn't
    been booked in the same way before, since most of its parts have been.

    `takes` are the OTs that it takes, in order, once it has been booked, and `total` is their sum.
    `known` is what it books and the ledger's state after it, by what decides both.
    """

    act: Callable[[CountingSession], None]
    split: Callable[[], list[Step]] | None = None
    takes: tuple[Take, ...] | None = None
    total: Take = ()
    known: dict[Hashable, tuple[Booked, PartyState]] = field(default_factory=dict)
    _parts: list[Step] = field(default_factory=list)

    @property
    def parts(self) -> list[Step]:
        """The parts."""
        if self.split is not None and not self._parts:
            self._parts = self.split()
        return self._parts


@dataclass(slots=True)
class _Stocks:
    """The OTs left of each source, the plans of the next batches, and the batches made."""

    left: list[int]
    plans: list[Batches]
    batches: list[int]

    @staticmethod
    def of(session: CountingSession) -> _Stocks:
        """Return those of a session."""
        sources = session.ots
        plans = [copy(one.plan) for one in sources]
        return _Stocks([one.left for one in sources], plans, [one.batches for one in sources])

    def copy(self) -> _Stocks:
        """Return an independent copy."""
        return _Stocks(self.left.copy(), self.plans.copy(), self.batches.copy())

    def give(self, session: CountingSession) -> None:
        """Bring a session's sources to this state."""
        rows = zip(session.ots, self.left, self.plans, self.batches, strict=True)
        for one, left, plan, batches in rows:
            one.left, one.plan, one.batches = left, copy(plan), batches

    def follow(self, step: Step) -> Hashable:
        """Take the OTs of an operation; return the batches made, None if there are enough OTs.

        The result has what else decides the messages, too. OTs for labels, the first source, are
        taken from one batch at a time: each time a message has one bit for each. Of these messages
        the number and the sum of the lengths count.
        """
        making = [n for n, wanted in enumerate(step.total) if wanted and not self.plans[n].exist]
        if all(self.left[source] >= step.total[source] for source in making):
            for source in making:
                self.left[source] -= step.total[source]
            return None
        made: list[object] = []
        for number, take in enumerate(step.takes or ()):
            for source in making:
                wanted = take[source]
                if not source and wanted:
                    made.append(self._follow_labels(wanted))
                    continue
                while wanted:
                    if not self.left[source]:
                        row, ots = self._make(source, wanted)
                        made.append((number, source, row))
                        wanted -= ots
                    used = min(wanted, self.left[source])
                    self.left[source] -= used
                    wanted -= used
        return tuple(made)

    def _follow_labels(self, wanted: int) -> Hashable:
        made: list[object] = []
        messages = length = 0
        while wanted:
            most = min(wanted, _LARGEST_TAKE)
            if not self.left[0]:
                made.append((messages, self._make(0, most)[0]))
            used = min(most, self.left[0])
            self.left[0] -= used
            wanted -= used
            messages += 1
            length += -(-used // 8)
        return messages, length, tuple(made)

    def _make(self, source: int, wanted: int) -> tuple[Hashable, int]:
        """Make batches; return what they are, and how many of their OTs are used up at once."""
        # Plans are shared with copies, so they are replaced instead of changed.
        plan = self.plans[source] = copy(self.plans[source])
        times, made = plan.row(wanted)
        self.left[source] = made.count
        self.batches[source] += times
        return (times, made.count, made.bytes), (times - 1) * made.count


def run_row(session: CountingSession, steps: Sequence[Step]) -> None:
    """Book operations, one after the other."""
    if any(one.bounded for one in session.ots):
        for step in steps:
            step.act(session)
        return
    counts: Counter[Booked] = Counter()
    state, stocks, others = session.ledger.state, _Stocks.of(session), _others(session)
    taken = [0] * len(session.ots)
    for step in steps:
        found, before = None, stocks
        if step.takes is not None:
            stocks = before.copy() if step.takes else before
            found = step.known.get((state, others, stocks.follow(step)))
        if found is None:
            session.ledger.resume(state)
            before.give(session)
            found = _booked(session, step)
            stocks = _Stocks.of(session)
            # A set-up changes more than is followed, but happens only once.
            if _others(session) == others:
                step.known[state, others, before.copy().follow(step)] = found
            others = _others(session)
        booked, state = found
        counts[booked] += 1
        for source, wanted in enumerate(step.total):
            taken[source] += wanted
    session.ledger.resume(state)
    stocks.give(session)
    for one, count in zip(session.ots, taken, strict=True):
        one.taken += count
    session.book(counts)


def _others(session: CountingSession) -> Hashable:
    return tuple([one.ready for one in session.ots])


def _booked(session: CountingSession, step: Step) -> tuple[Booked, PartyState]:
    """Book an operation aside; return what it books, and the ledger's state after it."""
    ledger = session.ledger
    totals = [one.taken for one in session.ots]
    amounts, ledger.amounts = ledger.amounts, Counter()
    pending, session.pending = session.pending, Counter()
    if step.takes is not None and step.parts:
        run_row(session, step.parts)
    else:
        session.takes = []
        step.act(session)
        step.takes, session.takes = tuple(session.takes), None
        step.total = tuple(map(sum, zip((0,) * len(totals), *step.takes, strict=True)))
    booked = Booked(ledger.amounts, tuple(session.pending.items()))
    ledger.amounts, session.pending = amounts, pending
    for one, taken in zip(session.ots, totals, strict=True):
        one.taken = taken
    return booked, ledger.state
