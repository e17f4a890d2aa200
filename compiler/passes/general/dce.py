"""Dead code elimination.

**Purpose.** Remove unused code: operations, branches and loops without effects, and unused values
that a loop carries or a branch yields. **Keeps** all observable behaviour: effects, checked
operations (they may fail), calls of functions with either, and `while` loops, which might not
terminate. **Guarantees** nothing about functions that are no longer called, which remain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import assert_never

from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ..description import optional
from ..rewriting.rewrite import with_functions, with_operations


@optional("dce", "removes what nothing uses")
def remove_dead(program: ir.Program, ignored: ir.Effect = ir.Effect.NONE) -> ir.Program:
    """Remove dead code from a program, as if there were no effects that are `ignored`."""
    noticed: set[str] = set()
    for function in program.functions:
        if any(_noticed(operation, noticed, ignored) for operation in ir.walk(function.body)):
            noticed.add(function.name)
    functions = []
    for function in program.functions:
        sweep = _Sweep(noticed, ignored)
        body = sweep.region(function.body, range(len(function.body.yields)))
        functions.append(function if body is function.body else replace(function, body=body))
    return with_functions(program, functions)


def _noticed(operation: ir.Operation, functions: set[str], ignored: ir.Effect) -> bool:
    """Return whether an operation, apart from its regions, has observable effects."""
    if isinstance(operation, ir.Call):
        return operation.function in functions
    return bool(operation.traits.effects & ~ignored) or operation.failure is not None


@dataclass(slots=True)
class _Sweep:
    """A backward sweep. `used` has the ids of the values that retained operations read."""

    noticed: set[str]
    ignored: ir.Effect
    used: set[int] = field(default_factory=set)

    def region(self, region: ir.Region, live: Sequence[int]) -> ir.Region:
        """Sweep a region. The yields numbered `live` are used; the others are removed."""
        yields = tuple(region.yields[number] for number in live)
        self.used.update(value.id for value in yields)
        kept: list[ir.Operation] = []
        for operation in reversed(region.operations):
            swept = self.operation(operation)
            if swept is not None:
                kept.append(swept)
        kept.reverse()
        return with_operations(region, kept, yields)

    def operation(self, operation: ir.Operation) -> ir.Operation | None:
        if not self._needed(operation):
            return None
        match operation:
            case ir.If():
                swept: ir.Operation = self._if(operation)
            case ir.For():
                swept = self._for(operation)
            case ir.While():
                swept = self._while(operation)
            case ir.Computation() | ir.Boundary() | ir.Call():
                swept = operation
            case _:
                assert_never(operation)
        self.used.update(value.id for value in swept.operands)
        return swept

    def _needed(self, operation: ir.Operation) -> bool:
        if any(value.id in self.used for value in operation.results):
            return True
        if _noticed(operation, self.noticed, self.ignored):
            return True
        return any(
            _noticed(inner, self.noticed, self.ignored)
            for region in operation.regions
            for inner in ir.walk(region)
        )

    def _if(self, operation: ir.If) -> ir.If:
        live = self._live(operation.results)
        regions = tuple(self.region(region, live) for region in operation.regions)
        return replace(operation, results=_take(operation.results, live), regions=regions)

    def _live(self, values: Sequence[ir.Value]) -> list[int]:
        return [number for number, value in enumerate(values) if value.id in self.used]

    def _for(self, operation: ir.For) -> ir.For:
        (body,) = operation.regions
        live = self._live(operation.results)
        while True:  # carried values that live ones depend on are live, too
            trial = _Sweep(self.noticed, self.ignored, set(self.used))
            swept = trial.region(body, live)
            more = sorted({*live, *trial._live(body.parameters[1:])})
            if more == live:
                break
            live = more
        self.used = trial.used
        parameters = (body.parameters[0], *_take(body.parameters[1:], live))
        return replace(
            operation,
            operands=(*operation.operands[:2], *_take(operation.operands[2:], live)),
            results=_take(operation.results, live),
            regions=(replace(swept, parameters=parameters),),
        )

    def _while(self, operation: ir.While) -> ir.While:
        test, body = operation.regions
        live = self._live(operation.results)
        while True:
            trial = _Sweep(self.noticed, self.ignored, set(self.used))
            swept_body = trial.region(body, live)
            swept_test = trial.region(test, (0,))
            found = {*trial._live(body.parameters), *trial._live(test.parameters)}
            more = sorted({*live, *found})
            if more == live:
                break
            live = more
        self.used = trial.used
        return replace(
            operation,
            operands=_take(operation.operands, live),
            results=_take(operation.results, live),
            regions=(
                replace(swept_test, parameters=_take(test.parameters, live)),
                replace(swept_body, parameters=_take(body.parameters, live)),
            ),
        )


def _take(values: Sequence[ir.Value], numbers: Sequence[int]) -> tuple[ir.Value, ...]:
    return tuple(values[number] for number in numbers)
