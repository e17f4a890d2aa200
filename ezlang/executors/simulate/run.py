"""Walking through the IR: who computes what, control flow, and what enters and leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ezlang.compiler.ir import evaluate
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.passes.oblivious import expand_oblivious
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.executors.failures import Failure, failure
from ezlang.executors.outcome import Shown
from ezlang.recursion import deep_recursion
from ezlang.source import Span
from ezlang.types.types import Type, array_of
from ezlang.values.data import Data, Flat, Inputs, flatten, unflatten

from .dealer import Dealer
from .network import Cost, Network
from .outcome import SimulatedOutcome
from .protocol import Protocol
from .randomness import Randomness
from .secrets import Secrets
from .shares import Secret
from .values import Known, Value


def run_simulated(
    program: ir.Program, inputs: Inputs, *, seed: int | None = None, record: bool = True
) -> SimulatedOutcome:
    """Run a program with every party in this process, on real shares.

    `inputs`: party → name → data that fits. With a `seed` all shares come out the same again, which
    is for looking at alone; without `record` messages are counted, but not kept. Raises EzError
    with exit code 3 where the run fails.
    """
    parties = program.parties
    network = Network(len(parties), record)
    dealer = Dealer(len(parties), Randomness("dealer", seed))
    own = [Randomness(party, seed) for party in parties]
    protocol = Protocol(len(parties), network, dealer, own)
    with deep_recursion():
        program = expand_oblivious(program)
    run = _Run(program, inputs, network, Secrets(protocol))
    with deep_recursion(), np.errstate(all="ignore"):  # integers wrap
        run.call(program.main.name, ())
    cost = Cost(
        rounds=network.rounds,
        bytes_sent=dict(zip(parties, network.bytes_sent, strict=True)),
        messages_sent=dict(zip(parties, network.messages_sent, strict=True)),
        dealt=dict(dealer.dealt),
    )
    return SimulatedOutcome(
        outputs=run.outputs(),
        views=run.views,
        cost=cost,
        transcript=tuple(network.transcript),
    )


Environment = dict[int, Value]


@dataclass(slots=True)
class _Handed:
    """An output that a party was handed: its type, and the fields that came so far."""

    type: Type
    flat: Flat = field(default_factory=dict)


@dataclass(slots=True)
class _Run:
    program: ir.Program
    inputs: Inputs
    network: Network
    secrets: Secrets
    functions: Mapping[str, ir.Function] = field(init=False)
    given: dict[tuple[int, str], Flat] = field(default_factory=dict)
    handed: dict[str, dict[str, _Handed]] = field(init=False)
    views: dict[str, list[Shown]] = field(init=False)

    def __post_init__(self) -> None:
        self.functions = {function.name: function for function in self.program.functions}
        self.handed = {party: {} for party in self.program.parties}
        self.views = {party: [] for party in self.program.parties}

    def outputs(self) -> dict[str, dict[str, Data]]:
        """Return party → name → what it was handed."""
        return {
            party: {name: unflatten(one.type, one.flat) for name, one in handed.items()}
            for party, handed in self.handed.items()
        }

    # Control flow

    def call(self, name: str, arguments: Sequence[Value]) -> list[Value]:
        """Run a function."""
        return self.region(self.functions[name].body, {}, arguments)

    def region(
        self, region: ir.Region, values: Environment, arguments: Sequence[Value] = ()
    ) -> list[Value]:
        """Run a region on values for its parameters."""
        for parameter, argument in zip(region.parameters, arguments, strict=True):
            values[parameter.id] = argument
        for operation in region.operations:
            results = self.operation(operation, values)
            for value, result in zip(operation.results, results, strict=True):
                values[value.id] = result
        return [values[value.id] for value in region.yields]

    def operation(self, operation: ir.Operation, values: Environment) -> list[Value]:
        """Run one operation."""
        operands = [values[value.id] for value in operation.operands]
        match operation:
            case ir.Call():
                return self.call(operation.function, operands)
            case ir.If():
                side = 0 if _known(operands[0]).data else 1
                return self.region(operation.regions[side], values)
            case ir.For():
                return self._for(operation, operands, values)
            case ir.While():
                carried = operands
                test, body = operation.regions
                while _known(self.region(test, values, carried)[0]).data:
                    carried = self.region(body, values, carried)
                return carried
            case _:
                self.network.span = operation.span
                result = self._simple(operation, operands)
                return [] if result is None else [result]

    def _for(self, operation: ir.For, operands: list[Value], values: Environment) -> list[Value]:
        low, high = _known(operands[0]), _known(operands[1])
        index = operation.regions[0].parameters[0].type
        carried: list[Value] = operands[2:]
        for number in range(int(low.data), int(high.data)):
            here = Known(index.element, evaluate.array(index, (number,)), index.label.owner)
            carried = self.region(operation.regions[0], values, [here, *carried])
        return carried

    # Single operations

    def _simple(self, operation: ir.Operation, operands: list[Value]) -> Value | None:
        match operation:
            case ir.Input():
                return self._input(operation)
            case ir.Output():
                self._output(operation, _known(operands[0]))
                return None
            case ir.Assert():
                if not _known(operands[0]).data:
                    raise failure(Failure.ASSERTION, operation.span, operation.message)
                return None
            case ir.Reveal():
                return self._reveal(operation, operands[0])
            case _:
                self._check(operation, operands)
        made = operation.result.type
        if made.label.is_secret:
            return self.secrets.compute(operation, operands)
        if isinstance(operation, ir.Relabel):
            return Known(made.element, _known(operands[0]).data, made.label.owner)
        if isinstance(operation, evaluate.Pure):
            data = evaluate.evaluate(operation, [_known(value).data for value in operands])
            return Known(made.element, data, made.label.owner)
        raise CompilerBug(f"{type(operation).__name__} cannot be run")

    def _check(self, operation: ir.Operation, operands: list[Value]) -> None:
        """Fail the run where a checked operation has a public operand out of range."""
        if not getattr(operation, "checked", False):
            return
        public = [
            value.data if isinstance(value, Known) and value.owner is None else None
            for value in operands
        ]
        if not evaluate.out_of_range(operation, public):
            return
        match operation:
            case ir.Binary(kind=ir.BinaryKind.SHL | ir.BinaryKind.SHR):
                kind = Failure.SHIFT
            case ir.Binary():
                kind = Failure.DIVISION
            case ir.ExtractSlice() | ir.InsertSlice():
                kind = Failure.SLICE
            case _:
                kind = Failure.INDEX
        raise failure(kind, operation.span)

    def _input(self, operation: ir.Input) -> Known:
        type = operation.result.type
        key = (operation.party, operation.name)
        if key not in self.given:
            data = self.inputs[self.program.parties[operation.party]][operation.name]
            self.given[key] = flatten(_whole(operation, type), data)
        array = evaluate.array(type, self.given[key][operation.path])
        return Known(type.element, array, operation.party)

    def _output(self, operation: ir.Output, value: Known) -> None:
        type = operation.operands[0].type
        flat = evaluate.elements(type, value.data)
        for party in self._receivers(operation.to):
            handed = self.handed[party].setdefault(operation.name, _Handed(_whole(operation, type)))
            if operation.path in handed.flat:
                raise failure(Failure.OUTPUT, operation.span)
            handed.flat[operation.path] = flat
            self._shown(party, operation.name, type, flat, operation.span)

    def _reveal(self, operation: ir.Reveal, value: Value) -> Known:
        type = operation.result.type
        if isinstance(value, Secret):
            words = self.secrets.protocol.open(value, type.label.owner)
            data = words.astype(evaluate.dtype(type.element))
        else:
            data = value.data
            if value.owner is not None:
                self.secrets.protocol.tell(data, type.width, value.owner, type.label.owner)
        for party in self._receivers(type.label.owner):
            self._shown(party, None, type, evaluate.elements(type, data), operation.span)
        return Known(type.element, data, type.label.owner)

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


def _known(value: Value) -> Known:
    if isinstance(value, Secret):
        raise CompilerBug("a secret is used where its value is needed")
    return value
