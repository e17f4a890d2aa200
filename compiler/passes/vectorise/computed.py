"""Vectorisation of loops that access arrays at public, non-affine indices.

Examples are sorting networks, butterflies and permutations: array indices are computed from the
loop index and from public values outside the loop. So they are computed for all iterations before
the loop. If no iteration accesses an item that an earlier one writes, the items of each iteration
are gathered before the loop and scattered after it, and a loop on one item per iteration remains.
This condition is tested at run time. If it is false, or if a check would fail, the original loop
runs (speculation on a run-time test of independence [RP95]).

A loop may be masked: it considers a given number of iterations, and only those below its upper
bound are active. The others read nothing and write nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from itertools import takewhile

from ezlang.records import dataclass, replace
from ezlang.types.types import INT64

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind
from ..analyses.accesses import Access
from ..analyses.scalars import Affine, Scalars
from .batch import Batch
from .chain import Chain, chain_of
from .footprints import Footprint, Footprints, own_footprints
from .indexed_loops import Array, IndexedLoop, Taken
from .indices import Indices, has_effects, split_index, values_inside
from .support import affine_in


def computed_places(
    build: Builder, scalars: Scalars, loop: ir.For, masked: int | None = None
) -> IndexedLoop | None:
    """Emit places and a test of their separation; None if they can't be separate or don't help.

    `masked`: the number of iterations considered, if only those below the upper bound are active.
    """
    taken = taken_apart(scalars, loop, masked)
    if taken is None:
        return None
    return _Plan(build, scalars, loop, taken).run()


def taken_apart(scalars: Scalars, loop: ir.For, masked: int | None) -> Taken | None:
    """Separate index computations from the rest of a loop; None if its bounds aren't constant."""
    low, high = (scalars.constant(value) for value in loop.operands[:2])
    (body,) = loop.regions
    index = body.parameters[0]
    if low is None or not fits(index, loop.operands[1]):
        return None
    if masked is not None:
        trips, end = masked, loop.operands[1]
    elif high is not None and high > low:
        trips, end = high - low, None
    else:
        return None
    before, rest = split_index(body.operations, values_inside(body), {index.id})
    return Taken(index, low, trips, end, before, replace(body, operations=rest))


def places_of(build: Builder, scalars: Scalars, loop: ir.For) -> list[Array]:
    """Return the arrays accessed at computed places; none if the loop can't be rewritten."""
    taken = taken_apart(scalars, loop, 1)
    if taken is None:
        return []
    plan = _Plan(build, scalars, loop, taken)
    return plan.arrays if plan.find_arrays() else []


def fits(index: ir.Value, high: ir.Value) -> bool:
    """Return whether a loop has public bounds, and an index that an int64 can hold."""
    fits = index.type.element.high <= INT64.high
    return fits and index.type.label.is_public and high.type.label.is_public


