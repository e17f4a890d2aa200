"""Privatisation of arrays that a loop accesses in parts.

If the footprints of different iterations are separate, an iteration reads its footprints of the
array first, works on them as on private variables, and writes them at its end. The body then no
longer accesses the array, and iterations may run in parallel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.build import Builder
from ..analyses.accesses import Reading, Writing
from .access import IndexedAccess
from .chain import Chain
from .footprints import Footprint, Footprints


@dataclass(slots=True)
class Private:
    """Rewrites a body so that it works on the parts of one array instead of the array.

    `checked`: indices within a part may be out of range, so their checks are kept.
    """

    build: Builder
    chain: Chain
    footprints: Footprints
    checked: bool = False
    before: tuple[ir.Value, ...] = ()
    parts: dict[int, tuple[ir.Value, ...]] = field(default_factory=dict)
    replaced: dict[int, ir.Value] = field(default_factory=dict)

    def body(self, region: ir.Region, array: ir.Value, last: ir.Value) -> tuple[ir.Value, ...]:
        """Rewrite a loop's body into the builder; `last` is the final version of `array`.

        Returns the final values of the parts; their initial values are `before`.
        """
        self.before = tuple(
            self.build.fresh(replace(array.type, shape=footprint.access.shape), array.hint)
            for footprint in self.footprints.footprints
        )
        self.parts[array.id] = self.before
        for operation in region.operations:
            self._operation(operation)
        return self.parts[last.id]

    def current(self, value: ir.Value) -> ir.Value:
        """Return the replacement of a value."""
        return self.replaced.get(value.id, value)

    def _spread(self, values: Sequence[ir.Value]) -> tuple[ir.Value, ...]:
        """Return the replacements of values; a version of the array is replaced by its parts."""
        return tuple(
            one
            for value in values
            for one in self.parts.get(value.id, (self.current(value),))
        )  # fmt: skip

    def _split(self, values: Sequence[ir.Value]) -> tuple[ir.Value, ...]:
        """Make parts for the versions of the array among newly defined values."""
        for value in values:
            if value.id in self.chain.versions:
                self.parts[value.id] = tuple(
                    self.build.fresh(replace(value.type, shape=footprint.access.shape), value.hint)
                    for footprint in self.footprints.footprints
                )
        return self._spread(values)

    def _operation(self, operation: ir.Operation) -> None:
        if operation.operands and operation.operands[0].id in self.chain.versions:
            if isinstance(operation, Reading):
                self._read(operation)
                return
            if isinstance(operation, Writing):
                self._write(operation)
                return
        operands = self._spread(operation.operands)
        if operation.regions:
            regions = tuple(self._region(region) for region in operation.regions)
            results = self._split(operation.results)
            operation = replace(operation, operands=operands, regions=regions, results=results)
        elif operands != operation.operands:
            operation = replace(operation, operands=operands)
        self.build.emit(operation)

    def _region(self, region: ir.Region) -> ir.Region:
        parameters = self._split(region.parameters)
        with self.build.nested() as operations:
            for operation in region.operations:
                self._operation(operation)
            yields = self._spread(region.yields)
        return ir.Region(parameters=parameters, operations=tuple(operations), yields=yields)

    def _read(self, operation: Reading) -> None:
        footprint = self._place(operation)
        part = self.parts[operation.operands[0].id][self.footprints.number[operation.result.id]]
        others = self._others(operation, 1)
        read = read_part(
            self.build, operation, footprint.dimensions, part, others, checked=self.checked
        )
        self.replaced[operation.result.id] = read

    def _write(self, operation: Writing) -> None:
        number = self.footprints.number[operation.result.id]
        footprint = self._place(operation)
        parts = list(self.parts[operation.operands[0].id])
        value, *indices = self._others(operation, 1)
        changed = None
        if footprint.dimensions:
            operands = [parts[number], value, *indices]
            changed = _narrowed(operation, footprint.dimensions, operands, checked=self.checked)
        if changed is None or _is_whole(changed, value.type.shape):
            value = self.build.relabel(value, parts[number].type.label)
            parts[number] = _shaped(self.build, value, parts[number].type.shape)
        else:
            result = self.build.fresh(parts[number].type, operation.result.hint)
            self.build.emit(replace(changed, results=(result,)))
            parts[number] = result
        self.parts[operation.result.id] = tuple(parts)

    def _place(self, operation: Reading | Writing) -> Footprint:
        return self.footprints.footprints[self.footprints.number[operation.result.id]]

    def _others(self, operation: ir.Operation, first: int) -> list[ir.Value]:
        return [self.current(value) for value in operation.operands[first:]]


def read_part(
    build: Builder,
    operation: Reading,
    dimensions: frozenset[int],
    part: ir.Value,
    indices: Sequence[ir.Value],
    *,
    checked: bool = False,
) -> ir.Value:
    """Emit a read of an array as a read of the part at its footprint; return the result.

    `dimensions` are those that select the footprint; `indices` are all indices of the read. If
    `checked`, the checks of the remaining indices are kept.
    """
    if not dimensions:
        return part
    changed = _narrowed(operation, dimensions, [part, *indices], checked=checked)
    if changed is None or _is_whole(changed, operation.result.type.shape):
        return _shaped(build, part, operation.result.type.shape)
    build.emit(changed)
    return operation.result


def _is_whole(operation: Reading | Writing, shape: tuple[int, ...]) -> bool:
    """Return whether an access covers all elements in order."""
    if not isinstance(operation, ir.AffineRead | ir.AffineWrite) or any(operation.moved):
        return False
    access = IndexedAccess(operation.index_map, (None,) * len(operation.index_map), shape)
    return access.flat(operation.operands[0].type.shape)


def _shaped(build: Builder, value: ir.Value, shape: tuple[int, ...]) -> ir.Value:
    """Emit a value in another shape, by a reshape or by repeating its only element."""
    if value.type.size == replace(value.type, shape=shape).size:
        return build.reshape(value, shape)
    return build.affine_read(value, (), shape)


def _narrowed(
    operation: Reading | Writing,
    dimensions: frozenset[int],
    operands: list[ir.Value],
    *,
    checked: bool,
) -> Reading | Writing | None:
    """Return an access without the dimensions that select the footprint; None if none remain.

    `operands` are the part, the value written, and the indices or offsets. The indices that select
    the footprint are known to be in range, and so are the others unless `checked`.
    """
    fixed = 2 if isinstance(operation, Writing) else 1
    given = iter(operands[fixed:])
    rank = len(operation.operands[0].type.shape)
    match operation:
        case ir.Extract() | ir.Insert():
            flags = operation.dimensions + (False,) * (rank - len(operation.dimensions))
        case ir.AffineRead() | ir.AffineWrite():
            flags = operation.moved or (False,) * rank
        case _:
            raise CompilerBug("a slice has no dimension of its own")
    indices = [next(given) if flag else None for flag in flags]
    kept = [d for d in range(rank) if d not in dimensions]
    left = tuple(index for d in kept if (index := indices[d]) is not None)
    used = (*operands[:fixed], *left)
    match operation:
        case ir.Extract() | ir.Insert():
            if not left:
                return None
            narrow = tuple(flags[d] for d in kept)
            checks = checked and operation.checked
            return replace(operation, dimensions=narrow, checked=checks, operands=used)
        case _:
            if not kept:
                return None
            index_map = tuple(operation.index_map[d] for d in kept)
            moved = tuple(flags[d] for d in kept) if left else ()
            return replace(operation, index_map=index_map, moved=moved, operands=used)
