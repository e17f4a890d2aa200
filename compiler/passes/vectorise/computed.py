"""Vectorisation of loops that access arrays at public, non-affine indices.

Examples are sorting networks, butterflies and permutations: array indices are computed from the
loop index and from public values outside the loop. So they are computed for all iterations before
the loop. If no iteration accesses an item that an earlier one writes, the items of each iteration
are gathered before the loop and scattered after it, and a loop on one item per iteration remains.
This condition is tested at run time. If it is false, or if a check would fail, the original loop
runs (speculation on a run-time test of independence [RP95]).

If the body is under a public condition on the loop index, the active iterations are selected. There
are at most as many of them as items, because each must write to different items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from itertools import takewhile

from ezlang.records import dataclass
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
from .indices import Indices, has_effects, is_index, values_inside
from .support import affine_in


def computed_places(build: Builder, scalars: Scalars, loop: ir.For) -> IndexedLoop | None:
    """Emit places and a test of their separation; None if they can't be separate or don't help."""
    taken = _taken_apart(scalars, loop)
    if taken is None:
        return None
    return _Plan(build, scalars, loop, taken).run()


def _taken_apart(scalars: Scalars, loop: ir.For) -> Taken | None:
    low, high = (scalars.constant(value) for value in loop.operands[:2])
    (body,) = loop.regions
    index = body.parameters[0]
    if low is None or (high is not None and high <= low) or not _fits(index, loop.operands[1]):
        return None
    inside = values_inside(body)
    known = {index.id}
    before, rest = _split(body.operations, inside, known)
    trips = None if high is None else high - low
    condition: ir.Value | None = None
    guarded: tuple[ir.Operation, ...] = ()
    yields = body.yields
    if len(rest) == 1 and isinstance(rest[0], ir.If) and rest[0].operands[0].id in known:
        (choice,) = rest
        then, otherwise = choice.regions
        kept = dict(zip((r.id for r in choice.results), otherwise.yields, strict=True))
        chosen = dict(zip((r.id for r in choice.results), then.yields, strict=True))
        ends = tuple(kept.get(value.id, value) for value in yields)
        if otherwise.operations or ends != body.parameters[1:]:
            return None
        condition = choice.operands[0]
        guarded, rest = _split(then.operations, inside, known)
        yields = tuple(chosen.get(value.id, value) for value in yields)
    region = ir.Region(parameters=body.parameters, operations=rest, yields=yields)
    return Taken(index, low, trips, loop.operands[1], before, condition, guarded, region)


def _fits(index: ir.Value, high: ir.Value) -> bool:
    fits = index.type.element.high <= INT64.high
    return fits and index.type.label.is_public and high.type.label.is_public


def _split(
    operations: Sequence[ir.Operation], inside: set[int], known: set[int]
) -> tuple[tuple[ir.Operation, ...], tuple[ir.Operation, ...]]:
    """Separate operations that compute public scalars from the index from all others.

    Their results are added to `known`. Those in nested regions are hoisted if they cannot fail.
    """
    first: list[ir.Operation] = []
    rest: list[ir.Operation] = []
    for operation in operations:
        if is_index(operation, inside, known):
            known.add(operation.result.id)
            first.append(operation)
            continue
        regions = []
        for region in operation.regions:
            found, kept = _split(region.operations, inside, known)
            checked = [one for one in found if one.failure is not None]
            if checked:
                known.difference_update(one.result.id for one in found)
                regions.append(region)
                continue
            first += found
            regions.append(replace(region, operations=kept))
        rest.append(replace(operation, regions=tuple(regions)) if regions else operation)
    return tuple(first), tuple(rest)


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
        self.known = {one.result.id for one in (*taken.before, *taken.guarded)} | {taken.index.id}
        self.inside = values_inside(self.loop.regions[0])
        if not self._find_arrays() or (taken.is_masked and has_effects(taken.rest.operations)):
            return None
        trips, picked = self._trips()
        if not trips or not picked:
            return None
        varied = self._varied()
        self.indices = Indices(
            self.build,
            self.scalars,
            Batch(self.build, self.scalars, taken.index, taken.low, trips, varied),
        )
        self._compute()
        holds = self._separate()
        items = IndexedLoop(
            self.build, self.scalars, self.loop, taken, self.indices, self.arrays, holds
        )
        if picked < trips and self.active is not None:
            items.pick(self.active, picked)
        return items

    def _varied(self) -> set[int]:
        found = {self.taken.index.id}
        for one in (*self.taken.before, *self.taken.guarded):
            if any(value.id in found for value in one.operands):
                found.add(one.result.id)
        return found

    # Arrays

    def _find_arrays(self) -> bool:
        """Find the arrays accessed at computed places; False if the loop can't be rewritten."""
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
                    if not left and away < (self.taken.trips or away + 1):
                        return False
                elif only and (factor or times):
                    return False
        return True

    def _trips(self) -> tuple[int, int]:
        """Return the number of iterations considered, and how many of them can be active."""
        taken = self.taken
        sizes = [(one.count, len(one.written)) for one in self.arrays]
        trips = taken.trips or max(size for size, _ in sizes)
        if not taken.is_masked:
            return trips, trips
        return trips, min(trips, *(size // count for size, count in sizes if count), trips)

    # Before the check

    def _compute(self) -> None:
        taken, indices = self.taken, self.indices
        if taken.trips is None:
            self.active = indices.before(taken.high, taken.low)
            count = self.build.binary(
                BinaryKind.GT,
                self.build.cast(taken.high, INT64),
                self.build.index(taken.low + indices.trips),
            )
            indices.failing.append(self.build.broadcast(count, (indices.trips,)))
        for operation in taken.before:
            indices.see(operation, self.active)
        if taken.condition is not None:
            chosen = indices.batch.items(taken.condition)
            self.active = indices.both(self.active, chosen)
        for operation in taken.guarded:
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
