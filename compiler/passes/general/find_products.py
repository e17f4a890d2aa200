"""Recognition of matrix products.

**Purpose.** Find matrix products in programs that multiply element-wise and sum: scalar products,
matrix-vector and matrix-matrix products, outer products, and convolutions (whose patches become the
rows of a matrix, as in [CPS06]), for any nesting of the loops. Dimensions along which both operands
vary, and which aren't summed, form a batch of products, as for attention heads or the channels of a
convolution. A sum along a dimension of only one operand is computed first, which saves products.
**Keeps** semantics and labels: sums wrap around, so their order doesn't matter. **Guarantees** that
the operands of a product are as small as possible. **Does not** touch squares, which are cheaper
as they are; products with public numbers, which are local on arithmetic shares; nor batches of
scalar products, which repeat no operand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import field, replace
from math import prod

from ezlang.records import dataclass

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind
from ..analyses.strided_views import StridedView, StridedViews, aligned, whole
from ..description import optional
from ..rewriting.rewrite import Rule, count_uses, rewrite_function


@optional("products", "finds matrix products and convolutions in sums of products")
def fold_products(program: ir.Program) -> ir.Program:
    """Replace the matrix products of a program by MatrixProduct operations."""
    functions = []
    for function in program.functions:
        definitions = definitions_of(function.body)
        functions.append(rewrite_function(function, _Fold(definitions)))
    return replace(program, functions=tuple(functions))


def definitions_of(region: ir.Region) -> Definitions:
    """Return the definitions in a region, with the operations that are part of matrix products."""
    definitions = Definitions(count_uses(region))
    for operation in ir.walk(region):
        definitions.see(operation)
    for operation in ir.walk(region):
        found = definitions.contraction(operation)
        if found is not None and is_matrix_product(found):
            _, *inner = definitions.inside(operation)
            definitions.inner.update(one.result.id for one in inner)
    return definitions


@dataclass(frozen=True, slots=True)
class Contraction:
    """A product of two strided views of the same shape, summed along the dimensions `summed`."""

    x: StridedView
    y: StridedView
    summed: frozenset[int]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result."""
        return tuple(n for d, n in enumerate(self.x.shape) if d not in self.summed)

    def dimensions(self, *, in_x: bool, in_y: bool, summed: bool) -> list[int]:
        """Return the dimensions, summed or not, along which exactly the given operands vary."""
        return [
            d
            for d, (size, one, other) in enumerate(
                zip(self.x.shape, self.x.strides, self.y.strides, strict=True)
            )
            if size > 1 and (one != 0, other != 0) == (in_x, in_y) and (d in self.summed) == summed
        ]


def is_matrix_product(found: Contraction) -> bool:
    """Return whether a contraction should become a matrix product.

    It must save products or the repetition of an operand, even after operands are summed alone.
    """
    if any(one.base.type.label.is_public for one in (found.x, found.y)):
        return False
    same = found.x == found.y
    for_none = found.dimensions(in_x=False, in_y=False, summed=True)
    if same or for_none:
        return False
    batch = found.dimensions(in_x=True, in_y=True, summed=False)
    inner = found.dimensions(in_x=True, in_y=True, summed=True)
    alone = [(True, False), (False, True)]
    repeated = any(
        found.dimensions(in_x=a, in_y=b, summed=s) for a, b in alone for s in (False, True)
    )
    return repeated or (bool(inner) and not batch)


@dataclass(slots=True)
class Definitions:
    """The sums and products among operations, and the operations that define their operands.

    `used` counts the uses of values; `inner` are results inside of matrix products.
    """

    used: Counter[int]
    inner: set[int] = field(default_factory=set)
    views: StridedViews = field(default_factory=StridedViews)
    made: dict[int, ir.Operation] = field(default_factory=dict)

    def see(self, operation: ir.Operation) -> None:
        """Record an operation."""
        self.views.see(operation)
        for result in operation.results:
            self.made[result.id] = operation

    def contraction(self, operation: ir.Operation) -> Contraction | None:
        """Return an operation as a sum of products, or as products without a sum."""
        match operation:
            case ir.Reduce(kind=BinaryKind.ADD) | ir.Binary(kind=BinaryKind.MUL):
                type, size = operation.result.type, operation.operands[0].type.size
                able = size and type.label.is_secret
                return self._summed(operation) if able else None
            case _:
                return None

    def _summed(self, operation: ir.Operation | None) -> Contraction | None:
        match operation:
            case ir.Binary(kind=BinaryKind.MUL, operands=(x, y)):
                return Contraction(self.views.of(x), self.views.of(y), frozenset())
            case ir.Reduce(kind=BinaryKind.ADD, operands=(x,), axis=axis):
                rank = len(x.type.shape)
                return self._over(x, frozenset(range(rank)) if axis is None else frozenset({axis}))
            case _:
                return None

    def _over(self, value: ir.Value, axes: frozenset[int]) -> Contraction | None:
        """Return the sum of a value along some dimensions."""
        operation = self.made.get(value.id) if self.used[value.id] == 1 else None
        if isinstance(operation, ir.Reshape):
            (source,) = operation.operands
            inner: set[int] = set()
            for old, new in aligned(source.type.shape, value.type.shape):
                large = [d for d in new if value.type.shape[d] > 1]
                some = [d for d in large if d in axes]
                if some and some != large:
                    return None
                inner.update(old if some else ())
            return self._over(source, frozenset(inner))
        found = self._summed(operation)
        if found is None:
            return None
        kept = [d for d in range(len(found.x.shape)) if d not in found.summed]
        return replace(found, summed=found.summed | {kept[axis] for axis in axes})

    def inside(self, operation: ir.Operation) -> list[ir.Operation]:
        """Return the operations that a contraction fuses, starting with `operation`."""
        found = [operation]
        while not isinstance(found[-1], ir.Binary):
            found.append(self.made[found[-1].operands[0].id])
        return found


