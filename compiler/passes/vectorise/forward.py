"""Scalar replacement of array elements written in the previous iteration.

`p[i] = p[i - 1] + x[i]` is the usual way to write a running sum. Iteration i reads at i - 1 the
value that iteration i - 1 wrote there. The loop carries this value, and the other accesses to the
array are private to an iteration. The first iteration receives the element that the array held
before the loop. This is scalar replacement for a dependence distance of one [CCK90]. `scans` may
then find a prefix network, and `partition` knows that the array has no other loop-carried
dependence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.build import Builder
from ..analyses.accesses import Access, Reading, Row
from ..analyses.scalars import Affine, Scalars
from .access import emit_read, placed
from .chain import Chain, chain_of
from .footprints import Footprints, footprints_passed_on, own_footprints
from .private import read_part


def forwarded(build: Builder, scalars: Scalars, loop: ir.For) -> ir.For | None:
    """Emit reads before a loop, and return a loop that also carries their results; or None.

    The additional loop-carried values come last.
    """
    (body,) = loop.regions
    low, high = (scalars.constant(value) for value in loop.operands[:2])
    if low is None or high is None or high <= low:
        return None  # if the loop may not run, there may be no element to read
    for position, array in enumerate(loop.operands[2:]):
        chain = chain_of(body, position) if array.type.shape else None
        if chain is None or not chain.accesses or own_footprints(chain, body, scalars) is not None:
            continue
        found = footprints_passed_on(chain, body, scalars)
        if found is not None:
            made = _passing_on(build, loop, position, chain, found, low)
            scalars.note(made)
            scalars.see(made.regions[0])
            return made
    return None


def _passing_on(
    build: Builder,
    loop: ir.For,
    position: int,
    chain: Chain,
    found: tuple[Footprints, dict[int, int]],
    low: int,
) -> ir.For:
    """Make a loop that carries the elements that one iteration writes and the next one reads."""
    (body,) = loop.regions
    index, array = body.parameters[0], loop.operands[2 + position]
    footprints, behind = found
    accesses = {number: footprints.footprints[number].access for number in behind}
    initial = [
        emit_read(build, array, placed(_at(accesses[number], index, low)), _same)
        for number in behind
    ]
    parameters = build.fresh_like(initial, array.hint)
    given = dict(zip(behind, parameters, strict=True))
    with build.nested() as operations:
        reads = _Reads(build, chain, footprints, given)
        reads.region(body.operations)
        yields = reads.current(body.yields)
        last = yields[position]
        following = [
            emit_read(build, last, placed(footprints.footprints[written].access), _same)
            for written in behind.values()
        ]
    region = ir.Region(
        parameters=(*body.parameters, *parameters),
        operations=tuple(operations),
        yields=(*yields, *following),
    )
    operands = (*loop.operands, *initial)
    return replace(
        loop, operands=operands, results=build.fresh_like(operands[2:]), regions=(region,)
    )


def _at(access: Access, index: ir.Value, low: int) -> Access:
    """Return an access for the iteration whose index is `low`."""
    rows = []
    for row in access.rows:
        factor, rest = row.start.split(index)
        rows.append(Row(rest.plus(Affine(factor * low)), row.factors))
    return replace(access, rows=tuple(rows))


def _same(value: ir.Value) -> ir.Value:
    return value


@dataclass(slots=True)
class _Reads:
    """Copies a body; values `given`, by footprint number, replace the reads of these footprints."""

    build: Builder
    chain: Chain
    footprints: Footprints
    given: dict[int, ir.Value]
    replaced: dict[int, ir.Value] = field(default_factory=dict)

    def current(self, values: Sequence[ir.Value]) -> tuple[ir.Value, ...]:
        return tuple(self.replaced.get(value.id, value) for value in values)

    def region(self, operations: Sequence[ir.Operation]) -> None:
        for operation in operations:
            self.operation(operation)

    def operation(self, operation: ir.Operation) -> None:
        operands = self.current(operation.operands)
        if isinstance(operation, Reading) and operation.operands[0].id in self.chain.versions:
            number = self.footprints.number[operation.result.id]
            if number in self.given:
                dimensions = self.footprints.footprints[number].dimensions
                read = read_part(
                    self.build, operation, dimensions, self.given[number], operands[1:]
                )
                self.replaced[operation.result.id] = read
                return
        regions = []
        for region in operation.regions:
            with self.build.nested() as inner:
                self.region(region.operations)
                yields = self.current(region.yields)
            regions.append(replace(region, operations=tuple(inner), yields=yields))
        self.build.emit(replace(operation, operands=operands, regions=tuple(regions)))
