"""Rewriting of a program for a choice of sharings: types, conversions, cheaper forms.

A conversion is emitted once per function, immediately before its first use. Its region is the
innermost one that encloses all its uses and isn't in a loop unless the value is defined in that
loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import assert_never

from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.sharings import A, required
from ...ir.tree import Sharing
from .model import Assignment, Model
from .problem import Problem, Secret, cheap_operands
from .routes import Edge
from .scopes import Scope, best_place


def rebuild(model: Model, sharings: Assignment) -> ir.Program:
    """Return the program with the sharings given by an assignment."""
    problem = model.problem
    functions = tuple(
        _Rebuilder(model, sharings, function).function() for function in problem.program.functions
    )
    return replace(problem.program, functions=functions)


@dataclass(slots=True)
class _Plan:
    """The conversion of a secret to a sharing: its source sharing, and its region."""

    edge: Edge
    place: Scope


@dataclass(slots=True)
class _Rebuilder:
    model: Model
    sharings: Assignment
    source: ir.Function
    build: Builder = field(init=False)
    stack: list[tuple[Scope, list[ir.Operation]]] = field(default_factory=list)
    values: dict[int, ir.Value] = field(default_factory=dict)
    there: dict[tuple[int, Sharing], ir.Value] = field(default_factory=dict)
    plans: dict[tuple[int, Sharing], _Plan] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.build = Builder(within=self.source.body)

    @property
    def problem(self) -> Problem:
        return self.model.problem

    def function(self) -> ir.Function:
        name = self.source.name
        body = self.region(self.source.body, self.problem.results[name])
        return replace(self.source, body=body)

    def secret(self, value: ir.Value) -> Secret:
        return self.problem.secrets[self.problem.by_value[self.source.name, value.id]]

    # Values

    def define(self, values: Sequence[ir.Value]) -> tuple[ir.Value, ...]:
        """Assign values their sharings, and plan their conversions."""
        made = []
        for value in values:
            if value.type.label.is_secret:
                secret = self.secret(value)
                own = self.model.own(secret, self.sharings)
                assert own is not None
                value = replace(value, type=replace(value.type, sharing=own))
                self.there[value.id, own] = value
                self.plan(secret)
            self.values[value.id] = value
            made.append(value)
        return tuple(made)

    def plan(self, secret: Secret) -> None:
        route = self.model.route(secret, self.sharings)
        used: dict[Sharing, list[Scope]] = {}
        for number in secret.uses:
            use = self.problem.uses[number]
            wanted = use.wants[self.sharings[use.variable]]
            if wanted is not None:
                used.setdefault(wanted, []).append(use.scope)
        for edge in reversed(route.edges):
            old, new = edge
            place = best_place(secret.scope, used[new])
            self.plans[secret.value.id, new] = _Plan(edge, place)
            if old is not None:
                used.setdefault(old, []).append(place)

    def get(self, value: ir.Value, wanted: Sharing | None) -> ir.Value:
        """Return a value in a sharing; a value that isn't secret is unchanged."""
        if wanted is None or not value.type.label.is_secret:
            return self.values.get(value.id, value)
        found = self.there.get((value.id, wanted))
        if found is not None:
            return found
        plan = self.plans[value.id, wanted]
        old, _ = plan.edge
        type = replace(value.type, sharing=wanted)
        if old is None:
            relabel = self.secret(value).source
            assert relabel is not None
            operand = self.values.get(relabel.operands[0].id, relabel.operands[0])
            made: ir.Operation = ir.Relabel(operands=(operand,), span=relabel.span)
        else:
            made = ir.Convert(operands=(self.get(value, old),), span=self.build.span)
        result = self.build.fresh(type, value.hint)
        operations = next(found for scope, found in self.stack if scope is plan.place)
        operations.append(replace(made, results=(result,)))
        self.there[value.id, wanted] = result
        return result

    # Operations

    def region(self, region: ir.Region, results: Sequence[int | None] | None) -> ir.Region:
        with self.build.nested() as operations:
            self.stack.append((self.problem.scopes[region.number], operations))
            parameters = self.define(region.parameters)
            for operation in region.operations:
                with self.build.at(operation.span):
                    self.operation(operation)
            yields = region.yields
            if results is not None:
                yields = self.joined(yields, results)
            else:
                yields = tuple(self.get(value, None) for value in yields)
            self.stack.pop()
        return ir.Region(parameters=parameters, operations=tuple(operations), yields=yields)

    def joined(
        self, values: Sequence[ir.Value], joins: Sequence[int | None]
    ) -> tuple[ir.Value, ...]:
        """Return values in the sharings of joins."""
        return tuple(
            self.get(value, None if join is None else self.sharings[join])
            for value, join in zip(values, joins, strict=True)
        )

    def operation(self, operation: ir.Operation) -> None:
        match operation:
            case ir.Call():
                joins = self.problem.parameters[operation.function]
                operands = self.joined(operation.operands, joins)
                self.emit(operation, operands)
            case ir.If() | ir.For() | ir.While():
                self.nested(operation)
            case ir.Relabel(requested=None) if operation.result.type.label.is_secret:
                self.plan(self.secret(operation.result))
            case ir.Computation() | ir.Boundary():
                variable = self.problem.by_operation.get(operation.number)
                if variable is None:
                    self.emit(operation, tuple(self.get(v, None) for v in operation.operands))
                else:
                    self.computed(operation, self.sharings[variable])
            case _:
                assert_never(operation)

    def computed(self, operation: ir.Operation, sharing: Sharing) -> None:
        operands = operation.operands
        if sharing is A:
            twins = self.problem.twins.get(self.source.name, {})
            operands = cheap_operands(operation, twins) or operands
        wanted: Sequence[Sharing] | None = (sharing,)
        if not isinstance(operation, ir.Reveal):
            wanted = required(operation, sharing)
        assert wanted is not None
        pairs = zip(operands, wanted, strict=False)
        self.emit(operation, tuple(self.get(value, sharing) for value, sharing in pairs))

    def nested(self, operation: ir.If | ir.For | ir.While) -> None:
        joins = self.problem.joins[operation.number]
        known = 1 if isinstance(operation, ir.If) else 2 if isinstance(operation, ir.For) else 0
        operands = tuple(self.get(value, None) for value in operation.operands[:known])
        operands += self.joined(
            operation.operands[known:], joins[: len(operation.operands[known:])]
        )
        first = None if isinstance(operation, ir.While) else joins
        results = (first, *(joins for _ in operation.regions[1:]))
        regions = tuple(
            self.region(region, yielded)
            for region, yielded in zip(operation.regions, results, strict=True)
        )
        self.emit(replace(operation, regions=regions), operands)

    def emit(self, operation: ir.Operation, operands: tuple[ir.Value, ...]) -> None:
        results = self.define(operation.results)
        changed = replace(operation, operands=operands, results=results, requested=None)
        self.build.emit(changed)
