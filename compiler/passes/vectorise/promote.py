"""Scalar replacement of loop-invariant array elements.

`c[i] += x` in a loop over j adds to one footprint. Its value is read before the loop, carried by
the loop, and written after it. The loop-carried value may then be recognised as a reduction.
"""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.build import Builder
from ..analyses.scalars import Scalars
from ..rewriting.rewrite import with_operations
from .access import emit_read, emit_write, placed
from .chain import chain_of
from .footprints import Footprints, common_footprints
from .private import Private


@dataclass(frozen=True, slots=True)
class Promoted:
    """A loop that carries footprints instead of the array at `position` of the original loop."""

    loop: ir.For
    position: int
    array: ir.Value
    footprints: Footprints

    def results(self, build: Builder, found: Sequence[ir.Value]) -> list[ir.Value]:
        """Emit the writes after the loop; return the results of the original loop."""
        array = self.array
        first = len(found) - len(self.footprints.written)
        for number, value in zip(sorted(self.footprints.written), found[first:], strict=True):
            access = placed(self.footprints.footprints[number].access)
            array = emit_write(build, array, value, access, _same)
        return [*found[: self.position], array, *found[self.position : first]]


def promoted(build: Builder, scalars: Scalars, loop: ir.For) -> Promoted | None:
    """Emit reads before a loop; return the loop with footprints instead of an array, or None."""
    (body,) = loop.regions
    for position, array in enumerate(loop.operands[2:]):
        chain = chain_of(body, position) if array.type.shape else None
        if chain is None or not chain.accesses:
            continue
        footprints = common_footprints(chain, body, scalars)
        if footprints is not None and footprints.written:
            private = Private(build, chain, footprints)
            made = _without(build, loop, position, private)
            scalars.see(made.regions[0])
            return Promoted(made, position, array, footprints)
    return None


def _without(build: Builder, loop: ir.For, position: int, private: Private) -> ir.For:
    (body,) = loop.regions
    array = loop.operands[2 + position]
    footprints, written = private.footprints.footprints, sorted(private.footprints.written)
    initial = tuple(emit_read(build, array, placed(footprints[n].access), _same) for n in written)
    parameter, last = body.parameters[1 + position], body.yields[position]
    with build.nested() as operations:
        after = private.body(body, parameter, last)
        yields = [private.current(value) for value in body.yields]
    with build.nested() as reads:
        found = {
            footprint.id: emit_read(build, array, placed(footprints[n].access), _same)
            for n, footprint in enumerate(private.before)
            if n not in private.footprints.written
        }
    region = ir.Region(
        parameters=(*_but(body.parameters, 1 + position), *(private.before[n] for n in written)),
        operations=(*reads, *operations),
        yields=(*_but(yields, position), *(after[n] for n in written)),
    )
    return replace(
        loop,
        operands=(*_but(loop.operands, 2 + position), *initial),
        results=build.fresh_like((*_but(loop.results, position), *initial)),
        regions=(replaced(region, found),),
    )


def replaced(region: ir.Region, values: dict[int, ir.Value]) -> ir.Region:
    """Return a region with values defined outside it replaced."""

    def current(found: tuple[ir.Value, ...]) -> tuple[ir.Value, ...]:
        if values.keys().isdisjoint([value.id for value in found]):
            return found
        return tuple(values.get(value.id, value) for value in found)

    operations = []
    for operation in region.operations:
        operands = current(operation.operands)
        if operation.regions:
            regions = tuple(replaced(inner, values) for inner in operation.regions)
            operation = replace(operation, operands=operands, regions=regions)
        elif operands is not operation.operands:
            operation = replace(operation, operands=operands)
        operations.append(operation)
    return with_operations(region, operations, current(region.yields))


def _but(values: Sequence[ir.Value], position: int) -> tuple[ir.Value, ...]:
    return (*values[:position], *values[position + 1 :])


def _same(value: ir.Value) -> ir.Value:
    return value
