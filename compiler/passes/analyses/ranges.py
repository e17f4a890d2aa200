"""Interval analysis of whole programs [CC77].

ir/intervals.py has the interval arithmetic of operations. If each iteration of a `For` loop only
adds to a carried value or subtracts from it, its initial interval is extended by the steps of all
iterations. The other carried values keep their initial intervals if the body preserves them, and
are widened to the bounds of their types otherwise. The values of a function are analysed for the
join of the arguments of all its calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import assert_never

from ezlang.records import dataclass

from ...ir import tree as ir
from ...ir.intervals import Interval, fitted, full
from ...ir.orders import EXCHANGED, NEGATED
from ...ir.tree import BinaryKind

Intervals = dict[int, Interval]
"""The intervals of values, by value id."""


def ranges_of(program: ir.Program) -> Mapping[str, Intervals]:
    """Return the ranges of the values of each function, by function name."""
    results: dict[str, tuple[Interval, ...]] = {}
    for function in program.functions[:-1]:  # main has no callers
        top = tuple(full(value.type) for value in function.body.parameters)
        results[function.name] = _Analysis(results).function(function, top)[1]
    found: dict[str, Intervals] = {}
    asked: dict[str, tuple[Interval, ...]] = {program.main.name: ()}
    for function in reversed(program.functions):
        given = asked.get(function.name)
        if given is None:
            given = tuple(full(value.type) for value in function.body.parameters)
        analysis = _Analysis(results)
        known, _ = analysis.function(function, given)
        found[function.name] = known
        for name, arguments in analysis.calls:
            before = asked.get(name, arguments)
            asked[name] = tuple(a.join(b) for a, b in zip(before, arguments, strict=True))
    return found


_Bound = tuple[ir.Value, BinaryKind, Interval]
"""A value that compares so with some number within the interval."""


@dataclass(slots=True)
class _Analysis:
    """The analysis of one function. `results` has the result ranges of its callees."""

    results: Mapping[str, tuple[Interval, ...]]
    known: Intervals = field(default_factory=dict)
    defined: dict[int, ir.Operation] = field(default_factory=dict)
    calls: list[tuple[str, tuple[Interval, ...]]] = field(default_factory=list)

    def function(
        self, function: ir.Function, given: Sequence[Interval]
    ) -> tuple[Intervals, tuple[Interval, ...]]:
        """Analyse a function for given arguments; return all ranges and those of the results."""
        return self.known, self.region(function.body, given)

    def region(self, region: ir.Region, given: Sequence[Interval]) -> tuple[Interval, ...]:
        """Analyse a region for given parameters; return the ranges that it yields."""
        for parameter, one in zip(region.parameters, given, strict=True):
            self.known[parameter.id] = one
        for operation in region.operations:
            found = self.operation(operation)
            for value, one in zip(operation.results, found, strict=True):
                self.known[value.id] = one
                self.defined[value.id] = operation
        return self.of(region.yields)

    def of(self, values: Sequence[ir.Value]) -> tuple[Interval, ...]:
        """Return the ranges of values."""
        return tuple(self.known[value.id] for value in values)

    def operation(self, operation: ir.Operation) -> Sequence[Interval]:
        """Return the ranges of an operation's results."""
        match operation:
            case ir.If():
                first, second = (self.region(inner, ()) for inner in operation.regions)
                return [a.join(b) for a, b in zip(first, second, strict=True)]
            case ir.For():
                return self._for(operation)
            case ir.While():
                return self._while(operation)
            case ir.Call():
                self.calls.append((operation.function, self.of(operation.operands)))
                return self.results[operation.function]
            case ir.Select():
                return (self._selected(operation),)
            case ir.Binary(kind=BinaryKind.SUB):
                rest = self._rest(operation)
                return (operation.range(self.of(operation.operands)) if rest is None else rest,)
            case ir.Computation() | ir.Boundary():
                x = self.of(operation.operands)
                return (operation.range(x),) if operation.results else ()
            case _:
                assert_never(operation)

    def _rest(self, operation: ir.Binary) -> Interval | None:
        """Return the range of x − ((x >> s) << s), the low s bits; None for other differences."""
        x, multiple = operation.operands
        shifted = self.defined.get(self._source(multiple).id)
        if not isinstance(shifted, ir.Binary) or shifted.kind is not BinaryKind.SHL:
            return None
        quotient = self.defined.get(self._source(shifted.operands[0]).id)
        if not isinstance(quotient, ir.Binary) or quotient.kind is not BinaryKind.SHR:
            return None
        (up, _), (down, most) = (self.known[one.operands[1].id] for one in (shifted, quotient))
        same = self._source(quotient.operands[0]) == self._source(x)
        if not same or not up == down == most < x.type.width or down < 0:
            return None
        return Interval(0, (1 << down) - 1)

    def _selected(self, operation: ir.Select, given: tuple[_Bound, ...] = ()) -> Interval:
        """Return the range of a selection; a side that is compared is within the other number.

        `given`: what is known of values where the selection matters.
        """
        condition, x, y = operation.operands
        true, false = self._told(condition)
        return self._where(x, (*given, *true)).join(self._where(y, (*given, *false)))

    def _told(self, condition: ir.Value) -> tuple[tuple[_Bound, ...], tuple[_Bound, ...]]:
        """Return what is known of values where a condition is true, and where it is false."""
        compared = self.defined.get(self._source(condition).id)
        if isinstance(compared, ir.Binary) and compared.kind in NEGATED:
            x, y = compared.operands
            true, false = (
                (
                    (self._source(x), kind, self.known[y.id]),
                    (self._source(y), EXCHANGED[kind], self.known[x.id]),
                )
                for kind in (compared.kind, NEGATED[compared.kind])
            )
            return true, false
        if (found := self._sign_or_fit(condition)) is not None:
            cut, place = found
            x, end, zero = self._source(cut.operands[0]), 1 << cut.size, Interval(0, 0)
            if place == 0:
                return ((x, BinaryKind.LT, zero),), ((x, BinaryKind.GE, zero),)
            low, high = Interval(-end, -end), Interval(end, end)
            return ((x, BinaryKind.GE, low), (x, BinaryKind.LT, high)), ()
        return (), ()

    def _sign_or_fit(self, condition: ir.Value) -> tuple[ir.SignAndFit, int] | None:
        """Return the operation of which a bool is a result, and which of both it is."""
        read = self.defined.get(condition.id)
        if not isinstance(read, ir.Extract):
            return None
        cut = self.defined.get(read.operands[0].id)
        place = self.known[read.operands[1].id]
        return (cut, place.low) if isinstance(cut, ir.SignAndFit) else None

    def _where(self, side: ir.Value, bounds: tuple[_Bound, ...]) -> Interval:
        """Return the range of a value where the bounds hold.

        The value is one that has bounds, or a function of one such as its complement.
        """
        source, found = self._source(side), self.known[side.id]
        own = [(kind, limit) for value, kind, limit in bounds if value == source]
        made = self.defined.get(source.id)
        if bounds and not own and isinstance(made, ir.Unary):
            return made.range((self._where(made.operands[0], bounds),))
        if bounds and isinstance(made, ir.Select) and self._sign_or_fit(made.operands[0]):
            return self._selected(made, bounds)
        for kind, limit in own:
            found = _bounded(found, kind, limit)
        return found

    def _source(self, value: ir.Value) -> ir.Value:
        """Return the value of which this one is a copy, in any sharing."""
        while isinstance(found := self.defined.get(value.id), ir.Relabel | ir.Convert):
            (value,) = found.operands
        return value

    def _for(self, operation: ir.For) -> tuple[Interval, ...]:
        (body,) = operation.regions
        low, high, *initial = self.of(operation.operands)
        index = Interval(low.low, max(high.high - 1, low.low))
        carried = body.parameters[1:]
        top = [full(value.type) for value in carried]
        times = max(high.high - low.low, 0)
        calls = len(self.calls)
        self.region(body, (index, *top))
        bounds: list[Interval | None] = []
        for parameter, yielded, start in zip(carried, body.yields, initial, strict=True):
            step = self._added(yielded, parameter, {})
            bounds.append(None if step is None else _after(start, step, times, parameter.type))
        del self.calls[calls:]
        now = [b or start for b, start in zip(bounds, initial, strict=True)]
        return self._stable(body, (index,), now, [b is not None for b in bounds])

    def _while(self, operation: ir.While) -> tuple[Interval, ...]:
        first, second = operation.regions
        now = list(self.of(operation.operands))
        found = self._stable(second, (), now, [False] * len(now))
        self.region(first, found)
        return found

    def _stable(
        self,
        body: ir.Region,
        before: tuple[Interval, ...],
        now: list[Interval],
        fixed: Sequence[bool],
    ) -> tuple[Interval, ...]:
        """Widen carried values until the body preserves them. Those marked `fixed` are final.

        The first two iterations only join, because the range of a `max`, say, stabilises soon.
        """
        patience = 2
        types = [value.type for value in body.parameters[len(before) :]]
        while True:
            calls = len(self.calls)
            given = self.region(body, (*before, *now))
            grown = [
                old
                if keep or new.within(old)
                else old.join(new)
                if patience
                else _widened(old, new, type)
                for old, new, type, keep in zip(now, given, types, fixed, strict=True)
            ]
            if grown == now:
                return tuple(now)
            del self.calls[calls:]
            now = grown
            patience = max(patience - 1, 0)

    def _added(
        self, value: ir.Value, to: ir.Value, seen: dict[int, Interval | None]
    ) -> Interval | None:
        """Return the interval of `value - to`, if `value` is the carried `to` plus other values.

        Ranges are those for arbitrary carried values, so they hold in every iteration. `seen`
        caches results.
        """
        if value.id == to.id:
            return Interval(0, 0)
        operation = self.defined.get(value.id)
        if operation is None:
            return None
        if value.id not in seen:
            seen[value.id] = None  # while it is being computed
            seen[value.id] = self._added_by(operation, to, seen)
        return seen[value.id]

    def _added_by(
        self, operation: ir.Operation, to: ir.Value, seen: dict[int, Interval | None]
    ) -> Interval | None:
        x = operation.operands
        match operation:
            case ir.Binary(kind=BinaryKind.ADD | BinaryKind.SUB):
                step, other = self._added(x[0], to, seen), self.known[x[1].id]
                if operation.kind is BinaryKind.SUB:
                    other = Interval(-other.high, -other.low)
                elif step is None:
                    step, other = self._added(x[1], to, seen), self.known[x[0].id]
                return step and Interval(step.low + other.low, step.high + other.high)
            case ir.Select():
                first, second = (self._added(side, to, seen) for side in x[1:])
                return first and second and first.join(second)
            case ir.Write():
                base, part = self._added(x[0], to, seen), self._added(x[1], to, seen)
                return base and part and base.join(part)
            case ir.Read() if operation.is_inside:
                return self._added(x[0], to, seen)
            case ir.Relabel() | ir.Convert():
                return self._added(x[0], to, seen)
            case _:
                return None


def _bounded(x: Interval, kind: BinaryKind, limit: Interval) -> Interval:
    """Return the part of x that compares with some number within limits; x if there is none."""
    low, high = x
    match kind:
        case BinaryKind.LT:
            high = min(high, limit.high - 1)
        case BinaryKind.LE:
            high = min(high, limit.high)
        case BinaryKind.GT:
            low = max(low, limit.low + 1)
        case _:
            low = max(low, limit.low)
    return Interval(low, high) if low <= high else x


def _after(start: Interval, step: Interval, times: int, type: ir.TensorType) -> Interval:
    low = start.low + times * min(step.low, 0)
    return fitted(Interval(low, start.high + times * max(step.high, 0)), type)


def _widened(old: Interval, new: Interval, type: ir.TensorType) -> Interval:
    limit = full(type)
    low = old.low if new.low >= old.low else limit.low
    return Interval(low, old.high if new.high <= old.high else limit.high)
