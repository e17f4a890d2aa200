"""Expansion of reductions into trees, and of matrix products into products and reductions.

**Purpose.** Expand Reduce, MatrixProduct and Convolution for executors and sharings that don't
implement them. A reduction combines the second half of the elements with the first half, ⌈log₂ n⌉
times. A convolution becomes matrix products first (convolutions.py).
**Keeps** semantics, labels and sharings. **Guarantees** that no Reduce of the given kinds, no
MatrixProduct and no Convolution is left; that n elements take n − 1 combinations, and that the
depth and the number of operations are logarithmic in n; and that a matrix product needs at most a
given number of bytes of wire labels at a time: a larger product is split into strips, along its
longest side first.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from ezlang.records import dataclass

from ...ir import evaluate
from ...ir import tree as ir
from ...ir.build import Builder, meet_of
from ...ir.tree import BinaryKind
from ...kernels.layout import LABEL_BYTES
from ..analyses.budgets import BUDGET
from ..analyses.strided_views import StridedView, paces
from ..description import required
from ..rewriting.parts import in_strips, items_of, joined, part_of, written
from ..rewriting.rewrite import Rule, rewrite
from .convolutions import convolution_by_matrices


@required("reduce", "expands reductions into trees of element-wise operations")
def expand_reduce(
    program: ir.Program, kinds: frozenset[BinaryKind] = frozenset(BinaryKind)
) -> ir.Program:
    """Expand the matrix products of a program and its reductions of the given kinds."""
    return rewrite(program, lambda: _Expand(kinds))


@dataclass(slots=True)
class _Expand(Rule):
    kinds: frozenset[BinaryKind]

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if not isinstance(operation, ir.Reduce) or operation.kind not in self.kinds:
            return None
        return (reduced(build, operation.kind, operation.operands[0], operation.axis),)


def reduced(build: Builder, kind: BinaryKind, x: ir.Value, axis: int | None) -> ir.Value:
    """Emit a reduction as a tree."""
    shape = () if axis is None else x.type.shape[:axis] + x.type.shape[axis + 1 :]
    size = x.type.size if axis is None else x.type.shape[axis]
    if size == 0:
        value = evaluate.identity(kind, x.type.element)
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
    """Emit x with dimension `axis` moved to the front."""
    if axis == 0:
        return x
    order = [axis, *(d for d in range(len(x.type.shape)) if d != axis)]
    rows = [(0, *(int(d == k) for k in order)) for d in range(len(order))]
    return build.affine_read(x, rows, tuple(x.type.shape[d] for d in order))


@required("matrices", "expands matrix products into element-wise products and reductions")
def expand_products(program: ir.Program, budget: int = BUDGET) -> ir.Program:
    """Return the program without matrix products; `budget` is in bytes of labels."""
    return rewrite(program, lambda: _Multiply(budget))


@dataclass(slots=True)
class _Multiply(Rule):
    budget: int

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if not isinstance(operation, ir.Product):
            return None
        return (expanded(build, operation, self.budget),)


def expanded(build: Builder, operation: ir.AnyProduct, budget: int) -> ir.Value:
    """Emit a matrix product or a convolution as element-wise products and sums."""
    x, y = operation.operands
    if isinstance(operation, ir.MatrixProduct):
        return expanded_product(build, x, y, budget)

    def multiply(x: ir.Value, y: ir.Value) -> ir.Value:
        return expanded_product(build, x, y, budget)

    return convolution_by_matrices(build, operation, budget, multiply)


def expanded_product(build: Builder, x: ir.Value, y: ir.Value, budget: int) -> ir.Value:
    """Emit a (batched) matrix product as element-wise products and sums."""
    (*items, m, k), n = x.type.shape, y.type.shape[-1]
    sides = {"b": prod(items), "m": m, "k": k, "n": n}
    each = _TENSORS * LABEL_BYTES * x.type.width
    if prod(sides.values()) * each <= budget or max(sides.values()) == 1:
        return _multiplied(build, x, y)
    along = max(sides, key=lambda side: sides[side])
    size = sides.pop(along)
    length = min(size, max(1, budget // (each * prod(sides.values()))))
    strips = _Strips(build, x, y, along, length, budget)
    return strips.run(size)


_TENSORS = 3
"""The number of live tensors of b·m·k·n elements: two repeated operands, and the products."""


def _multiplied(build: Builder, x: ir.Value, y: ir.Value) -> ir.Value:
    (*items, m, k), n = x.type.shape, y.type.shape[-1]
    (*left, row, column), (*right, inner, place) = paces(x.type.shape), paces(y.type.shape)
    shape = (k, *items, m, n)
    rows = StridedView(x, 0, shape, (column, *left, row, 0)).emit(build)
    columns = StridedView(y, 0, shape, (inner, *right, 0, place)).emit(build)
    return build.reduce(BinaryKind.ADD, build.binary(BinaryKind.MUL, rows, columns), 0)


@dataclass(slots=True)
class _Strips:
    """A matrix product in strips of `length` along one of its sides: b, m, k or n."""

    build: Builder
    x: ir.Value
    y: ir.Value
    along: str
    length: int
    budget: int

    def run(self, size: int) -> ir.Value:
        """Emit a loop over whole strips, and the remainder."""
        shape = (*self.x.type.shape[:-1], self.y.type.shape[-1])
        sharing = self.x.type.sharing or self.y.type.sharing
        type = ir.TensorType(self.x.type.element, shape, meet_of((self.x, self.y)), sharing)
        return in_strips(self.build, self.build.zeros(type), size, self.length, self._strip)

    def _strip(self, total: ir.Value, start: ir.Value, length: int) -> ir.Value:
        """Emit one strip of the product, written or added to the total."""
        build, x, y = self.build, self.x, self.y
        row = len(x.type.shape) - 2
        # The dimension of x, of y and of the total that is split.
        cut: dict[str, tuple[int | None, int | None, int | None]] = {
            "b": (0, 0, 0),
            "m": (row, None, row),
            "k": (row + 1, row, None),
            "n": (None, row + 1, row + 1),
        }
        left, right, made = cut[self.along]
        x, y = part_of(build, x, left, start, length), part_of(build, y, right, start, length)
        part = expanded_product(build, x, y, self.budget)
        if made is None:
            return build.binary(BinaryKind.ADD, total, part)
        return written(build, total, part, made, start)
