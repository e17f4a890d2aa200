"""How close the fixed-point numbers of a run in the clear come to overflow."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import field
from fractions import Fraction
from typing import Final, TypeVar

from ezlang.records import dataclass
from ezlang.source import Span
from ezlang.typed import tree
from ezlang.types.types import RING, FixedType, ScalarType, element_of, scalar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """An operation whose exact result, before it is rounded, must fit in `bits` bits.

    `type` is the type of its result. The integers of exact results are multiples of
    2^-`fraction`; `largest` is the one of largest magnitude in the run, as such an integer. One
    more bit after the binary point takes `growth` more bits.
    """

    span: Span
    type: FixedType
    bits: int
    fraction: int
    growth: int
    largest: int

    @property
    def value(self) -> Fraction:
        """The exact result of largest magnitude."""
        return Fraction(self.largest, 1 << self.fraction)

    @property
    def spare(self) -> int:
        """How many more bits results might have; negative after an overflow."""
        return self.bits - _bits(self.largest)

    @property
    def whole_bits(self) -> int:
        """The i of the smallest `fixed<i, f>` that the results fit in."""
        return max(_bits(self.largest) - self.fraction, 0) + 1

    @property
    def most_fraction(self) -> int:
        """How many bits after the binary point the type might have, as far as this is concerned."""
        return self.type.fraction + self.spare // self.growth


@dataclass(slots=True)
class Watch:
    """Records the exact results of fixed-point operations while a program runs in the clear."""

    largest: dict[int, int] = field(default_factory=dict)
    seen: list[Headroom] = field(default_factory=list)

    def binary(self, expr: tree.Binary, apply: Callable[[int, int], T]) -> Callable[[int, int], T]:
        """Return an operation that records its exact results, if they are fixed-point numbers."""
        element = element_of(expr.type)
        left, right = (scalar(element_of(side.type)) for side in (expr.left, expr.right))
        exact = _exact(expr.op, right)
        if not isinstance(element, FixedType) or exact is None:
            return apply
        doubled = expr.op in _DOUBLING and left.is_fixed
        note = self._note(expr, element, beside=right.fraction_bits if doubled else 0)

        def watched(x: int, y: int) -> T:
            note(exact(x, y))
            return apply(x, y)

        return watched

    def product(self, expr: tree.Power, apply: Callable[[int, int], T]) -> Callable[[int, int], T]:
        """Return a product of those that make a power, as `binary`."""
        square = tree.Binary(
            span=expr.span,
            type=expr.type,
            label=expr.label,
            op=tree.BinaryOp.MUL,
            left=expr.operand,
            right=expr.operand,
        )
        return self.binary(square, apply)

    def unary(
        self, expr: tree.Unary | tree.Cast, source: ScalarType, apply: Callable[[int], T]
    ) -> Callable[[int], T]:
        """Return an operation on one operand that records its exact results, as `binary`."""
        element = element_of(expr.type)
        if not isinstance(element, FixedType) or (source.widens_to(element) and source != element):
            return apply
        shift = max(element.fraction - source.fraction_bits, 0)
        is_abs = isinstance(expr, tree.Unary) and expr.op is tree.UnaryOp.ABS
        bits = element.width - 1 + max(source.fraction_bits - element.fraction, 0)
        note = self._note(expr, element, bits=bits)

        def watched(x: int) -> T:
            note(abs(x) if is_abs else x << shift)
            return apply(x)

        return watched

    def total(
        self, expr: tree.Sum | tree.SumOfProducts, apply: Callable[[Iterable[int]], int]
    ) -> Callable[[Iterable[int]], int]:
        """Return a sum of terms that records exact sums, as `binary`."""
        element = element_of(expr.type)
        if not isinstance(element, FixedType):
            return apply
        right = expr.right if isinstance(expr, tree.SumOfProducts) else None
        beside = scalar(element_of(right.type)).fraction_bits if right else 0
        note = self._note(expr, element, beside=beside)

        def watched(terms: Iterable[int]) -> int:
            kept = list(terms)
            note(sum(kept))
            return apply(kept)

        return watched

    def _note(
        self, expr: tree.Expr, element: FixedType, *, beside: int = 0, bits: int = RING - 1
    ) -> Callable[[int], None]:
        """Return the record of an operation's exact results.

        `beside`: how many more fraction bits these have than the result.
        """
        number, largest = len(self.seen), self.largest
        one = Headroom(
            span=expr.span,
            type=element,
            bits=bits,
            fraction=element.fraction + beside,
            growth=2 if beside else 1,
            largest=0,
        )
        self.seen.append(one)

        def note(exact: int) -> None:
            if abs(exact) >= abs(largest.get(number, 0)):
                largest[number] = exact

        return note

    def results(self) -> list[Headroom]:
        """Return the operations that were run, in source order, each place once."""
        found: dict[tuple[str, int, int, FixedType], Headroom] = {}
        for number, largest in self.largest.items():
            one = self.seen[number]
            key = (one.span.source.name, one.span.start, one.span.end, one.type)
            made = Headroom(
                span=one.span,
                type=one.type,
                bits=one.bits,
                fraction=one.fraction,
                growth=one.growth,
                largest=largest,
            )
            if key not in found or made.spare < found[key].spare:
                found[key] = made
        return [found[key] for key in sorted(found, key=lambda key: key[:3])]


def _exact(op: tree.BinaryOp, right: ScalarType) -> Callable[[int, int], int] | None:
    """Return the function whose result must not overflow; None if none can."""
    match op:
        case tree.BinaryOp.ADD:
            return operator.add
        case tree.BinaryOp.SUB:
            return operator.sub
        case tree.BinaryOp.MUL:
            return operator.mul
        case tree.BinaryOp.DIV:
            shift = right.fraction_bits
            return lambda x, y: x << shift
        case _:
            return None


_DOUBLING: Final = frozenset({tree.BinaryOp.MUL, tree.BinaryOp.DIV})


def _bits(number: int) -> int:
    """Return how many bits a number has in two's complement, without its sign."""
    return (number if number >= 0 else ~number).bit_length()
