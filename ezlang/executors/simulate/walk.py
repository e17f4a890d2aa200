"""The interpreter of the IR: control flow, inputs and outputs, and operations on known values.

Subclasses implement operations on secrets and communication between the parties.

A region becomes a list of functions, one for each step, when it is first run. A value is forgotten
after its last use (lifetimes.py). If it was an array that shares its memory with no other value, a
write changes it in place, so that a loop that fills an array takes linear time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Generic, assert_never

from ezlang.compiler.ir import evaluate
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.numbering import numbered
from ezlang.compiler.ir.operations.boundary import told_element
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.executors.failures import Failure, failure, no_value
from ezlang.executors.outcome import Shown
from ezlang.source import Span
from ezlang.types.types import Type, array_of
from ezlang.values.data import Data, Flat, Inputs, flatten, unflatten
from ezlang.values.draws import MODULUS, Draws
from ezlang.values.turns import Question, Turns

from .clear_values import ClearValue
from .handed import Handed
from .lifetimes import last_uses
from .observer import Observer
from .plans import Plan, S, Step, Values

_ALIASES = ir.Broadcast | ir.Reshape | ir.Relabel | ir.Reveal | ir.Convert | ir.Structured | ir.Call
"""Operations whose results may have the memory of their operands."""


class Walk(ABC, Generic[S]):
    """One run of a program with all parties, which an observer may watch."""

    def __init__(
        self, program: ir.Program, inputs: Inputs, observer: Observer | None = None
    ) -> None:
        self.program = numbered(program)
        self.observer = observer
        self.inputs = inputs
        self.turns = Turns(inputs)
        self.draws = [Draws(party) for party in program.parties]
        self.functions: Mapping[str, ir.Function] = {f.name: f for f in self.program.functions}
        self._last = last_uses(self.program)
        self._plans: dict[int, Plan[S]] = {}
        self.given: dict[tuple[int, str], Flat] = {}
        everybody = program.everybody
        self.handed: dict[str, dict[str, Handed]] = {party: {} for party in everybody}
        self.views: dict[str, list[Shown]] = {party: [] for party in everybody}

    @abstractmethod
    def compute(
        self, operation: ir.Operation, operands: Sequence[ClearValue | S]
    ) -> ClearValue | S:
        """Compute an operation with a secret result."""

    @abstractmethod
    def open(self, operation: ir.Reveal | ir.Tell, secret: S) -> evaluate.Array:
        """Reveal a secret to the readers of the result; return the value."""

    @abstractmethod
    def tell(self, operation: ir.Reveal, known: ClearValue) -> None:
        """Send a value from its owner to the readers of the result."""

    @abstractmethod
    def set_spans(self, *spans: Span) -> None:
        """Set the source spans of the next operations, which run together."""

    def begun(self, operations: Sequence[ir.Operation], operands: Sequence[Sequence[Any]]) -> None:
        """Tell the observer that operations begin."""
        if self.observer is not None:
            self.observer.begun(operations, operands)

    def done(self, operation: ir.Operation, results: Sequence[Any]) -> None:
        """Tell the observer the results of an operation without regions."""
        if self.observer is not None and not isinstance(operation, ir.Structured | ir.Call):
            self.observer.made(operation, results)

    def outputs(self) -> dict[str, dict[str, Data]]:
        """Return the outputs: party → name → value."""
        return {
            party: {name: one.data for name, one in handed.items()}
            for party, handed in self.handed.items()
        }

    def lose_memory(self, secret: S) -> None:
        """Note that another value may have the memory of a secret."""

    # Control flow

    def call(self, name: str, arguments: Sequence[ClearValue | S]) -> list[ClearValue | S]:
        """Run a function."""
        return self.region(self.functions[name].body, {}, arguments)

    def region(
        self, region: ir.Region, values: Values[S], arguments: Sequence[ClearValue | S] = ()
    ) -> list[ClearValue | S]:
        """Run a region on arguments for its parameters; return the values that it yields."""
        plan = self._plans.get(region.number)
        if plan is None:
            plan = self._plans[region.number] = self._plan(region)
        values.update(zip(plan.parameters, arguments, strict=True))
        values.update(plan.constants)
        for step in plan.steps:
            step(values)
        if plan.moves:
            return [values.pop(number) for number in plan.yields]
        return self._read(values, plan.yields, plan.dying, alias=True)

    def _plan(self, region: ir.Region) -> Plan[S]:
        yields = tuple(value.id for value in region.yields)
        dying = self._last.yields[region.number]
        return Plan(
            parameters=tuple(value.id for value in region.parameters),
            constants={
                one.result.id: _constant(one)
                for one in region.operations
                if isinstance(one, ir.Constant)
            },
            steps=tuple(step for step in self.steps(region) if step is not _nothing),
            yields=yields,
            dying=dying,
            moves=len(set(yields)) == len(yields) and dying.issuperset(yields),
        )

    def steps(self, region: ir.Region) -> list[Step[S]]:
        """Return the steps of a region."""
        return [self.step(operation) for operation in region.operations]

    def step(self, operation: ir.Operation) -> Step[S]:
        """Return the step that runs one operation."""
        if isinstance(operation, ir.Constant):
            return _nothing
        used = (*operation.operands, *operation.results)
        if isinstance(operation, ir.Computation) and not any(v.type.label.is_secret for v in used):
            return self._clear_step(operation)
        return partial(self.operation, operation)

    def operation(self, operation: ir.Operation, values: Values[S]) -> None:
        """Run one operation."""
        results = self._results(operation, values)
        if isinstance(operation, ir.Structured) and operation.is_owned:
            # Messages would tell which value was chosen, if one has been shared already.
            results = [r.unshared() if isinstance(r, ClearValue) else r for r in results]
        for value, result in zip(operation.results, results, strict=True):
            values[value.id] = result
        for number in self._last.inside.get(operation.number, ()):
            values.pop(number, None)
        self.done(operation, results)

    def read(self, operation: ir.Operation, values: Values[S]) -> list[ClearValue | S]:
        """Return the operands of an operation, and forget those that die."""
        numbers = tuple(value.id for value in operation.operands)
        dying = self._last.operands[operation.number]
        return self._read(values, numbers, dying, alias=isinstance(operation, _ALIASES))

    def _read(
        self, values: Values[S], numbers: tuple[int, ...], dying: frozenset[int], *, alias: bool
    ) -> list[ClearValue | S]:
        """Return values, and forget those that die.

        `alias`: what reads them may give their memory to other values. Otherwise secrets keep it to
        themselves; known values don't, because sharing them may keep them.
        """
        read = [values[number] for number in numbers]
        distinct = len(set(numbers)) == len(numbers)
        for number, value in zip(numbers, read, strict=True):
            if distinct and number in dying:
                del values[number]
            elif alias or isinstance(value, ClearValue):
                self.lose(value)
        return read

    def lose(self, value: ClearValue | S) -> None:
        """Note that another value may have the memory of a value."""
        if isinstance(value, ClearValue):
            value.fresh = False
        else:
            self.lose_memory(value)

    def is_alone(self, operation: ir.Operation) -> bool:
        """Return whether an operation is a write, the last to read its base, and reads it once."""
        if not operation.traits.overwrites:
            return False
        base, *others = operation.operands
        dies = base.id in self._last.operands[operation.number]
        return dies and all(value.id != base.id for value in others)

    def _results(self, operation: ir.Operation, values: Values[S]) -> list[ClearValue | S]:
        operands = self.read(operation, values)
        match operation:
            case ir.Call():
                return self.call(operation.function, operands)
            case ir.If():
                side = 0 if known(operands[0]).data else 1
                return self.region(operation.regions[side], values)
            case ir.For():
                return self._for(operation, operands, values)
            case ir.While():
                return self._while(operation, operands, values)
            case ir.Computation() | ir.Boundary():
                self.set_spans(operation.span)
                self.begun((operation,), (operands,))
                result = self._simple(operation, operands)
                return [] if result is None else [result]
            case _:
                assert_never(operation)

    def _for(
        self, operation: ir.For, operands: list[ClearValue | S], values: Values[S]
    ) -> list[ClearValue | S]:
        low, high = known(operands[0]), known(operands[1])
        (body,) = operation.regions
        index = body.parameters[0].type
        element, owner, dtype = index.element, index.label.owner, evaluate.dtype(index.element)
        carried: list[ClearValue | S] = operands[2:]
        for number in range(int(low.data), int(high.data)):
            here = ClearValue(element, dtype.type(number), owner)
            carried = self.region(body, values, [here, *carried])
        return carried

    def _while(
        self, operation: ir.While, carried: list[ClearValue | S], values: Values[S]
    ) -> list[ClearValue | S]:
        test, body = operation.regions
        changes = any(one.traits.overwrites or isinstance(one, _ALIASES) for one in ir.walk(test))
        while True:
            if changes:
                for value in carried:
                    self.lose(value)
            if not known(self.region(test, values, carried)[0]).data:
                return carried
            carried = self.region(body, values, carried)

    # Operations on known values

    def _clear_step(self, operation: ir.AnyComputation) -> Step[S]:
        """Return the step of an operation on known values, which sends nothing."""
        type, place = operation.result.type, operation.result.id
        element, shape, owner = type.element, type.shape, type.label.owner
        compute = evaluate.evaluator(operation)
        numbers = [value.id for value in operation.operands]
        dying = tuple(self._last.operands[operation.number])
        alias, checked = isinstance(operation, _ALIASES), operation.failure is not None
        writes = operation.traits.overwrites
        in_place = partial(compute, in_place=True) if self.is_alone(operation) else compute

        def step(values: dict[int, Any]) -> None:
            operands = [values[number] for number in numbers]
            data = [one.data for one in operands]
            if checked:
                self.check(operation, operands)
            for number in dying:
                del values[number]
            made = in_place(data) if writes and operands[0].fresh else compute(data)
            if not shape:
                made = made[()]
            if alias:
                operands[0].fresh = False
            values[place] = ClearValue(element, made, owner, None, writes)

        if self.observer is None:
            return step

        def observed(values: dict[int, Any]) -> None:
            self.begun((operation,), ([values[number] for number in numbers],))
            step(values)
            self.done(operation, (values[place],))

        return observed

    # Single operations

    def _simple(
        self, operation: ir.AnyComputation | ir.AnyBoundary, operands: list[ClearValue | S]
    ) -> ClearValue | S | None:
        match operation:
            case ir.TurnInput():
                return self._turn_input(operation, int(known(operands[0]).data))
            case ir.Draw():
                return self._draw(operation, operands)
            case ir.Input():
                return self._input(operation)
            case ir.Output():
                self._output(operation, *map(known, operands))
                return None
            case ir.Assert():
                if not known(operands[0]).data:
                    raise failure(Failure.ASSERTION, operation.span, operation.message)
                return None
            case ir.Reveal() | ir.Tell():
                return self._reveal(operation, operands[0])
            case ir.Computation() | ir.Relabel() | ir.Convert() | ir.Give():
                self.check(operation, operands)
                return self._computed(operation, operands)
            case _:
                assert_never(operation)

    def _computed(
        self,
        operation: ir.AnyComputation | ir.Relabel | ir.Convert | ir.Give,
        operands: list[ClearValue | S],
    ) -> ClearValue | S:
        made = operation.result.type
        if made.label.is_secret:
            return self.compute(operation, operands)
        match operation:
            case ir.Relabel():
                data = known(operands[0]).data
            case ir.Computation():
                data = evaluate.evaluate(operation, [known(value).data for value in operands])
            case _:
                raise CompilerBug(f"{type(operation).__name__} cannot be run")
        return ClearValue(made.element, data[()], made.label.owner)

    def check(self, operation: ir.Operation, operands: Sequence[ClearValue | S]) -> None:
        """Fail the run if a checked operation has a public operand that is out of range."""
        if operation.failure is None:
            return
        public = [
            value.data if isinstance(value, ClearValue) and value.owner is None else None
            for value in operands
        ]
        if evaluate.fails(operation, public):
            wrong = evaluate.outside(operation, public)
            raise failure(operation.failure, operation.span, index=wrong)

    def _input(self, operation: ir.Input) -> ClearValue:
        type = operation.result.type
        key = (operation.party or 0, operation.name)  # what all give is the same at all
        if key not in self.given:
            data = self.inputs[self.program.everybody[key[0]]][operation.name]
            self.given[key] = flatten(_whole(operation, type), data)
        array = evaluate.array(type, self.given[key][operation.path])
        return ClearValue(type.element, array[()], operation.party)

    def _draw(self, operation: ir.Draw, operands: Sequence[ClearValue | S]) -> ClearValue:
        type = operation.result.type
        below = int(known(operands[0]).data) % MODULUS if operands else 0
        numbers = self.draws[operation.party].numbers(type.element, type.size, below)
        return ClearValue(type.element, evaluate.array(type, numbers)[()], operation.party)

    def _turn_input(self, operation: ir.TurnInput, turn: int) -> ClearValue:
        type, owner = operation.result.type, operation.party
        assert owner is not None, "the verifier refuses it"
        whole = _whole(operation, type)
        question = Question(self.program.everybody[owner], operation.name, whole, turn)
        data = self.turns.value(question, self.outputs)
        if data is None:
            raise no_value(question, operation.span)
        given = flatten(whole, data)[operation.path]
        return ClearValue(type.element, evaluate.array(type, given)[()], owner)

    def _output(
        self, operation: ir.Output, value: ClearValue, turn: ClearValue | None = None
    ) -> None:
        type, number = operation.operands[0].type, None if turn is None else int(turn.data)
        flat = evaluate.elements(type, value.data)
        for party in self._receivers(operation.to):
            handed = self.handed[party].setdefault(operation.name, Handed(_whole(operation, type)))
            handed.add(operation, flat, number)
            told = array_of(told_element(operation, type), type.shape)
            self._shown(party, operation.name, told, flat, operation.span)

    def _reveal(self, operation: ir.Reveal | ir.Tell, value: ClearValue | S) -> ClearValue | None:
        if not operation.results:
            return None
        if isinstance(value, ClearValue):
            if value.owner is not None and isinstance(operation, ir.Reveal):
                self.tell(operation, value)
            return self.revealed(operation, value.data)
        return self.revealed(operation, self.open(operation, value))

    def revealed(self, operation: ir.Reveal | ir.Tell, data: evaluate.Array) -> ClearValue:
        """Return a revealed value; record which parties saw it."""
        type = operation.result.type
        told = array_of(operation.told, type.shape)
        for party in self._receivers(type.label.owner):
            self._shown(party, None, told, evaluate.elements(type, data), operation.span)
        return ClearValue(type.element, data[()], type.label.owner)

    def _receivers(self, to: int | None) -> tuple[str, ...]:
        parties = self.program.everybody
        return parties if to is None else (parties[to],)

    def _shown(self, party: str, name: str | None, type: Type, flat: list[int], span: Span) -> None:
        self.views[party].append(Shown(name, unflatten(type, {(): flat}), span))


def _whole(operation: ir.Input | ir.Output, type: ir.TensorType) -> Type:
    return operation.whole or array_of(type.element, type.shape)


def known(value: ClearValue | S) -> ClearValue:
    """Return a value as a known value. Raises CompilerBug for a secret."""
    if not isinstance(value, ClearValue):
        raise CompilerBug("a secret is used where its value is needed")
    return value


def _constant(operation: ir.Constant) -> ClearValue:
    """Return the value of a constant, which is public and always the same."""
    return ClearValue(operation.result.type.element, evaluate.evaluate(operation, ())[()])


def _nothing(values: dict[int, Any]) -> None:
    """Do nothing: the step of a constant."""
