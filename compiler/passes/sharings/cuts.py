"""Several carries of one addition of shares out of one comparison.

**Purpose.** On arithmetic shares, the sign of a number and its right shift are carries of the same
addition of the two shares, at two positions: one comparison, cut at both, yields them [RRG+21]. So
`max(x, 0) >> s` becomes one `rectified_shift`. It takes fewer rounds than the parts, and no second
comparison of the bits that are shifted out. **Keeps** semantics, labels and sharings. **Needs**
`late_shifts`, which moves shifts behind ReLUs. **Leaves** what becomes unused to `dce`. **Does
not** join operations whose results have other uses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import field

from ezlang.records import dataclass

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.facts import Constants
from ...ir.tree import BinaryKind, Sharing
from ..description import optional
from ..rewriting.rewrite import Rule, count_uses, rewrite_function, with_functions
from .late_shifts import rectified


@optional("cuts", "takes several carries of the same shares out of one comparison")
def cut_once(program: ir.Program) -> ir.Program:
    """Join ReLUs with the right shifts of their results."""
    functions = [rewrite_function(f, _Cuts(count_uses(f.body))) for f in program.functions]
    return with_functions(program, functions)


@dataclass(slots=True)
class _Cuts(Rule):
    """`defined` has the operations of each enclosing region, by the ids of their results."""

    uses: Counter[int]
    constants: Constants = field(default_factory=Constants)
    defined: list[dict[int, ir.Operation]] = field(default_factory=list)

    def enter(self) -> None:
        self.defined.append({})

    def leave(self) -> None:
        self.defined.pop()

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        self.constants.see(operation)
        self.defined[-1].update((value.id, operation) for value in operation.results)
        if not isinstance(operation, ir.Binary) or operation.kind is not BinaryKind.SHR:
            return None
        y, places = operation.operands
        amount, x = self.constants.number(places), self._operand(y)
        if x is None or amount is None or not 0 < amount < y.type.width - 1:
            return None
        result = build.fresh(operation.result.type)
        joined = ir.RectifiedShift(shift=amount, operands=(x,), results=(result,), span=build.span)
        build.emit(joined)
        return (result,)

    def _operand(self, y: ir.Value) -> ir.Value | None:
        """Return the x of a ReLU y = max(x, 0) on arithmetic shares of the same region, or None.

        Neither y nor the comparison have other uses.
        """
        selection = self.defined[-1].get(y.id)
        if selection is None or y.type.sharing is not Sharing.ARITHMETIC or self.uses[y.id] != 1:
            return None
        x = rectified(selection, self.defined[-1], self.constants)
        return x if self.uses[selection.operands[0].id] == 1 else None
