"""Moving elements once.

**Purpose.** Where elements are read, repeated and reshaped several times in a row, do it at once,
in one form whatever the program wrote: a reshape, a broadcast, or one affine read of flat elements.
A write that replaces all of an array is such a read, too. **Keeps** meaning and labels.
**Guarantees** that no value is made only to be moved again, but for reads at places that are known
only in the run. **Does not** touch other writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...ir import tree as ir
from ...ir.build import Builder
from ..analyses.strided_views import Gather, Gathers, paces, reshaped
from ..description import optional
from ..rewriting.rewrite import Rule, rewrite


@optional("moves", "merges consecutive reads, repetitions and reshapes")
def merge_moves(program: ir.Program) -> ir.Program:
    """Return the program with moves of moves made one."""
    return rewrite(program, _Merge)


@dataclass(slots=True)
class _Merge(Rule):
    gathers: Gathers = field(default_factory=Gathers)

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        found = self.gathers.see(operation)
        if found is None and isinstance(operation, ir.AffineWrite):
            found = self._replaced(operation)
        if found is None:
            return None
        direct = found.base == operation.operands[0]
        if direct and isinstance(operation, ir.Reshape | ir.Broadcast):
            return None
        made = build.relabel(found.emit(build), operation.result.type.label)
        if made.type.label == found.base.type.label:
            self.gathers.known[made.id] = found
        return (made,)

    def _replaced(self, operation: ir.AffineWrite) -> Gather | None:
        """Return what a write leaves of the value written, if it leaves nothing of the array."""
        base, value, *offsets = operation.operands
        if offsets or not value.type.size or value.type.size != base.type.size:
            return None
        places = paces(base.type.shape)
        steps = [
            sum(row[1 + k] * pace for row, pace in zip(operation.places, places, strict=True))
            for k in range(len(value.type.shape))
        ]
        # Places differ, and there are as many as elements: they are in the order of their steps.
        order = sorted(range(len(steps)), key=lambda k: -steps[k])
        large = [k for k in order if value.type.shape[k] > 1]
        if any(steps[k] < 0 for k in large):
            return None
        return reshaped(self.gathers.of(value).taken(large), base.type.shape)
