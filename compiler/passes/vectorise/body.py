"""Preparation of a loop body: classification of loop-carried values, arrays and reductions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind
from ..analyses.scalars import Scalars
from .chain import chain_of
from .choices import Choice, choice_of
from .footprints import Footprint, own_footprints
from .private import Private
from .promote import replaced
from .reductions import Reduction, reduction_of, uses


@dataclass(frozen=True, slots=True)
class CarriedPart:
    """A place of an array: its contents at the beginning and at the end of an iteration."""

    place: Footprint
    before: ir.Value
    after: ir.Value


@dataclass(frozen=True, slots=True)
class Whole:
    """An array of which each iteration changes only private parts."""

    initial: ir.Value
    parts: tuple[CarriedPart, ...]
    written: frozenset[int]


@dataclass(frozen=True, slots=True)
class Total:
    """A value that iterations only contribute to: a reduction."""

    initial: ir.Value
    reduction: Reduction


@dataclass(frozen=True, slots=True)
class Scan:
    """The value that an iteration combines with its loop-carried value."""

    kind: BinaryKind
    value: ir.Value


@dataclass(frozen=True, slots=True)
class Passed:
    """A value passed on to the next iteration: the parameter, and the value that follows it.

    `scan` says how the following value is computed if no operation of the body computes it.
    """

    initial: ir.Value
    parameter: ir.Value
    following: ir.Value
    scan: Scan | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A value taken from the best iteration: component `number` of a choice."""

    initial: ir.Value
    choice: Choice
    number: int


Carried = ir.Value | Whole | Total | Passed | Chosen
"""A loop-carried value; an unchanged one is represented by the value itself."""


@dataclass(slots=True)
class Body:
    """The operations of an iteration, and the classification of each loop-carried value."""

    index: ir.Value
    low: int
    trips: int
    operations: list[ir.Operation]
    carried: list[Carried] = field(default_factory=list)

    @property
    def passed(self) -> list[Passed]:
        """The values passed on between iterations."""
        return [one for one in self.carried if isinstance(one, Passed)]

    @property
    def parts(self) -> list[tuple[Whole, CarriedPart]]:
        """The parts of arrays, each with its array."""
        return [(one, part) for one in self.carried if isinstance(one, Whole) for part in one.parts]

    def read_parts(self) -> list[tuple[Whole, CarriedPart]]:
        """Return the parts of arrays that iterations use at their beginning."""
        needed = {one for operation in self.operations for one in uses(operation)}
        needed |= {value.id for value in self.outputs}
        needed |= {one.following.id for one in self.passed}
        needed |= {one.scan.value.id for one in self.passed if one.scan is not None}
        return [(array, part) for array, part in self.parts if part.before.id in needed]

    @property
    def outputs(self) -> list[ir.Value]:
        """The values of each iteration needed after the loop, except those passed on."""
        found = []
        for one in self.carried:
            match one:
                case Whole():
                    found += [part.after for n, part in enumerate(one.parts) if n in one.written]
                case Total():
                    found += [*one.reduction.added, *one.reduction.subtracted]
                case Chosen():
                    found.append(one.choice.offered[one.number])
                case _:
                    pass
        return found


def body_of(build: Builder, scalars: Scalars, loop: ir.For) -> Body | None:
    """Prepare the body of a loop; None if the bounds aren't constant or the loop is empty."""
    low, high = (scalars.constant(value) for value in loop.operands[:2])
    if low is None or high is None or high <= low:
        return None
    region = loop.regions[0]
    initial = list(loop.operands[2:])
    left = list(range(len(initial)))
    carried: dict[int, Carried] = {}
    # A value may turn out never to change after another one did.
    while (position := _unchanged(region, initial, left)) is not None:
        region = _fixed(region, position, initial[position])
        carried[position] = initial[position]
        left.remove(position)
    body = Body(region.parameters[0], low, high - low, [])
    arrays: dict[int, tuple[Private, int]] = {}
    for position in list(left):
        first = len(region.yields)
        private = _private(build, scalars, region, position)
        if private is not None:
            region = _without(build, private, region, position)
            scalars.see(region)
            arrays[position] = private, first
            left.remove(position)
    for position, (private, first) in arrays.items():
        footprints = private.footprints
        after = region.yields[first : first + len(footprints.footprints)]
        parts = map(CarriedPart, footprints.footprints, private.before, after)
        carried[position] = Whole(initial[position], tuple(parts), frozenset(footprints.written))
    body.operations = list(region.operations)
    _reductions(build, scalars, region, initial, left, carried, body)
    body.carried = [carried[position] for position in range(len(initial))]
    return body


def _unchanged(region: ir.Region, initial: Sequence[ir.Value], left: Sequence[int]) -> int | None:
    """Return a position of a loop-carried value that never changes, if there is one."""
    for position in left:
        if region.yields[position] in (region.parameters[1 + position], initial[position]):
            return position
    return None


def _fixed(region: ir.Region, position: int, value: ir.Value) -> ir.Region:
    """Replace a loop-carried value that never changes by its initial value in body and yields."""
    return replaced(region, {region.parameters[1 + position].id: value})


def _private(build: Builder, scalars: Scalars, region: ir.Region, position: int) -> Private | None:
    """Return the privatisation of an array if each iteration changes only its own parts."""
    array = region.parameters[1 + position]
    chain = chain_of(region, position) if array.type.shape else None
    if chain is None or not chain.accesses:
        return None
    footprints = own_footprints(chain, region, scalars)
    return None if footprints is None else Private(build, chain, footprints)


def _without(build: Builder, private: Private, region: ir.Region, position: int) -> ir.Region:
    """Replace an array in a body by its parts, which are appended to the yields."""
    array, last = region.parameters[1 + position], region.yields[position]
    with build.nested() as operations:
        after = private.body(region, array, last)
        yields = tuple(private.current(value) for value in region.yields)
    return replace(region, operations=tuple(operations), yields=(*yields, *after))


def _reductions(
    build: Builder,
    scalars: Scalars,
    region: ir.Region,
    initial: Sequence[ir.Value],
    left: Sequence[int],
    carried: dict[int, Carried],
    body: Body,
) -> None:
    """Classify the remaining loop-carried values as choices, reductions, or passed on."""
    ends = {value.id for value in region.yields[len(initial) :]}
    totals: list[ir.Value] = []
    starts = region.parameters[1:]
    while True:
        free = [position for position in left if position not in carried]
        others = ends | {value.id for value in totals}
        choice = choice_of(body.operations, starts, region.yields, free, others)
        if choice is None:
            break
        for number, position in enumerate(choice.positions):
            carried[position] = Chosen(initial[position], choice, number)
        totals += choice.offered
    for position in (one for one in left if one not in carried):
        start, end = region.parameters[1 + position], region.yields[position]
        others = ends | {region.yields[other].id for other in left if other != position}
        others |= {value.id for value in totals}
        found = reduction_of(build, scalars, body.operations, start, end, others)
        if found is None:
            carried[position] = Passed(initial[position], start, end)
            continue
        carried[position] = Total(initial[position], found)
        totals += [*found.added, *found.subtracted]
