"""The walk, which determines a two-party program's messages by following it without running it.

Control flow is followed where it is known before the run; see control.py. Where it isn't, the walk
gives a bound. The *least* bound takes the cheaper branch and no iterations of a loop; the *most*
bound takes the more expensive branch and can't bound loops. Both record the unknown control flow.
If there is none, the two bounds are equal and exact.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import field
from enum import Enum
from functools import partial
from typing import Final, assert_never

import numpy as np

from ezlang.records import dataclass
from ezlang.source import Span

from ..ir import tree as ir
from .control import (
    StaticValue,
    computed,
    costly_operations,
    is_run_by_all,
    needed_values,
    read_and_made,
)
from .counting_session import CountingSession, merged
from .ledger import Amounts
from .plans import Plans
from .repetition import Iterations, repeat
from .rows import Step, run_row


class Control(Enum):
    """Control flow: a branch, or a loop."""

    BRANCH = "branch"
    LOOP = "loop"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevealedControl:
    """Control flow that depends on values revealed during the run.

    `amounts` are those of one iteration of a loop, or of each side of a branch. Such an iteration
    may do several `iterations` of the program's loop.
    """

    control: Control
    span: Span
    amounts: tuple[Amounts, ...]
    iterations: int = 1


Values = dict[int, StaticValue]

Rows = list[list[Step] | ir.Operation]
"""Operations that have nothing but a cost, in rows, and others."""


@dataclass(slots=True)
class Walk:
    """A walk through the program of the given plans in a session. `most` selects the bound.

    `iterations` is the number of iterations of its loops, of which most are counted without a walk.
    """

    plans: Plans
    session: CountingSession
    most: bool = False
    unknown: list[RevealedControl] = field(default_factory=list)
    _costly: set[int] = field(init=False)
    _needed: dict[str, set[int]] = field(init=False)
    _functions: dict[str, ir.Function] = field(init=False)
    _seen: set[int] = field(default_factory=set)
    _rows: dict[int, Rows] = field(default_factory=dict)
    asides: int = 0
    iterations: int = 0
    _from_outside: dict[int, tuple[int, ...]] = field(default_factory=dict)
    _iterations: dict[Hashable, tuple[Iterations, Sequence[StaticValue]]] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        program = self.plans.program
        self._functions = {function.name: function for function in program.functions}
        self._costly = costly_operations(program, set(self.plans.actions))
        self._needed = needed_values(program, self._costly)

    def run(self) -> None:
        """Walk through the program."""
        self._call(self.plans.program.main, ())

    def _call(self, function: ir.Function, arguments: Sequence[StaticValue]) -> list[StaticValue]:
        values: Values = {}
        body = function.body
        for parameter, argument in zip(body.parameters, arguments, strict=True):
            values[parameter.id] = argument
        frame = _Frame(self, self._needed[function.name], values)
        return frame.region(body)

    def rows(self, region: ir.Region, needed: set[int]) -> Rows:
        """Return the operations of a region that have a cost or determine the cost of others.

        Those that have nothing but a cost are in rows.
        """
        found = self._rows.get(region.number)
        if found is None:
            found = self._rows[region.number] = []
            for operation in region.operations:
                is_needed = any(result.id in needed for result in operation.results)
                if operation.number in self.plans.actions and not is_needed:
                    step = self._step(operation)
                    if found and isinstance(found[-1], list):
                        found[-1].append(step)
                    else:
                        found.append([step])
                elif operation.number in self._costly or is_needed:
                    found.append(operation)
        return found

    def _step(self, operation: ir.Operation) -> Step:
        parts = self.plans.parts.get(operation.number)
        split = None if parts is None else lambda: [Step(part) for part in parts()]
        return Step(partial(self._act_on, operation), split)

    def _act_on(self, operation: ir.Operation, session: CountingSession) -> None:
        session.ledger.place = operation.span
        self.plans.actions[operation.number](session)

    def read_from_outside(self, body: ir.Region, needed: set[int]) -> tuple[int, ...]:
        """Return the ids of needed values that a loop's body reads but doesn't compute."""
        found = self._from_outside.get(body.number)
        if found is None:
            read, made = read_and_made(body)
            found = self._from_outside[body.number] = tuple(sorted((read - made) & needed))
        return found

    def iterations_of(self, body: ir.Region, outer: Sequence[StaticValue]) -> Iterations:
        """Return what is known of the iterations of a loop, given the values that decide them."""
        key = body.number, tuple(map(_identity, outer))
        # The values are kept, so that no other ones get their identity.
        found, _ = self._iterations.setdefault(key, (Iterations(), outer))
        return found

    def is_costly(self, operation: ir.Operation) -> bool:
        """Return whether an operation has a cost."""
        return operation.number in self._costly

    def act(self, operation: ir.Operation) -> bool:
        """Book the cost of an operation itself; return whether it has one."""
        if operation.number not in self.plans.actions:
            return False
        self._act_on(operation, self.session)
        return True

    def note(self, control: Control, operation: ir.Operation, amounts: Sequence[Amounts]) -> None:
        """Record unknown control flow the first time it occurs."""
        if operation.number not in self._seen:
            self._seen.add(operation.number)
            strip = operation.strip if isinstance(operation, ir.For) else 0
            self.unknown.append(
                RevealedControl(
                    control=control,
                    span=operation.span,
                    amounts=tuple(amounts),
                    iterations=max(strip, 1),
                )
            )

    def aside(
        self, action: Callable[[], object], session: CountingSession | None = None
    ) -> tuple[Amounts, CountingSession]:
        """Run an action in a copy of the session; return its cost and the copy."""
        self.asides += 1
        before = self.session
        self.session = (session or before).copy()
        snapshot = self.session.ledger.snapshot()
        action()
        after, self.session = self.session, before
        return after.ledger.since(snapshot), after

    def called(self, operation: ir.Call, arguments: Sequence[StaticValue]) -> list[StaticValue]:
        """Walk through a function."""
        return self._call(self._functions[operation.function], arguments)


def _identity(value: StaticValue) -> Hashable:
    """Return the number in a scalar, or the identity of an array, which never changes."""
    return value.item() if value is not None and not value.ndim else id(value)


_UNKNOWN: Final[StaticValue] = None
_TURNS_TRIED: Final = 4


@dataclass(slots=True)
class _Frame:
    """The frame of a function being walked: its needed values that are known."""

    walk: Walk
    needed: set[int]
    values: Values

    def region(self, region: ir.Region) -> list[StaticValue]:
        """Walk through a region; return the values it yields."""
        for row in self.walk.rows(region, self.needed):
            if isinstance(row, list):
                run_row(self.walk.session, row)
            else:
                self._operation(row)
        return self._read(region.yields)

    def _read(self, values: Sequence[ir.Value]) -> list[StaticValue]:
        return [self.values.get(value.id) for value in values]

    def _write(self, values: Sequence[ir.Value], known: Sequence[StaticValue]) -> None:
        for value, number in zip(values, known, strict=True):
            self.values[value.id] = number

    def _operation(self, operation: ir.Operation) -> None:
        if self.walk.act(operation) and not self._is_needed(operation.results):
            return
        match operation:
            case ir.Call():
                arguments = self._read(operation.operands)
                self._write(operation.results, self.walk.called(operation, arguments))
            case ir.If() | ir.For() | ir.While():
                if not is_run_by_all(operation):
                    self._forget(operation)
                elif isinstance(operation, ir.If):
                    self._branch(operation)
                elif isinstance(operation, ir.For):
                    self._for(operation)
                else:
                    self._while(operation)
            case ir.Computation() | ir.Boundary():
                if self._is_needed(operation.results):
                    known = computed(operation, self._read(operation.operands))
                    self.values[operation.results[0].id] = known
            case _:
                assert_never(operation)

    def _is_needed(self, values: Sequence[ir.Value]) -> bool:
        return any(value.id in self.needed for value in values)

    def _forget(self, operation: ir.Operation) -> None:
        self._write(operation.results, [_UNKNOWN] * len(operation.results))

    # Branches

    def _branch(self, operation: ir.If) -> None:
        (condition,) = self._read(operation.operands)
        if condition is not None:
            chosen = operation.regions[0 if condition else 1]
            self._write(operation.results, self.region(chosen))
            return
        if self.walk.is_costly(operation):
            self._unknown_branch(operation)
        self._forget(operation)

    def _unknown_branch(self, operation: ir.If) -> None:
        """Continue with the lower or upper bound of both sides' costs."""
        regions = operation.regions
        costs, sessions = zip(
            *(self.walk.aside(partial(self.region, region)) for region in regions), strict=True
        )
        if len({(frozenset(c.items()), s.state) for c, s in zip(costs, sessions, strict=True)}) > 1:
            self.walk.note(Control.BRANCH, operation, costs)
        self.walk.session.become(merged(sessions, most=self.walk.most))

    # Loops

    def _for(self, operation: ir.For) -> None:
        (body,) = operation.regions
        low, high, *initial = self._read(operation.operands)
        index, *parameters = body.parameters
        if low is None or high is None:
            self._write(body.parameters, [_UNKNOWN] * len(body.parameters))
            self._unknown_loop(operation, lambda: self.region(body))
            self._forget(operation)
            return
        self._write(parameters, initial)
        first, turns = int(low), max(int(high) - int(low), 0)
        if self._is_needed(body.parameters):
            for number in range(first, first + turns):
                self.values[index.id] = np.asarray(number, dtype=low.dtype)
                self._write(parameters, self.region(body))
        else:
            self._repeat(body, turns)
        self._write(operation.results, self._read(parameters))

    def _repeat(self, body: ir.Region, turns: int) -> None:
        outer = [self.values.get(one) for one in self.walk.read_from_outside(body, self.needed)]
        known = self.walk.iterations_of(body, outer)
        self.walk.iterations += turns
        before = self.walk.asides
        repeat(self.walk.session, lambda: self.region(body), turns, known)
        if self.walk.asides != before:
            # A bound depends on all amounts so far.
            known.forget()

    def _while(self, operation: ir.While) -> None:
        condition, body = operation.regions
        self._write(condition.parameters, self._read(operation.operands))
        while True:
            (going,) = self.region(condition)
            carried = self._read(condition.parameters)
            if going is None:
                self._write(body.parameters, carried)
                self._unknown_loop(operation, lambda: self._test_after(condition, body))
                self._forget(operation)
                return
            if not going:
                self._write(operation.results, carried)
                return
            self._write(body.parameters, carried)
            self._write(condition.parameters, self.region(body))

    def _test_after(self, condition: ir.Region, body: ir.Region) -> None:
        """Walk through an iteration and the test of the loop condition after it."""
        self._write(condition.parameters, self.region(body))
        self.region(condition)

    def _unknown_loop(self, operation: ir.Operation, turn: Callable[[], object]) -> None:
        """Record the cost of one iteration of a loop whose number of iterations is unknown.

        If there are iterations that generate no OTs, it is the cost of such an iteration.
        """
        if not self.walk.is_costly(operation):
            return
        session = self.walk.session
        for _ in range(_TURNS_TRIED):
            batches = [one.batches for one in session.ots]
            amounts, session = self.walk.aside(turn, session)
            if batches == [one.batches for one in session.ots]:
                break
        self.walk.note(Control.LOOP, operation, [amounts])
