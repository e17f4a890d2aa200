"""Legality and profitability of vectorising operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.kinds import Messages
from ..analyses.accesses import Reading, Writing, access_of
from ..analyses.failures import can_end_the_run, cannot_fail
from ..analyses.scalars import Affine, Scalars


def varying(operations: Sequence[ir.Operation], seeds: set[int]) -> set[int]:
    """Return the values that may differ between iterations, computed from the varying `seeds`."""
    found = set(seeds)
    while True:
        before = len(found)
        _spread(operations, found)
        if len(found) == before:
            return found


def _spread(operations: Sequence[ir.Operation], found: set[int]) -> None:
    for operation in operations:
        for region in operation.regions:
            _spread(region.operations, found)
        results = operation.results
        match operation:
            case ir.If():
                if operation.operands[0].id in found:
                    found.update(value.id for value in results)
                for region in operation.regions:
                    _pass(region.yields, results, found)
            case ir.For():
                (body,) = operation.regions
                bounds = any(value.id in found for value in operation.operands[:2])
                everything = (*body.parameters, *results) if bounds else ()
                found.update(value.id for value in everything)
                for values in (operation.operands[2:], body.yields):
                    _pass(values, body.parameters[1:], found)
                    _pass(values, results, found)
            case ir.While():
                condition, body = operation.regions
                turns = condition.yields[0].id in found
                everything = (*condition.parameters, *body.parameters, *results) if turns else ()
                found.update(value.id for value in everything)
                for values in (operation.operands, body.yields):
                    for targets in (condition.parameters, body.parameters, results):
                        _pass(values, targets, found)
            case ir.Computation() | ir.Boundary() | ir.Call():
                if any(value.id in found for value in operation.operands):
                    found.update(value.id for value in results)
            case _:
                assert_never(operation)


def _pass(sources: Sequence[ir.Value], targets: Sequence[ir.Value], found: set[int]) -> None:
    found.update(t.id for s, t in zip(sources, targets, strict=True) if s.id in found)


def affine_in(scalars: Scalars, value: ir.Value, index: ir.Value, varied: set[int]) -> bool:
    """Return whether a value is an affine form of the index and of loop-invariant values."""
    form = scalars.affine(value)
    return form is not None and _in_index(form, index, varied)


def _in_index(form: Affine, index: ir.Value, varied: set[int]) -> bool:
    return all(value == index or value.id not in varied for value, _ in form.terms)


@dataclass(frozen=True, slots=True)
class Support:
    """Decides which operations of a loop body can be vectorised.

    `reveals` says whether openings can be: only if nothing in the loop can end the run. `both` says
    whether both sides of a branch may be run if that has a cost. `checks` says whether operations
    that may fail can be, if they fail in all iterations alike.
    """

    scalars: Scalars
    index: ir.Value
    varied: set[int]
    reveals: bool
    both: bool
    checks: bool

    def operation(self, operation: ir.Operation, *, reveals: bool | None = None) -> bool:
        """Return whether an operation can be vectorised: it cannot fail, or as `checks` allows."""
        opens = self.reveals if reveals is None else reveals
        match operation:
            case ir.Reveal():
                return opens
            case ir.Binary():
                checked = operation.checked and not cannot_fail(operation, self.scalars)
                return not checked or self._fails_alike(operation.operands)
            case ir.Unary() | ir.Select() | ir.Cast() | ir.Bit() | ir.Reduce() | ir.Relabel():
                return True
            case ir.Constant() | ir.Iota() | ir.Broadcast() | ir.Reshape() | ir.Stack():
                return True
            case ir.Gather() | ir.Scatter():
                return not self._varies(operation.operands[-1:])
            case ir.Read() | ir.Write():
                return self._access(operation)
            case ir.Lookup():
                return not self._varies(operation.operands[:1])
            case ir.Oblivious() | ir.Positions() | ir.Separate():
                return not self._varies(operation.operands)
            case ir.For():
                (body,) = operation.regions
                bounded = not self._varies(operation.operands[:2])
                return bounded and self._region(body, opens)
            case ir.While():
                turns = operation.regions[0].yields
                inside = all(self._region(region, opens) for region in operation.regions)
                return self.checks and inside and not self._varies(turns)
            case ir.If():
                return self._if(operation, opens)
            case ir.Product() | ir.Convert() | ir.Call() | ir.Cut() | ir.WithClient():
                return False
            case ir.Input() | ir.Draw() | ir.Output() | ir.Assert():
                return False
            case _:
                assert_never(operation)

    def _if(self, operation: ir.If, opens: bool) -> bool:
        """Return whether a branch can be vectorised.

        If its condition varies, both sides run. They must then be harmless, and free unless `both`.
        """
        if not self._varies(operation.operands):
            return all(self._region(region, opens) for region in operation.regions)
        side = replace(self, checks=False)
        return all(
            side._region(region, reveals=False)
            and (self.both or not any(map(worthwhile, region.operations)))
            for region in operation.regions
        )

    def _region(self, region: ir.Region, reveals: bool) -> bool:
        return all(self.operation(one, reveals=reveals) for one in region.operations)

    def _fails_alike(self, values: Sequence[ir.Value]) -> bool:
        """Return whether one check of values may serve all iterations."""
        return self.checks and not self._varies(values)

    def _varies(self, values: Sequence[ir.Value]) -> bool:
        return any(value.id in self.varied for value in values)

    def _access(self, operation: Reading | Writing) -> bool:
        indices = operation.operands[operation.element_count :]
        if isinstance(operation, ir.Extract | ir.Insert) and self._fails_alike(indices):
            return True
        if not self._varies(operation.operands):
            return not can_end_the_run(operation, self.scalars)
        access = access_of(operation, self.scalars)
        if access is None or not access.inside(operation.operands[0].type.shape, self.scalars):
            return False
        return all(_in_index(row.start, self.index, self.varied) for row in access.rows)


def worthwhile(operation: ir.Operation) -> bool:
    """Return whether vectorising an operation saves messages or time."""
    if operation.regions:
        inner = (one for region in operation.regions for one in region.operations)
        return any(worthwhile(one) for one in inner)
    if not operation.results:
        return False
    secret = operation.result.type.label.is_secret
    match operation:
        case ir.Reveal():
            return operation.operands[0].type.label.is_secret
        case ir.Unary() | ir.Binary() | ir.Reduce():
            return secret and operation.kind.traits.boolean is not Messages.NEVER
        case ir.Select() | ir.Lookup() | ir.Oblivious() | ir.Call():
            return secret
        case ir.Relabel():
            return secret and operation.operands[0].type.label.is_owned
        case _:
            return False
