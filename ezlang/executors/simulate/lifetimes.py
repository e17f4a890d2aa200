"""The last uses of values, after which a run forgets them or reuses their memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from ezlang.compiler.ir import tree as ir
from ezlang.records import dataclass

_NONE: frozenset[int] = frozenset()


@dataclass(slots=True)
class LastUses:
    """The values that die in a program whose operations and regions are numbered.

    `operands`: operation → the operands that nothing reads after it, and nothing inside it.
    `inside`: operation → the other values that nothing reads after it; its regions read them.
    `yields`: region → what it yields and was made in it, or dies with the branch that it is of.

    Constants never die, as each run of a region reads the same ones.

    A loop reads values from outside in each iteration, so they die after it. A branch runs once, so
    a value that nothing reads after it dies inside, at its last use on either side.
    """

    operands: dict[int, frozenset[int]] = field(default_factory=dict)
    inside: dict[int, frozenset[int]] = field(default_factory=dict)
    yields: dict[int, frozenset[int]] = field(default_factory=dict)

    def region(self, region: ir.Region, outer: frozenset[int] = _NONE) -> set[int]:
        """Add a region; return what it uses. `outer` are values from outside that die in it."""
        made = {value.id for value in region.parameters}
        for one in region.operations:
            if not isinstance(one, ir.Constant):
                made.update(value.id for value in one.results)
        mortal = made | outer
        live = {value.id for value in region.yields}
        self.yields[region.number] = frozenset(live & mortal)
        for operation in reversed(region.operations):
            live |= self._operation(operation, live, mortal)
        return live

    def _operation(self, operation: ir.Operation, live: set[int], mortal: set[int]) -> set[int]:
        operands = {value.id for value in operation.operands}
        if not operation.regions:
            self.operands[operation.number] = frozenset((operands - live) & mortal)
            return operands
        inner = _used(operation.regions)
        dying = ((operands | inner) - live) & mortal
        self.operands[operation.number] = frozenset(dying - inner)
        self.inside[operation.number] = frozenset(dying & inner)
        outer = frozenset(dying & inner) if isinstance(operation, ir.If) else _NONE
        for region in operation.regions:
            self.region(region, outer)
        return operands | inner


def _used(regions: Iterable[ir.Region]) -> set[int]:
    """Return all values that regions read, also in nested ones."""
    found: set[int] = set()
    for region in regions:
        found.update(value.id for value in region.yields)
        for operation in region.operations:
            found.update(value.id for value in operation.operands)
            found |= _used(operation.regions)
    return found


def last_uses(program: ir.Program) -> LastUses:
    """Return the last uses of the values of a numbered program."""
    found = LastUses()
    for function in program.functions:
        found.region(function.body)
    return found
