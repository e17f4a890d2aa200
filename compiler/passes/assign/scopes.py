"""Scopes of a function, and placement of conversions in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...ir import tree as ir
from ...ir.facts import Constants, facts_of

UNKNOWN_TRIPS = 10
"""Assumed trip count of a loop whose bounds aren't constant."""

RARELY = 1e-6
"""Assumed frequency with which a loop's items aren't separate, so that the original loop runs."""


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """A region, or a function's body if there is no `outer`.

    `loops` says whether it may run several times per run of `outer`. `trips` is the number of runs
    per run of `outer`; `weight` is the total number of runs.
    """

    outer: Scope | None
    loops: bool
    trips: float
    weight: float
    depth: int

    def inside(self, loops: bool, trips: float) -> Scope:
        """Return the scope of a nested region."""
        return Scope(self, loops, trips, self.weight * trips, self.depth + 1)


def outermost(weight: float) -> Scope:
    """Return the scope of the body of a function that is called `weight` times."""
    return Scope(None, False, 1, weight, 0)


def best_place(defined: Scope, uses: Iterable[Scope]) -> Scope:
    """Return the innermost scope that encloses all uses and runs once per run of `defined`."""
    found: Scope | None = None
    for use in uses:
        found = use if found is None else _common(found, use)
    place = found or defined
    best = place
    while place is not defined and place.outer is not None:
        if place.loops:
            best = place.outer
        place = place.outer
    return best


def _common(x: Scope, y: Scope) -> Scope:
    while x is not y:
        if x.depth >= y.depth and x.outer is not None:
            x = x.outer
        elif y.outer is not None:
            y = y.outer
        else:
            break
    return x


def trips_of(operation: ir.For, constants: Constants) -> float:
    """Return the trip count of a loop, or an assumed one if its bounds aren't constant."""
    low, high = (constants.number(value) for value in operation.operands[:2])
    if low is None or high is None:
        return UNKNOWN_TRIPS
    return max(high - low, 0)


def call_weights(program: ir.Program) -> dict[str, float]:
    """Return the estimated number of calls of each function, at least one."""
    weights = {function.name: 0.0 for function in program.functions}
    weights[program.main.name] = 1.0
    for function in reversed(program.functions):
        constants = facts_of(function).constants
        start = max(weights[function.name], 1.0)
        for name, count in _calls(function.body, start, constants):
            weights[name] += count
    return {name: max(weight, 1.0) for name, weight in weights.items()}


def _calls(region: ir.Region, weight: float, constants: Constants) -> Iterator[tuple[str, float]]:
    for operation in region.operations:
        if isinstance(operation, ir.Call):
            yield operation.function, weight
        inner = weight
        if isinstance(operation, ir.For):
            inner *= trips_of(operation, constants)
        elif isinstance(operation, ir.While):
            inner *= UNKNOWN_TRIPS
        for nested in operation.regions:
            yield from _calls(nested, inner, constants)
