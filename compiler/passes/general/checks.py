"""Checks that never fail.

**Purpose.** Take the check from operations whose places, divisors and shifts are known to be in
range before a run, so that nothing has to keep its order for their sake, or is done for nobody.
**Keeps** meaning. **Does not** take checks from what isn't known to be in range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...ir import tree as ir
from ...ir.build import Builder
from ..analyses.scalars import Scalars
from ..description import optional
from ..rewriting.rewrite import Rule, rewrite_function, with_functions
from ..vectorise.support import can_end_the_run

_CHECKED = (ir.Binary, ir.Extract, ir.Insert, ir.ExtractSlice, ir.InsertSlice)


@optional("checks", "drops checks of what is known to be in range")
def drop_checks(program: ir.Program) -> ir.Program:
    """Return the program without checks that never fail."""
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
        if not isinstance(operation, _CHECKED) or not operation.checked:
            return None
        if can_end_the_run(operation, self.scalars):
            return None
        build.emit(replace(operation, checked=False))
        return operation.results
