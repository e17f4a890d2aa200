"""Side effects of operations, and the ordering constraints that follow from them."""

from __future__ import annotations

from collections.abc import Mapping

from ...ir import tree as ir
from ...ir.tree import Effect as Effect
from .failures import can_end_the_run
from .scalars import Scalars


def effects_of(
    operation: ir.Operation, scalars: Scalars, functions: Mapping[str, Effect]
) -> Effect:
    """Return the effects of an operation and its regions, given those of functions."""
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
    """Return the effects of the operations of a region."""
    found = Effect.NONE
    for operation in region.operations:
        found |= effects_of(operation, scalars, functions)
    return found


class Order:
    """The order that effects must keep, built incrementally, operation by operation.

    A run must end at the same operation, with the same values opened or output before. Therefore
    no operation that opens or outputs a value moves across one that may end the run, in either
    direction. Inputs keep their order, and so do outputs, and operations that may end the run.
    """

    def __init__(self) -> None:
        self._failure: list[int] = []
        self._told: list[int] = []
        self._output: list[int] = []
        self._input: list[int] = []

    def after(self, number: int, effect: Effect) -> list[int]:
        """Add operation `number`; return the operations that must precede it."""
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
