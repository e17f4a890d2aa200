"""Static analysis of the public values that determine the control flow of a run.

A value is *needed* if the condition of a branch or loop, or the bound of a loop, depends on it and
the branch or loop contains operations that exchange messages. Only needed values are computed here,
with the semantics of ir/evaluate.py. A value that depends on an input or on a value revealed during
the run is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import assert_never

from ezlang.records import dataclass

from ..ir import evaluate
from ..ir import tree as ir
from ..ir.evaluate import Array

StaticValue = Array | None
"""A public value, or None where it is not known before the run."""

Needed = dict[str, set[int]]
"""The ids of the values that are needed, by function."""


def needed_values(program: ir.Program, costly: set[int]) -> Needed:
    """Return the needed values, given the numbers of the operations that are `costly`."""
    slices = _Slices({f.name: f for f in program.functions}, costly)
    while slices.grows:
        slices.grows = False
        for function in reversed(program.functions):
            slices.region(function, function.body)
    return slices.needed


def costly_operations(program: ir.Program, costs: set[int]) -> set[int]:
    """Return the numbers of all operations that have a cost or contain operations that do."""
    found = set(costs)
    functions: set[str] = set()

    def is_costly(operation: ir.Operation) -> bool:
        inner = [is_costly(one) for region in operation.regions for one in region.operations]
        called = isinstance(operation, ir.Call) and operation.function in functions
        if called or any(inner):
            found.add(operation.number)
        return operation.number in found

    for function in program.functions:
        inside = [is_costly(operation) for operation in function.body.operations]
        if any(inside):
            functions.add(function.name)
    return found


def read_and_made(region: ir.Region) -> tuple[set[int], set[int]]:
    """Return the ids of the values read in a region, and of those made in it."""
    read = {value.id for value in region.yields}
    made = {value.id for value in region.parameters}
    for operation in region.operations:
        read |= {value.id for value in operation.operands}
        made |= {value.id for value in operation.results}
        for inner in operation.regions:
            more_read, more_made = read_and_made(inner)
            read |= more_read
            made |= more_made
    return read, made


def is_run_by_all(operation: ir.AnyStructured) -> bool:
    """Return whether both parties run the regions, that is, the condition or bound is public."""
    return all(value.type.label.is_public for value in operation.deciding)


def _pairs(operation: ir.AnyStructured) -> Iterator[tuple[ir.Value, tuple[ir.Value, ...]]]:
    """Yield results and parameters of control flow, each with its possible source values."""
    match operation:
        case ir.If():
            first, second = operation.regions
            deciding = operation.operands[0]
            for result, a, b in zip(operation.results, first.yields, second.yields, strict=True):
                yield result, (a, b, deciding)
        case ir.For():
            (body,) = operation.regions
            low, high, *initial = operation.operands
            index, *parameters = body.parameters
            yield index, (low, high)
            rows = zip(operation.results, parameters, initial, body.yields, strict=True)
            for result, parameter, start, following in rows:
                yield parameter, (start, following)
                yield result, (start, parameter, low, high)
        case ir.While():
            condition, body = operation.regions
            columns = (
                operation.results,
                operation.operands,
                condition.parameters,
                body.parameters,
                body.yields,
            )
            for result, start, tested, parameter, following in zip(*columns, strict=True):
                yield tested, (start, following)
                yield parameter, (tested,)
                yield result, (tested, condition.yields[0])
        case _:
            assert_never(operation)


@dataclass(slots=True)
class _Slices:
    """A backward analysis that marks needed values until a fixed point is reached."""

    functions: dict[str, ir.Function]
    costly: set[int]
    grows: bool = True
    needed: Needed = field(default_factory=dict)

    def region(self, function: ir.Function, region: ir.Region) -> None:
        """Mark the needed values of a region of a function."""
        mine = self.needed.setdefault(function.name, set())
        for operation in reversed(region.operations):
            if isinstance(operation, ir.Call):
                self._call(mine, operation)
            elif isinstance(operation, ir.If | ir.For | ir.While):
                self._control(function, mine, operation)
            elif any(result.id in mine for result in operation.results):
                self._need(mine, operation.operands)

    def _control(self, function: ir.Function, mine: set[int], operation: ir.AnyStructured) -> None:
        if not is_run_by_all(operation):
            return
        if operation.number in self.costly:
            self._need(mine, operation.deciding)
        self._pass_on(mine, operation)
        for inner in reversed(operation.regions):
            self.region(function, inner)
        self._pass_on(mine, operation)

    def _pass_on(self, mine: set[int], operation: ir.AnyStructured) -> None:
        for value, sources in _pairs(operation):
            if value.id in mine:
                self._need(mine, sources)

    def _call(self, mine: set[int], operation: ir.Call) -> None:
        callee = self.functions[operation.function]
        theirs = self.needed.setdefault(callee.name, set())
        for result, source in zip(operation.results, callee.body.yields, strict=True):
            if result.id in mine:
                self._need(theirs, (source,))
        for parameter, argument in zip(callee.body.parameters, operation.operands, strict=True):
            if parameter.id in theirs:
                self._need(mine, (argument,))

    def _need(self, mine: set[int], values: Sequence[ir.Value]) -> None:
        for value in values:
            if value.type.label.is_public and value.id not in mine:
                mine.add(value.id)
                self.grows = True


def computed(operation: ir.Operation, operands: Sequence[StaticValue]) -> StaticValue:
    """Return the result of an operation without regions, if it is known."""
    known = [operand for operand in operands if operand is not None]
    if len(known) < len(operands) or not operation.results[0].type.label.is_public:
        return None
    match operation:
        case ir.Relabel() | ir.Reveal():
            return known[0]
        case ir.Computation():
            return evaluate.evaluate(operation, known)
        case (
            ir.Convert()
            | ir.Input()
            | ir.Draw()
            | ir.Output()
            | ir.Assert()
            | ir.WithClient()
            | ir.Call()
            | ir.Structured()
        ):
            return None
        case _:
            assert_never(operation)
