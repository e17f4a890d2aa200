"""The interpreter of the IR: control flow, inputs and outputs, and operations on known values.

Subclasses implement operations on secrets and communication between the parties.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Generic, TypeVar, assert_never

from ezlang.compiler.ir import evaluate
from ezlang.compiler.ir import tree as ir
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.executors.failures import Failure, failure
from ezlang.executors.outcome import Shown
from ezlang.records import dataclass
from ezlang.source import Span
from ezlang.types.types import Type, array_of
from ezlang.values.data import Data, Flat, Inputs, flatten, unflatten

from .clear_values import ClearValue

S = TypeVar("S")
"""The representation of a secret."""


@dataclass(slots=True)
class _Handed:
    """An output delivered to a party: its type, and the fields delivered so far."""

    type: Type
    flat: Flat = field(default_factory=dict)


class Walk(ABC, Generic[S]):
    """One run of a program with all parties."""

    def __init__(self, program: ir.Program, inputs: Inputs) -> None:
        self.program = program
        self.inputs = inputs
        self.functions: Mapping[str, ir.Function] = {f.name: f for f in program.functions}
        self.given: dict[tuple[int, str], Flat] = {}
        self.handed: dict[str, dict[str, _Handed]] = {party: {} for party in program.parties}
        self.views: dict[str, list[Shown]] = {party: [] for party in program.parties}

    @abstractmethod
    def compute(
        self, operation: ir.Operation, operands: Sequence[ClearValue | S]
    ) -> ClearValue | S:
        """Compute an operation with a secret result."""

    @abstractmethod
    def open(self, operation: ir.Reveal, secret: S) -> evaluate.Array:
        """Reveal a secret to the readers of the result; return the value."""

    @abstractmethod
    def tell(self, operation: ir.Reveal, known: ClearValue) -> None:
        """Send a value from its owner to the readers of the result."""

    @abstractmethod
    def set_span(self, span: Span) -> None:
        """Set the source span of the next operation."""

    def done(self, operation: ir.Operation, results: Sequence[ClearValue | S]) -> None:
        """Record the results of an operation."""

    def outputs(self) -> dict[str, dict[str, Data]]:
        """Return the outputs: party → name → value."""
        return {
            party: {name: unflatten(one.type, one.flat) for name, one in handed.items()}
            for party, handed in self.handed.items()
        }

    # Control flow

    def call(self, name: str, arguments: Sequence[ClearValue | S]) -> list[ClearValue | S]:
        """Run a function."""
        return self.region(self.functions[name].body, {}, arguments)

    def region(
        self,
        region: ir.Region,
        values: dict[int, ClearValue | S],
        arguments: Sequence[ClearValue | S] = (),
    ) -> list[ClearValue | S]:
        """Run a region on arguments for its parameters; return the values that it yields."""
        for parameter, argument in zip(region.parameters, arguments, strict=True):
            values[parameter.id] = argument
        self.operations(region, values)
        return [values[value.id] for value in region.yields]

    def operations(self, region: ir.Region, values: dict[int, ClearValue | S]) -> None:
        """Run the operations of a region."""
        for operation in region.operations:
            self.operation(operation, values)

    def operation(self, operation: ir.Operation, values: dict[int, ClearValue | S]) -> None:
        """Run one operation."""
        results = self._results(operation, values)
        for value, result in zip(operation.results, results, strict=True):
            values[value.id] = result
        self.done(operation, results)

    def _results(
        self, operation: ir.Operation, values: dict[int, ClearValue | S]
    ) -> list[ClearValue | S]:
        operands = [values[value.id] for value in operation.operands]
        match operation:
            case ir.Call():
                return self.call(operation.function, operands)
            case ir.If():
                side = 0 if known(operands[0]).data else 1
                return self.region(operation.regions[side], values)
            case ir.For():
                return self._for(operation, operands, values)
            case ir.While():
                carried = operands
                test, body = operation.regions
                while known(self.region(test, values, carried)[0]).data:
                    carried = self.region(body, values, carried)
                return carried
            case ir.Computation() | ir.Boundary():
                self.set_span(operation.span)
                result = self._simple(operation, operands)
                return [] if result is None else [result]
            case _:
                assert_never(operation)

    def _for(
        self, operation: ir.For, operands: list[ClearValue | S], values: dict[int, ClearValue | S]
    ) -> list[ClearValue | S]:
        low, high = known(operands[0]), known(operands[1])
        index = operation.regions[0].parameters[0].type
        carried: list[ClearValue | S] = operands[2:]
        for number in range(int(low.data), int(high.data)):
            here = ClearValue(index.element, evaluate.array(index, (number,)), index.label.owner)
            carried = self.region(operation.regions[0], values, [here, *carried])
        return carried

    # Single operations

    def _simple(
        self, operation: ir.AnyComputation | ir.AnyBoundary, operands: list[ClearValue | S]
    ) -> ClearValue | S | None:
        match operation:
            case ir.Input():
                return self._input(operation)
            case ir.Output():
                self._output(operation, known(operands[0]))
                return None
            case ir.Assert():
                if not known(operands[0]).data:
                    raise failure(Failure.ASSERTION, operation.span, operation.message)
                return None
            case ir.Reveal():
                return self._reveal(operation, operands[0])
            case ir.Computation() | ir.Relabel() | ir.Convert():
                self.check(operation, operands)
                return self._computed(operation, operands)
            case _:
                assert_never(operation)

    def _computed(
        self,
        operation: ir.AnyComputation | ir.Relabel | ir.Convert,
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
        return ClearValue(made.element, data, made.label.owner)

    def check(self, operation: ir.Operation, operands: Sequence[ClearValue | S]) -> None:
        """Fail the run if a checked operation has a public operand that is out of range."""
        if operation.failure is None:
            return
        public = [
            value.data if isinstance(value, ClearValue) and value.owner is None else None
            for value in operands
        ]
        if evaluate.fails(operation, public):
            raise failure(operation.failure, operation.span)

    def _input(self, operation: ir.Input) -> ClearValue:
        type = operation.result.type
        key = (operation.party, operation.name)
        if key not in self.given:
            data = self.inputs[self.program.parties[operation.party]][operation.name]
            self.given[key] = flatten(_whole(operation, type), data)
        array = evaluate.array(type, self.given[key][operation.path])
        return ClearValue(type.element, array, operation.party)

    def _output(self, operation: ir.Output, value: ClearValue) -> None:
        type = operation.operands[0].type
        flat = evaluate.elements(type, value.data)
        for party in self._receivers(operation.to):
            handed = self.handed[party].setdefault(operation.name, _Handed(_whole(operation, type)))
            if operation.path in handed.flat:
                raise failure(Failure.OUTPUT, operation.span)
            handed.flat[operation.path] = flat
            self._shown(party, operation.name, type, flat, operation.span)

    def _reveal(self, operation: ir.Reveal, value: ClearValue | S) -> ClearValue:
        if isinstance(value, ClearValue):
            if value.owner is not None:
                self.tell(operation, value)
            return self.revealed(operation, value.data)
        return self.revealed(operation, self.open(operation, value))

    def revealed(self, operation: ir.Reveal, data: evaluate.Array) -> ClearValue:
        """Return a revealed value; record which parties saw it."""
        type = operation.result.type
        for party in self._receivers(type.label.owner):
            self._shown(party, None, type, evaluate.elements(type, data), operation.span)
        return ClearValue(type.element, data, type.label.owner)

    def _receivers(self, to: int | None) -> tuple[str, ...]:
        parties = self.program.parties
        return parties if to is None else (parties[to],)

    def _shown(
        self, party: str, name: str | None, type: ir.TensorType, flat: list[int], span: Span
    ) -> None:
        data = unflatten(array_of(type.element, type.shape), {(): flat})
        self.views[party].append(Shown(name, data, span))


def _whole(operation: ir.Input | ir.Output, type: ir.TensorType) -> Type:
    return operation.whole or array_of(type.element, type.shape)


def known(value: ClearValue | S) -> ClearValue:
    """Return a value as a known value. Raises CompilerBug for a secret."""
    if not isinstance(value, ClearValue):
        raise CompilerBug("a secret is used where its value is needed")
    return value
