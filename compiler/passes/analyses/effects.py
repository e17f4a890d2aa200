"""What can be noticed of an operation beside its results, and what keeps its order therefore."""

from __future__ import annotations

from collections.abc import Mapping

from ...ir import tree as ir
from ...ir.tree import Effect as Effect
from ..vectorise.support import can_end_the_run
from .scalars import Scalars


def effects_of(
    operation: ir.Operation, scalars: Scalars, functions: Mapping[str, Effect]
) -> Effect:
    """Return what an operation and those in its regions do, given what functions do."""
    if isinstance(operation, ir.Call):
        return functions[operation.function]
    found = operation.traits.effects
    if isinstance(operation, ir.Checkable) and can_end_the_run(operation, scalars):
        found |= Effect.FAILS
    for region in operation.regions:
        found |= effects_of_region(region, scalars, functions)
    return found


def effects_of_region(
    region: ir.Region, scalars: Scalars, functions: Mapping[str, Effect]
) -> Effect:
    """Return what the operations of a region do."""
    found = Effect.NONE
    for operation in region.operations:
        found |= effects_of(operation, scalars, functions)
    return found


class Order:
    """The order in which effects have to stay, built up operation by operation.

    A run must end at the same place, having told the same: nothing is told before what may fail if
    it was told after, or the reverse. Inputs, outputs, and what may fail keep their order.
    """

    def __init__(self) -> None:
        self._failure: list[int] = []
        self._told: list[int] = []
        self._output: list[int] = []
        self._input: list[int] = []

    def after(self, number: int, effect: Effect) -> list[int]:
        """Return the operations that number `number` has to come after."""
        before: list[int] = []
        if effect & (Effect.TELLS | Effect.ENDS):
            before += self._failure
        if effect & Effect.ENDS:
            before += self._told
            self._failure, self._told = [number], []
        elif effect & Effect.TELLS:
            self._told.append(number)
        if effect & Effect.OUTPUTS:
            before += self._output
            self._output = [number]
        if effect & Effect.INPUTS:
            before += self._input
            self._input = [number]
        return before
