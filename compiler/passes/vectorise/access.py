"""Emission of array accesses with an affine index for each dimension."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from ezlang.records import dataclass, replace
from ezlang.types.types import INT64

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind
from ..analyses.accesses import Access
from ..analyses.scalars import Affine


@dataclass(frozen=True, slots=True)
class IndexedAccess:
    """An access ready to be emitted: constant rows, and an offset added to each at run time."""

    index_map: tuple[tuple[int, ...], ...]
    offsets: tuple[Affine | None, ...]
    shape: tuple[int, ...]

    def flat(self, base: tuple[int, ...]) -> bool:
        """Return whether the access covers all elements of the base, in order."""
        if any(offset is not None for offset in self.offsets) or prod(self.shape) != prod(base):
            return False
        paces = [prod(base[d + 1 :]) for d in range(len(base))]
        totals = [
            sum(row[k] * pace for row, pace in zip(self.index_map, paces, strict=True))
            for k in range(1 + len(self.shape))
        ]
        steps = [
            (total, prod(self.shape[k + 1 :]))
            for k, total in enumerate(totals[1:])
            if self.shape[k] != 1
        ]
        return totals[0] == 0 and all(total == step for total, step in steps)


def placed(access: Access) -> IndexedAccess:
    """Separate the constants of an access from the offsets added at run time."""
    index_map, offsets = [], []
    for row in access.rows:
        index_map.append((row.start.constant, *row.factors))
        offsets.append(Affine(0, row.start.terms) if row.start.terms else None)
    return IndexedAccess(tuple(index_map), tuple(offsets), access.shape)


Current = Callable[[ir.Value], ir.Value]
"""Maps a value of the original program to the value that replaces it."""


def emit_sum(build: Builder, form: Affine, current: Current) -> ir.Value:
    """Emit the value of an affine form, as an int64."""
    total: ir.Value | None = None
    for value, factor in form.terms:
        term = build.cast(current(value), INT64)
        if factor != 1:
            term = build.binary(BinaryKind.MUL, term, build.index(factor))
        total = term if total is None else build.binary(BinaryKind.ADD, total, term)
    if total is None:
        return build.index(form.constant)
    if form.constant:
        total = build.binary(BinaryKind.ADD, total, build.index(form.constant))
    return total


def emit_read(build: Builder, base: ir.Value, access: IndexedAccess, current: Current) -> ir.Value:
    """Emit a read, using the simplest operation that suffices."""
    if access.flat(base.type.shape):
        return build.reshape(base, access.shape)
    if access.shape and all(row[1] == 0 for row in access.index_map):
        rows = tuple((row[0], *row[2:]) for row in access.index_map)
        inner = replace(access, index_map=rows, shape=access.shape[1:])
        return build.broadcast(emit_read(build, base, inner, current), access.shape[:1])
    offsets = _offsets(build, access.offsets, current)
    return build.affine_read(base, access.index_map, access.shape, offsets)


def emit_write(
    build: Builder, base: ir.Value, value: ir.Value, access: IndexedAccess, current: Current
) -> ir.Value:
    """Emit a write, using the simplest operation that suffices."""
    value = build.relabel(value, base.type.label)
    if access.flat(base.type.shape):
        return build.reshape(value, base.type.shape)
    offsets = _offsets(build, access.offsets, current)
    return build.affine_write(base, value, access.index_map, offsets)


def _offsets(
    build: Builder, forms: Sequence[Affine | None], current: Current
) -> list[ir.Value | None]:
    return [None if form is None else emit_sum(build, form, current) for form in forms]
