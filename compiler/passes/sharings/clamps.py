"""Signs of numbers and bounds of their size out of one comparison.

**Purpose.** On arithmetic shares, the sign of a number x, and whether x is from -2^k to 2^k - 1,
come out of one comparison (`protocols/arithmetic/fits.py`). So what is selected by the sign between
x, its complement and 0, and then bounded by 2^k - 1, needs no second comparison: it becomes a
selection by the second bit. That is how functions of |x| begin, and values are clamped to k bits.
**Keeps** semantics, labels and sharings. **Needs** `signs`, which turns maxima with 0 into
selections, and `narrow`. **Leaves** what becomes unused to `dce`. **Does not** bound one number
twice, nor a selection by a comparison of a region outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ezlang.records import dataclass, replace
from ezlang.types.types import BOOL

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.facts import Constants
from ...ir.tree import BinaryKind, Sharing, UnaryKind
from ..description import optional
from ..rewriting.rewrite import Rule, rewrite_function, with_functions


@optional("clamps", "takes the sign of a number and a bound of its size out of one comparison")
def clamp_once(program: ir.Program) -> ir.Program:
    """Replace minima of what is selected by a sign."""
    functions = []
    for function in program.functions:
        found = _Found()
        found.region(function.body)
        rule = _Clamps(found.signs, found.minima)
        functions.append(rewrite_function(function, rule) if found.signs else function)
    return with_functions(program, functions)


@dataclass(slots=True)
class _Found:
    """The bits k of the sizes that are asked of the operands of `signs`, by the results' ids.

    `minima` are the results of the minima to replace.
    """

    signs: dict[int, int] = field(default_factory=dict)
    minima: set[int] = field(default_factory=set)
    constants: Constants = field(default_factory=Constants)

    def region(self, region: ir.Region) -> None:
        """Find the minima of a region."""
        defined: dict[int, ir.Operation] = {}
        for operation in region.operations:
            self.constants.see(operation)
            defined.update((value.id, operation) for value in operation.results)
            for inner in operation.regions:
                self.region(inner)
            if isinstance(operation, ir.Binary) and operation.kind is BinaryKind.MIN:
                self._minimum(operation, defined)

    def _minimum(self, operation: ir.Binary, defined: dict[int, ir.Operation]) -> None:
        for y, limit in (operation.operands, operation.operands[::-1]):
            number = self.constants.number(limit)
            size = (number or 0).bit_length()
            if number is None or number != (1 << size) - 1:
                continue
            sign = self._sign(defined.get(y.id), defined)
            if sign is None or not 0 < size < _top(sign):
                continue
            if self.signs.setdefault(sign.result.id, size) == size:
                self.minima.add(operation.result.id)

    def _sign(
        self, selection: ir.Operation | None, defined: dict[int, ir.Operation]
    ) -> ir.Binary | None:
        """Return the comparison x < 0 by which ~x or 0, and x or 0, are selected, if it is one."""
        if not isinstance(selection, ir.Select):
            return None
        condition, first, second = selection.operands
        sign = defined.get(condition.id)
        if not isinstance(sign, ir.Binary) or sign.kind is not BinaryKind.LT:
            return None
        x, zero = sign.operands
        if x.type.sharing is not Sharing.ARITHMETIC or not x.type.signed:
            return None
        made = defined.get(first.id)
        if isinstance(made, ir.Unary) and made.kind is UnaryKind.BITNOT:
            first = made.operands[0]
        elif self.constants.number(first) != 0:
            return None
        sides = [side for side in (first, second) if self.constants.number(side) != 0]
        fits = self.constants.number(zero) == 0 and sides and all(side == x for side in sides)
        return sign if fits else None


def _top(sign: ir.Binary) -> int:
    """Return the place of the sign bit of the number of which this is the sign."""
    narrow = sign.bits and not sign.nonnegative
    return sign.bits - 1 if narrow else sign.operands[0].type.width - 1


@dataclass(slots=True)
class _Clamps(Rule):
    """`fits` has the second bit by the id of the sign, and `selected` the selections by signs."""

    signs: dict[int, int]
    minima: set[int]
    constants: Constants = field(default_factory=Constants)
    fits: dict[int, ir.Value] = field(default_factory=dict)
    selected: dict[int, ir.Select] = field(default_factory=dict)

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        self.constants.see(operation)
        if isinstance(operation, ir.Select) and operation.operands[0].id in self.fits:
            self.selected[operation.result.id] = operation
        if not isinstance(operation, ir.Binary):
            return None
        if operation.result.id in self.signs:
            return (self._sign(build, operation, self.signs[operation.result.id]),)
        return (self._bounded(build, operation),) if operation.result.id in self.minima else None

    def _sign(self, build: Builder, sign: ir.Binary, size: int) -> ir.Value:
        """Emit the sign and the second bit; return the sign."""
        x = sign.operands[0]
        type = ir.TensorType(BOOL, (2, *x.type.shape), x.type.label, Sharing.BOOLEAN)
        both = build.fresh(type)
        made = ir.SignAndFit(size=size, operands=(x,), results=(both,), span=sign.span)
        build.emit(replace(made, bits=sign.bits, nonnegative=sign.nonnegative))
        rows = (True, *(False for _ in x.type.shape))
        negative, fits = (build.extract(both, [build.index(i)], rows) for i in range(2))
        self.fits[negative.id] = fits
        return negative

    def _bounded(self, build: Builder, minimum: ir.Binary) -> ir.Value:
        """Emit what a minimum is: its limit where x doesn't fit, but for the side that is 0."""
        y, limit = minimum.operands
        if y.id not in self.selected:
            y, limit = limit, y
        selection = self.selected[y.id]
        negative, *sides = selection.operands

        def select(condition: ir.Value, first: ir.Value, second: ir.Value) -> ir.Value:
            result, operands = build.fresh(y.type), (condition, first, second)
            build.emit(ir.Select(operands=operands, results=(result,), span=build.span))
            return result

        fits = self.fits[negative.id]
        if all(self.constants.number(side) != 0 for side in sides):
            return select(fits, y, limit)
        first, second = (
            side if self.constants.number(side) == 0 else select(fits, side, limit)
            for side in sides
        )
        return select(negative, first, second)
