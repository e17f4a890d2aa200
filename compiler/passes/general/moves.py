"""Fusion of data movement operations.

**Purpose.** Fuse sequences of reads, repetitions and reshapes into one operation in a canonical
form: a reshape, a broadcast, or one affine read of flat elements. A write that replaces all
elements of an array is treated as such a read, too. **Keeps** semantics and labels. **Guarantees**
that no value is created only to be moved again, except for reads at places that are known only at
run time. **Does not** touch other writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ezlang.records import dataclass

from ...ir import tree as ir
from ...ir.build import Builder
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
        found = self.views.see(operation)
        if found is None and isinstance(operation, ir.AffineWrite):
            found = self._replaced(operation)
        if found is None:
            return None
        direct = found.base == operation.operands[0]
        if direct and isinstance(operation, ir.Reshape | ir.Broadcast):
            return None
        made = build.relabel(found.emit(build), operation.result.type.label)
        if made.type.label == found.base.type.label:
            self.views.known[made.id] = found
        return (made,)

    def _replaced(self, operation: ir.AffineWrite) -> StridedView | None:
        """Return the result of a write as a view of the written value, if it overwrites all."""
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
