"""The recorder: an observer of a simulated run that makes a trace of it.

A *step* is an operation of the IR, or a group of operations that exchange their messages together.
Each operation is recorded as often as `Limits` say. The steps after that are merged into *omitted*
steps, which keep their number, their lines, and all their messages by round and purpose. So the
sums are those of the run.

Values are recognised by identity: what is passed to a function, or carried by a loop, is the same
object. So the recorder keeps the recorded values until it is done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import field
from math import prod
from typing import Any

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.text import operation_name, print_operation
from ezlang.compiler.protocols.core.purposes import Purpose
from ezlang.executors.simulate.clear_values import ClearValue
from ezlang.executors.simulate.network import Message
from ezlang.executors.simulate.observer import GarbledGate, Observed, Told
from ezlang.executors.simulate.two.watching import INSTANCES
from ezlang.records import dataclass
from ezlang.source import BUILTIN_SOURCE, Source, Span

from .parts import add, part_of
from .topics import topic_of, way_of
from .values import (
    Json,
    clear_of,
    digits_of,
    gate_of,
    held_of,
    label_text,
    message_of,
    shape_of,
    sharings_of,
    unit_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a trace has of a run.

    `executions`: of one operation; `elements`: of a value; `messages`, `units` and `gates`: of one
    step; `instances`: of one part of a protocol in a step, at most `INSTANCES`. All executions on a
    line of `lines`, of the program's first file, are recorded.
    """

    executions: int = 64
    elements: int = 8
    messages: int = 24
    units: int = 4
    gates: int = 4
    instances: int = INSTANCES
    lines: frozenset[int] = frozenset()

    def has(self, place: Json, before: int) -> bool:
        """Return whether an operation that was recorded `before` times is recorded once more."""
        return before < self.executions or (place["source"] == 0 and place["line"] in self.lines)


@dataclass(slots=True)
class _Open:
    """The step that is going on, and how much it has already.

    `compared`: how many numbers it compares, if it is one comparison of as many pairs of numbers.
    """

    step: Json
    omitted: bool = False
    compared: int | None = None
    sent: int = 0
    merged: dict[tuple[Any, ...], Json] = field(default_factory=dict)
    units: Counter[str] = field(default_factory=Counter)
    parts: dict[tuple[Any, ...], Json] = field(default_factory=dict)


