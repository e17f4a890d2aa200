"""Reads of arrays at secret indices, by lookups or by selections."""

from __future__ import annotations

from ezlang.records import replace
from ezlang.types.labels import SECRET
from ezlang.types.types import IntType

from ...ir import tree as ir
from ...ir.build import Builder, meet_of
from ...ir.operations.oblivious import LOOKED_UP, MOST_WORDS
from ...ir.tree import BinaryKind
from ...kernels.layout import LABEL_BYTES
from ..rewriting.parts import in_strips, items_of, joined


def is_looked_up(base: ir.Value) -> bool:
    """Return whether an array has the type of the table of a Lookup."""
    type = base.type
    sizes = bool(type.shape) and type.shape[0] in LOOKED_UP
    return sizes and type.is_integer and type.label.is_public and 0 < _words(type) <= MOST_WORDS


def _words(type: ir.TensorType) -> int:
    return replace(type, shape=type.shape[1:]).size


def lookup(build: Builder, table: ir.Value, indices: ir.Value) -> ir.Value:
    """Emit a Lookup of the items at all indices."""
    shape = (*indices.type.shape, *table.type.shape[1:])
    result = build.fresh(replace(table.type, shape=shape, label=meet_of((table, indices))))
    build.emit(ir.Lookup(operands=(table, indices), results=(result,), span=build.span))
    return result


def selected(
    build: Builder, base: ir.Value, indices: ir.Value, *, inside: bool = False
) -> ir.Value:
    """Emit the items at secret indices, of any shape, by a tree of selections; zeros out of range.

    `inside`: no index is out of range. The base is public, or the index is a scalar.
    """
    size, *rest = base.type.shape
    shape = (*indices.type.shape, *rest)
    zeros = build.constant(base.type.element, (0,), shape)
    if size == 0:
        return build.relabel(zeros, SECRET)
    items = base
    for position in range(levels(size, indices)):
        items = _halved(build, items, build.bit(indices, position), tuple(rest))
    if items.type.shape[1:] != shape:
        items = _repeated(build, items, indices.type.shape)
    item = build.extract(items, (build.index(0),), (True,))
    within = None if inside else in_range(build, indices, size)
    if within is not None:
        item = _choose(build, build.spread(within, _trailing(within, rest)), item, zeros)
    return build.relabel(item, SECRET)


def _trailing(condition: ir.Value, rest: list[int] | tuple[int, ...]) -> tuple[int, ...]:
    """Return the dimensions that a condition lacks: none for a scalar, which decides alone."""
    return tuple(rest) if condition.type.shape else ()


def _halved(build: Builder, items: ir.Value, bit: ir.Value, rest: tuple[int, ...]) -> ir.Value:
    """Select from each pair of items; an unpaired last item stays.

    Items are [count, rest] and, after a selection by bits of a shape S, [count, S, rest].
    """
    count = items.type.shape[0]
    half = count // 2
    if half == 0:
        return items
    pairs = build.reshape(items_of(build, items, 0, 2 * half), (half, 2, *items.type.shape[1:]))
    even, odd = (build.extract(pairs, (build.index(i),), (False, True)) for i in (0, 1))
    last = items_of(build, items, 2 * half, count) if count > 2 * half else None
    condition = bit
    if bit.type.shape:
        condition = build.broadcast(build.spread(bit, rest), (half,))
        if items.type.shape[1:] == rest:
            even, odd = (_repeated(build, one, bit.type.shape) for one in (even, odd))
            last = None if last is None else _repeated(build, last, bit.type.shape)
    chosen = _choose(build, condition, odd, even)
    if last is None:
        return chosen
    return joined(build, chosen, build.relabel(last, chosen.type.label, chosen.type.sharing))


def _repeated(build: Builder, items: ir.Value, shape: tuple[int, ...]) -> ir.Value:
    """Emit items [count, rest] as [count, shape, rest]."""
    count, *rest = items.type.shape
    made = (count, *shape, *rest)
    places = [0, *range(1 + len(shape), len(made))]
    rows = [(0, *(int(place == k) for k in range(len(made)))) for place in places]
    return build.affine_read(items, rows, made)


def _choose(build: Builder, condition: ir.Value, x: ir.Value, y: ir.Value) -> ir.Value:
    """Emit a selection whose sides may be public, in the sharing of the condition."""
    type = replace(x.type, label=meet_of((condition, x, y)), sharing=condition.type.sharing)
    result = build.fresh(type)
    build.emit(ir.Select(operands=(condition, x, y), results=(result,), span=build.span))
    return result


def levels(size: int, index: ir.Value) -> int:
    """Return the number of index bits that distinguish the items."""
    return min((size - 1).bit_length(), index.type.width)


def in_range(build: Builder, index: ir.Value, size: int) -> ir.Value | None:
    """Emit whether 0 ≤ index < size, for each index; None if that always holds."""
    element = index.type.element
    if size > element.high:
        if not element.signed:
            return None
        return build.negated(build.bit(index, element.width - 1))
    # As an unsigned number, a negative index is past the end, too.
    unsigned = IntType(element.width, signed=False)
    limit = build.constant(unsigned, (size,), index.type.shape)
    return build.binary(BinaryKind.LT, build.cast(index, unsigned), limit)


def selected_in_strips(build: Builder, operation: ir.Lookup, budget: int) -> ir.Value:
    """Emit a lookup of shared indices by selections, at as many indices at a time as fit.

    `budget`: bytes of labels.
    """
    table, indices = operation.operands
    entries, *rest = table.type.shape
    inside = operation.inside and entries == 1 << operation.index_bits
    count = indices.type.size
    each = entries * operation.words * table.type.width * LABEL_BYTES
    length = max(min(count, budget // each), 1)
    if length >= count:
        return selected(build, table, indices, inside=inside)
    flat = build.reshape(indices, (count,))
    total = build.zeros(replace(operation.result.type, shape=(count, *rest)))

    def strip(before: ir.Value, start: ir.Value, size: int) -> ir.Value:
        some = build.extract_slice(flat, start, size)
        return build.insert_slice(before, selected(build, table, some, inside=inside), start)

    made = in_strips(build, total, count, length, strip)
    return build.reshape(made, operation.result.type.shape)
