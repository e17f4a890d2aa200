"""Moving elements once.

**Purpose.** Where elements are read, repeated and reshaped several times in a row, do it at once,
in one form whatever the program wrote: a reshape, a broadcast, or one affine read of flat elements.
**Keeps** meaning and labels. **Guarantees** that no value is made only to be moved again, but for
reads at places that are known only in the run. **Does not** touch writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..ir import tree as ir
from ..ir.build import Builder
from .gathers import Gathers
from .rewrite import Rule, rewrite


def merge_moves(program: ir.Program) -> ir.Program:
    """Return the program with moves of moves made one."""
    return rewrite(program, _Merge)


@dataclass(slots=True)
class _Merge(Rule):
    gathers: Gathers = field(default_factory=Gathers)

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        found = self.gathers.see(operation)
        if found is None:
            return None
        direct = found.base == operation.operands[0]
        if direct and not isinstance(operation, ir.AffineRead):
            return None
        made = found.emit(build)
        self.gathers.known[made.id] = found
        return (made,)