@dataclass(slots=True)
class _Plan:
    build: Builder
    scalars: Scalars
    loop: ir.For
    taken: Taken
    known: set[int] = field(default_factory=set)
    inside: set[int] = field(default_factory=set)
    arrays: list[Array] = field(default_factory=list)
    indices: Indices = field(init=False)
    active: ir.Value | None = None

    def run(self) -> IndexedLoop | None:
        taken = self.taken
        if not self.find_arrays() or (taken.is_masked and has_effects(taken.rest.operations)):
            return None
        batch = Batch(self.build, self.scalars, taken.index, taken.low, taken.trips, self._varied())
        self.indices = Indices(self.build, self.scalars, batch)
        self._compute()
        return IndexedLoop(
            self.build,
            self.scalars,
            self.loop,
            taken,
            self.indices,
            self.arrays,
            self._separate(),
        )

    def _varied(self) -> set[int]:
        found = {self.taken.index.id}
        for one in self.taken.before:
            if any(value.id in found for value in one.operands):
                found.add(one.result.id)
        return found

    # Arrays

    def find_arrays(self) -> bool:
        """Find the arrays accessed at computed places; False if the loop can't be rewritten."""
        self.known = {one.result.id for one in self.taken.before} | {self.taken.index.id}
        self.inside = values_inside(self.loop.regions[0])
        region = self.taken.rest
        initial = self.loop.operands[2:]
        for position, value in enumerate(initial):
            parameter = region.parameters[1 + position]
            if region.yields[position] == parameter and not self._is_used(parameter):
                continue
            chain = chain_of(region, position) if value.type.shape else None
            if chain is None or not chain.accesses:
                if self.taken.is_masked:
                    return False
                continue
            if not self.taken.is_masked and own_footprints(chain, region, self.scalars) is not None:
                continue
            if not self._add(chain, parameter, value, position) or not self._may_part():
                return False
        return self._find_tables() and bool(self.arrays)

    def _is_used(self, value: ir.Value) -> bool:
        return any(
            value in one.operands
            for one in ir.walk(ir.Region(operations=self.taken.rest.operations))
        )

    def _find_tables(self) -> bool:
        """Find the arrays from outside the loop that are read at computed indices."""
        region = self.taken.rest
        bases = {
            one.operands[0]: None
            for one in ir.walk(region)
            if isinstance(one, ir.Extract) and one.operands[0].id not in self.inside
        }
        for base in bases:
            chain = Chain({base.id})
            reads = chain.follow(region.operations) and len(chain.versions) == 1
            moved = any(
                value.id in self.known for one in chain.accesses for value in one.operands[1:]
            )
            if not moved:
                continue
            plain = not self.taken.is_masked and all(map(self._is_affine, chain.accesses))
            if plain:
                continue
            if not (reads and self._add(chain, base, base, None)):
                return False
        return True

    def _is_affine(self, operation: ir.Operation) -> bool:
        varied = self._varied()
        size = operation.operands[0].type.shape
        if not isinstance(operation, ir.Extract):
            return True
        sizes = [n for n, one in zip(size, operation.dimensions, strict=False) if one]
        for index, length in zip(operation.operands[1:], sizes, strict=True):
            low, high = self.scalars.range(index)
            if low < 0 or high >= length:
                return False
            if not affine_in(self.scalars, index, self.taken.index, varied):
                return False
        return True

    def _add(self, chain: Chain, base: ir.Value, initial: ir.Value, position: int | None) -> bool:
        """Assign each access a place; False if an access has none."""
        indices = self._leading(chain)
        if indices is None:
            return False
        depth = len(indices[0])
        fixed = self._fixed(indices, base.type.shape)
        array = Array(
            base, initial, position, chain, Footprints([], {}, set()), indices[0][:fixed], []
        )
        place = Footprint(Access((), base.type.shape[depth:]), frozenset(range(depth)))
        numbers: dict[tuple[Affine | None, ...], int] = {}
        for operation, given in zip(chain.accesses, indices, strict=True):
            forms = tuple(map(self.scalars.affine, given))
            if forms not in numbers:
                numbers[forms] = len(numbers)
                array.indices.append(given[fixed:])
                array.footprints.footprints.append(place)
            number = numbers[forms]
            array.footprints.number[operation.result.id] = number
            if isinstance(operation, ir.Insert):
                array.footprints.written.add(number)
        self.arrays.append(array)
        return True

    def _leading(self, chain: Chain) -> list[tuple[ir.Value, ...]] | None:
        """Return the indices of each access in the leading dimensions that select an item.

        These extend to the last dimension with a varying index, as far as all indices are known
        before the loop. None if the indices of a write don't vary, or aren't known far enough.
        """
        varied = self._varied()
        written = any(isinstance(one, ir.Insert) for one in chain.accesses)
        found: list[tuple[ir.Value, ...]] = []
        least, most = 1, 1
        for operation in chain.accesses:
            if not isinstance(operation, ir.Extract | ir.Insert):
                return None
            writes = isinstance(operation, ir.Insert)
            given = iter(operation.operands[2 if writes else 1 :])
            indices = [next(given) for _ in takewhile(bool, operation.dimensions)]
            found.append(tuple(takewhile(self._is_known, indices)))
            moving = [n for n, index in enumerate(indices, 1) if index.id in varied]
            if writes and not moving:
                return None
            if moving and writes == written:
                least, most = max(least, moving[0]), max(most, moving[-1])
        depth = min(most, *map(len, found))
        return None if depth < least else [indices[:depth] for indices in found]

    def _fixed(self, indices: Sequence[tuple[ir.Value, ...]], shape: tuple[int, ...]) -> int:
        """Return the number of leading dimensions in which all indices are one value, in range."""
        for depth, (first, size) in enumerate(zip(indices[0][:-1], shape, strict=False)):
            low, high = self.scalars.range(first)
            same = all(given[depth] == first for given in indices)
            if first.id in self.inside or not same or low < 0 or high >= size:
                return depth
        return len(indices[0]) - 1

    def _is_known(self, index: ir.Value) -> bool:
        """Return whether an index is public, and computed before the loop or outside it."""
        inside = index.id in self.inside and index.id not in self.known
        return index.type.label.is_public and not inside

    def _flat(self, indices: Sequence[ir.Value], shape: tuple[int, ...]) -> Affine:
        """Return the number of the item that indices of the leading dimensions select."""
        form = Affine(0)
        for index, size in zip(indices, shape, strict=False):
            form = form.scaled(size).plus(self.scalars.affine(index) or Affine(0))
        return form

    def _may_part(self) -> bool:
        """Return whether iterations may have separate places in the last array.

        They don't if two places coincide at a known distance in iterations, or if two places are
        affine in the index alone, with different factors.
        """
        array, index = self.arrays[-1], self.taken.index
        forms = [self._flat(indices, array.sizes) for indices in array.indices]
        for number in array.written:
            factor, rest = forms[number].split(index)
            for other, form in enumerate(forms):
                times, others = form.split(index)
                gap = rest.plus(others, -1)
                if other == number or gap.terms:
                    continue
                only = not rest.terms and not others.terms
                if factor == times and factor:
                    away, left = divmod(abs(gap.constant), abs(factor))
                    if not left and away < self.taken.trips:
                        return False
                elif only and (factor or times):
                    return False
        return True

    # Before the check

    def _compute(self) -> None:
        taken, indices = self.taken, self.indices
        if taken.high is not None:
            self.active = indices.before(taken.high, taken.low)
        for operation in taken.before:
            indices.see(operation, self.active)

    def _separate(self) -> ir.Value | None:
        """Emit the places and the check of their separation; None if there is nothing to check."""
        indices, build = self.indices, self.build
        total = sum(one.count for one in self.arrays)
        early: list[ir.Value] = []
        written: list[ir.Value] = []
        late: list[ir.Value] = []
        offset = 0
        for one in self.arrays:
            for number in range(len(one.indices)):
                places, outside = self._numbers(one, number)
                if self.active is not None:
                    nowhere = indices.repeated(INT64, -1)
                    one.tensors.append(build.select(self.active, places, nowhere))
                else:
                    one.tensors.append(places)
                if offset:
                    places = build.binary(BinaryKind.ADD, places, indices.repeated(INT64, offset))
                marked = self._marked(places, outside, total)
                if number in one.footprints.written:
                    written.append(marked)
                elif one.written or outside is not None:
                    (early if one.is_early(number) else late).append(marked)
            offset += one.count
        if not written and not early and not late and not indices.failing:
            return None
        everything = [*early, *written, *late] or [indices.repeated(INT64, -1)]
        for where in indices.failing:
            beyond = indices.repeated(INT64, total)
            everything[0] = build.select(where, beyond, everything[0])
        return build.separate(everything, len(written), total, len(early))

    def _numbers(self, array: Array, number: int) -> tuple[ir.Value, ir.Value | None]:
        """Emit the item numbers of a place, and where an index is out of range; None if never."""
        indices, build = self.indices, self.build
        found: ir.Value | None = None
        outside: ir.Value | None = None
        for index, size in zip(array.indices[number], array.sizes, strict=True):
            beyond = indices.outside(index, size)
            if outside is not None and beyond is not None:
                beyond = build.binary(BinaryKind.OR, outside, beyond)
            outside = outside if beyond is None else beyond
            places = indices.places(index)
            if found is not None:
                rows = build.binary(BinaryKind.MUL, found, indices.repeated(INT64, size))
                places = build.binary(BinaryKind.ADD, rows, places)
            found = places
        assert found is not None
        return found, outside

    def _marked(self, places: ir.Value, outside: ir.Value | None, total: int) -> ir.Value:
        """Emit item numbers: out of range for indices out of range, -1 in inactive iterations."""
        build, indices = self.build, self.indices
        if outside is not None:
            places = build.select(outside, indices.repeated(INT64, total), places)
        if self.active is not None:
            places = build.select(self.active, places, indices.repeated(INT64, -1))
        return places
