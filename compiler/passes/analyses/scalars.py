"""Affine forms and intervals of public scalars, computed on demand.

Both hold over the exact integers: a value has the affine form of an expression only if the
expression doesn't wrap around, and every value lies in its interval.
"""

from __future__ import annotations

from dataclasses import field

from ezlang.records import dataclass

from ...ir import tree as ir
from ...ir.intervals import Interval, full
from ...ir.tree import BinaryKind, UnaryKind


@dataclass(frozen=True, slots=True)
class Affine:
    """`constant` + the sum of factor · value over `terms`, sorted by id, without factors of 0."""

    constant: int
    terms: tuple[tuple[ir.Value, int], ...] = ()

    @staticmethod
    def of(constant: int, factors: dict[ir.Value, int]) -> Affine:
        """Make a form from factors, some of which may be 0."""
        kept = [(value, factor) for value, factor in factors.items() if factor]
        return Affine(constant, tuple(sorted(kept, key=lambda term: term[0].id)))

    def plus(self, other: Affine, times: int = 1) -> Affine:
        """Return this form plus `times` another one."""
        factors = dict(self.terms)
        for value, factor in other.terms:
            factors[value] = factors.get(value, 0) + times * factor
        return Affine.of(self.constant + times * other.constant, factors)

    def scaled(self, factor: int) -> Affine:
        """Return this form times a number."""
        return Affine(0).plus(self, factor)

    def split(self, value: ir.Value) -> tuple[int, Affine]:
        """Return the factor of a value, and the form without its term."""
        factors = dict(self.terms)
        return factors.pop(value, 0), Affine.of(self.constant, factors)


@dataclass(slots=True)
class Scalars:
    """The forms and intervals of the values of the operations seen so far, in one function."""

    definitions: dict[int, ir.Operation] = field(default_factory=dict)
    counters: dict[int, tuple[ir.Value, ir.Value]] = field(default_factory=dict)
    forms: dict[int, Affine] = field(default_factory=dict)
    ranges: dict[int, Interval] = field(default_factory=dict)

    def see(self, region: ir.Region) -> None:
        """Record the operations of a region and of its nested regions."""
        for operation in ir.walk(region):
            self.note(operation)

    def note(self, operation: ir.Operation) -> None:
        """Record an operation."""
        for result in operation.results:
            self.definitions[result.id] = operation
        if isinstance(operation, ir.For):
            low, high = operation.operands[:2]
            self.counters[operation.regions[0].parameters[0].id] = (low, high)

    def constant(self, value: ir.Value) -> int | None:
        """Return the number that a public scalar always equals, if there is one."""
        form = self.affine(value)
        return None if form is None or form.terms else form.constant

    def affine(self, value: ir.Value) -> Affine | None:
        """Return the affine form of a public scalar integer, which may be the value itself."""
        type = value.type
        if type.shape or not type.label.is_public or not type.is_integer:
            return None
        if value.id not in self.forms:
            form = self._computed(self.definitions.get(value.id))
            if form is not None:
                low, high = self.range_of(form)
                fits = type.element.low <= low and high <= type.element.high
                form = form if fits else None
            self.forms[value.id] = form or Affine(0, ((value, 1),))
        return self.forms[value.id]

    def _computed(self, operation: ir.Operation | None) -> Affine | None:
        """Return the affine form of an operation's result without wraparound, if it has one."""
        match operation:
            case ir.Constant(data=data):
                return Affine(data[0])
            case ir.Unary(kind=UnaryKind.NEG, operands=(x,)):
                form = self.affine(x)
                return None if form is None else form.scaled(-1)
            case ir.Cast(operands=(x,)):
                return self.affine(x)
            case ir.Binary(operands=(x, y)):
                left, right = self.affine(x), self.affine(y)
                if left is None or right is None:
                    return None
                return _combined(operation.kind, left, right)
            case _:
                return None

    def range_of(self, form: Affine) -> Interval:
        """Return the interval of an affine form."""
        low = high = form.constant
        for value, factor in form.terms:
            ends = [factor * end for end in self.range(value)]
            low, high = low + min(ends), high + max(ends)
        return Interval(low, high)

    def range(self, value: ir.Value) -> Interval:
        """Return the interval of a scalar integer."""
        if not value.type.is_integer:
            return full(value.type)
        if value.id not in self.ranges:
            everything = full(value.type)
            self.ranges[value.id] = everything  # while it is being computed
            low, high = self._range(value)
            self.ranges[value.id] = Interval(max(low, everything.low), min(high, everything.high))
        return self.ranges[value.id]

    def _range(self, value: ir.Value) -> Interval:
        if value.id in self.counters:
            first, end = self.counters[value.id]
            low, high = self.range(first).low, self.range(end).high - 1
            return Interval(low, max(low, high))
        form = self.affine(value)
        if form is not None and form.terms != ((value, 1),):
            return self.range_of(form)
        operation = self.definitions.get(value.id)
        match operation:
            case ir.Unary() | ir.Binary() | ir.Select() | ir.Cast() if not value.type.shape:
                return operation.range([self.range(one) for one in operation.operands])
            case _:
                return full(value.type)


def _combined(kind: BinaryKind, x: Affine, y: Affine) -> Affine | None:
    match kind:
        case BinaryKind.ADD:
            return x.plus(y)
        case BinaryKind.SUB:
            return x.plus(y, -1)
        case BinaryKind.MUL if not y.terms:
            return x.scaled(y.constant)
        case BinaryKind.MUL if not x.terms:
            return y.scaled(x.constant)
        case BinaryKind.SHL if not y.terms and 0 <= y.constant < 64:
            return x.scaled(1 << y.constant)
        case _:
            return None
