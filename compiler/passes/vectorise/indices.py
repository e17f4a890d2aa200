"""Public values computed from the loop index: one tensor per value, and where checks fail.

Public values are free, so they are computed for all iterations before the loop. Checked operations
are computed without their checks. The iterations in which a check would fail are recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ezlang.records import dataclass, replace
from ezlang.typed.failures import Failure
from ezlang.types.types import INT64, ScalarType

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind
from ..analyses.failures import cannot_fail
from ..analyses.scalars import Scalars
from .batch import Batch


def is_index(operation: ir.Operation, inside: set[int], known: set[int]) -> bool:
    """Return whether an operation of a body computes a public scalar from `known` values.

    `inside` are the values of the body; the others are the same in all iterations.
    """
    if operation.regions or len(operation.results) != 1:
        return False
    type = operation.result.type
    if type.shape or not type.label.is_public:
        return False
    if any(value.id in inside and value.id not in known for value in operation.operands):
        return False
    if isinstance(operation, ir.Extract):
        base = operation.operands[0]
        return operation.dimensions == (True,) and len(base.type.shape) == 1
    return isinstance(operation, ir.Constant | ir.Elementwise)


def split_index(
    operations: Sequence[ir.Operation], inside: set[int], known: set[int]
) -> tuple[tuple[ir.Operation, ...], tuple[ir.Operation, ...]]:
    """Separate operations that compute public scalars from the index from all others.

    Their results are added to `known`. Those in nested regions are hoisted if they cannot fail.
    """
    first: list[ir.Operation] = []
    rest: list[ir.Operation] = []
    for operation in operations:
        if is_index(operation, inside, known):
            known.add(operation.result.id)
            first.append(operation)
            continue
        regions = []
        for region in operation.regions:
            found, kept = split_index(region.operations, inside, known)
            checked = [one for one in found if one.failure is not None]
            if checked:
                known.difference_update(one.result.id for one in found)
                regions.append(region)
                continue
            first += found
            regions.append(replace(region, operations=kept))
        rest.append(replace(operation, regions=tuple(regions)) if regions else operation)
    return tuple(first), tuple(rest)


@dataclass(slots=True)
class Indices:
    """Emits the tensors. `failing` has, for each check that may fail, where it does."""

    build: Builder
    scalars: Scalars
    batch: Batch
    computed: dict[int, ir.Operation] = field(default_factory=dict)
    failing: list[ir.Value] = field(default_factory=list)

    @property
    def trips(self) -> int:
        """The maximum number of iterations."""
        return self.batch.trips

    def varies(self, value: ir.Value) -> bool:
        """Return whether a value may differ between iterations."""
        return value.id in self.batch.varied

    def see(self, operation: ir.Operation, active: ir.Value | None) -> None:
        """Emit an operation for all iterations; its check counts only in `active` ones."""
        result = operation.result
        checked = operation.failure is not None
        if checked or any(value.id in self.batch.varied for value in operation.operands):
            self.batch.varied.add(result.id)
        self.computed[result.id] = operation
        with self.build.like(operation):
            if isinstance(operation, ir.Extract) and result.id in self.batch.varied:
                base, index = operation.operands
                if checked:
                    self._fails(self.outside(index, base.type.shape[0]), active)
                table = self.build.gather(self.batch.plain(base), self.batch.items(index))
                self.batch.values[result.id] = table
                return
            if isinstance(operation, ir.Binary) and checked:
                if not cannot_fail(operation, self.scalars):
                    self._fails(self._undefined(operation), active)
                operation = replace(operation, checked=False)
            self.batch.operation(operation)

    def _fails(self, where: ir.Value | None, active: ir.Value | None) -> None:
        if where is not None:
            self.failing.append(self.both(active, where))

    def _undefined(self, operation: ir.Binary) -> ir.Value:
        """Emit where a divisor is zero or a shift amount is out of range."""
        second = operation.operands[1]
        amount = self.batch.items(second)
        zero = self.repeated(second.type.element, 0)
        if operation.failure is Failure.DIVISION:
            return self.build.binary(BinaryKind.EQ, amount, zero)
        width = min(operation.result.type.width, second.type.element.high)
        far = self.build.binary(BinaryKind.GE, amount, self.repeated(second.type.element, width))
        below = self.build.binary(BinaryKind.LT, amount, zero)
        return self.build.binary(BinaryKind.OR, far, below)

    def outside(self, index: ir.Value, size: int) -> ir.Value | None:
        """Emit where an index is out of range; None if it never is."""
        low, high = self.scalars.range(index)
        element = index.type.element
        found: ir.Value | None = None
        items = self.batch.items(index)
        if high >= size:
            limit = self.repeated(element, size)
            found = self.build.binary(BinaryKind.GE, items, limit)
        if low < 0:
            below = self.build.binary(BinaryKind.LT, items, self.repeated(element, 0))
            found = below if found is None else self.build.binary(BinaryKind.OR, found, below)
        return found

    # Tensors with one item per iteration

    def repeated(self, element: ScalarType, number: int) -> ir.Value:
        """Emit a constant for all iterations."""
        return self.build.constant(element, (number,), (self.trips,))

    def both(self, x: ir.Value | None, y: ir.Value) -> ir.Value:
        """Emit the conjunction of two conditions; None is true everywhere."""
        return y if x is None else self.build.binary(BinaryKind.AND, x, y)

    def places(self, index: ir.Value) -> ir.Value:
        """Emit an index as a tensor of int64."""
        return self.build.cast(self.batch.items(index), INT64)

    def before(self, high: ir.Value, low: int) -> ir.Value:
        """Emit which iterations are below the upper bound of the loop."""
        trips = self.build.binary(
            BinaryKind.SUB, self.build.cast(high, INT64), self.build.index(low)
        )
        numbers = self.build.iota(INT64, self.trips, 0, 1)
        return self.build.binary(BinaryKind.LT, numbers, self.build.broadcast(trips, (self.trips,)))


def values_inside(body: ir.Region) -> set[int]:
    """Return all values that a body defines."""
    found = {value.id for value in body.parameters}
    for operation in ir.walk(body):
        found.update(value.id for value in operation.results)
        found.update(p.id for region in operation.regions for p in region.parameters)
    return found


def has_effects(operations: Sequence[ir.Operation]) -> bool:
    """Return whether operations have effects, so that they must not run speculatively."""
    return any(
        one.traits.effects or isinstance(one, ir.Call)
        for one in ir.walk(ir.Region(operations=tuple(operations)))
    )
