"""Recognition of matrix products and convolutions.

**Purpose.** Find matrix products in programs that multiply element-wise and sum: scalar products,
matrix-vector and matrix-matrix products, outer products, for any nesting of the loops. Dimensions
along which both operands vary, and which aren't summed, form a batch of products, as for attention
heads. A sum along a dimension of only one operand is computed first, which saves products. If an
operand repeats elements as a window does that moves over an image, the product is a convolution
(find_windows.py).
**Keeps** semantics and labels: sums wrap around, so their order doesn't matter. **Guarantees** that
the operands of a product are as small as possible. **Does not** touch squares, which are cheaper
as they are; products with public numbers, which are local on arithmetic shares; nor batches of
scalar products, which repeat no operand.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind
from ..analyses.contractions import Contraction, Definitions, is_matrix_product
from ..analyses.strided_views import StridedView, whole
from ..description import optional
from ..rewriting.rewrite import Rule, count_uses, rewrite_function
from .find_windows import found_window, sliced


@optional("products", "finds matrix products and convolutions in sums of products")
def fold_products(program: ir.Program) -> ir.Program:
    """Replace the products in a program by MatrixProduct and Convolution operations."""
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


@dataclass(slots=True)
class _Fold(Rule):
    definitions: Definitions

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if isinstance(operation, ir.AffineRead):
            made = self._sliced(build, operation)
            if made is not None:
                return (made,)
        self.definitions.see(operation)
        found = self.definitions.contraction(operation)
        if operation.results and operation.results[0].id in self.definitions.inner:
            return None
        if found is None or not is_matrix_product(found):
            return None
        type = operation.result.type
        made = build.reshape(self.emit(build, found), type.shape)
        return (build.relabel(made, type.label),)

    def _sliced(self, build: Builder, operation: ir.AffineRead) -> ir.Value | None:
        """Emit a read that has offsets and repeats elements as a slice, and a read of the slice.

        In the strips of a loop, the second is then the window of a convolution.
        """
        part = sliced(operation)
        if part is None:
            return None
        base, *offsets = operation.operands
        given = iter(offsets)
        shifts = [next(given) if moved else None for moved in operation.moved]
        emitted = len(build.operations)
        whole = build.affine_read(base, part.slice_map, part.shape, shifts)
        read = build.affine_read(whole, part.read_map, operation.result.type.shape)
        for one in build.operations[emitted:]:
            self.definitions.see(one)
        return read

    def emit(self, build: Builder, found: Contraction) -> ir.Value:
        """Emit a contraction as a product, in the shape of the contraction's result."""
        x, y = _alone(build, found), _alone(build, replace(found, x=found.y, y=found.x))
        found = replace(found, x=x, y=y)
        for one in (found, replace(found, x=y, y=x)):
            window = found_window(one, self.definitions.made)
            if window is not None:
                return _placed(build, window.emit(build), window.order, found)
        return _emit_matrices(build, found)


def _emit_matrices(build: Builder, found: Contraction) -> ir.Value:
    """Emit a contraction as a matrix product, in the shape of the contraction's result."""
    x, y = found.x, found.y
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
    return _placed(build, product, [*batch, *rows, *columns], found)


def _placed(
    build: Builder, product: ir.Value, order: Sequence[int], found: Contraction
) -> ir.Value:
    """Emit a product, whose elements are in the `order` of dimensions, as the contraction's."""
    size = found.x.shape
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
