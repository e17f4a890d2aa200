"""Rewriting programs operation by operation: what the passes have in common.

A rule sees each operation, its operands already replaced and its regions already rewritten, and
either leaves it (None) or emits something else through the builder and says which
values take the place of its results. What nothing changed in is the same object afterwards, so that
passes that have nothing to do can be told (pipeline.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from operator import is_

from ...ir import tree as ir
from ...ir.build import Builder, highest_id


class Rule:
    """A rewriting rule for one function. The base class leaves everything as it is."""

    def enter(self) -> None:
        """Begin a region: what is computed in it is known only until `leave`."""

    def leave(self) -> None:
        """End a region."""

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        """Return values for the operation's results, or None to keep it."""


def rewrite(program: ir.Program, rule: Callable[[], Rule]) -> ir.Program:
    """Return the program with a rule applied everywhere; `rule` makes a fresh one a function."""
    return with_functions(program, [rewrite_function(f, rule()) for f in program.functions])


def with_functions(program: ir.Program, functions: Sequence[ir.Function]) -> ir.Program:
    """Return the program with other functions; the program itself if they are the same objects."""
    if _are_same(functions, program.functions):
        return program
    return replace(program, functions=tuple(functions))


def unchanged(before: ir.Program, after: ir.Program) -> ir.Program:
    """Return what a pass made of a program; the program itself if nothing in it is new."""
    same = _are_same(after.functions, before.functions) and after.ots == before.ots
    return before if same and after.parties == before.parties else after


def with_operations(
    region: ir.Region, operations: Sequence[ir.Operation], yields: Sequence[ir.Value]
) -> ir.Region:
    """Return a region with other operations; the region itself if they are the same objects."""
    if _are_same(operations, region.operations) and _are_same(yields, region.yields):
        return region
    return replace(region, operations=tuple(operations), yields=tuple(yields))


def _are_same(first: Sequence[object], second: Sequence[object]) -> bool:
    return len(first) == len(second) and all(map(is_, first, second))


def rewrite_function(function: ir.Function, rule: Rule) -> ir.Function:
    """Return the function with a rule applied everywhere."""
    build = Builder(next_id=highest_id(function.body) + 1)
    body = _Rewriter(build, rule).region(function.body)
    return function if body is function.body else replace(function, body=body)


@dataclass(slots=True)
class _Rewriter:
    build: Builder
    rule: Rule
    replaced: dict[int, ir.Value] = field(default_factory=dict)

    def region(self, region: ir.Region) -> ir.Region:
        self.rule.enter()
        with self.build.nested() as operations:
            for operation in region.operations:
                self.operation(operation)
            yields = self.values(region.yields)
        self.rule.leave()
        return with_operations(region, operations, yields)

    def operation(self, operation: ir.Operation) -> None:
        operands = self.values(operation.operands)
        regions = operation.regions
        if regions:
            regions = tuple(self.region(inner) for inner in regions)
        changed = operation
        if operands is not operation.operands or not _are_same(regions, operation.regions):
            changed = replace(operation, operands=operands, regions=regions)
        # As `build.like`, in less time.
        outer = self.build.span, self.build.forced
        self.build.span, self.build.forced = operation.span, operation.forced
        results = self.rule.apply(self.build, changed)
        self.build.span, self.build.forced = outer
        if results is None:
            self.build.emit(changed)
            return
        for old, new in zip(operation.results, results, strict=True):
            self.replaced[old.id] = new

    def values(self, values: tuple[ir.Value, ...]) -> tuple[ir.Value, ...]:
        replaced = self.replaced
        for value in values:
            if value.id in replaced:
                return tuple([replaced.get(value.id, value) for value in values])
        return values


def used_by(operation: ir.Operation) -> dict[int, ir.Value]:
    """Return the values from outside that an operation uses, its regions included, by their ids."""
    used = {value.id: value for value in operation.operands}
    for region in operation.regions:
        inner = {value.id: value for value in region.yields}
        own = {value.id for value in region.parameters}
        for one in region.operations:
            inner.update(used_by(one))
            own.update(value.id for value in one.results)
        used.update((id, value) for id, value in inner.items() if id not in own)
    return used


def count_uses(region: ir.Region) -> Counter[int]:
    """Return how often each value is used in a region and those inside, by the values' ids."""
    found = Counter(value.id for value in region.yields)
    for operation in ir.walk(region):
        found.update(value.id for value in operation.operands)
        found.update(value.id for inner in operation.regions for value in inner.yields)
    return found
