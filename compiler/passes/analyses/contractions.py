"""Contractions: sums of products among element-wise operations, as products of strided views.

A sum of element-wise products is a product of two strided views of a common shape, summed along
some of its dimensions. Matrix products and convolutions are contractions.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field

from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.tree import BinaryKind
from .strided_views import StridedView, StridedViews, aligned


@dataclass(frozen=True, slots=True)
class Contraction:
    """A product of two strided views of the same shape, summed along the dimensions `summed`."""

    x: StridedView
    y: StridedView
    summed: frozenset[int]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result."""
        return tuple(n for d, n in enumerate(self.x.shape) if d not in self.summed)

    def dimensions(self, *, in_x: bool, in_y: bool, summed: bool) -> list[int]:
        """Return the dimensions, summed or not, along which exactly the given operands vary."""
        return [
            d
            for d, (size, one, other) in enumerate(
                zip(self.x.shape, self.x.strides, self.y.strides, strict=True)
            )
            if size > 1 and (one != 0, other != 0) == (in_x, in_y) and (d in self.summed) == summed
        ]


def is_matrix_product(found: Contraction) -> bool:
    """Return whether a contraction should become a matrix product.

    It must save products or the repetition of an operand, even after operands are summed alone.
    """
    if any(one.base.type.label.is_public for one in (found.x, found.y)):
        return False
    same = found.x == found.y
    for_none = found.dimensions(in_x=False, in_y=False, summed=True)
    if same or for_none:
        return False
    batch = found.dimensions(in_x=True, in_y=True, summed=False)
    inner = found.dimensions(in_x=True, in_y=True, summed=True)
    alone = [(True, False), (False, True)]
    repeated = any(
        found.dimensions(in_x=a, in_y=b, summed=s) for a, b in alone for s in (False, True)
    )
    return repeated or (bool(inner) and not batch)


@dataclass(slots=True)
class Definitions:
    """The sums and products among operations, and the operations that define their operands.

    `used` counts the uses of values; `inner` are results inside of matrix products.
    """

    used: Counter[int]
    inner: set[int] = field(default_factory=set)
    views: StridedViews = field(default_factory=StridedViews)
    made: dict[int, ir.Operation] = field(default_factory=dict)

    def see(self, operation: ir.Operation) -> None:
        """Record an operation."""
        self.views.see(operation)
        for result in operation.results:
            self.made[result.id] = operation

    def contraction(self, operation: ir.Operation) -> Contraction | None:
        """Return an operation as a sum of products, or as products without a sum."""
        match operation:
            case ir.Reduce(kind=BinaryKind.ADD) | ir.Binary(kind=BinaryKind.MUL):
                type, size = operation.result.type, operation.operands[0].type.size
                able = size and type.label.is_secret
                return self._summed(operation) if able else None
            case _:
                return None

    def _summed(self, operation: ir.Operation | None) -> Contraction | None:
        match operation:
            case ir.Binary(kind=BinaryKind.MUL, operands=(x, y)):
                return Contraction(self.views.of(x), self.views.of(y), frozenset())
            case ir.Reduce(kind=BinaryKind.ADD, operands=(x,), axis=axis):
                rank = len(x.type.shape)
                return self._over(x, frozenset(range(rank)) if axis is None else frozenset({axis}))
            case _:
                return None

    def _over(self, value: ir.Value, axes: frozenset[int]) -> Contraction | None:
        """Return the sum of a value along some dimensions."""
        operation = self.made.get(value.id) if self.used[value.id] == 1 else None
        if isinstance(operation, ir.Reshape):
            (source,) = operation.operands
            inner: set[int] = set()
            for old, new in aligned(source.type.shape, value.type.shape):
                large = [d for d in new if value.type.shape[d] > 1]
                some = [d for d in large if d in axes]
                if some and some != large:
                    return None
                inner.update(old if some else ())
            return self._over(source, frozenset(inner))
        found = self._summed(operation)
        if found is None:
            return None
        kept = [d for d in range(len(found.x.shape)) if d not in found.summed]
        return replace(found, summed=found.summed | {kept[axis] for axis in axes})

    def inside(self, operation: ir.Operation) -> list[ir.Operation]:
        """Return the operations that a contraction fuses, starting with `operation`."""
        found = [operation]
        while not isinstance(found[-1], ir.Binary):
            found.append(self.made[found[-1].operands[0].id])
        return found
