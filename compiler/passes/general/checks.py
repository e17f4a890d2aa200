"""Removal of checks that never fail.

**Purpose.** Remove the checks of operations whose indices, divisors and shift amounts are
statically known to be in range, so that the operations can be reordered, and removed if unused.
**Keeps** semantics. **Does not** remove checks of operands that aren't known to be in range.
"""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.build import Builder
from ..analyses.failures import can_end_the_run
from ..analyses.scalars import Scalars
from ..description import optional
from ..rewriting.rewrite import Rule, rewrite_function, with_functions


@optional("checks", "drops checks of what is known to be in range")
def drop_checks(program: ir.Program) -> ir.Program:
    """Remove checks that never fail."""
    functions = []
    for function in program.functions:
        scalars = Scalars()
        scalars.see(function.body)
        functions.append(rewrite_function(function, _Drop(scalars)))
    return with_functions(program, functions)


@dataclass(slots=True)
class _Drop(Rule):
    scalars: Scalars

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if not isinstance(operation, ir.Checkable) or not operation.checked:
            return None
        if can_end_the_run(operation, self.scalars):
            return None
        build.emit(replace(operation, checked=False))
        return operation.results
