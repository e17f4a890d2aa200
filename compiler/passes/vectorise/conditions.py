"""Loops whose body is under a public condition on the index: the iterations that do something.

Public values are free, so the condition is computed for all iterations before the loop. A loop over
the positions at which it is true remains; their number is known only at run time.
"""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.records import dataclass, replace
from ezlang.types.types import INT64

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind
from ..analyses.scalars import Scalars
from ..rewriting.copy import Copier
from .batch import Batch
from .indices import Indices, split_index, values_inside
from .strips import note_all


@dataclass(frozen=True, slots=True)
class Selected:
    """A loop over the iterations of a loop that do something, if `holds`; None: it always does.

    It has the results of the original loop, and at most `most` iterations.
    """

    loop: ir.For
    most: int
    holds: ir.Value | None


@dataclass(frozen=True, slots=True)
class _Conditional:
    """A body that does nothing unless the condition is true, which `before` computes."""

    before: tuple[ir.Operation, ...]
    condition: ir.Value
    then: tuple[ir.Operation, ...]
    yields: tuple[ir.Value, ...]


def selected(build: Builder, scalars: Scalars, loop: ir.For, most: int) -> Selected | None:
    """Emit the positions of the iterations that do something; None if all iterations do.

    The loop counts up from a constant. `most`: the number of iterations considered if the upper
    bound isn't constant; more iterations don't hold.
    """
    low, high = (scalars.constant(value) for value in loop.operands[:2])
    found = _taken_apart(loop)
    if low is None or found is None:
        return None
    index = loop.regions[0].parameters[0]
    trips = most if high is None else high - low
    varied = {index.id}
    for one in found.before:
        if any(value.id in varied for value in one.operands):
            varied.add(one.result.id)
    if found.condition.id not in varied or trips < 1:
        return None
    indices = Indices(build, scalars, Batch(build, scalars, index, low, trips, varied))
    active: ir.Value | None = None
    if high is None:
        end = build.cast(loop.operands[1], INT64)
        active = indices.before(end, low)
        beyond = build.binary(BinaryKind.GT, end, build.index(low + trips))
        indices.failing.append(build.broadcast(beyond, (trips,)))
    for operation in found.before:
        indices.see(operation, active)
    active = indices.both(active, indices.batch.items(found.condition))
    places = build.positions(active, trips)
    count = build.reduce(BinaryKind.ADD, build.cast(active, INT64))
    return Selected(
        _over(build, scalars, loop, found, places, count), trips, _holds(build, indices.failing)
    )


def _taken_apart(loop: ir.For) -> _Conditional | None:
    """Return the parts of a body that consists of index computations and an `if` without `else`."""
    (body,) = loop.regions
    known = {body.parameters[0].id}
    before, rest = split_index(body.operations, values_inside(body), known)
    if len(rest) != 1 or not isinstance(rest[0], ir.If) or rest[0].operands[0].id not in known:
        return None
    (choice,) = rest
    then, otherwise = choice.regions
    kept = dict(zip((r.id for r in choice.results), otherwise.yields, strict=True))
    chosen = dict(zip((r.id for r in choice.results), then.yields, strict=True))
    ends = tuple(kept.get(value.id, value) for value in body.yields)
    if otherwise.operations or ends != body.parameters[1:]:
        return None
    yields = tuple(chosen.get(value.id, value) for value in body.yields)
    return _Conditional(before, choice.operands[0], then.operations, yields)


def _over(
    build: Builder,
    scalars: Scalars,
    loop: ir.For,
    found: _Conditional,
    places: ir.Value,
    count: ir.Value,
) -> ir.For:
    """Return the loop over the positions of the iterations that do something."""
    index, *carried = loop.regions[0].parameters
    zero = build.index(0)
    number = build.fresh(zero.type)
    parameters = build.fresh_like(carried)
    with build.nested() as operations:
        place = build.extract(places, (number,), (True,))
        place = build.binary(BinaryKind.ADD, place, build.cast(loop.operands[0], INT64))
        copier = Copier(build, {index.id: build.cast(place, index.type.element)})
        pairs = zip(carried, parameters, strict=True)
        copier.values.update((value.id, parameter) for value, parameter in pairs)
        for operation in found.before:
            copier.operation(_unchecked(operation))
        for operation in found.then:
            copier.operation(operation)
        yields = copier.current(found.yields)
    made = ir.For(
        operands=(zero, count, *loop.operands[2:]),
        results=build.fresh_like(loop.results),
        regions=(
            ir.Region(
                parameters=(number, *parameters), operations=tuple(operations), yields=yields
            ),
        ),
        span=loop.span,
    )
    note_all(scalars, build.operations)
    scalars.note(made)
    scalars.see(made.regions[0])
    return made


def _unchecked(operation: ir.Operation) -> ir.Operation:
    """Return an operation without its check, which has been done."""
    if isinstance(operation, ir.Binary | ir.Extract):
        return replace(operation, checked=False)
    return operation


def _holds(build: Builder, failing: Sequence[ir.Value]) -> ir.Value | None:
    """Emit whether no check fails in any iteration; None if there are no checks."""
    if not failing:
        return None
    somewhere = failing[0]
    for one in failing[1:]:
        somewhere = build.binary(BinaryKind.OR, somewhere, one)
    beyond, inside = (build.constant(INT64, (n,), somewhere.type.shape) for n in (1, 0))
    return build.separate([build.select(somewhere, beyond, inside)], 0, 1)
