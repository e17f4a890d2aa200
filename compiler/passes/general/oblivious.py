"""Expansion of oblivious reads and writes into tensor operations.

**Purpose.** Expand ObliviousRead and ObliviousWrite into O(log n) IR operations, for
executors that have no kernels for them. Reads of small public tables become lookups instead, where
these are asked for. **Keeps** semantics and labels, also for indices out of range. **Guarantees**
that no oblivious operation is left. **Does not** treat public indices, for which oblivious
operations are never created.

Costs for n items of b bits and an index of w bits, in ANDs, where c ≤ w is the cost of comparing
the index with the constant n (0 if all values of the index's type are in range):

- read: a tree of multiplexers over the index's bits, (n − 1)·b, and masking indices out of
  range, b + c; depth ⌈log₂ n⌉ + 1, besides the comparison.
- write: a tree of demultiplexers to one bit per item, n − 1, plus 1 for a guard and c for the
  range, then one select per item, n·b; depth ⌈log₂ n⌉ + 1 after the comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from ezlang.records import dataclass
from ezlang.types.labels import SECRET
from ezlang.types.types import BOOL

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind
from ..description import required
from ..rewriting.parts import items_of, joined
from ..rewriting.rewrite import Rule, rewrite_function, with_functions
from .lookups import in_range, is_looked_up, levels, lookup, selected


@required("oblivious", "expands accesses at secret indices into tensor operations")
def expand_oblivious(program: ir.Program, *, lookups: bool = False) -> ir.Program:
    """Expand the oblivious reads and writes of a program.

    `lookups`: reads of small public tables that no loop makes become Lookup operations.
    """
    rules = [_Expand(_fixed(f.body) if lookups else set()) for f in program.functions]
    functions = map(rewrite_function, program.functions, rules)
    return with_functions(program, list(functions))


def _fixed(region: ir.Region, *, loops: bool = False) -> set[int]:
    """Return the values of a region that don't differ between iterations: constants, in loops."""
    found = set() if loops else {value.id for value in region.parameters}
    for operation in region.operations:
        if not loops or isinstance(operation, ir.Constant):
            found.update(value.id for value in operation.results)
        inside = loops or isinstance(operation, ir.For | ir.While)
        for inner in operation.regions:
            found |= _fixed(inner, loops=inside)
    return found


@dataclass(slots=True)
class _Expand(Rule):
    """`tables` are the values of which public ones may be looked up."""

    tables: set[int]

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if not isinstance(operation, ir.Oblivious):
            return None
        match operation:
            case ir.ObliviousRead():
                base, index = operation.operands
                if base.id in self.tables and is_looked_up(base):
                    return (lookup(build, base, index),)
                return (selected(build, base, index),)
            case ir.ObliviousWrite():
                base, index, value, *guard = operation.operands
                return (_write(build, base, index, value, guard[0] if guard else None),)
            case _:
                assert_never(operation)


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
    """Emit a bool per item: whether it is the item at the index, and the guard holds.

    A node of the tree is true if its bits are a prefix of the index. The right child is
    `node ∧ bit`, the left one `node ∧ ¬bit`. If a node has only a left child, the child equals the
    node: the right child would be out of range, which the root excludes.
    """
    count = levels(size, index)
    root = in_range(build, index, size)
    if guard is not None:
        root = guard if root is None else build.binary(BinaryKind.AND, root, guard)
    if root is None:
        root = build.constant(BOOL, (1,))
    nodes = build.reshape(root, (1,))
    for position in reversed(range(count)):
        width = min(-(-size // (1 << position)), 2 * nodes.type.shape[0])
        nodes = _children(build, nodes, build.bit(index, position), width)
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
