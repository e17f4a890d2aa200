"""Fusion of data movement operations.

**Purpose.** Fuse sequences of reads, repetitions and reshapes into one operation in a canonical
form: a reshape, a broadcast, or one affine read of flat elements. Constant offsets become part of
index maps. A write that replaces all
elements of an array is treated as such a read, too. **Keeps** semantics and labels. **Guarantees**
that no value is created only to be moved again, except for reads at places that are known only at
run time. **Does not** touch other writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.facts import constant_operands
from ..analyses.strided_views import StridedView, StridedViews, paces, reshaped
from ..description import optional
from ..rewriting.rewrite import Rule, rewrite


@optional("moves", "merges consecutive reads, repetitions and reshapes")
def merge_moves(program: ir.Program) -> ir.Program:
    """Fuse moves of moves in a program."""
    return rewrite(program, _Merge)


@dataclass(slots=True)
class _Merge(Rule):
    views: StridedViews = field(default_factory=StridedViews)

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        placed = self._placed(operation)
        found = self.views.see(placed)
        if found is None:
            found = self._replaced(placed)
        if found is None:
            if placed is operation:
                return None
            build.emit(placed)
            return placed.results
        direct = found.base == operation.operands[0]
        if direct and isinstance(operation, ir.Reshape | ir.Broadcast):
            return None
        made = build.relabel(found.emit(build), operation.result.type.label)
        if made.type.label == found.base.type.label:
            self.views.known[made.id] = found
        return (made,)

    def _placed(self, operation: ir.Operation) -> ir.Operation:
        """Return an operation with its constant offsets as part of the index map."""
        if not isinstance(operation, ir.AffineRead | ir.AffineWrite) or not operation.moved:
            return operation
        count = len(operation.operands) - sum(operation.moved)
        given = iter(constant_operands(operation, self.views.constants)[count:])
        offsets = [next(given) if moved else 0 for moved in operation.moved]
        rows = []
        for row, offset in zip(operation.index_map, offsets, strict=True):
            if offset is None:
                return operation
            rows.append((row[0] + offset, *row[1:]))
        return replace(
            operation, index_map=tuple(rows), moved=(), operands=operation.operands[:count]
        )

    def _replaced(self, operation: ir.Operation) -> StridedView | None:
        """Return the result of a write as a view of the written value, if it overwrites all."""
        if not isinstance(operation, ir.AffineWrite):
            return None
        base, value, *offsets = operation.operands
        if offsets or not value.type.size or value.type.size != base.type.size:
            return None
        strides = paces(base.type.shape)
        steps = [
            sum(row[1 + k] * pace for row, pace in zip(operation.index_map, strides, strict=True))
            for k in range(len(value.type.shape))
        ]
        # Places are distinct, and as many as elements: sorting by step gives their order.
        order = sorted(range(len(steps)), key=lambda k: -steps[k])
        large = [k for k in order if value.type.shape[k] > 1]
        if any(steps[k] < 0 for k in large):
            return None
        return reshaped(self.views.of(value).taken(large), base.type.shape)
