"""Reads and writes of parts of arrays: indices and slices of any label.

An index that the array's readers know is an address (`Extract`, `Insert`). Any other index makes
the access oblivious. Consecutive indices apply to leading dimensions. Those that are addresses are
applied first, all at once, so that the oblivious ones touch as few elements as possible.

A write to a part of a part reads the outer part, changes it and writes it back. The last read of
the array precedes its write, so that code generation can write in place. Under a secret branch, the
written value is selected between the new and the old part, never the whole array.
"""

from __future__ import annotations

from ezlang.records import dataclass, replace
from ezlang.source import Span
from ezlang.typed.tree import chosen_items
from ezlang.types.labels import SECRET, Label
from ezlang.types.types import SCALARS

from ..ir import tree as ir
from ..ir.build import Builder
from ..ir.tree import BinaryKind


@dataclass(frozen=True, slots=True)
class Indices:
    """One index for each of the leading dimensions."""

    values: tuple[ir.Value, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Items:
    """Every `step`-th of `length` items along the first dimension, from `start` on."""

    start: ir.Value
    length: int
    step: int
    span: Span

    @property
    def chosen(self) -> range:
        """The items, counted from the start."""
        return chosen_items(self.length, self.step)


Part = Indices | Items


@dataclass(frozen=True, slots=True)
class _Split:
    """Indices split into addresses, with the dimensions that they apply to, and oblivious ones."""

    addresses: tuple[ir.Value, ...]
    dimensions: tuple[bool, ...]
    oblivious: tuple[ir.Value, ...]


def _usable(label: Label, base: Label) -> bool:
    """Return whether an index is an address in an array: its readers may read the array."""
    return label.is_public or (label.owner is not None and base.readable_by(label.owner))


def _split(indices: Indices, base: Label) -> _Split:
    reached = base
    flags = []
    for index in indices.values:
        usable = _usable(index.type.label, reached)
        if usable:
            reached = reached.meet(index.type.label)
        flags.append(usable)
    last = max((number for number, flag in enumerate(flags) if flag), default=-1)
    pairs = list(zip(indices.values, flags, strict=True))
    return _Split(
        tuple(index for index, flag in pairs if flag),
        tuple(flags[: last + 1]),
        tuple(index for index, flag in pairs if not flag),
    )


@dataclass(frozen=True, slots=True)
class Access:
    """Emits reads and writes of parts. `checked` says whether public indices can fail the run."""

    build: Builder
    checked: bool

    def read(self, base: ir.Value, part: Part) -> ir.Value:
        """Emit the read of a part of `base`."""
        with self.build.at(part.span):
            if isinstance(part, Items):
                return self._read_items(base, part)
            split = _split(part, base.type.label)
            value = self._extract(base, split)
            for index in split.oblivious:
                value = self.build.oblivious_read(value, self._secret(index))
            return value

    def write(
        self, base: ir.Value, parts: tuple[Part, ...], value: ir.Value, guard: ir.Value | None
    ) -> ir.Value:
        """Emit `base` with `value` written to the nested part that `parts` select.

        Where the guard is false the part keeps its value.
        """
        if not parts:
            return value if guard is None else self.build.select(guard, value, base)
        with self.build.at(parts[0].span):
            if isinstance(parts[0], Items):
                return self._write_items(base, parts[0], parts[1:], value, guard)
            split = _split(parts[0], base.type.label)
            if not split.oblivious:
                return self._write_direct(base, split, parts[1:], value, guard)
            column = self._extract(base, split)
            column = self._write_oblivious(column, split.oblivious, parts[1:], value, guard)
            return self._insert(base, column, split)

    def _extract(self, base: ir.Value, split: _Split) -> ir.Value:
        return self.build.extract(
            base, split.addresses, split.dimensions, checked=self._may_fail(split.addresses)
        )

    def _insert(self, base: ir.Value, value: ir.Value, split: _Split) -> ir.Value:
        return self.build.insert(
            base, value, split.addresses, split.dimensions, checked=self._may_fail(split.addresses)
        )

    def _may_fail(self, indices: tuple[ir.Value, ...]) -> bool:
        return self.checked and any(index.type.label.is_public for index in indices)

    def _secret(self, index: ir.Value) -> ir.Value:
        return self.build.relabel(index, SECRET)

    def _write_direct(
        self,
        base: ir.Value,
        split: _Split,
        rest: tuple[Part, ...],
        value: ir.Value,
        guard: ir.Value | None,
    ) -> ir.Value:
        if rest or guard is not None:
            value = self.write(self._extract(base, split), rest, value, guard)
        return self._insert(base, value, split)

    def _write_oblivious(
        self,
        base: ir.Value,
        indices: tuple[ir.Value, ...],
        rest: tuple[Part, ...],
        value: ir.Value,
        guard: ir.Value | None,
    ) -> ir.Value:
        index = self._secret(indices[0])
        if indices[1:]:
            row = self.build.oblivious_read(base, index)
            value = self._write_oblivious(row, indices[1:], rest, value, None)
        elif rest:
            row = self.build.oblivious_read(base, index)
            value = self.write(row, rest, value, None)
        return self.build.oblivious_write(base, index, value, guard)

    # Slices

    def _read_items(self, base: ir.Value, part: Items) -> ir.Value:
        if _usable(part.start.type.label, base.type.label):
            return self._every(self._whole(base, part), part)
        start = self._secret(part.start)
        if not part.chosen:
            shape = (0, *base.type.shape[1:])
            return self.build.zeros(replace(base.type, shape=shape, label=SECRET))
        return self.build.stack([self._read_item(base, start, offset) for offset in part.chosen])

    def _whole(self, base: ir.Value, part: Items) -> ir.Value:
        """Read all items that a slice passes over, at an address."""
        return self.build.extract_slice(
            base, part.start, part.length, checked=self._may_fail((part.start,))
        )

    def _every(self, whole: ir.Value, part: Items) -> ir.Value:
        if part.step == 1:
            return whole
        shape = (len(part.chosen), *whole.type.shape[1:])
        return self.build.affine_read(whole, _rows(part, len(shape)), shape)

    def _write_items(
        self,
        base: ir.Value,
        part: Items,
        rest: tuple[Part, ...],
        value: ir.Value,
        guard: ir.Value | None,
    ) -> ir.Value:
        direct = _usable(part.start.type.label, base.type.label)
        if rest or (direct and guard is not None):
            value = self.write(self._read_items(base, part), rest, value, guard)
        if direct:
            if part.step != 1:
                rows = _rows(part, len(value.type.shape))
                value = self.build.affine_write(self._whole(base, part), value, rows)
            checked = self._may_fail((part.start,))
            return self.build.insert_slice(base, value, part.start, checked=checked)
        start = self._secret(part.start)
        for number, offset in enumerate(part.chosen):
            item = self.build.extract(value, (self.build.index(number),), (True,))
            base = self._write_item(base, start, offset, item, None if rest else guard)
        return base

    def _read_item(self, base: ir.Value, start: ir.Value, offset: int) -> ir.Value:
        tail, index = self._item(base, start, offset)
        if tail.type.shape[0] == 0:
            return self.build.zeros(replace(tail.type, shape=tail.type.shape[1:], label=SECRET))
        return self.build.oblivious_read(tail, index)

    def _write_item(
        self,
        base: ir.Value,
        start: ir.Value,
        offset: int,
        value: ir.Value,
        guard: ir.Value | None,
    ) -> ir.Value:
        tail, index = self._item(base, start, offset)
        if tail.type.shape[0] == 0:
            return base
        changed = self.build.oblivious_write(tail, index, value, guard)
        if changed.type.shape == base.type.shape:
            return changed
        return self.build.insert_slice(base, changed, self.build.index(offset))

    def _item(self, base: ir.Value, start: ir.Value, offset: int) -> tuple[ir.Value, ir.Value]:
        """Return an array and an index equivalent to `base[start + offset]`, without wrapping.

        An unsigned start is applied to the items from `offset` on, which needs no addition. A
        signed one, which may be negative, is added in a type that holds the sum.
        """
        element = start.type.element
        size = base.type.shape[0]
        if offset == 0:
            return base, start
        if not element.signed:
            length = max(size - offset, 0)
            first = self.build.index(min(offset, size))
            return self.build.extract_slice(base, first, length), start
        wide = next(
            type
            for type in (element, *_SIGNED)
            if type.width >= element.width and type.high >= size + offset
        )
        step = self.build.constant(wide, (offset,))
        return base, self.build.binary(BinaryKind.ADD, self.build.cast(start, wide), step)


def _rows(part: Items, rank: int) -> list[tuple[int, ...]]:
    """Return the index map that takes items of a slice to those that it passes over."""
    first = part.chosen[0] if part.chosen else 0
    inner = [(0, *(int(d == k) for k in range(rank))) for d in range(1, rank)]
    return [(first, part.step, *(0,) * (rank - 1)), *inner]


_SIGNED = tuple(type for type in SCALARS.values() if type.is_integer and type.signed)
