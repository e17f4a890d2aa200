"""Right shifts after the selections by sign that follow them.

**Purpose.** On arithmetic shares, a shift of numbers that are known not to be negative takes a
comparison of the bits that are shifted out alone [RRG+21]. So `max(x >> s, 0)` becomes
`max(x, 0) >> s`: the shift has the sign of x, and a linear layer of fixed-point numbers is rounded
after its ReLU. **Keeps** semantics, labels, and the sharings requested with `#[protocol]`.
**Needs** `signs`, which turns all ways to write a ReLU into one. **Does not** move a shift that has
other uses, nor one of numbers whose range is known to be smaller than that of their type: such a
shift takes no more, and leaves fewer bits to compare.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import field

from ezlang.records import dataclass

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.facts import Constants
from ...ir.intervals import full, signed_bits_of
from ...ir.tree import BinaryKind
from ..analyses.ranges import Intervals, ranges_of
from ..description import optional
from ..rewriting.rewrite import Rule, count_uses, rewrite_function, with_functions


@optional("late_shifts", "moves right shifts behind the selections by sign that follow them")
def shift_after_signs(program: ir.Program) -> ir.Program:
    """Replace maxima of shifted numbers and 0 by shifts of maxima."""
    ranges = ranges_of(program)
    functions = []
    for function in program.functions:
        rule = _LateShifts(ranges[function.name], uses=count_uses(function.body))
        functions.append(rewrite_function(function, rule))
    return with_functions(program, functions)


@dataclass(slots=True)
class _LateShifts(Rule):
    ranges: Intervals
    uses: Counter[int]
    constants: Constants = field(default_factory=Constants)
    binaries: dict[int, ir.Binary] = field(default_factory=dict)

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        self.constants.see(operation)
        if isinstance(operation, ir.Binary):
            self.binaries[operation.result.id] = operation
        if not isinstance(operation, ir.Select):
            return None
        shift = self._shift(operation)
        if shift is None:
            return None
        x, amount = shift.operands
        zero = build.constant(x.type.element, (0,), x.type.shape)
        larger = build.select(build.binary(BinaryKind.LT, x, zero), zero, x)
        return (build.binary(BinaryKind.SHR, larger, amount),)

    def _shift(self, selection: ir.Select) -> ir.Binary | None:
        """Return the shift `y = x >> s` in a selection `y < 0 ? 0 : y`, its only use."""
        condition, zero, y = selection.operands
        compared, shift = self.binaries.get(condition.id), self.binaries.get(y.id)
        if compared is None or shift is None or self.constants.number(zero) != 0:
            return None
        is_sign = compared.kind is BinaryKind.LT and compared.operands[0] == y
        if not is_sign or self.constants.number(compared.operands[1]) != 0:
            return None
        amount = self.constants.number(shift.operands[1])
        moves = shift.kind is BinaryKind.SHR and y.type.signed and y.type.label.is_secret
        inside = amount is not None and 0 < amount < y.type.width
        alone = self.uses[y.id] == 2 and self.uses[condition.id] == 1
        if not (moves and inside and alone):
            return None
        x = self.ranges.get(shift.operands[0].id, full(y.type))
        return shift if signed_bits_of(x) == y.type.width else None
