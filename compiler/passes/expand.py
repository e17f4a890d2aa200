"""Reductions and matrix products for sharings that have no form of them.

**Purpose.** After sharings are assigned, expand what isn't local on its sharing: reductions into
trees (reduce.py), matrix products on boolean shares and in Yao into products and a tree of sums.
**Keeps** meaning, labels and sharings. **Guarantees** that the only reductions of secrets left are
sums of arithmetic shares and exclusive ors of boolean ones, and that matrix products of secrets are
on arithmetic shares; that depth and the number of operations are logarithmic in the length of what
is added up. A matrix product that would need too much memory is done in strips of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ezlang.types.types import INT64

from ..ir import tree as ir
from ..ir.build import Builder
from ..ir.sharings import A, B, Y
from ..ir.tree import BinaryKind
from .reduce import reduced
from .rewrite import Rule, rewrite
from .vectorise import BUDGET

_LABEL = 16


def expand_shared(program: ir.Program) -> ir.Program:
    """Return the program without reductions and matrix products that its sharings can't do."""
    return rewrite(program, _Expand)


class _Expand(Rule):
    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if not isinstance(operation, ir.Reduce | ir.MatrixProduct):
            return None
        sharing = operation.result.type.sharing
        if sharing is None:
            return None
        if isinstance(operation, ir.MatrixProduct):
            return None if sharing is A else (_product(build, *operation.operands),)
        if (sharing, operation.kind) in ((A, BinaryKind.ADD), (B, BinaryKind.XOR)):
            return None
        return (reduced(build, operation.kind, operation.operands[0], operation.axis),)


def _product(build: Builder, x: ir.Value, y: ir.Value) -> ir.Value:
    """Emit a matrix product, at once or in strips of rows."""
    (m, k), n = x.type.shape, y.type.shape[1]
    yao = Y in (x.type.sharing, y.type.sharing)
    row = k * n * (x.type.width * _LABEL if yao else -(-x.type.width // 8))
    height = max(1, BUDGET // row) if row else m
    if height >= m:
        return _at_once(build, x, y)
    # The index is counted in strips; what is left over comes after the loop.
    count, rest = divmod(m, height)
    secret = replace(x.type if x.type.sharing else y.type, shape=(m, n))
    low, high = build.index(0), build.index(count)
    start, carried = build.fresh(low.type), build.fresh(secret)
    with build.nested() as operations:
        at = build.binary(BinaryKind.MUL, start, build.constant(INT64, (height,)))
        rows = build.extract_slice(x, at, height)
        written = build.insert_slice(carried, _at_once(build, rows, y), at)
    body = ir.Region(parameters=(start, carried), operations=tuple(operations), yields=(written,))
    zeros, result = build.zeros(secret), build.fresh(secret)
    build.emit(
        ir.For(operands=(low, high, zeros), results=(result,), regions=(body,), span=build.span)
    )
    if not rest:
        return result
    at = build.index(count * height)
    last = _at_once(build, build.extract_slice(x, at, rest), y)
    return build.insert_slice(result, last, at)


def _at_once(build: Builder, x: ir.Value, y: ir.Value) -> ir.Value:
    (m, k), n = x.type.shape, y.type.shape[1]
    left = build.affine_read(x, [(0, 0, 1, 0), (0, 1, 0, 0)], (k, m, n))
    right = build.affine_read(y, [(0, 1, 0, 0), (0, 0, 0, 1)], (k, m, n))
    terms = build.binary(BinaryKind.MUL, left, right)
    return reduced(build, BinaryKind.ADD, terms, 0)