@dataclass(slots=True)
class _Fold(Rule):
    definitions: Definitions

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        self.definitions.see(operation)
        found = self.definitions.contraction(operation)
        if operation.results and operation.results[0].id in self.definitions.inner:
            return None
        if found is None or not is_matrix_product(found):
            return None
        type = operation.result.type
        made = _emit(build, found)
        made = build.reshape(made, type.shape)
        return (build.relabel(made, type.label),)


def _emit(build: Builder, found: Contraction) -> ir.Value:
    """Emit a contraction as a matrix product, in the shape of the contraction's result."""
    x, y = _alone(build, found), _alone(build, replace(found, x=found.y, y=found.x))
    batch = found.dimensions(in_x=True, in_y=True, summed=False)
    rows = found.dimensions(in_x=True, in_y=False, summed=False)
    columns = found.dimensions(in_x=False, in_y=True, summed=False)
    inner = found.dimensions(in_x=True, in_y=True, summed=True)
    straight = (
        x.taken([*batch, *rows, *inner]).is_whole and y.taken([*batch, *inner, *columns]).is_whole
    )
    turned = (
        y.taken([*batch, *columns, *inner]).is_whole and x.taken([*batch, *inner, *rows]).is_whole
    )
    # A canonical operand order, independent of the order of the loops.
    in_order = (not straight, x.base.id, rows) <= (not turned, y.base.id, columns)
    if not rows or (columns and not in_order):
        x, y, rows, columns = y, x, columns, rows
    size = found.x.shape
    m, k, n = (prod(size[d] for d in group) for group in (rows, inner, columns))
    items = (prod(size[d] for d in batch),) if batch else ()
    left, right = (x.taken([*batch, *rows, *inner]), y.taken([*batch, *inner, *columns]))
    if m == n == 1 and (batch or k == 1):
        # Once operands are summed alone, neither of them is repeated.
        shape = items if k == 1 else (*items, k)
        one, other = (build.reshape(side.emit(build), shape) for side in (left, right))
        product = build.binary(BinaryKind.MUL, one, other)
        if k > 1:
            product = build.reduce(BinaryKind.ADD, product, len(items))
    else:
        one = build.reshape(left.emit(build), (*items, m, k))
        other = build.reshape(right.emit(build), (*items, k, n))
        product = build.matrix_product(one, other)
    order = [*batch, *rows, *columns]
    made = whole(build.reshape(product, tuple(size[d] for d in order)))
    strides = dict(zip(order, made.strides, strict=True))
    kept = [d for d in range(len(size)) if d not in found.summed]
    shape = tuple(size[d] for d in kept)
    return StridedView(made.base, 0, shape, tuple(strides.get(d, 0) for d in kept)).emit(build)


def _alone(build: Builder, found: Contraction) -> StridedView:
    """Return the first operand, summed along the summed dimensions of this operand alone."""
    own = found.dimensions(in_x=True, in_y=False, summed=True)
    if not own:
        return found.x
    kept = [d for d in range(len(found.x.shape)) if d not in own and found.x.strides[d]]
    shape = tuple(found.x.shape[d] for d in kept)
    length = prod(found.x.shape[d] for d in own)
    terms = build.reshape(found.x.taken([*kept, *own]).emit(build), (*shape, length))
    sums = whole(build.reduce(BinaryKind.ADD, terms, len(shape)))
    strides = dict(zip(kept, sums.strides, strict=True))
    full = tuple(strides.get(d, 0) for d in range(len(found.x.shape)))
    return StridedView(sums.base, 0, found.x.shape, full)
