"""The vectorisation pass, which visits loops from the inside out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ezlang.records import dataclass
from ezlang.types.types import INT64

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind
from ..analyses.budgets import BUDGET
from ..analyses.failures import can_end_the_run
from ..analyses.scalars import Scalars
from ..description import optional
from ..rewriting.copy import Copier
from ..rewriting.rewrite import Rule, rewrite_function, with_functions
from .body import body_of
from .computed import computed_places
from .emit import Emitter
from .forward import forwarded
from .memory import bytes_of
from .partition import partition, pays
from .promote import promoted
from .scans import find_scans
from .support import worthwhile


@optional("vectorise", "turns loops into tensor operations")
def vectorise(
    program: ir.Program,
    budget: int = BUDGET,
    scans: frozenset[BinaryKind] = frozenset(),
    *,
    both: bool = False,
) -> ir.Program:
    """Return the program with loops turned into tensor operations where possible.

    `budget`: bytes of secrets, counted as labels of native code, that one loop may make at a time.
    `scans`: the kinds of scans that become prefix networks. `both`: whether branches with a varying
    condition run both sides, which saves rounds and costs bytes.
    """
    functions = []
    for function in program.functions:
        scalars = Scalars()
        scalars.see(function.body)
        functions.append(rewrite_function(function, _Vectorise(scalars, budget, scans, both)))
    return with_functions(program, functions)


@dataclass(slots=True)
class _Vectorise(Rule):
    scalars: Scalars
    budget: int
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
        if self._trips(loop) == 1:
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
            found = self._at_computed_places(build, loop)
            if found is not None:
                return found
        if body is None or parted is None or not pays(body, parted):
            return None
        most = self.budget // max(bytes_of(body, parted), 1)
        if body.trips > most:
            return self._in_strips(build, loop, most) if most > 1 else None
        return Emitter(build, self.scalars, body, parted).run()

    def _at_computed_places(self, build: Builder, loop: ir.For) -> Sequence[ir.Value] | None:
        """Emit a loop on items at computed places, with the original loop as fallback if needed."""
        if not any(map(worthwhile, loop.regions[0].operations)):
            return None
        with build.nested() as before:
            items = computed_places(build, self.scalars, loop)
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
        if items.holds is None:
            build.operations += inside
            return results
        plain = replace(loop, results=build.fresh_like(loop.results))
        regions = (
            ir.Region(operations=tuple(inside), yields=tuple(results)),
            ir.Region(operations=(plain,), yields=plain.results),
        )
        made = build.fresh_like(loop.results)
        build.emit(ir.If(operands=(items.holds,), results=made, regions=regions, span=loop.span))
        return made

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
            yields = self.loop(build, self._strip(build, loop, strip, low, length, parameters))
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

    def _strip(
        self,
        build: Builder,
        loop: ir.For,
        strip: ir.Value,
        low: int,
        length: int,
        initial: tuple[ir.Value, ...],
    ) -> ir.For:
        """Make the loop over one strip, whose index counts from 0."""
        (body,) = loop.regions
        old, *carried = body.parameters
        start, end = build.index(0), build.index(length)
        step = build.fresh(start.type)
        parameters = build.fresh_like(carried)
        with build.nested() as operations:
            first = build.binary(BinaryKind.MUL, strip, build.index(length))
            first = build.binary(BinaryKind.ADD, first, build.index(low))
            index = build.binary(BinaryKind.ADD, first, step)
            copier = Copier(build, {old.id: build.cast(index, old.type.element)})
            pairs = zip(carried, parameters, strict=True)
            copier.values.update((value.id, parameter) for value, parameter in pairs)
            for operation in body.operations:
                copier.operation(operation)
            yields = copier.current(body.yields)
        region = ir.Region(
            parameters=(step, *parameters), operations=tuple(operations), yields=yields
        )
        for operation in build.operations[-2:]:
            self.scalars.note(operation)
        inner = ir.For(
            operands=(start, end, *initial),
            results=build.fresh_like(initial),
            regions=(region,),
            span=loop.span,
        )
        self.scalars.note(inner)
        self.scalars.see(region)
        return inner


def _has_secrets(region: ir.Region) -> bool:
    """Return whether a region computes a secret value."""
    return any(
        value.type.label.is_secret for operation in ir.walk(region) for value in operation.results
    )
