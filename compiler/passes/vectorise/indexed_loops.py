"""Loops on gathered items: a gather before the loop and a scatter after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from math import prod

from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind
from ..analyses.scalars import Scalars
from ..rewriting.copy import Copier
from .chain import Chain
from .footprints import Footprints
from .indices import Indices
from .private import Private
from .reductions import uses
from .support import affine_in


@dataclass(frozen=True, slots=True)
class Taken:
    """The components of a loop: index computations, and the rest of the body.

    If there is a `high`, only the iterations below it are active.
    """

    index: ir.Value
    low: int
    trips: int
    high: ir.Value | None
    before: tuple[ir.Operation, ...]
    rest: ir.Region

    @property
    def is_masked(self) -> bool:
        """Whether some of the iterations considered may be inactive."""
        return self.high is not None


@dataclass(slots=True)
class Array:
    """An array with items that belong to iterations; `position`: its loop-carried position.

    All accesses of the loop are to one part of the array: the indices `fixed` select it in the
    leading dimensions. In this part, `indices` of the next dimensions select an item. There are as
    many of these dimensions as are needed to distinguish iterations. Items are numbered in
    row-major order.
    """

    base: ir.Value
    initial: ir.Value
    position: int | None
    chain: Chain
    footprints: Footprints
    fixed: tuple[ir.Value, ...]
    indices: list[tuple[ir.Value, ...]]
    tensors: list[ir.Value] = field(default_factory=list)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes of the dimensions whose indices select an item."""
        first = len(self.fixed)
        return self.initial.type.shape[first : first + len(self.indices[0])]

    @property
    def count(self) -> int:
        """The number of items."""
        return prod(self.sizes)

    @property
    def _flags(self) -> tuple[bool, ...]:
        return (True,) * len(self.fixed)

    def items(self, build: Builder) -> ir.Value:
        """Emit the contents before the loop, as a tensor of items."""
        part = build.extract(self.initial, self.fixed, self._flags)
        return build.reshape(part, (self.count, *part.type.shape[len(self.sizes) :]))

    def changed(self, build: Builder, items: ir.Value) -> ir.Value:
        """Emit the array with its items replaced."""
        shape = self.initial.type.shape[len(self.fixed) :]
        part = build.reshape(items, shape)
        return build.insert(self.initial, part, self.fixed, self._flags)

    @property
    def written(self) -> list[int]:
        """The numbers of the footprints that are written."""
        return sorted(self.footprints.written)

    def is_early(self, number: int) -> bool:
        """Return whether a footprint is only read, and only before the iteration writes any."""
        return all(
            isinstance(one, ir.Extract) and one.operands[0] == self.base
            for one in self.chain.accesses
            if self.footprints.number[one.result.id] == number
        )


