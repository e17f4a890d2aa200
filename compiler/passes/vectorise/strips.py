"""Strips of loops: consecutive iterations whose number is constant.

**Bounds of the run.** A loop whose public bounds are known only at run time becomes a few loops
over strips, of decreasing constant length, as in strip mining [AK01]. The strips of each length
are as many as fit in the iterations that are left, so a run computes what the program says. The
original loop follows. It runs the few iterations that are left, and all that are left from a strip
on whose iterations aren't separate.

**Rounds.** Where rounds count, the iterations that are left are rounded up to another strip if they
fill more than half of it. In this strip, iterations after the end of the loop are *masked*: they
compute on other values, and their results are dropped. So there are fewer than twice as many
iterations as the program has, and one strip for most numbers of iterations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ezlang.records import dataclass, replace
from ezlang.types.types import INT64

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind
from ..analyses.scalars import Scalars
from ..rewriting.copy import Copier

Vectorised = Callable[[Builder, ir.For, int | None], Sequence[ir.Value] | None]
"""Emits a vectorised loop over a strip; None if it stays as it is.

If the number of iterations considered is given, the strip is masked: its upper bound is that of the
active iterations.
"""

EXACT = 16
"""The ratio of the lengths of consecutive loops over strips."""

ROUNDED = 2
"""The same where rounds count."""

SHORTEST = 4
"""The shortest strip, unless fewer iterations are possible."""


def strip_of(
    build: Builder,
    scalars: Scalars,
    loop: ir.For,
    first: ir.Value,
    bound: ir.Value,
    initial: Sequence[ir.Value],
) -> ir.For:
    """Return the loop over the strip that begins at index `first`, an int64.

    Its index counts from 0 up to `bound`.
    """
    (body,) = loop.regions
    old, *carried = body.parameters
    start = build.index(0)
    step = build.fresh(start.type)
    parameters = build.fresh_like(carried)
    note_all(scalars, build.operations[-1:])
    with build.nested() as operations:
        index = build.binary(BinaryKind.ADD, first, step)
        copier = Copier(build, {old.id: build.cast(index, old.type.element)})
        pairs = zip(carried, parameters, strict=True)
        copier.values.update((value.id, parameter) for value, parameter in pairs)
        for operation in body.operations:
            copier.operation(operation)
        yields = copier.current(body.yields)
    region = ir.Region(parameters=(step, *parameters), operations=tuple(operations), yields=yields)
    inner = ir.For(
        operands=(start, bound, *initial),
        results=build.fresh_like(initial),
        regions=(region,),
        span=loop.span,
    )
    scalars.note(inner)
    scalars.see(region)
    return inner


def counted_from_zero(build: Builder, scalars: Scalars, loop: ir.For) -> ir.For:
    """Return a loop with a constant lower bound: the same, or one that counts from 0."""
    low, high = loop.operands[:2]
    if scalars.constant(low) is not None:
        return loop
    before = len(build.operations)
    first = build.cast(low, INT64)
    end = build.binary(BinaryKind.MAX, first, build.cast(high, INT64))
    count = build.binary(BinaryKind.SUB, end, first)
    note_all(scalars, build.operations[before:])
    return strip_of(build, scalars, loop, first, count, loop.operands[2:])


def note_all(scalars: Scalars, operations: Sequence[ir.Operation]) -> None:
    """Record operations."""
    for operation in operations:
        scalars.note(operation)


@dataclass(slots=True)
class RunTimeStrips:
    """Emits a loop with bounds of the run in strips of at most `most` iterations.

    `vectorised` emits the loop over one strip. `rounded`: whether the last strip is masked.
    """

    build: Builder
    scalars: Scalars
    loop: ir.For
    most: int
    vectorised: Vectorised
    rounded: bool

    def run(self) -> Sequence[ir.Value] | None:
        """Emit the loops; return their results, or None if the strips can't be vectorised."""
        build, scalars = self.build, self.scalars
        low, high, *carried = self.loop.operands
        element = low.type.element
        span = scalars.range(high).high - scalars.range(low).low
        if (
            self.most < (2 if self.rounded else SHORTEST)
            or span > INT64.high
            or element.high > INT64.high
        ):
            return None
        with build.nested() as operations:
            start = build.cast(low, INT64)
            end = build.binary(BinaryKind.MAX, start, build.cast(high, INT64))
            note_all(scalars, operations)
            for length in self._lengths():
                found = self._strips(start, end, length, carried)
                if found is None:
                    return None
                start, *carried = found
            results = build.fresh_like(self.loop.results)
            operands = (build.cast(start, element), high, *carried)
            build.emit(replace(self.loop, operands=operands, results=results))
        build.operations += operations
        return results

    def _lengths(self) -> list[int]:
        """Return the lengths of strips, in decreasing order."""
        ratio = ROUNDED if self.rounded else EXACT
        found = [self.most]
        while (following := -(-found[-1] // ratio)) >= SHORTEST:
            found.append(following)
        return found

    def _strips(
        self, start: ir.Value, end: ir.Value, length: int, carried: Sequence[ir.Value]
    ) -> Sequence[ir.Value] | None:
        """Emit a loop over strips of one length from `start`.

        Returns the index after the last strip that was run, and the carried values; None if the
        strips can't be vectorised.
        """
        build = self.build
        with build.nested() as before:
            turns = self._turns(start, end, length)
            zero = build.index(0)
        build.operations += before
        note_all(self.scalars, before)
        strip = build.fresh(zero.type)
        self.scalars.counters[strip.id] = (zero, turns)
        first, *parameters = build.fresh_like((start, *carried))
        with build.nested() as operations:
            yields = self._strip(first, end, length, parameters)
        if yields is None:
            return None
        region = ir.Region(
            parameters=(strip, first, *parameters), operations=tuple(operations), yields=yields
        )
        results = build.fresh_like((start, *carried))
        operands = (zero, turns, start, *carried)
        made = ir.For(
            strip=length,
            operands=operands,
            results=results,
            regions=(region,),
            span=self.loop.span,
        )
        build.emit(made)
        self.scalars.note(made)
        return results

    def _turns(self, start: ir.Value, end: ir.Value, length: int) -> ir.Value:
        """Emit the number of strips of one length."""
        build = self.build
        size = build.index(length)
        left = build.binary(BinaryKind.SUB, end, start)
        turns = build.binary(BinaryKind.DIV, left, size)
        if not self.rounded:
            return turns
        done = build.binary(BinaryKind.MUL, turns, size)
        rest = build.binary(BinaryKind.SUB, left, done)
        more = build.binary(BinaryKind.GT, rest, build.index(length // 2))
        return build.binary(BinaryKind.ADD, turns, build.cast(more, INT64))

    def _strip(
        self, first: ir.Value, end: ir.Value, length: int, carried: Sequence[ir.Value]
    ) -> tuple[ir.Value, ...] | None:
        """Emit the strip that begins at `first`; return the index and the values after it.

        If its iterations aren't separate, these are the index and the values before it.
        """
        build = self.build
        bound = size = build.index(length)
        begin = first
        if self.rounded:
            left = build.binary(BinaryKind.SUB, end, first)
            bound = build.binary(BinaryKind.MIN, left, size)
        else:
            begin = self._within(first, length)
        following = build.binary(BinaryKind.ADD, first, bound)
        note_all(self.scalars, build.operations)
        inner = strip_of(build, self.scalars, self.loop, begin, bound, carried)
        found = self.vectorised(build, inner, length if self.rounded else None)
        if found is None:
            return None
        last = build.operations[-1]
        if not _falls_back(last, inner, found):
            return (following, *found)
        region = last.regions[0]
        regions = (
            replace(region, yields=(following, *region.yields)),
            ir.Region(operations=(), yields=(first, *carried)),
        )
        results = (build.fresh(first.type), *last.results)
        build.operations[-1] = replace(last, results=results, regions=regions)
        return results

    def _within(self, first: ir.Value, length: int) -> ir.Value:
        """Emit the index of the first iteration of a whole strip, with a range that shows that the
        strip is within the bounds of the loop."""
        build = self.build
        low = self.scalars.range(self.loop.operands[0]).low
        last = self.scalars.range(self.loop.operands[1]).high - length
        if not low <= last <= INT64.high:
            return first
        first = build.binary(BinaryKind.MAX, first, build.index(low))
        return build.binary(BinaryKind.MIN, first, build.index(last))


def _falls_back(operation: ir.Operation, loop: ir.For, results: Sequence[ir.Value]) -> bool:
    """Return whether an operation is a branch with these results, one side of which is the loop."""
    return (
        isinstance(operation, ir.If)
        and operation.results == tuple(results)
        and [one.regions for one in operation.regions[1].operations] == [loop.regions]
    )
