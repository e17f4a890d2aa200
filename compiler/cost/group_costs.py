"""Traces of groups of operations on shares, obtained by running protocols at counting parties.

A *trace* records, step by step, the OTs taken and the bytes sent by each operation of the group.
Groups with the same signature share a trace, which is booked in a session each time such a group
runs. protocols/native/drive.py defines a step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import field
from functools import partial
from typing import Any

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass
from ezlang.source import Span

from ..codegen.interface import Exchange
from ..ir.parties import COMPUTING, Link, Side
from ..protocols.core.backend import Backend
from ..protocols.core.preprocessing import Unit
from ..protocols.core.steps import Elsewhere, Request, Step, Steps, together
from ..protocols.homomorphic.keys import Keys
from ..protocols.operations.encrypted import transforms_of
from ..protocols.ot.backend import OT
from .amounts import Count, Units
from .counted import signature
from .counting_party import counting_party, reply_to, steps_on_ghosts
from .counting_preprocessing import Notes
from .counting_session import CountingSession
from .ghosts import Heap
from .ledger import Ledger, Phase


@dataclass(frozen=True, slots=True)
class StepUsage:
    """The OTs that an operation takes, or the bytes it sends, in a step over each link."""

    member: int
    phase: Phase
    amounts: Mapping[Link, int]


@dataclass(slots=True)
class TraceStep:
    """The OTs taken in a step, and the bytes sent."""

    ots: list[StepUsage] = field(default_factory=list)
    sent: list[StepUsage] = field(default_factory=list)


@dataclass(slots=True)
class Trace:
    """The steps of a group, and the units used.

    `transforms` are those of homomorphic products, by operation. `memory` is the peak number of
    bytes of a party's arrays while the group runs.
    """

    steps: list[TraceStep] = field(default_factory=list)
    units: Counter[tuple[int, Unit]] = field(default_factory=Counter)
    transforms: Counter[int] = field(default_factory=Counter)
    memory: int = 0

    @property
    def further_requests(self) -> int:
        """The number of requests beyond the first one for OTs, or messages, in each step."""
        found = [parts for step in self.steps for parts in (step.ots, step.sent) if parts]
        return sum(map(len, found)) - len(found)

    @property
    def lonely(self) -> set[Link]:
        """The links of OTs that are used in a step in which their receiver sends nothing else."""
        return {
            link
            for step in self.steps
            for link, count in _totals(step.ots).items()
            if count and not _totals(step.sent).get(link.back)
        }

    @property
    def most_ots(self) -> int:
        """The number of OTs over the link with the most."""
        taken = _totals([part for step in self.steps for part in step.ots])
        return max(taken.values(), default=0)


Traces = dict[Hashable, Trace]
"""The traces of groups by their signature and back end; several programs may share them."""


def trace_in(traces: Traces, exchanges: Sequence[Exchange], *, backend: Backend = OT) -> Trace:
    """Return the trace of a group from `traces`, where it is added if it is missing."""
    first = exchanges[0]
    known = signature(first.operations, first.known), backend.source, len(exchanges)
    found = traces.get(known)
    if found is None:
        found = traces[known] = trace_of(exchanges, backend=backend)
    return found


def trace_of(exchanges: Sequence[Exchange], *, backend: Backend = OT) -> Trace:
    """Run a group at all parties, given each party's view of it."""
    trace = Trace()
    if backend.variants.encrypts:
        work = enumerate(map(transforms_of, exchanges[0].operations))
        trace.transforms.update({member: count for member, count in work if count})
    owners = _owners(trace, [one.party for one in exchanges])
    runs = {
        one.party: _started(one, owners[one.party], backend, len(exchanges)) for one in exchanges
    }
    return _traced(trace, owners, runs)


def trace_of_steps(steps: Callable[[Side, Notes], Steps[Any]]) -> Trace:
    """Run a protocol of two parties, which is called with each one's side, and its notes."""
    trace = Trace()
    owners = _owners(trace, COMPUTING)
    runs = {
        party: one.watched(0, steps(COMPUTING.side(party), one.notes))
        for party, one in owners.items()
    }
    return _traced(trace, owners, runs)


def _owners(trace: Trace, parties: Iterable[int]) -> dict[int, _Owners]:
    """Return the owners of requests at each party, of which the first one counts units."""
    return {party: _Owners(trace, count=not number) for number, party in enumerate(parties)}


def _traced(trace: Trace, owners: Mapping[int, _Owners], runs: Mapping[int, Steps[Any]]) -> Trace:
    """Run protocols at all parties to their end; the first party's memory is measured."""
    measured = next(iter(runs))
    replies: dict[int, Any] = dict.fromkeys(runs)
    heap = Heap()

    def counted(party: int) -> AbstractContextManager[None]:
        return heap.within() if party == measured else nullcontext()

    while True:
        steps: dict[int, Step] = {}
        for party, run in runs.items():
            with counted(party):
                step = _next(run, replies[party])
            if step is not None:
                steps[party] = step
        if not steps:
            trace.memory = heap.most
            return trace
        if len(steps) < len(runs):
            raise CompilerBug("one party's protocols ended before another's")
        _note(trace, steps, owners)
        for party, step in steps.items():
            with counted(party):
                replies[party] = [reply_to(request) for request in step]
        # Otherwise their arrays would count as alive.
        del steps, step