class Recorder:
    """The trace of a run of a numbered program, as it grows.

    `at`: the first operation of a recorded step, and how often it had been run → the step. `dealt`:
    two parties have a dealer.
    """

    def __init__(self, program: ir.Program, limits: Limits, *, dealt: bool = False) -> None:
        self.parties, self.with_dealer = program.parties, dealt
        self.way, self.garbling = way_of(program), program.garbling
        self.limits = limits
        self.sources: list[Source] = [program.main.span.source]
        self.operations: list[Json] = []
        self.values: list[Json] = []
        self.steps: list[Json] = []
        self.messages: list[Json] = []
        self.units: list[Json] = []
        self.gates: list[Json] = []
        self.parts: list[Json] = []
        self.delta: str | None = None
        self.at: dict[tuple[int, int], int] = {(-1, 0): 0}
        self._executed: Counter[int] = Counter()
        self._where = _where(program)
        self._indices: dict[int, int] = {}
        self._numbers: dict[int, tuple[int, Observed]] = {}
        self._reads: dict[int, tuple[Observed, ...]] = {}
        self._open = self._begin([])

    # The observer

    def begun(
        self, operations: Sequence[ir.Operation], operands: Sequence[Sequence[Observed]]
    ) -> None:
        """Begin a step, or add to one of omitted operations."""
        here = [self._index(operation) for operation in operations]
        before = max(self._executed[one.number] for one in operations)
        for operation in operations:
            self._executed[operation.number] += 1
            self.operations[self._index(operation)]["executions"] += 1
        if not self.limits.has(self.operations[here[0]], before):
            self._omit(here)
            return
        self._open = self._begin(here)
        self.at[operations[0].number, self._executed[operations[0].number] - 1] = (
            len(self.steps) - 1
        )
        if len(operations) == 1 and _compares_once(operations[0]):
            self._open.compared = operations[0].result.type.size
        for operation, given in zip(operations, operands, strict=True):
            self.operations[self._index(operation)]["recorded"] += 1
            self._reads[operation.number] = tuple(given)
            pairs = zip(operation.operands, given, strict=True)
            numbers = [self._given(operation, static, value) for static, value in pairs]
            self._open.step["reads"].append(numbers)

    def made(self, operation: ir.Operation, results: Sequence[Observed]) -> None:
        """Record the results of an operation, and what its operands are held as by now."""
        if self._open.omitted:
            return
        step = len(self.steps) - 1
        reads = self._reads.pop(operation.number)
        for value in reads:
            self._hold(value, step)
        known = [self._value(value)["known"] for value in reads]
        everybody = range(len(self.parties))
        told = {p: step for p in everybody if known and all(p in one for one in known)}
        for static, made in zip(operation.results, results, strict=True):
            self._open.step["makes"].append(self._see(made, static, self._index(operation), told))
            if isinstance(operation, ir.Reveal):
                for party in self._value(made)["known"]:
                    known[0].setdefault(party, step)

    def sent(self, message: Message) -> None:
        """Record a message, or add it to a similar one of the step."""
        here = self._open
        here.sent += 1
        made = {"step": len(self.steps) - 1, **message_of(message), "count": 1}
        key = (message.round, message.sender, message.receiver, message.purpose)
        if not here.omitted and here.sent <= self.limits.messages:
            self.messages.append(made)
        elif key in here.merged:
            here.merged[key]["count"] += 1
            here.merged[key]["bytes"] += message.size
        else:
            here.merged[key] = made
            self.messages.append(made)

    def dealt(
        self, what: str, parts: Sequence[object], given: Sequence[Sequence[object]] = ()
    ) -> None:
        """Record the first units of a step."""
        here = self._open
        here.units[what] += 1
        if here.omitted or here.units[what] > self.limits.units:
            here.step["units_left_out"] = here.step.get("units_left_out", 0) + 1
        else:
            made = unit_of(what, parts, self.limits.elements)
            numbers = here.compared if what == Purpose.LEAVES.value else None
            if numbers:
                made["digits"] = digits_of(given, numbers)
            self.units.append({"step": len(self.steps) - 1, **made})

    @property
    def wants_parts(self) -> bool:
        """Whether parts of protocols are recorded."""
        return self.limits.executions > 0 and self.limits.instances > 0

    def part(self, told: Told) -> None:
        """Record the first instances of a part of a protocol in a step, and count the others."""
        here = self._open
        if here.omitted or not told.count:
            return
        everybody = len(told.parties) == len(self.parties)
        made = part_of(told, self.limits.instances if everybody else 1, dealt=self.with_dealer)
        key = (told.part, told.parties, *(one["width"] for one in made["numbers"]))
        if key in here.parts:
            add(here.parts[key], made, self.limits.instances if everybody else 1)
        else:
            here.parts[key] = {"step": len(self.steps) - 1, **made}
            self.parts.append(here.parts[key])

    def keyed(self, delta: int) -> None:
        """Record Δ."""
        self.delta = label_text(delta)

    def garbled(self, gate: GarbledGate) -> None:
        """Record the first gates of a step."""
        here = self._open
        if here.omitted or gate.number >= self.limits.gates:
            here.step["gates_left_out"] = here.step.get("gates_left_out", 0) + 1
        else:
            self.gates.append({"step": len(self.steps) - 1, **gate_of(gate)})

    # Steps

    def _begin(self, operations: list[int], *, omitted: bool = False) -> _Open:
        step: Json = {"operations": operations, "reads": [], "makes": []}
        self.steps.append(step)
        return _Open(step, omitted)

    def _omit(self, operations: list[int]) -> None:
        """Add to the omitted operations since the last recorded step."""
        if not self._open.omitted:
            self._open = self._begin([], omitted=True)
            self._open.step["omitted"] = 0
        step = self._open.step
        step["omitted"] += len(operations)
        step["operations"] += [one for one in operations if one not in step["operations"]]

    def _index(self, operation: ir.Operation) -> int:
        """Return the place of an operation in the trace's list, to which it is added if needed."""
        found = self._indices.get(operation.number)
        if found is None:
            found = self._indices[operation.number] = len(self.operations)
            self.operations.append(
                {
                    "name": operation_name(type(operation)),
                    "text": print_operation(operation, self.parties),
                    "function": self._where.function[operation.number],
                    "topic": topic_of(
                        operation, way=self.way, garbling=self.garbling, dealt=self.with_dealer
                    ),
                    **self.place(operation.span),
                    "executions": 0,
                    "recorded": 0,
                }
            )
        return found

    def place(self, span: Span) -> Json:
        """Return a place in the sources of the trace; `source` is null if it isn't in any."""
        if span.source is BUILTIN_SOURCE:
            return {"source": None, "line": 0, "start": 0, "end": 0}
        if span.source not in self.sources:
            self.sources.append(span.source)
        return {
            "source": self.sources.index(span.source),
            "line": span.line,
            "start": span.start,
            "end": span.end,
        }

    # Values

    def _value(self, value: Observed) -> Json:
        return self.values[self._numbers[id(value)][0]]

    def _see(
        self,
        value: Observed,
        static: ir.Value,
        operation: int | None,
        told: dict[int, int] | None = None,
        origin: str = "computed",
    ) -> int:
        """Return the number of a value, to which it is added if it is new."""
        if id(value) in self._numbers:
            return self._numbers[id(value)][0]
        # What isn't made in a recorded step was there before this one.
        step, label = max(0, len(self.steps) - 1 - (operation is None)), static.type.label
        known = {p: step for p in range(len(self.parties)) if label.readable_by(p)}
        number = len(self.values)
        self._numbers[id(value)] = number, value
        shape = shape_of(value)
        self.values.append(
            {
                "step": step,
                "operation": operation,
                "origin": origin,
                "name": static.hint,
                "type": str(value.element),
                "width": value.element.width,
                "shape": list(shape),
                "size": prod(shape),
                "secret": not isinstance(value, ClearValue),
                "known": {**(told or {}), **known},
                "clear": clear_of(value, self.limits.elements),
                "holds": [],
            }
        )
        self._hold(value, step)
        return number

    def _given(self, operation: ir.Operation, static: ir.Value, value: Observed) -> int:
        """Return the number of an operand."""
        maker = self._where.maker(operation, static)
        origin = "omitted" if maker is not None else "parameter"
        if isinstance(maker, ir.Constant):
            origin = "constant"
        return self._see(value, static, None, origin=origin)

    def _hold(self, value: Observed, step: int) -> None:
        """Record the sharings that a value has, if they aren't recorded yet."""
        entry = self._value(value)
        for sharing, parts in sharings_of(value).items():
            if all(one["sharing"] != sharing.value for one in entry["holds"]):
                held = held_of(sharing, parts, value.element, self.limits.elements)
                entry["holds"].append({"step": step, **held})


def _compares_once(operation: ir.Operation) -> bool:
    """Return whether an operation is one comparison of a number of each party, or their shares.

    Other comparisons are several such comparisons at once.
    """
    owned = all(value.type.label.is_owned for value in operation.operands)
    binary = isinstance(operation, ir.Binary) and operation.kind.traits.gives_bool and owned
    return binary or isinstance(operation, ir.Bit)


@dataclass(slots=True)
class _Where:
    """Where in a program operations are, and which operation makes a value."""

    function: dict[int, str] = field(default_factory=dict)
    made: dict[tuple[str, int], ir.Operation] = field(default_factory=dict)

    def maker(self, operation: ir.Operation, operand: ir.Value) -> ir.Operation | None:
        """Return what makes an operand of an operation; None: it is a parameter."""
        return self.made.get((self.function[operation.number], operand.id))


def _where(program: ir.Program) -> _Where:
    found = _Where()
    for function in program.functions:
        for operation in ir.walk(function.body):
            found.function[operation.number] = function.name
            for value in operation.results:
                found.made[function.name, value.id] = operation
    return found
