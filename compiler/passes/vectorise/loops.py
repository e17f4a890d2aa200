"""The vectorisation pass, which visits loops from the inside out."""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.records import dataclass, replace
from ezlang.types.types import INT64

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind
from ..analyses.budgets import BUDGET, SHORTEST
from ..analyses.failures import can_end_the_run
from ..analyses.scalars import Scalars
from ..description import optional
from ..rewriting.copy import Copier
from ..rewriting.rewrite import Rule, rewrite_function, with_functions
from .body import body_of
from .computed import computed_places, fits, places_of
from .conditions import selected
from .emit import Emitter
from .exchanges import exchanges
from .forward import forwarded
from .memory import bytes_of
from .partition import partition, pays
from .promote import promoted
from .scans import find_scans
from .strips import RunTimeStrips, counted_from_zero, note_all, strip_of
from .support import worthwhile

_ASSUMED = 1024
"""Assumed number of iterations of a loop without arrays whose bounds are known at run time."""


@optional("vectorise", "turns loops into tensor operations")
def vectorise(
    program: ir.Program,
    budget: int = BUDGET,
    scans: frozenset[BinaryKind] = frozenset(),
    *,
    local: int | None = None,
    both: bool = False,
) -> ir.Program:
    """Return the program with loops turned into tensor operations where possible.

    `budget`: bytes of secrets, counted as labels of native code, that one loop may make at a time.
    `local`: the same for loops without messages under Yao's protocol, None if it isn't used.
    `scans`: the kinds of scans that become prefix networks. `both`: whether branches with a varying
    condition run both sides, which saves rounds and costs bytes.
    """
    functions = []
    for function in program.functions:
        scalars = Scalars()
        scalars.see(function.body)
        functions.append(
            rewrite_function(function, _Vectorise(scalars, budget, local, scans, both))
        )
    return with_functions(program, functions)


