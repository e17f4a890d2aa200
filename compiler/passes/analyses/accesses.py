"""Uniform representation of array accesses: an affine index for each dimension."""

from __future__ import annotations

from typing import assert_never

from ezlang.records import dataclass

from ...ir import tree as ir
from .scalars import Affine, Scalars

Reading = ir.Extract | ir.ExtractSlice | ir.AffineRead
Writing = ir.Insert | ir.InsertSlice | ir.AffineWrite


@dataclass(frozen=True, slots=True)
class Row:
    """Index along one dimension of the base: `start`, and a factor per dimension of the part."""

    start: Affine
    factors: tuple[int, ...]

    def extent(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Return how far indices extend below and above the start, for a nonempty part."""
        ends = [factor * (size - 1) for factor, size in zip(self.factors, shape, strict=True)]
        return sum(min(end, 0) for end in ends), sum(max(end, 0) for end in ends)


@dataclass(frozen=True, slots=True)
class Access:
    """The part that is read or written: a row per dimension of the base, and the part's shape."""

    rows: tuple[Row, ...]
    shape: tuple[int, ...]

    def inside(self, base: tuple[int, ...], scalars: Scalars) -> bool:
        """Return whether all indices are in range."""
        if 0 in self.shape:
            return True
        for size, row in zip(base, self.rows, strict=True):
            low, high = scalars.range_of(row.start)
            before, after = row.extent(self.shape)
            if low + before < 0 or high + after >= size:
                return False
        return True


def access_of(operation: Reading | Writing, scalars: Scalars) -> Access | None:
    """Return the access of an operation; None if an index isn't a public scalar."""
    base = operation.operands[0].type.shape
    writes = isinstance(operation, Writing)
    part = operation.operands[1].type.shape if writes else operation.result.type.shape
    forms = [scalars.affine(value) for value in operation.operands[operation.element_count :]]
    given = iter([form for form in forms if form is not None])
    if None in forms:
        return None
    rank = len(part)
    match operation:
        case ir.Extract() | ir.Insert():
            rows, kept = [], 0
            flags = operation.dimensions + (False,) * (len(base) - len(operation.dimensions))
            for indexed in flags:
                if indexed:
                    rows.append(Row(next(given), (0,) * rank))
                else:
                    rows.append(Row(Affine(0), _unit(kept, rank)))
                    kept += 1
        case ir.ExtractSlice() | ir.InsertSlice():
            starts = [next(given), *(Affine(0) for _ in base[1:])]
            rows = [Row(start, _unit(d, rank)) for d, start in enumerate(starts)]
        case ir.AffineRead() | ir.AffineWrite():
            moved = operation.moved or (False,) * len(base)
            rows = []
            for (constant, *factors), shifted in zip(operation.index_map, moved, strict=True):
                start = Affine(constant)
                rows.append(Row(start.plus(next(given)) if shifted else start, tuple(factors)))
        case _:
            assert_never(operation)
    return Access(tuple(rows), part)


def _unit(k: int, rank: int) -> tuple[int, ...]:
    return tuple(int(k == n) for n in range(rank))
