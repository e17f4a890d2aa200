"""Reductions and matrix products for sharings that have no form of them.

**Purpose.** After sharings are assigned, expand what isn't local on its sharing, by means of
reduce.py: matrix products on boolean shares and in Yao into products and sums, reductions into
trees. **Keeps** meaning, labels and sharings. **Guarantees** that the only reductions of secrets
left are sums of arithmetic shares and exclusive ors of boolean ones, and that matrix products of
secrets are on arithmetic shares.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.sharings import A, B, Y
from ...ir.tree import BinaryKind
from ..description import required
from ..general.reduce import expanded_product, reduced
from ..rewriting.rewrite import Rule, rewrite
from ..vectorise import BUDGET, WIDE


@required("expand", "expands reductions and matrix products that a sharing has no form of")
def expand_shared(program: ir.Program) -> ir.Program:
    """Return the program without reductions and matrix products that its sharings can't do."""
    return rewrite(rewrite(program, _Products), _Reductions)


class _Products(Rule):
    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if not isinstance(operation, ir.MatrixProduct):
            return None
        sharing = operation.result.type.sharing
        if sharing is None or sharing is A:
            return None
        budget = BUDGET if sharing is Y else WIDE
        x, y = operation.operands
        return (expanded_product(build, x, y, budget),)


class _Reductions(Rule):
    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if not isinstance(operation, ir.Reduce) or operation.result.type.sharing is None:
            return None
        if (operation.result.type.sharing, operation.kind) in _LOCAL:
            return None
        return (reduced(build, operation.kind, operation.operands[0], operation.axis),)


_LOCAL = ((A, BinaryKind.ADD), (B, BinaryKind.XOR))