@dataclass(slots=True)
class _Vectorise(Rule):
    scalars: Scalars
    budget: int
    local: int | None
    scans: frozenset[BinaryKind]
    both: bool

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        self.scalars.note(operation)
        if not isinstance(operation, ir.For) or not _has_secrets(operation.regions[0]):
            return None
        self.scalars.see(operation.regions[0])
        return self.loop(build, operation)

    def loop(self, build: Builder, loop: ir.For) -> Sequence[ir.Value] | None:
        """Emit a vectorised loop and return its results; None to leave the loop unchanged."""
        trips = self._trips(loop)
        if trips is None:
            return self._of_the_run(build, loop)
        if trips == 1:
            return self._once(build, loop)
        with build.nested() as operations:
            other = promoted(build, self.scalars, loop)
            if other is not None:
                found = self.loop(build, other.loop)
                results = None if found is None else other.results(build, found)
        if other is not None and results is not None:
            build.operations += operations
            return results
        with build.nested() as operations:
            passing = forwarded(build, self.scalars, loop)
            passed = None if passing is None else self.loop(build, passing)
        if passed is not None:
            build.operations += operations
            return passed[: len(loop.results)]
        with build.nested():  # unused operations are discarded
            body = body_of(build, self.scalars, loop)
            if body is not None:
                find_scans(build, self.scalars, body, self.scans)
        parted = None if body is None else partition(body, self.scalars, both=self.both)
        if parted is None or parted.serial or parted.passed:
            found = self._selected(build, loop, trips) or self._at_computed_places(build, loop)
            if found is not None:
                return found
        if body is None or parted is None or not pays(body, parted):
            return None
        budget, least = self.budget, 2
        if self.local is not None and not exchanges(body.operations, self.scalars):
            budget, least = self.local, SHORTEST
        most = budget // max(bytes_of(body, parted), 1)
        if body.trips > most:
            return self._in_strips(build, loop, most) if most >= least else None
        return Emitter(build, self.scalars, body, parted).run()

    def _of_the_run(self, build: Builder, loop: ir.For) -> Sequence[ir.Value] | None:
        """Emit a loop whose bounds are known only at run time."""
        (body,) = loop.regions
        if not fits(body.parameters[0], loop.operands[1]) or not _helps(body):
            return None
        with build.nested() as operations:
            counted = counted_from_zero(build, self.scalars, loop)
            most = self._most(build, counted)
            found = self._selected(build, counted, most)
        if found is not None:
            build.operations += operations
            return found
        return self._in_run_time_strips(build, loop, self._most(build, counted, apart=True))

    def _most(self, build: Builder, loop: ir.For, *, apart: bool = False) -> int:
        """Return how many iterations a strip should have at most.

        They are as many as an array has items; `apart`: as can write different items.
        """
        low, high = map(self.scalars.range, loop.operands[:2])
        with build.nested():
            arrays = places_of(build, self.scalars, loop)
        sizes = [one.count for one in arrays if one.written]
        if apart:
            sizes = [one.count // len(one.written) for one in arrays if one.written]
        counts = sizes or [one.count for one in arrays] or _sizes(loop.regions[0])
        return min(high.high - low.low, min(counts) if apart else max(counts))

    def _selected(self, build: Builder, loop: ir.For, most: int) -> Sequence[ir.Value] | None:
        """Emit a loop whose body is under a public condition, with the original as fallback."""
        if not _helps(loop.regions[0]):
            return None
        with build.nested() as before:
            some = selected(build, self.scalars, loop, most)
        if some is None:
            return None
        with build.nested() as inside:
            apart = self._most(build, some.loop, apart=True)
            found = self._in_run_time_strips(build, some.loop, min(some.most, apart))
        if found is None:
            return None
        build.operations += before
        return _if_it_holds(build, loop, some.holds, inside, found)

    def _in_run_time_strips(
        self, build: Builder, loop: ir.For, most: int
    ) -> Sequence[ir.Value] | None:
        """Emit a loop with bounds of the run in strips of at most `most` iterations."""
        for rounded in (True, False) if self.both else (False,):
            strips = RunTimeStrips(build, self.scalars, loop, most, self._strip, rounded)
            found = strips.run()
            if found is not None:
                return found
        return None

    def _strip(self, build: Builder, loop: ir.For, masked: int | None) -> Sequence[ir.Value] | None:
        if masked is None:
            return self.loop(build, loop)
        return self._at_computed_places(build, loop, masked)

    def _at_computed_places(
        self, build: Builder, loop: ir.For, masked: int | None = None
    ) -> Sequence[ir.Value] | None:
        """Emit a loop on items at computed places, with the original loop as fallback if needed.

        `masked`: the number of iterations considered, if only those below the bound are active.
        """
        if not _helps(loop.regions[0]):
            return None
        with build.nested() as before:
            items = computed_places(build, self.scalars, loop, masked)
        if items is None:
            return None
        with build.nested() as inside:
            inner = items.loop()
            fails = any(can_end_the_run(one, self.scalars) for one in inner.regions[0].operations)
            if items.taken.is_masked and fails:
                return None
            with build.nested():
                body = body_of(build, self.scalars, inner)
            parted = None if body is None else partition(body, self.scalars, both=self.both)
            if parted is None or parted.serial or parted.passed:
                return None
            found = self.loop(build, inner)
            if found is None:
                return None
            results = items.results(found)
        build.operations += before
        return _if_it_holds(build, loop, items.holds, inside, results)

    def _trips(self, loop: ir.For) -> int | None:
        low, high = (self.scalars.constant(value) for value in loop.operands[:2])
        return None if low is None or high is None else high - low

    def _once(self, build: Builder, loop: ir.For) -> Sequence[ir.Value]:
        """Emit the only iteration."""
        (body,) = loop.regions
        values = (loop.operands[0], *loop.operands[2:])
        pairs = zip(body.parameters, values, strict=True)
        copier = Copier(build, {parameter.id: value for parameter, value in pairs})
        for operation in body.operations:
            copier.operation(operation)
        return copier.current(body.yields)

    def _in_strips(self, build: Builder, loop: ir.For, most: int) -> Sequence[ir.Value] | None:
        """Emit a loop over strips of at most `most` iterations, and a loop for the remainder.

        The remainder has fewer iterations than there are strips.
        """
        low, high = (self.scalars.constant(value) for value in loop.operands[:2])
        index = loop.regions[0].parameters[0]
        element = index.type.element
        if low is None or high is None or high > INT64.high:
            return None
        count = -(-(high - low) // most)
        length = (high - low) // count
        start, end = build.index(0), build.index(count)
        for operation in build.operations[-2:]:
            self.scalars.note(operation)
        strip = build.fresh(start.type)
        self.scalars.counters[strip.id] = (start, end)
        parameters = build.fresh_like(loop.results)
        with build.nested() as operations:
            bound = build.index(length)
            first = build.binary(BinaryKind.MUL, strip, bound)
            first = build.binary(BinaryKind.ADD, first, build.index(low))
            note_all(self.scalars, operations)
            inner = strip_of(build, self.scalars, loop, first, bound, parameters)
            yields = self.loop(build, inner)
        if yields is None:
            return None
        region = ir.Region(
            parameters=(strip, *parameters), operations=tuple(operations), yields=tuple(yields)
        )
        results = build.fresh_like(loop.results)
        operands = (start, end, *loop.operands[2:])
        build.emit(ir.For(operands=operands, results=results, regions=(region,), span=loop.span))
        rest = low + count * length
        if rest == high:
            return results
        bounds = [build.constant(element, (bound,)) for bound in (rest, high)]
        for operation in build.operations[-2:]:
            self.scalars.note(operation)
        return self.loop(build, replace(loop, operands=(*bounds, *results)))


def _helps(body: ir.Region) -> bool:
    """Return whether doing iterations of a body at once saves messages or time."""
    return any(map(worthwhile, body.operations))


def _sizes(body: ir.Region) -> list[int]:
    """Return the numbers of elements of the arrays that a body accesses, or an assumed one."""
    bases = [one.operands[0].type.size for one in ir.walk(body) if isinstance(one, ir.Move)]
    return bases or [_ASSUMED]


def _if_it_holds(
    build: Builder,
    loop: ir.For,
    holds: ir.Value | None,
    inside: Sequence[ir.Operation],
    found: Sequence[ir.Value],
) -> Sequence[ir.Value]:
    """Emit operations that replace a loop if a condition holds, which the loop does otherwise.

    None always holds. Returns the results.
    """
    if holds is None:
        build.operations += inside
        return found
    plain = replace(loop, results=build.fresh_like(loop.results))
    regions = (
        ir.Region(operations=tuple(inside), yields=tuple(found)),
        ir.Region(operations=(plain,), yields=plain.results),
    )
    made = build.fresh_like(loop.results)
    build.emit(ir.If(operands=(holds,), results=made, regions=regions, span=loop.span))
    return made


def _has_secrets(region: ir.Region) -> bool:
    """Return whether a region computes a secret value."""
    return any(
        value.type.label.is_secret for operation in ir.walk(region) for value in operation.results
    )
