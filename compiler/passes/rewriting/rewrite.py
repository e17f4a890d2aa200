"""Rewriting of programs, operation by operation.

A rule is applied to each operation after its operands are replaced and its regions rewritten. It
either keeps the operation (None), or emits other operations through the builder and returns the
values that replace the results. Unchanged parts of a program are the same objects afterwards, so
that the pipeline detects passes that have nothing to do (pipeline.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import field
from operator import is_

from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.build import Builder


class Rule:
    """A rewriting rule for one function. The base class changes nothing."""

    def enter(self) -> None:
        """Enter a region: values computed in it are available until the matching `leave`."""

    def leave(self) -> None:
        """Leave a region."""

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        """Return values that replace the operation's results, or None to keep the operation."""


def rewrite(program: ir.Program, rule: Callable[[], Rule]) -> ir.Program:
    """Apply a rule everywhere in a program; `rule` creates an instance per function."""
    return with_functions(program, [rewrite_function(f, rule()) for f in program.functions])


def with_functions(program: ir.Program, functions: Sequence[ir.Function]) -> ir.Program:
    """Replace the functions of a program; return it as it is if they are the same objects."""
    if _are_same(functions, program.functions):
        return program
    return replace(program, functions=tuple(functions))


def unchanged(before: ir.Program, after: ir.Program) -> ir.Program:
    """Return the result of a pass; the original program if nothing has changed."""
    others = [(one.parties, one.ots, one.garbling) for one in (before, after)]
    same = _are_same(after.functions, before.functions) and others[0] == others[1]
    return before if same else after


def with_operations(
    region: ir.Region, operations: Sequence[ir.Operation], yields: Sequence[ir.Value]
) -> ir.Region:
    """Replace the operations of a region; return it as it is if they are the same objects."""
    if _are_same(operations, region.operations) and _are_same(yields, region.yields):
        return region
    return replace(region, operations=tuple(operations), yields=tuple(yields))


def _are_same(first: Sequence[object], second: Sequence[object]) -> bool:
    return len(first) == len(second) and all(map(is_, first, second))


def rewrite_function(function: ir.Function, rule: Rule) -> ir.Function:
    """Apply a rule everywhere in a function."""
    build = Builder(within=function.body)
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
        build, changed = self.build, operation
        operands, regions = self.values(operation.operands), operation.regions
        if regions:
            regions = tuple([self.region(inner) for inner in regions])
            if _are_same(regions, operation.regions):
                regions = operation.regions
        if operands is not operation.operands or regions is not operation.regions:
            changed = replace(operation, operands=operands, regions=regions)
        # Equivalent to `build.like`, but faster.
        span, requested = build.span, build.requested
        build.span, build.requested = operation.span, operation.requested
        results = self.rule.apply(build, changed)
        build.span, build.requested = span, requested
        if results is None:
            build.emit(changed)
            return
        for old, new in zip(operation.results, results, strict=True):
            self.replaced[old.id] = new

    def values(self, values: tuple[ir.Value, ...]) -> tuple[ir.Value, ...]:
        replaced = self.replaced
        if not replaced:
            return values
        for value in values:
            if value.id in replaced:
                return tuple([replaced.get(value.id, value) for value in values])
        return values


def used_by(operation: ir.Operation) -> dict[int, ir.Value]:
    """Return the values from outside that an operation and its regions use, by id."""
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
    """Return the number of uses of each value in a region and its nested regions, by id."""
    found = Counter(value.id for value in region.yields)
    for operation in ir.walk(region):
        found.update(value.id for value in operation.operands)
        found.update(value.id for inner in operation.regions for value in inner.yields)
    return found
