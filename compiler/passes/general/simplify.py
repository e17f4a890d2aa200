"""Algebraic simplification.

**Purpose.** Remove operations whose result is one of their operands, or zero: adding 0, multiplying
by 1 or 0, selecting between a value and itself, between 1 and 0, or twice under the same condition,
negating twice. Replace operations by cheaper ones: the product of a secret and a bit becomes a
selection, the product with −1 a negation, the addition of a negated value a subtraction, the
comparison of a difference with 0 a comparison of its operands, and that of `x & 2^k` a bit of x.
**Keeps** semantics and labels: a replacement gets the label of the result. **Does not** touch
division and shifts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.facts import Constants
from ...ir.tree import BinaryKind, UnaryKind
from ..description import optional
from ..rewriting.rewrite import Rule, rewrite


@optional("simplify", "applies algebraic identities")
def simplify(program: ir.Program) -> ir.Program:
    """Apply algebraic identities to a program."""
    return rewrite(program, _Simplify)


_DIFFERENCES = (BinaryKind.SUB, BinaryKind.XOR)
"""Operations whose result is 0 if and only if both operands are equal."""


@dataclass(slots=True)
class _Simplify(Rule):
    constants: Constants = field(default_factory=Constants)
    negations: dict[int, ir.Unary] = field(default_factory=dict)
    selects: dict[int, ir.Select] = field(default_factory=dict)
    made: dict[int, ir.Operation] = field(default_factory=dict)

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        self.constants.see(operation)
        for result in operation.results:
            self.made[result.id] = operation
        value: ir.Value | None
        match operation:
            case ir.Reduce(operands=(x,), axis=0) if len(x.type.shape) == 1:
                value = build.reduce(operation.kind, x)
            case ir.Binary():
                value = self._binary(build, operation) or self._cheaper(build, operation)
            case ir.Unary():
                value = self._twice(operation)
            case ir.Select():
                value = self._select(build, operation)
            case ir.Cast(operands=(x,)) if operation.result.type.is_logical:
                value = self._single_bit(build, x)
            case _:
                return None
        made = None if value is None else build.standing_in(value, operation.result.type)
        return None if made is None else (made,)

    def _twice(self, operation: ir.Unary) -> ir.Value | None:
        (operand,) = operation.operands
        inner = self.negations.get(operand.id)
        if not operation.kind.traits.is_involution:
            return None
        if inner is not None and inner.kind is operation.kind:
            return inner.operands[0]
        self.negations[operation.result.id] = operation
        return None

    def _select(self, build: Builder, operation: ir.Select) -> ir.Value | None:
        """Simplify a selection between equal sides, of bits, or nested under the same condition."""
        condition, x, y = operation.operands
        negation = self.negations.get(condition.id)
        if negation is not None:
            condition, x, y = negation.operands[0], y, x
        inner = self.selects.get(x.id), self.selects.get(y.id)
        if inner[0] is not None and inner[0].operands[0] == condition:
            x = inner[0].operands[1]
        if inner[1] is not None and inner[1].operands[0] == condition:
            y = inner[1].operands[2]
        if x == y:
            return x
        constants = self.constants.number(x), self.constants.number(y)
        if (x == condition and constants[1] == 0) or (y == condition and constants[0] == 1):
            return condition
        if constants == (1, 0) and condition.type.shape == x.type.shape:
            return build.cast(condition, x.type.element)
        if (condition, x, y) == operation.operands:
            self.selects[operation.result.id] = operation
            return None
        chosen = build.select(condition, x, y)
        made = build.operations[-1]
        if isinstance(made, ir.Select) and chosen.type == operation.result.type:
            self.selects[chosen.id] = made
        return chosen

    def _binary(self, build: Builder, operation: ir.Binary) -> ir.Value | None:
        x, y = operation.operands
        left, right = self.constants.number(x), self.constants.number(y)
        ones = x.type.element.wrap(-1)
        match operation.kind:
            case BinaryKind.ADD | BinaryKind.OR | BinaryKind.XOR if right == 0:
                return x
            case BinaryKind.ADD | BinaryKind.OR | BinaryKind.XOR if left == 0:
                return y
            case BinaryKind.SUB if right == 0:
                return x
            case BinaryKind.MUL if right == 1:
                return x
            case BinaryKind.MUL if left == 1:
                return y
            case BinaryKind.AND if right == ones:
                return x
            case BinaryKind.AND if left == ones:
                return y
            case BinaryKind.AND | BinaryKind.OR | BinaryKind.MIN | BinaryKind.MAX if x == y:
                return x
            case BinaryKind.SUB | BinaryKind.XOR if x == y:
                return self._zeros(build, operation)
            case BinaryKind.MUL | BinaryKind.AND if 0 in (left, right):
                return self._zeros(build, operation)
            case _:
                return None

    def _cheaper(self, build: Builder, operation: ir.Binary) -> ir.Value | None:
        """Emit an equivalent operation that takes fewer ANDs, products or rounds, if any."""
        x, y = operation.operands
        element = x.type.element
        if not operation.result.type.label.is_secret or not element.is_integer:
            return None
        match operation.kind:
            case BinaryKind.MUL:
                for one, other in ((x, y), (y, x)):
                    if self.constants.number(other) == element.wrap(-1):
                        return build.unary(UnaryKind.NEG, one)
                    bit = self._as_bit(build, one)
                    if bit is not None:
                        # A public number has no sharing, unlike the product.
                        chosen = build.fresh(operation.result.type)
                        sides = (bit, other, build.zeros(other.type))
                        build.emit(ir.Select(operands=sides, results=(chosen,), span=build.span))
                        return chosen
            case BinaryKind.ADD:
                for one, other in ((x, y), (y, x)):
                    negated = self._negated(other)
                    if negated is not None:
                        return build.binary(BinaryKind.SUB, one, negated)
            case BinaryKind.SUB if (negated := self._negated(y)) is not None:
                return build.binary(BinaryKind.ADD, x, negated)
            case BinaryKind.EQ | BinaryKind.NE if self.constants.number(y) == 0:
                inner = self.made.get(x.id)
                if isinstance(inner, ir.Binary) and inner.kind in _DIFFERENCES:
                    return build.binary(operation.kind, *inner.operands)
                bit = self._single_bit(build, x)
                if bit is not None:
                    return bit if operation.kind is BinaryKind.NE else build.negated(bit)
            case _:
                pass
        return None

    def _single_bit(self, build: Builder, value: ir.Value) -> ir.Value | None:
        """Emit whether a number that is `x & 2^k` isn't 0, as bit k of x, if it is secret."""
        inner = self.made.get(value.id)
        if not isinstance(inner, ir.Binary) or inner.kind is not BinaryKind.AND:
            return None
        element = value.type.element
        if not value.type.label.is_secret or not element.is_integer:
            return None
        for one, other in (inner.operands, reversed(inner.operands)):
            mask = self.constants.number(other)
            size = 0 if mask is None else mask % (1 << element.width)
            if size.bit_count() == 1:
                return build.bit(one, size.bit_length() - 1)
        return None

    def _negated(self, value: ir.Value) -> ir.Value | None:
        """Return the operand of the negation that defines a value, if there is one."""
        inner = self.made.get(value.id)
        is_negative = isinstance(inner, ir.Unary) and inner.kind is UnaryKind.NEG
        return inner.operands[0] if inner is not None and is_negative else None

    def _as_bit(self, build: Builder, value: ir.Value) -> ir.Value | None:
        """Emit a number that is a cast of secret bits, repeated or moved, as those bits."""
        moves: list[ir.Operation] = []
        inner = self.made.get(value.id)
        while isinstance(inner, ir.Read) and inner.is_inside and inner.failure is None:
            moves.append(inner)
            inner = self.made.get(inner.operands[0].id)
        if not isinstance(inner, ir.Cast):
            return None
        bit = inner.operands[0]
        if not bit.type.is_logical or not bit.type.label.is_secret:
            return None
        for move in reversed(moves):
            shaped = build.fresh(replace(bit.type, shape=move.result.type.shape))
            build.emit(replace(move, operands=(bit, *move.operands[1:]), results=(shaped,)))
            bit = shaped
        return bit

    def _zeros(self, build: Builder, operation: ir.Binary) -> ir.Value:
        type = operation.result.type
        return build.constant(type.element, (0,), type.shape)
