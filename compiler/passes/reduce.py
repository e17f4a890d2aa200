"""Reductions as trees of element-wise operations.

**Purpose.** Expand Reduce for executors that have no kernel for it: the second half of the elements
is combined with the first, ⌈log₂ n⌉ times. **Keeps** meaning and labels. **Guarantees** that no
Reduce of the given kinds is left, that n elements take n − 1 combinations, and that the depth
and the number of operations are logarithmic in n.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..ir import evaluate
from ..ir import tree as ir
from ..ir.build import Builder
from ..ir.tree import BinaryKind
from .parts import items_of, joined
from .rewrite import Rule, rewrite


def expand_reduce(
    program: ir.Program, kinds: frozenset[BinaryKind] = frozenset(BinaryKind)
) -> ir.Program:
    """Return the program without reductions of the given kinds."""
    return rewrite(program, lambda: _Expand(kinds))


@dataclass(slots=True)
class _Expand(Rule):
    kinds: frozenset[BinaryKind]

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if not isinstance(operation, ir.Reduce) or operation.kind not in self.kinds:
            return None
        return (reduced(build, operation.kind, operation.operands[0], operation.axis),)


def reduced(build: Builder, kind: BinaryKind, x: ir.Value, axis: int | None) -> ir.Value:
    """Emit the tree for a reduction."""
    shape = () if axis is None else x.type.shape[:axis] + x.type.shape[axis + 1 :]
    size = x.type.size if axis is None else x.type.shape[axis]
    if size == 0:
        value = int(evaluate.identity(kind, evaluate.dtype(x.type.element)))
        constant = build.constant(x.type.element, (value,), shape)
        return build.relabel(constant, x.type.label, x.type.sharing)
    items = build.reshape(x, (size,)) if axis is None else _first(build, x, axis)
    while size > 1:
        half = size // 2
        left, right = items_of(build, items, 0, half), items_of(build, items, half, 2 * half)
        combined = build.binary(kind, left, right)
        if size > 2 * half:
            combined = joined(build, combined, items_of(build, items, 2 * half, size))
        items = combined
        size = items.type.shape[0]
    return build.reshape(items, shape)


def _first(build: Builder, x: ir.Value, axis: int) -> ir.Value:
    """Emit x with a dimension moved to the front."""
    if axis == 0:
        return x
    order = [axis, *(d for d in range(len(x.type.shape)) if d != axis)]
    rows = [(0, *(int(d == k) for k in order)) for d in range(len(order))]
    return build.affine_read(x, rows, tuple(x.type.shape[d] for d in order))
