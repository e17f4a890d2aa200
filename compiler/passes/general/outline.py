"""Outlining of long sequences of operations.

**Purpose.** Split a region with very many operations into functions of bounded size, which it calls
in order. LLVM takes superlinear time per function, and storage is allocated for all values of a
function together. **Keeps** semantics, labels, sharings, order, and groups of
operations that exchange their messages together. **Guarantees** that values computed from constants
alone are recomputed in the functions that use them, so that circuits still have them built in.
**Does not** touch inputs and outputs, which stay in place, nor regions of at most `limit`
operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ezlang.records import dataclass, replace
from ezlang.types.labels import Label

from ...ir import tree as ir
from ...ir.groups import groups
from ..description import optional
from ..rewriting.rewrite import used_by

LIMIT = 1000
"""The maximum number of operations of a region that is left as it is."""

SIZE = 250
"""The minimum number of operations of an outlined function."""


@optional("outline", "cuts very long regions into functions")
def outline(program: ir.Program, limit: int = LIMIT, size: int = SIZE) -> ir.Program:
    """Split regions of more than `limit` operations into functions of at least `size`."""
    taken = {function.name for function in program.functions}
    functions: list[ir.Function] = []
    for function in program.functions:
        cut = _Outline(function.name, taken, limit, size)
        body = cut.region(function.body, function.pc)
        functions += [*cut.made, replace(function, body=body)]
    return replace(program, functions=tuple(functions))


@dataclass(frozen=True, slots=True)
class _Moved:
    """Operations that have become a function, and its call."""

    call: ir.Call
    operations: Sequence[ir.Operation]


@dataclass(slots=True)
class _Outline:
    """Splits the regions of one function; `made` are the resulting functions."""

    name: str
    taken: set[str]
    limit: int
    size: int
    made: list[ir.Function] = field(default_factory=list)
    cheap: dict[int, ir.Operation] = field(default_factory=dict)

    def region(self, region: ir.Region, pc: Label) -> ir.Region:
        """Split a region and its nested regions; `pc` is the label under which it runs."""
        operations = [self._inside(operation, pc) for operation in region.operations]
        if len(operations) <= self.limit:
            return replace(region, operations=tuple(operations))
        uses = [used_by(operation) for operation in operations]
        last = {id: number for number, values in enumerate(uses) for id in values}
        last |= {value.id: len(operations) for value in region.yields}
        kept: list[ir.Operation | _Moved] = []
        run: list[ir.Operation] = []
        number = 0
        for group in groups(operations):
            number += len(group)
            if isinstance(group[0], ir.Input | ir.Draw | ir.Output):
                kept += [*self._called(run, last, number, pc), *group]
                run = []
                continue
            run += group
            if len(run) >= self.size:
                kept += self._called(run, last, number, pc)
                run = []
        kept += self._called(run, last, number, pc)
        return replace(region, operations=self._with_constants(kept, region.yields))

    def _inside(self, operation: ir.Operation, pc: Label) -> ir.Operation:
        match operation:
            case ir.Constant() | ir.Iota():
                self.cheap[operation.result.id] = operation
            case ir.Relabel() | ir.Broadcast() | ir.Reshape() | ir.Cast():
                if operation.operands[0].id in self.cheap:
                    self.cheap[operation.result.id] = operation
            case ir.Structured():
                label = operation.deciding[0].type.label
                pc = label if label.is_owned else pc
            case _:
                pass
        if not operation.regions:
            return operation
        regions = tuple(self.region(region, pc) for region in operation.regions)
        return replace(operation, regions=regions)

    def _called(
        self, run: Sequence[ir.Operation], last: dict[int, int], end: int, pc: Label
    ) -> Sequence[ir.Operation | _Moved]:
        """Return a call of a new function for a sequence of operations, unless it is short.

        `last` gives the position of the last use of a value, `end` that of the sequence's end. What
        is computed from constants alone isn't returned.
        """
        if len(run) < self.size:
            return run
        own = {value.id for operation in run for value in operation.results}
        free: dict[int, ir.Value] = {}
        for operation in run:
            free.update((id, value) for id, value in used_by(operation).items() if id not in own)
        copied: dict[int, ir.Operation] = {}
        for value in list(free.values()):
            self._copy(value, free, copied)
        results = tuple(
            value
            for operation in run
            for value in operation.results
            if value.id not in self.cheap and last.get(value.id, -1) >= end
        )
        name = self._fresh()
        parameters = tuple(free[id] for id in sorted(free))
        body = ir.Region(
            parameters=parameters,
            operations=(*copied.values(), *run),
            yields=results,
        )
        self.made.append(ir.Function(name=name, body=body, pc=pc, span=run[0].span))
        call = ir.Call(function=name, operands=parameters, results=results, span=run[0].span)
        return [_Moved(call, run)]

    def _with_constants(
        self, kept: Sequence[ir.Operation | _Moved], yields: Sequence[ir.Value]
    ) -> tuple[ir.Operation, ...]:
        """Return the operations of a region, with those moved from it on whose constants it relies.

        They are those that compute a value that is used here from constants alone.
        """
        used = {value.id for value in yields}
        found: list[ir.Operation] = []
        for one in reversed(kept):
            operation = one.call if isinstance(one, _Moved) else one
            used.update(used_by(operation))
            found.append(operation)
            for inner in reversed(one.operations) if isinstance(one, _Moved) else ():
                if any(value.id in used and value.id in self.cheap for value in inner.results):
                    used.update(used_by(inner))
                    found.append(inner)
        return tuple(reversed(found))

    def _copy(
        self, value: ir.Value, free: dict[int, ir.Value], copied: dict[int, ir.Operation]
    ) -> None:
        """Copy the computation of a value into the function, if it depends on constants alone."""
        operation = self.cheap.get(value.id)
        if operation is None or value.id in copied:
            return
        free.pop(value.id, None)
        for operand in operation.operands:
            self._copy(operand, free, copied)
        copied[value.id] = operation

    def _fresh(self) -> str:
        number = len(self.made)
        while f"{self.name}.{number}" in self.taken:
            number += 1
        name = f"{self.name}.{number}"
        self.taken.add(name)
        return name
