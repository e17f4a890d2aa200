"""Dependence test for array accesses of a loop.

A footprint is a part of an array that an iteration reads or writes. A loop's index is i in one
iteration and i′ in another. Places are tested dimension by dimension, by ranges and by greatest
common divisors [Ban88]. A footprint that an iteration writes is private if its indices in some
dimension are different for different i.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import gcd

from ezlang.records import dataclass

from ...ir import tree as ir
from ..analyses.accesses import Access, Reading, Row, Writing, access_of
from ..analyses.scalars import Affine, Scalars
from .chain import Chain


@dataclass(frozen=True, slots=True)
class Footprint:
    """A part of an array in each iteration, selected by indices of some dimensions.

    These are `dimensions`; the footprint spans the others entirely. If `dimensions` is empty, the
    footprint is exactly the part of `access`, and it is read and written only as a whole.
    """

    access: Access
    dimensions: frozenset[int]


@dataclass(slots=True)
class Footprints:
    """The footprints of an array, and the number of the footprint of each access."""

    footprints: list[Footprint]
    number: dict[int, int]
    written: set[int]


def own_footprints(chain: Chain, body: ir.Region, scalars: Scalars) -> Footprints | None:
    """Find footprints that separate the iterations; None if there may be a dependence."""
    index = body.parameters[0]
    for footprints in _divided(chain, body, scalars):
        if _apart(footprints, index, scalars):
            return footprints
    return None


def footprints_passed_on(
    chain: Chain, body: ir.Region, scalars: Scalars
) -> tuple[Footprints, dict[int, int]] | None:
    """Find footprints that separate the iterations, except for dependences of distance one.

    Returns the footprints and, for each footprint that is another one of the previous iteration,
    the number of the other one. None if there may be other dependences, or if there are none of
    this kind.
    """
    index = body.parameters[0]
    for footprints in _divided(chain, body, scalars):
        behind: dict[int, int] = {}
        if _apart(footprints, index, scalars, behind) and behind:
            return footprints, behind
    return None


def common_footprints(chain: Chain, body: ir.Region, scalars: Scalars) -> Footprints | None:
    """Find footprints such that each written footprint is the same in all iterations.

    Every other footprint that is read is never written.
    """
    index = body.parameters[0]
    for footprints in _divided(chain, body, scalars):
        accesses = [footprint.access for footprint in footprints.footprints]
        fixed = all(
            row.start.split(index)[0] == 0 for n in footprints.written for row in accesses[n].rows
        )
        apart = all(
            _disjoint(accesses[n], access, index, scalars)
            for n in footprints.written
            for other, access in enumerate(accesses)
            if other != n
        )
        if fixed and apart:
            return footprints
    return None


def _divided(chain: Chain, body: ir.Region, scalars: Scalars) -> Iterator[Footprints]:
    """Yield the ways to divide an array into footprints; none if an access may be out of range."""
    base = chain.accesses[0].operands[0].type.shape
    found: list[tuple[Reading | Writing, Access]] = []
    for operation in chain.accesses:
        access = access_of(operation, scalars)
        if access is None or not access.inside(base, scalars):
            return
        found.append((operation, access))
    terms = {v.id for _, access in found for row in access.rows for v, _ in row.start.terms}
    terms.discard(body.parameters[0].id)
    inner = terms & _made_in(body) if terms else terms
    for dimensions in _candidates(found, inner, len(base)):
        yield _placed(found, dimensions, base)


def _made_in(body: ir.Region) -> set[int]:
    """Return the ids of the values that a loop's body computes or that iterations pass on."""
    found = {value.id for value in body.parameters[1:]}
    for operation in ir.walk(body):
        found.update(value.id for value in operation.results)
        found.update(p.id for one in operation.regions for p in one.parameters)
    return found


def _candidates(
    found: Sequence[tuple[Reading | Writing, Access]], inner: set[int], rank: int
) -> list[frozenset[int]]:
    """Return sets of dimensions that may select footprints; the empty set means whole accesses."""
    outer = [[_known_outside(row.start, inner) for row in access.rows] for _, access in found]
    points = [
        d
        for d in range(rank)
        if all(flags[d] for flags in outer)
        and all(not any(access.rows[d].factors) for _, access in found)
    ]
    sets = [frozenset(points), *(frozenset({d}) for d in points)] if points else []
    if all(all(flags) for flags in outer):
        sets.append(frozenset())
    return list(dict.fromkeys(sets))


def _known_outside(form: Affine, inner: set[int]) -> bool:
    return all(value.id not in inner for value, _ in form.terms)


