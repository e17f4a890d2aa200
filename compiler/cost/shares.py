"""What groups of operations on shares exchange: their protocols are run at parties that count.

What comes of it is a *trace*: what is taken and sent, step by step, by which operation of the
group. Groups that are alike have one trace. It is then booked in any session, as often as the group
is run. protocols/native/drive.py says what a step is, protocols/native/runtime.py how a session
starts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.source import Span

from ..codegen.interface import Exchange
from ..ir import tree as ir
from ..ir.dtypes import share_dtype
from ..ir.known_operands import Numbers
from ..protocols.core.steps import Array, Request, Round, Step, Steps, Take, together
from ..protocols.operations.table import steps_of
from .counting_party import Notes, counting_party
from .ghosts import Heap, ghost
from .ledger import Ledger, Phase
from .session import Session

START_BYTES: Final = 16
"""What each party sends when the session on shares begins: the start of its hash."""

STEPS: Final = "steps of protocols on shares"
"""Name of an amount: groups that are run, and messages exchanged by them."""

_NODE: Final = frozenset({"operands", "results", "regions", "span"})


@dataclass(frozen=True, slots=True)
class Part:
    """What an operation of a group does in a step: OTs with party 0, 1 as sender; or bytes sent."""

    member: int
    phase: Phase
    amounts: tuple[int, int]


@dataclass(slots=True)
class Trace:
    """Steps of a group: of each, the OTs that are taken, then the bytes; and units used.

    `memory`: bytes of arrays that a party has at the most while it runs.
    """

    steps: list[tuple[list[Part], list[Part]]] = field(default_factory=list)
    units: Counter[tuple[int, str]] = field(default_factory=Counter)
    memory: int = 0


def signature(exchange: Exchange) -> Hashable:
    """Return all of a group that decides what it sends."""
    numbers: dict[int, int] = {}
    members = []
    for operation, known in zip(exchange.operations, exchange.known, strict=True):
        values = (*operation.operands, *operation.results)
        places = tuple(numbers.setdefault(value.id, len(numbers)) for value in values)
        kind = tuple(getattr(operation, f.name) for f in fields(operation) if f.name not in _NODE)
        members.append((type(operation), kind, places, tuple(v.type for v in values), known))
    return tuple(members)


def trace_of(exchanges: tuple[Exchange, Exchange], *, dealt: bool = False) -> Trace:
    """Run a group at both parties, given as it is to each of them; `dealt`: with a dealer."""
    trace = Trace()
    notes = [_Owners(trace, count=party == 0) for party in (0, 1)]
    runs = [
        _started(exchange, one, dealt=dealt) for exchange, one in zip(exchanges, notes, strict=True)
    ]
    heap = Heap()
    replies: list[Any] = [None, None]
    while True:
        with heap.within():
            first = _next(runs[0], replies[0])
        second = _next(runs[1], replies[1])
        if first is None or second is None:
            if first is not second:
                raise CompilerBug("one party's protocols ended before the other's")
            trace.memory = heap.most
            return trace
        _note(trace, (first, second), notes)
        with heap.within():
            replies[0] = [_reply(request) for request in first]
        replies[1] = [_reply(request) for request in second]
        del first, second


class _Owners:
    """At one party: of which operation a request is, and whether of the preprocessing."""

    def __init__(self, trace: Trace, *, count: bool) -> None:
        self.notes = Notes(self._book)
        self._trace = trace
        self._count = count
        self._member = 0
        self._of: dict[int, int] = {}

    def _book(self, what: str, count: int) -> None:
        if self._count:
            self._trace.units[self._member, what] += count

    def watched(self, member: int, steps: Steps[Any]) -> Steps[Any]:
        """Pass on an operation's requests, and note whose they are."""
        reply = None
        while True:
            self._member = member
            try:
                step = steps.send(reply) if reply is not None else next(steps)
            except StopIteration as end:
                return end.value
            self._of.update((id(request), member) for request in step)
            reply = yield step

    def of(self, request: Request) -> tuple[int, Phase]:
        """Return what was noted of a request."""
        early = self.notes.is_early(request)
        return self._of.pop(id(request)), Phase.PREPROCESSING if early else Phase.ONLINE


def _started(exchange: Exchange, owners: _Owners, *, dealt: bool) -> Steps[Any]:
    party = counting_party(exchange.party, owners.notes, dealt=dealt)
    members = zip(exchange.operations, exchange.known, strict=True)
    steps = [
        owners.watched(number, _steps(party, exchange, operation, known))
        for number, (operation, known) in enumerate(members)
    ]
    return together(steps) if len(steps) > 1 else steps[0]


def _steps(party: Any, exchange: Exchange, operation: ir.Operation, known: Numbers) -> Steps[Any]:
    operands: Sequence[Array | None] = [
        ghost(value.type.shape, share_dtype(value.type.element))
        if exchange.is_here(value)
        else None
        for value in operation.operands
    ]
    return steps_of(party, operation, operands, known=known)


def _next(run: Steps[Any], reply: Any) -> Step | None:
    try:
        return next(run) if reply is None else run.send(reply)
    except StopIteration:
        return None


def _reply(request: Request) -> Any:
    match request:
        case Take(sent=sent, received=received):
            return ghost((sent, 2), "u8"), (ghost(received), ghost((received, 2), "u8"))
        case Round(receive=count):
            return ghost(count)
        case _:
            raise CompilerBug("a protocol asked for what only a simulation has")


def _note(trace: Trace, steps: tuple[Step, Step], owners: Sequence[_Owners]) -> None:
    taken: list[Part] = []
    sent: list[Part] = []
    for first, second in zip(*steps, strict=True):
        member, phase = owners[0].of(first)
        owners[1].of(second)
        match first, second:
            case Take(), Take() if (first.sent, first.received) == (second.received, second.sent):
                taken.append(Part(member, phase, (first.sent, first.received)))
            case Round(), Round() if (first.sent, first.receive) == (second.receive, second.sent):
                sent.append(Part(member, phase, (first.sent, second.sent)))
            case _:
                raise CompilerBug(f"the parties' requests don't fit: {first} and {second}")
    trace.steps.append((taken, sent))


def book(session: Session, trace: Trace, places: Sequence[Span]) -> None:
    """Book what a group costs; `places` are those of its operations."""
    ledger = session.ledger
    ledger.place = places[0]
    if not session.sharing:
        session.sharing = True
        with ledger.within(Phase.SET_UP):
            ledger.exchange(START_BYTES, START_BYTES)
    ledger.add(STEPS)
    for taken, sent in trace.steps:
        if taken:
            ledger.place = places[taken[0].member]
            totals = [sum(part.amounts[sender] for part in taken) for sender in (0, 1)]
            session.take(totals[0], totals[1])
        if sent:
            _exchange(ledger, sent, places)
    for (member, what), count in trace.units.items():
        ledger.place = places[member]
        ledger.add(what, count)


def _exchange(ledger: Ledger, parts: Sequence[Part], places: Sequence[Span]) -> None:
    """Book a step's messages, each for its operation, and the round for the one that sends most."""
    for part in parts:
        ledger.place = places[part.member]
        with ledger.within(part.phase):
            for party in (0, 1):
                ledger.send(party, part.amounts[party])
    longest = max(parts, key=lambda part: sum(part.amounts))
    ledger.place = places[longest.member]
    with ledger.within(longest.phase):
        ledger.add(STEPS)
        for party in (0, 1):
            ledger.receive(party, sum(part.amounts[1 - party] for part in parts))
