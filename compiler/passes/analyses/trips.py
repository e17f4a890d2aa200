"""Estimates of how often loops turn and functions are called."""

from __future__ import annotations

from collections.abc import Iterator

from ...ir import tree as ir
from ...ir.facts import Constants, facts_of

UNKNOWN_TRIPS = 10
"""Assumed trip count of a loop whose bounds aren't constant."""


def trips_of(operation: ir.For, constants: Constants) -> float:
    """Return the trip count of a loop, or an assumed one if its bounds aren't constant.

    A loop over strips is assumed to run once.
    """
    low, high = (constants.number(value) for value in operation.operands[:2])
    if low is None or high is None:
        return 1 if operation.strip else UNKNOWN_TRIPS
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