@dataclass(slots=True)
class IndexedLoop:
    """The replacement of a loop on arrays if `holds` is true; None means that it always is."""

    build: Builder
    scalars: Scalars
    old: ir.For
    taken: Taken
    indices: Indices
    arrays: list[Array]
    holds: ir.Value | None
    parts: list[tuple[ir.Value, ...]] = field(default_factory=list)

    @property
    def carried(self) -> dict[int, int]:
        """The numbers of the loop-carried arrays, by position."""
        return {one.position: n for n, one in enumerate(self.arrays) if one.position is not None}

    def loop(self) -> ir.For:
        """Emit the gathers, and return the loop on their results, whose index counts from 0."""
        build = self.build
        gathered = [
            [build.gather(one.items(build), tensor) for tensor in one.tensors]
            for one in self.arrays
        ]
        region = self._own_items()
        initial = self._by_position(self.old.operands[2:], gathered)
        tensors = self._tensors(region)
        low, high = build.index(0), build.index(self.indices.trips)
        for operation in build.operations[-2:]:
            self.scalars.note(operation)
        step = build.fresh(low.type)
        parameters = build.fresh_like(initial)
        with build.nested() as operations:
            copier = Copier(build)
            self._begin(copier, step, tensors)
            records = self._records(copier, region, iter(parameters))
            self._read(copier, step, gathered, records)
            for operation in region.operations:
                copier.operation(operation)
            yields = self._ends(copier, region, step, records)
        made = ir.Region(
            parameters=(step, *parameters), operations=tuple(operations), yields=tuple(yields)
        )
        inner = ir.For(
            operands=(low, high, *initial),
            results=build.fresh_like(initial),
            regions=(made,),
            span=self.old.span,
        )
        self.scalars.note(inner)
        self.scalars.see(made)
        return inner

    def results(self, found: Sequence[ir.Value]) -> list[ir.Value]:
        """Emit the scatters after the loop on items; return the results of the original loop."""
        given, results = iter(found), list[ir.Value]()
        for position in range(len(self.old.results)):
            number = self.carried.get(position)
            if number is None:
                results.append(next(given))
                continue
            one = self.arrays[number]
            array = one.items(self.build)
            for n in one.written:
                value = self.build.relabel(next(given), array.type.label)
                array = self.build.scatter(array, value, one.tensors[n])
            results.append(one.changed(self.build, array))
        return results

    # The body

    def _own_items(self) -> ir.Region:
        """Rewrite the body so that it works on items, which are appended to its yields."""
        region = self.taken.rest
        for one in self.arrays:
            private = Private(self.build, one.chain, one.footprints, checked=True)
            last = one.base if one.position is None else region.yields[one.position]
            with self.build.nested() as operations:
                after = private.body(region, one.base, last)
                yields = tuple(private.current(value) for value in region.yields)
            region = replace(region, operations=tuple(operations), yields=(*yields, *after))
            self.parts.append(private.before)
        return region

    def _by_position(
        self, values: Sequence[ir.Value], items: Sequence[Sequence[ir.Value]]
    ) -> list[ir.Value]:
        """Return loop-carried values, with each array replaced by its written items."""
        found: list[ir.Value] = []
        for position, value in enumerate(values):
            number = self.carried.get(position)
            if number is None:
                found.append(value)
            else:
                found += [items[number][n] for n in self.arrays[number].written]
        return found

    def _tensors(self, region: ir.Region) -> dict[int, ir.Value]:
        """Emit tensors of the index values that the body uses but doesn't recompute."""
        used = {value.id for value in region.yields}
        for operation in region.operations:
            used |= uses(operation)
        found: dict[int, ir.Value] = {}
        for value in self._known():
            if self.taken.is_masked and value.id not in used:
                continue
            if self.indices.varies(value) and (self.taken.is_masked or not self._is_affine(value)):
                found[value.id] = self.indices.batch.items(value)
        return found

    def _known(self) -> Iterator[ir.Value]:
        yield self.taken.index
        for operation in self.taken.before:
            yield operation.result

    def _is_affine(self, value: ir.Value) -> bool:
        varied = self.indices.batch.varied
        return affine_in(self.scalars, value, self.taken.index, varied)

    def _begin(self, copier: Copier, step: ir.Value, tensors: dict[int, ir.Value]) -> None:
        """Emit the index values of the body, or read them from tensors."""
        build, index = self.build, self.taken.index
        if not self.taken.is_masked:
            number = build.binary(BinaryKind.ADD, step, build.index(self.taken.low))
            copier.values[index.id] = build.cast(number, index.type.element)
        for value in self._known():
            if value.id in tensors:
                copier.values[value.id] = build.extract(tensors[value.id], (step,), (True,))
            elif value == index or (self.taken.is_masked and self.indices.varies(value)):
                continue
            elif self.indices.varies(value):
                operation = self.indices.computed[value.id]
                if isinstance(operation, ir.Binary | ir.Extract):
                    operation = replace(operation, checked=False)
                copier.operation(operation)
            else:
                copier.values[value.id] = self.indices.batch.plain(value)

    def _records(
        self, copier: Copier, region: ir.Region, parameters: Iterator[ir.Value]
    ) -> dict[int, list[ir.Value]]:
        """Map loop-carried values to parameters; return the loop-carried items, by array."""
        records: dict[int, list[ir.Value]] = {}
        for position, parameter in enumerate(self.taken.rest.parameters[1:]):
            number = self.carried.get(position)
            if number is None:
                copier.values[parameter.id] = next(parameters)
            else:
                records[number] = [next(parameters) for _ in self.arrays[number].written]
        return records

    def _read(
        self,
        copier: Copier,
        step: ir.Value,
        gathered: Sequence[Sequence[ir.Value]],
        records: dict[int, list[ir.Value]],
    ) -> None:
        """Emit the reads of an iteration's items."""
        for number, one in enumerate(self.arrays):
            for n, before in enumerate(self.parts[number]):
                source = gathered[number][n]
                if n in one.footprints.written:
                    source = records[number][one.written.index(n)]
                copier.values[before.id] = self.build.extract(source, (step,), (True,))

    def _ends(
        self,
        copier: Copier,
        region: ir.Region,
        step: ir.Value,
        records: dict[int, list[ir.Value]],
    ) -> list[ir.Value]:
        """Emit the writes of an iteration's items; return its yields."""
        first = len(self.old.results)
        ends: list[tuple[ir.Value, ...]] = []
        for parts in self.parts:
            ends.append(copier.current(region.yields[first : first + len(parts)]))
            first += len(parts)
        written: dict[int, dict[int, ir.Value]] = {}
        for number, items in records.items():
            written[number] = {}
            for n, record in zip(self.arrays[number].written, items, strict=True):
                item = self.build.relabel(ends[number][n], record.type.label)
                written[number][n] = self.build.insert(record, item, (step,), (True,))
        yields: list[ir.Value] = []
        for position, value in enumerate(region.yields[: len(self.old.results)]):
            found = self.carried.get(position)
            if found is None:
                yields += copier.current((value,))
            else:
                yields += [written[found][n] for n in self.arrays[found].written]
        return yields
