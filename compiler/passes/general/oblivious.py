"""Oblivious reads and writes as tensor operations.

**Purpose.** Expand ObliviousRead and ObliviousWrite into O(log n) operations of IR, for
executors that have no kernels for them; the number doesn't depend on the array's size.
**Keeps** meaning and labels, out-of-range included. **Guarantees** that no oblivious operation
is left. **Does not** look at the values of indices: a public index was never oblivious.

Costs for n items of b bits and an index of w bits, in ANDs, where c ≤ w is what comparing the
index with the constant n takes (0 where the index's type has no values past the end):

- read: a tree of multiplexers over the index's bits, (n − 1)·b, and masking what is out
  of range, b + c; depth ⌈log₂ n⌉ + 1, beside the comparison.
- write: a tree of demultiplexers to one bit an item, n − 1, plus 1 for a guard and c for the range,
  then one select an item, n·b; depth ⌈log₂ n⌉ + 1 after the comparison.
"""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.types.labels import SECRET
from ezlang.types.types import BOOL, IntType

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind
from ..description import required
from ..rewriting.parts import items_of, joined
from ..rewriting.rewrite import Rule, rewrite


@required("oblivious", "expands accesses at secret indices into tensor operations")
def expand_oblivious(program: ir.Program) -> ir.Program:
    """Return the program without oblivious reads and writes."""
    return rewrite(program, _Expand)


class _Expand(Rule):
    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        match operation:
            case ir.ObliviousRead(operands=(base, index)):
                return (_read(build, base, index),)
            case ir.ObliviousWrite(operands=(base, index, value, *guard)):
                return (_write(build, base, index, value, guard[0] if guard else None),)
            case _:
                return None


def _read(build: Builder, base: ir.Value, index: ir.Value) -> ir.Value:
    size, *rest = base.type.shape
    zeros = build.constant(base.type.element, (0,), tuple(rest))
    if size == 0:
        return build.relabel(zeros, SECRET)
    items = base
    for position in range(_levels(size, index)):
        items = _halved(build, items, build.bit(index, position))
    item = build.extract(items, (build.index(0),), (True,))
    inside = _in_range(build, index, size)
    if inside is not None:
        item = build.select(inside, item, zeros)
    return build.relabel(item, SECRET)


def _halved(build: Builder, items: ir.Value, bit: ir.Value) -> ir.Value:
    """Choose from each pair of items; one that is left over stays."""
    size, *rest = items.type.shape
    half = size // 2
    if half == 0:
        return items
    pairs = build.reshape(items_of(build, items, 0, 2 * half), (half, 2, *rest))
    even, odd = (build.extract(pairs, (build.index(i),), (False, True)) for i in (0, 1))
    chosen = build.select(bit, odd, even)
    if size == 2 * half:
        return chosen
    last = build.relabel(items_of(build, items, 2 * half, size), chosen.type.label)
    return joined(build, chosen, last)


def _levels(size: int, index: ir.Value) -> int:
    """Return how many bits of the index tell items apart."""
    return min((size - 1).bit_length(), index.type.width)


def _in_range(build: Builder, index: ir.Value, size: int) -> ir.Value | None:
    """Emit whether 0 ≤ index < size; None where it always is."""
    element = index.type.element
    if not isinstance(element, IntType):
        raise CompilerBug("an index is an integer")
    if size > element.high:
        if not element.signed:
            return None
        return build.negated(build.bit(index, element.width - 1))
    # Read as unsigned, a negative index is past the end as well.
    unsigned = IntType(element.width, signed=False)
    limit = build.constant(unsigned, (size,))
    return build.binary(BinaryKind.LT, build.cast(index, unsigned), limit)


def _write(
    build: Builder,
    base: ir.Value,
    index: ir.Value,
    value: ir.Value,
    guard: ir.Value | None,
) -> ir.Value:
    size, *rest = base.type.shape
    if size == 0:
        return base
    chosen = _chosen(build, index, size, guard)
    spread = build.broadcast(value, (size,))
    if rest:
        chosen = build.spread(chosen, tuple(rest))
    return build.relabel(build.select(chosen, spread, base), SECRET)


def _chosen(build: Builder, index: ir.Value, size: int, guard: ir.Value | None) -> ir.Value:
    """Emit a bool an item: whether it is the one at the index, and the guard holds.

    A node of the tree is true if the index begins with its bits. The right child is `node ∧ bit`,
    the left one the rest. A node with a left child alone passes its bit on: the right one would be
    out of range, which the root has ruled out.
    """
    levels = _levels(size, index)
    root = _in_range(build, index, size)
    if guard is not None:
        root = guard if root is None else build.binary(BinaryKind.AND, root, guard)
    if root is None:
        root = build.constant(BOOL, (1,))
    nodes = build.reshape(root, (1,))
    for position in reversed(range(levels)):
        count = min(-(-size // (1 << position)), 2 * nodes.type.shape[0])
        nodes = _children(build, nodes, build.bit(index, position), count)
    if nodes.type.shape[0] == size:
        return nodes
    zeros = build.zeros(ir.TensorType(BOOL, (size,), nodes.type.label))
    return build.insert_slice(zeros, nodes, build.index(0))


def _children(build: Builder, nodes: ir.Value, bit: ir.Value, count: int) -> ir.Value:
    half = count // 2
    parents = items_of(build, nodes, 0, half)
    right = build.binary(BinaryKind.AND, parents, build.broadcast(bit, (half,)))
    left = build.binary(BinaryKind.XOR, parents, right)
    both = build.zeros(ir.TensorType(BOOL, (half, 2), right.type.label))
    for side, child in enumerate((left, right)):
        both = build.insert(both, child, (build.index(side),), (False, True))
    children = build.reshape(both, (2 * half,))
    if count == 2 * half:
        return children
    last = build.relabel(items_of(build, nodes, half, half + 1), children.type.label)
    return joined(build, children, last)