class _Owners:
    """The operation and the phase of each pending request at one party."""

    def __init__(self, trace: Trace, *, count: bool) -> None:
        self.notes = Notes(self._book)
        self._trace = trace
        self._count = count
        self._member = 0
        self._of: dict[Request, int] = {}

    def _book(self, unit: Unit, count: int) -> None:
        if self._count:
            self._trace.units[self._member, unit] += count

    def watched(self, member: int, steps: Steps[Any]) -> Steps[Any]:
        """Pass on an operation's requests and record their owner."""
        reply = None
        while True:
            self._member = member
            try:
                step = steps.send(reply) if reply is not None else next(steps)
            except StopIteration as end:
                return end.value
            self._of.update(dict.fromkeys(step, member))
            reply = yield step

    def of(self, request: Request) -> tuple[int, Phase]:
        """Return the operation and the phase of a request."""
        early = self.notes.is_early(request)
        return self._of.pop(request), Phase.PREPROCESSING if early else Phase.ONLINE


def _started(exchange: Exchange, owners: _Owners, backend: Backend, parties: int) -> Steps[Any]:
    party = counting_party(exchange.party, owners.notes, backend=backend, parties=parties)
    members = zip(exchange.operations, exchange.known, strict=True)
    steps = [
        owners.watched(number, steps_on_ghosts(party, operation, known))
        for number, (operation, known) in enumerate(members)
    ]
    return together(steps) if len(steps) > 1 else steps[0]


def _next(run: Steps[Any], reply: Any) -> Step | None:
    try:
        return next(run) if reply is None else run.send(reply)
    except StopIteration:
        return None


def _note(trace: Trace, steps: Mapping[int, Step], owners: Mapping[int, _Owners]) -> None:
    """Match the parties' requests with one another and add them to a trace."""
    asked: dict[Link, list[_Asked]] = {}
    for party, step in steps.items():
        for request in step:
            one = _Asked(request, *owners[party].of(request))
            if isinstance(request, Elsewhere):
                continue
            asked.setdefault(Link(party, request.peer), []).append(one)
    found = TraceStep()
    for link, mine in asked.items():
        theirs = asked.get(link.back, [])
        expected = [(one.request.ots.back, one.request.bytes.back) for one in theirs]
        if [(one.request.ots, one.request.bytes) for one in mine] != expected:
            raise CompilerBug(f"the parties' requests don't fit: {mine} and {theirs}")
        for one in mine if link.sender < link.receiver else ():
            add(found, link, one.request, one.member, one.phase)
    trace.steps.append(found)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request with its operation in the group and its phase."""

    request: Request
    member: int
    phase: Phase


def add(step: TraceStep, link: Link, request: Request, member: int, phase: Phase) -> None:
    """Add a request over a link, and its counterpart over the opposite one, to a step."""
    for parts, amounts in ((step.ots, request.ots), (step.sent, request.bytes)):
        if any(amounts):
            both = {link: amounts.sent, link.back: amounts.received}
            parts.append(StepUsage(member, phase, both))


def begin(session: CountingSession, keys: Keys) -> None:
    """Book the exchange of public keys with which a run begins, if there are any."""
    if keys.all:
        with session.ledger.within(Phase.SET_UP):
            session.ledger.exchange(keys.lengths(COMPUTING))


def book(session: CountingSession, trace: Trace, places: Sequence[Span]) -> None:
    """Book the cost of a group; `places` are those of its operations."""
    for part in parts(trace, places):
        part(session)


def parts(trace: Trace, places: Sequence[Span]) -> Iterator[Callable[[CountingSession], None]]:
    """Yield what books the parts of the cost of a group, in order."""
    yield partial(_book_units, trace=trace, places=places)
    for step in trace.steps:
        yield partial(book_step, step=step, places=places)


def _book_units(session: CountingSession, trace: Trace, places: Sequence[Span]) -> None:
    """Book what a group needs whatever it sends."""
    ledger = session.ledger
    ledger.place = places[0]
    ledger.add(Count.STEPS)
    ledger.add(Count.REQUESTS, trace.further_requests)
    for (member, unit), count in trace.units.items():
        ledger.place = places[member]
        ledger.add(Units(unit), count)
    for member, count in trace.transforms.items():
        ledger.place = places[member]
        ledger.add(Count.TRANSFORMS, count)


def book_step(session: CountingSession, step: TraceStep, places: Sequence[Span]) -> None:
    """Book a step: what is sent to generate OTs is part of it, or precedes it."""
    ledger = session.ledger
    made: Mapping[Link, int] = {}
    if step.ots:
        ledger.place = places[step.ots[0].member]
        made = session.take(_totals(step.ots))
        if session.sender_speaks:
            _exchange(ledger, made, (), places)
            made = {}
    _exchange(ledger, made, step.sent, places)


def _exchange(
    ledger: Ledger, made: Mapping[Link, int], parts: Sequence[StepUsage], places: Sequence[Span]
) -> None:
    """Book a flight for its operations, and its round for the largest sender.

    `made` is what is sent to generate OTs.
    """
    if not parts:
        with ledger.within(Phase.PREPROCESSING):
            ledger.exchange(made)
        return
    with ledger.within(Phase.PREPROCESSING):
        for link, count in made.items():
            ledger.send(link, count)
    for part in parts:
        ledger.place = places[part.member]
        with ledger.within(part.phase):
            for link, count in part.amounts.items():
                ledger.send(link, count)
    longest = max(parts, key=lambda part: sum(part.amounts.values()))
    ledger.place = places[longest.member]
    with ledger.within(longest.phase):
        ledger.add(Count.STEPS)
        received = Counter(made) + Counter(_totals(parts))
        for link, count in received.items():
            ledger.receive(link, count)


def _totals(parts: Sequence[StepUsage]) -> Mapping[Link, int]:
    """Add up amounts over each link."""
    found: Counter[Link] = Counter()
    for part in parts:
        found.update(part.amounts)
    return found