def _placed(
    found: Sequence[tuple[Reading | Writing, Access]],
    dimensions: frozenset[int],
    base: tuple[int, ...],
) -> Footprints:
    """Assign each access its footprint, and each footprint an access to the array."""
    footprints = Footprints([], {}, set())
    kept = tuple(size for d, size in enumerate(base) if d not in dimensions)
    for operation, access in found:
        footprint = Footprint(access, dimensions)
        if dimensions:
            rows, count = [], 0
            for d, row in enumerate(access.rows):
                if d in dimensions:
                    rows.append(Row(row.start, (0,) * len(kept)))
                else:
                    unit = tuple(int(k == count) for k in range(len(kept)))
                    rows.append(Row(Affine(0), unit))
                    count += 1
            footprint = Footprint(Access(tuple(rows), kept), dimensions)
        if footprint not in footprints.footprints:
            footprints.footprints.append(footprint)
        number = footprints.footprints.index(footprint)
        footprints.number[operation.result.id] = number
        if isinstance(operation, Writing):
            footprints.written.add(number)
    return footprints


def _apart(
    footprints: Footprints, index: ir.Value, scalars: Scalars, behind: dict[int, int] | None = None
) -> bool:
    """Return whether no iteration reads or writes a footprint that another one writes.

    An iteration may read a footprint that only later ones write. If `behind` is given, a footprint
    that is only read may be one that the previous iteration wrote; `behind` then maps its number to
    that of the written footprint.
    """
    all_footprints = [footprint.access for footprint in footprints.footprints]
    for number in footprints.written:
        mine = all_footprints[number]
        if not _own(mine, index, scalars):
            return False
        for other, access in enumerate(all_footprints):
            if other == number or _disjoint(mine, access, index, scalars):
                continue
            if other in footprints.written:
                return False
            if behind is not None and _behind(access, mine, index):
                behind[other] = number
            elif not _ahead(access, mine, index):
                return False
    return True


def _own(access: Access, index: ir.Value, scalars: Scalars) -> bool:
    """Return whether an access has disjoint elements in different iterations.

    This holds if the index in some dimension determines the loop index: sorted by size, each factor
    is larger than the largest sum of the terms with smaller factors.
    """
    if 0 in access.shape:
        return True
    low, high = scalars.range(index)
    for row in access.rows:
        factor, _ = row.start.split(index)
        if not factor:
            continue
        pairs = [(abs(f), size - 1) for f, size in zip(row.factors, access.shape, strict=True)]
        reach = 0
        for step, count in sorted([*pairs, (abs(factor), high - low)]):
            if step and count:
                if step <= reach:
                    break
                reach += step * count
        else:
            return True
    return False


def _disjoint(x: Access, y: Access, index: ir.Value, scalars: Scalars) -> bool:
    """Return whether no element of x in any iteration is an element of y in any iteration."""
    if 0 in x.shape or 0 in y.shape:
        return True
    for mine, other in zip(x.rows, y.rows, strict=True):
        factor, rest = mine.start.split(index)
        other_factor, other_rest = other.start.split(index)
        difference = rest.plus(other_rest, -1)
        (least, most), (other_least, other_most) = (
            sorted(f * end for end in scalars.range(index)) for f in (factor, other_factor)
        )
        low, high = scalars.range_of(difference)
        (before, after), (back, forth) = mine.extent(x.shape), other.extent(y.shape)
        low += least - other_most + before - forth
        high += most - other_least + after - back
        if low > 0 or high < 0:
            return True
        steps = [factor, other_factor, *mine.factors, *other.factors]
        step = gcd(*steps, *(times for _, times in difference.terms))
        if step and difference.constant % step:
            return True
    return False


def _ahead(read: Access, written: Access, index: ir.Value) -> bool:
    """Return whether the elements read are written only in later iterations, if at all."""
    for mine, other in zip(read.rows, written.rows, strict=True):
        if any(mine.factors) or any(other.factors):
            continue
        factor, rest = mine.start.split(index)
        other_factor, other_rest = other.start.split(index)
        gap = rest.plus(other_rest, -1)
        same = factor == other_factor != 0 and not gap.terms
        if same and (gap.constant % factor or gap.constant // factor > 0):
            return True
    return False


def _behind(read: Access, written: Access, index: ir.Value) -> bool:
    """Return whether an iteration reads exactly the elements that the previous one wrote."""
    if read.shape != written.shape:
        return False
    for mine, other in zip(read.rows, written.rows, strict=True):
        factor, rest = mine.start.split(index)
        other_factor, other_rest = other.start.split(index)
        gap = rest.plus(other_rest, -1)
        if mine.factors != other.factors or factor != other_factor or gap != Affine(-factor):
            return False
    return True
