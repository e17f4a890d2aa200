"""Scheduling of operations that exchange messages.

**Purpose.** Reorder the operations of a region so that independent operations that exchange
messages are adjacent, and run as one group (compiler/ir/groups.py). The number of rounds of a block
then follows from its depth. Inputs that are shared for Yao, and openings from it, are grouped as
well. **Keeps** semantics and sharings; the order of inputs, of outputs, and of operations that may
fail; and the values opened or output before an operation that may fail. **Guarantees** that reads
of an array that precede a write to it still precede it, unless the reads take messages, so that no
copy is needed. **Does not** move operations out of a region, nor split them.

The algorithm is list scheduling: of the ready operations, the one with the longest critical path
leads a group, and all others of its kind that take no more rounds join it. A second schedule
starts every operation as soon as it is ready. Of these two and the original order, the one
with the fewest rounds is chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field
from enum import Enum

from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.facts import Constants, constant_operands, facts_of
from ...ir.groups import enters_yao
from ...ir.sharings import Y, is_interactive
from ..analyses.counted_usages import counted_usages
from ..analyses.effects import Effect, Order, effects_of, effects_of_region
from ..analyses.scalars import Scalars
from ..analyses.trips import UNKNOWN_TRIPS
from ..description import optional

LARGEST_INPUT = 1 << 20
"""The maximum size in bits of a value that is shared early for Yao: its labels take memory."""


class Kind(Enum):
    """How an operation communicates. Those of one kind can form a group, except for NESTED."""

    SHARES = "shares"
    ENTERS_YAO = "enters yao"
    LEAVES_YAO = "leaves yao"
    NESTED = "nested"


@dataclass(frozen=True, slots=True)
class _Talk:
    """How an operation communicates, and in how many rounds."""

    kind: Kind
    rounds: float


@optional("schedule", "moves operations so that groups are as large as they can be")
def schedule(program: ir.Program) -> ir.Program:
    """Group the operations of a program that exchange messages."""
    known = _Functions()
    functions = []
    for function in program.functions:
        scalars = Scalars()
        scalars.see(function.body)
        scheduler = _Scheduler(known, scalars, facts_of(function).constants)
        body = scheduler.region(function.body)
        known.effects[function.name] = effects_of_region(body, scalars, known.effects)
        known.rounds[function.name] = scheduler.rounds_of(body)
        functions.append(replace(function, body=body))
    return replace(program, functions=tuple(functions))


@dataclass(slots=True)
class _Functions:
    effects: dict[str, Effect] = field(default_factory=dict)
    rounds: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class _Scheduler:
    known: _Functions
    scalars: Scalars
    constants: Constants

    def region(self, region: ir.Region) -> ir.Region:
        operations = tuple(
            replace(operation, regions=tuple(map(self.region, operation.regions)))
            if operation.regions
            else operation
            for operation in region.operations
        )
        talks = [self.talk(operation) for operation in operations]
        if sum(talk is not None for talk in talks) < 2:
            return replace(region, operations=operations)
        effects = [effects_of(o, self.scalars, self.known.effects) for o in operations]
        graph = _graph(operations, talks, effects)
        best = list(range(len(operations)))
        for eager in (False, True):
            order = _List(graph, talks, effects, eager).run()
            if _length(graph, talks, order) < _length(graph, talks, best):
                best = order
        return replace(region, operations=tuple(operations[number] for number in best))

    def talk(self, operation: ir.Operation) -> _Talk | None:
        if isinstance(operation, ir.Call):
            rounds = self.known.rounds[operation.function]
            return _Talk(Kind.NESTED, rounds) if rounds else None
        if operation.regions:
            rounds = sum(map(self.rounds_of, operation.regions)) * self.trips(operation)
            return _Talk(Kind.NESTED, rounds) if rounds else None
        if isinstance(operation, ir.Relabel) and operation.result.type.sharing is Y:
            owned = operation.operands[0].type.label.is_owned
            small = operation.result.type.size * operation.result.type.width <= LARGEST_INPUT
            return _Talk(Kind.ENTERS_YAO, 1) if owned and small else None
        if isinstance(operation, ir.Reveal) and operation.operands[0].type.sharing is Y:
            return _Talk(Kind.LEAVES_YAO, 1)
        if not is_interactive(operation):
            return None
        if enters_yao(operation):
            return _Talk(Kind.ENTERS_YAO, 1)
        known = constant_operands(operation, self.constants)
        return _Talk(Kind.SHARES, max(counted_usages(operation, known)[0].rounds, 1))

    def trips(self, operation: ir.Operation) -> float:
        if not isinstance(operation, ir.For):
            return UNKNOWN_TRIPS if isinstance(operation, ir.While) else 1
        low, high = (self.scalars.constant(value) for value in operation.operands[:2])
        return UNKNOWN_TRIPS if low is None or high is None else max(high - low, 0)

    def rounds_of(self, region: ir.Region) -> float:
        talks = (self.talk(operation) for operation in region.operations)
        return sum(talk.rounds for talk in talks if talk is not None)


# The dependence graph


@dataclass(frozen=True, slots=True)
class _Graph:
    before: Sequence[Sequence[int]]
    after: Sequence[Sequence[int]]


def _graph(
    operations: Sequence[ir.Operation],
    talks: Sequence[_Talk | None],
    effects: Sequence[Effect],
) -> _Graph:
    made: dict[int, int] = {}
    readers: dict[int, list[int]] = {}
    order = Order()
    before: list[list[int]] = []
    after: list[list[int]] = [[] for _ in operations]
    for number, operation in enumerate(operations):
        used = sorted(set(_used(operation)))
        found = {made[value] for value in used if value in made}
        found.update(order.after(number, effects[number]))
        for old in _overwritten(operation):
            found.update(readers.get(old.id, ()))
        before.append(sorted(found))
        for one in found:
            after[one].append(number)
        for value in used:
            if talks[number] is None:
                readers.setdefault(value, []).append(number)
        made.update((value.id, number) for value in operation.results)
    return _Graph(before, after)


def _used(operation: ir.Operation) -> Iterable[int]:
    """Yield the ids of the values that an operation and its regions use."""
    yield from (value.id for value in operation.operands)
    for region in operation.regions:
        yield from (value.id for value in region.yields)
        for inner in region.operations:
            yield from _used(inner)


def _overwritten(operation: ir.Operation) -> tuple[ir.Value, ...]:
    """Return the values whose memory the results may reuse."""
    if isinstance(operation, ir.For | ir.While):
        return tuple(value for value in operation.carried if value.type.shape)
    return operation.operands[:1] if operation.traits.overwrites else ()


def _length(
    graph: _Graph, talks: Sequence[_Talk | None], order: Sequence[int]
) -> tuple[float, int]:
    """Return the numbers of rounds and of groups of an order."""
    total, groups = 0.0, 0
    group: set[int] = set()
    longest, kind = 0.0, None
    for number in (*order, None):
        talk = None if number is None else talks[number]
        fits = talk is not None and talk.kind is kind and kind is not Kind.NESTED
        if not (fits and number is not None and group.isdisjoint(graph.before[number])):
            total, groups = total + longest, groups + bool(group)
            group, longest, kind = set(), 0.0, None
        if talk is not None and number is not None:
            group.add(number)
            longest, kind = max(longest, talk.rounds), talk.kind
    return total, groups


# The scheduler


@dataclass(slots=True)
class _List:
    """One run of the scheduler. A *settled* operation waits for no further messages.

    Operations without messages are emitted only when their results are needed, except for outputs
    and operations that may fail, which are emitted as early as possible.
    """

    graph: _Graph
    talks: Sequence[_Talk | None]
    effects: Sequence[Effect]
    eager: bool
    pending: list[int] = field(init=False)
    left: list[float] = field(init=False)
    ready: set[int] = field(default_factory=set)
    order: list[int] = field(default_factory=list)
    done: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        count = len(self.talks)
        self.pending = [len(before) for before in self.graph.before]
        self.left = [0.0] * count
        for number in reversed(range(count)):
            talk = self.talks[number]
            rest = max((self.left[n] for n in self.graph.after[number]), default=0.0)
            self.left[number] = rest + (0.0 if talk is None else talk.rounds)

    def run(self) -> list[int]:
        self.settle([n for n, pending in enumerate(self.pending) if not pending])
        while self.ready:
            group = self.group()
            for number in group:
                self.emit(self.graph.before[number])
            self.ready.difference_update(group)
            for number in group:
                self.emit((number,))
            self.settle([n for number in group for n in self.released(number)])
        self.emit(range(len(self.talks)))
        return self.order

    def group(self) -> list[int]:
        """Return the next group."""
        first = max(self.ready, key=lambda number: (self.left[number], -number))
        lead = self.talks[first]
        assert lead is not None
        if lead.kind is Kind.NESTED:
            return [first]
        chosen = []
        for number in sorted(self.ready):
            talk = self.talks[number]
            if talk is None or talk.kind is not lead.kind:
                continue
            if self.eager or talk.rounds <= lead.rounds:
                chosen.append(number)
        return chosen

    def released(self, number: int) -> list[int]:
        """Mark an operation as settled; return the operations that become ready."""
        free = []
        for later in self.graph.after[number]:
            self.pending[later] -= 1
            if not self.pending[later]:
                free.append(later)
        return free

    def settle(self, free: list[int]) -> None:
        """Propagate from operations that have become ready."""
        noticed = []
        while free:
            number = free.pop()
            if self.talks[number] is not None:
                self.ready.add(number)
                continue
            if self.effects[number] & (Effect.ENDS | Effect.OUTPUTS):
                noticed.append(number)
            free += self.released(number)
        self.emit(noticed)

    def emit(self, numbers: Iterable[int]) -> None:
        """Append operations and their pending dependences to the order, in program order."""
        needed, stack = set[int](), [n for n in numbers if n not in self.done]
        while stack:
            number = stack.pop()
            if number not in needed:
                needed.add(number)
                stack += [n for n in self.graph.before[number] if n not in self.done]
        self.order += sorted(needed)
        self.done |= needed
