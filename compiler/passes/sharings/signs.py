"""Minima, maxima and selections at a number whose comparison is a sign bit.

**Purpose.** For signed numbers, `x < 0` is the sign bit, which takes a single comparison on
arithmetic shares, and nothing on bits. So `max(x, 0)`, `min(x, 0)`, `max(x, -1)` and `min(x, -1)`
become selections by it. So do selections between x and 0 by a comparison of x with 0: where both
are equal, both sides of `x > 0 ? x : 0` are, too. Selections between x and −x by a comparison with
0 that take the larger one become `abs(x)`. For unsigned numbers of w bits, the sign bit
tells whether x < 2^(w−1). **Keeps** semantics, labels, and the sharings requested with
`#[protocol]`. **Does not** change a selection if its comparison has other uses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import field

from ezlang.records import dataclass

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.facts import Constants
from ...ir.orders import EXCHANGED
from ...ir.tree import BinaryKind, UnaryKind
from ..description import optional
from ..rewriting.rewrite import Rule, count_uses, rewrite_function, with_functions

_LARGER = (BinaryKind.GT, BinaryKind.GE)


@optional("signs", "replaces minima, maxima and selections at 0 by selections by the sign bit")
def select_by_sign(program: ir.Program) -> ir.Program:
    """Replace minima, maxima and selections of x and a number by selections by the sign of x."""
    functions = []
    for function in program.functions:
        rule = _Signs()
        for operation in ir.walk(function.body):
            rule.see(operation)
        asked = Counter(one.operands[0].id for one in _extremes(rule, function.body))
        uses = count_uses(function.body)
        rule.selected = {number for number, count in asked.items() if uses[number] == count}
        functions.append(rewrite_function(function, rule))
    return with_functions(program, functions)


@dataclass(frozen=True, slots=True)
class _Extreme:
    """The minimum or maximum of a secret `x` and a value `other` that always is one number.

    For an absolute value, `other` is the negation of `x`.
    """

    kind: BinaryKind | UnaryKind
    x: ir.Value
    other: ir.Value


@dataclass(slots=True)
class _Signs(Rule):
    """`selected` are the comparisons whose uses are all selections that are extremes."""

    constants: Constants = field(default_factory=Constants)
    compared: dict[int, ir.Binary] = field(default_factory=dict)
    negated: dict[int, ir.Value] = field(default_factory=dict)
    selected: set[int] = field(default_factory=set)

    def see(self, operation: ir.Operation) -> None:
        """Record the facts about an operation."""
        self.constants.see(operation)
        if isinstance(operation, ir.Binary) and operation.kind in EXCHANGED:
            self.compared[operation.result.id] = operation
        if isinstance(operation, ir.Unary) and operation.kind is UnaryKind.NEG:
            self.negated[operation.result.id] = operation.operands[0]

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        self.see(operation)
        found = self.extreme(operation)
        if found is None:
            return None
        if isinstance(operation, ir.Select) and operation.operands[0].id not in self.selected:
            return None
        if found.kind is UnaryKind.ABS:
            return (build.unary(UnaryKind.ABS, found.x),)
        type = found.x.type
        limit = build.constant(type.element, (_middle(type),), type.shape)
        smaller = build.binary(BinaryKind.LT, found.x, limit)
        sides = (found.x, found.other)
        first, second = sides if found.kind is BinaryKind.MIN else reversed(sides)
        return (build.select(smaller, first, second),)

    def extreme(self, operation: ir.Operation) -> _Extreme | None:
        """Return what an operation computes, if that is an extreme at which a sign bit decides."""
        match operation:
            case ir.Binary(kind=BinaryKind.MIN | BinaryKind.MAX, operands=(x, y)):
                for one, other in ((x, y), (y, x)):
                    if self._is_at_sign(one, other):
                        return _Extreme(operation.kind, one, other)
            case ir.Select(operands=(condition, x, y)) if condition.id in self.compared:
                return self._selected(self.compared[condition.id], x, y)
            case _:
                pass
        return None

    def _selected(self, compared: ir.Binary, x: ir.Value, y: ir.Value) -> _Extreme | None:
        """Return what a selection between x and y by a comparison computes."""
        kind = compared.kind
        one, limit = compared.operands
        if self.constants.number(limit) is None:
            one, limit, kind = limit, one, EXCHANGED[kind]
        if one not in (x, y) or not self._is_at_sign(one, limit):
            return None
        side = y if x == one else x
        larger = (kind in _LARGER) == (x == one)
        number = self.constants.number(limit)
        if self.constants.number(side) == number:
            if kind is BinaryKind.LT and number == _middle(one.type):
                return None
            return _Extreme(BinaryKind.MAX if larger else BinaryKind.MIN, one, side)
        negated = self.negated.get(side.id)
        is_absolute = larger and number == 0 and negated == one and one.type.element.low < 0
        return _Extreme(UnaryKind.ABS, one, side) if is_absolute else None

    def _is_at_sign(self, x: ir.Value, other: ir.Value) -> bool:
        """Return whether x is secret, and the other value a number next to which its sign changes.

        Where x is smaller than the middle, it is at most the number, otherwise at least that.
        """
        type, number = x.type, self.constants.number(other)
        if not (type.is_integer and type.label.is_secret) or number is None:
            return False
        return self.constants.number(x) is None and _middle(type) - number in (0, 1)


def _middle(type: ir.TensorType) -> int:
    """Return the smallest number of the upper half of a type's numbers."""
    return 0 if type.element.low < 0 else type.element.high // 2 + 1


def _extremes(rule: _Signs, region: ir.Region) -> Iterator[ir.Operation]:
    for operation in ir.walk(region):
        if isinstance(operation, ir.Select) and rule.extreme(operation) is not None:
            yield operation
