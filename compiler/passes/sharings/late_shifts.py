"""Right shifts after the ReLUs that follow them.

**Purpose.** On arithmetic shares, a ReLU and a right shift of its result take one comparison
together (`cuts.py`). So `max(x >> s, 0)` becomes `max(x, 0) >> s`: the shift has the sign of x, and
a linear layer of fixed-point numbers is rounded after its ReLU. Between both, the shift moves
behind sums, `(x >> s) + y` = `(x + (y << s)) >> s`, if ranges prove that these don't overflow, and
behind what moves elements without repeating them. **Keeps** semantics, labels, and the sharings
requested with `#[protocol]`. **Needs** `signs`, which turns most ways to write a ReLU into one.
**Leaves** what becomes unused to `dce`. **Does not** move a shift that has other uses, nor one of a
region outside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import field

from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.facts import Constants
from ...ir.intervals import Interval
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
        found = _Found(ranges[function.name], count_uses(function.body))
        found.region(function.body)
        rule = _LateShifts(found.moved)
        functions.append(rewrite_function(function, rule) if found.moved else function)
    return with_functions(program, functions)


@dataclass(slots=True)
class _Found:
    """`moved` are the shifts to move, what they move behind, and the ReLUs, by their results."""

    ranges: Intervals
    uses: Counter[int]
    constants: Constants = field(default_factory=Constants)
    moved: set[int] = field(default_factory=set)

    def region(self, region: ir.Region) -> None:
        """Find the ReLUs of a region whose shifts move."""
        defined: dict[int, ir.Operation] = {}
        for operation in region.operations:
            self.constants.see(operation)
            defined.update((value.id, operation) for value in operation.results)
            for inner in operation.regions:
                self.region(inner)
            y = rectified(operation, defined, self.constants)
            if y is None or self.uses[y.id] != 2 or self.uses[operation.operands[0].id] != 1:
                continue
            steps: list[int] = [operation.result.id]
            if self._shift(y, defined, steps) is not None:
                self.moved.update(steps)

    def _shift(
        self, y: ir.Value, defined: dict[int, ir.Operation], steps: list[int]
    ) -> tuple[int, Interval] | None:
        """Return by how much y is shifted last, and the range of what is shifted, if that moves."""
        operation = defined.get(y.id)
        steps.append(y.id)
        match operation:
            case ir.Binary(kind=BinaryKind.SHR, operands=(x, _)):
                amount = self.amount(operation)
                return None if amount is None else (amount, self.ranges[x.id])
            case ir.Reshape() | ir.Broadcast() | ir.AffineRead():
                x = operation.operands[0]
                same = self.uses[x.id] == 1 and x.type.size == y.type.size
                return self._shift(x, defined, steps) if same else None
            case ir.Binary(kind=BinaryKind.ADD, operands=(x, z)):
                for one, other in ((x, z), (z, x)):
                    rest = [*steps]
                    found = self._shift(one, defined, rest) if self.uses[one.id] == 1 else None
                    if found is not None and (total := self._sum(other, *found)) is not None:
                        steps[:] = rest
                        return found[0], total
        return None

    def amount(self, shift: ir.Binary) -> int | None:
        """Return by how much a right shift of signed secrets shifts, if that is a constant."""
        type, amount = shift.result.type, self.constants.number(shift.operands[1])
        moves = type.signed and type.label.is_secret and amount is not None
        return amount if moves and amount is not None and 0 < amount < type.width - 1 else None

    def _sum(self, y: ir.Value, amount: int, x: Interval) -> Interval | None:
        """Return the range of x + (y << amount), unless it may overflow."""
        low, high = self.ranges[y.id]
        total = Interval(x.low + (low << amount), x.high + (high << amount))
        element = y.type.element
        return total if element.low <= total.low and total.high <= element.high else None


def rectified(
    operation: ir.Operation, defined: dict[int, ir.Operation], constants: Constants
) -> ir.Value | None:
    """Return x if an operation is `x < 0 ? 0 : x` for signed numbers."""
    if not isinstance(operation, ir.Select) or not operation.result.type.signed:
        return None
    condition, zero, x = operation.operands
    compared = defined.get(condition.id)
    if not isinstance(compared, ir.Binary) or compared.kind is not BinaryKind.LT:
        return None
    numbers = constants.number(zero), constants.number(compared.operands[1])
    return x if compared.operands[0] == x and numbers == (0, 0) else None


@dataclass(slots=True)
class _LateShifts(Rule):
    """`shifted` has what is shifted, and the amount, by the ids of the results."""

    moved: set[int]
    constants: Constants = field(default_factory=Constants)
    shifted: dict[int, tuple[ir.Value, int]] = field(default_factory=dict)

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        self.constants.see(operation)
        if len(operation.results) != 1 or operation.result.id not in self.moved:
            return None
        if isinstance(operation, ir.Select):
            return (self._rectified(build, *self.shifted[operation.operands[2].id]),)
        self.shifted[operation.result.id] = self._unshifted(build, operation)
        return None

    def _unshifted(self, build: Builder, operation: ir.Operation) -> tuple[ir.Value, int]:
        """Return what a value is a shift of, and emit it if it doesn't exist."""
        x, *others = operation.operands
        match operation:
            case ir.Binary(kind=BinaryKind.SHR):
                amount = self.constants.number(others[0])
                assert amount is not None
                return x, amount
            case ir.Binary():
                if x.id not in self.shifted:
                    x, others = others[0], [x]
                unshifted, amount = self.shifted[x.id]
                other = others[0]
                places = build.constant(other.type.element, (amount,), other.type.shape)
                lifted = build.binary(BinaryKind.SHL, other, places)
                return build.binary(BinaryKind.ADD, unshifted, lifted), amount
            case _:
                unshifted, amount = self.shifted[x.id]
                result = build.fresh(operation.result.type)
                build.emit(replace(operation, operands=(unshifted, *others), results=(result,)))
                return result, amount

    def _rectified(self, build: Builder, x: ir.Value, amount: int) -> ir.Value:
        element, shape = x.type.element, x.type.shape
        zero = build.constant(element, (0,), shape)
        larger = build.select(build.binary(BinaryKind.LT, x, zero), zero, x)
        return build.binary(BinaryKind.SHR, larger, build.constant(element, (amount,), shape))
