"""Expansion of reductions, products and lookups that a sharing doesn't support.

**Purpose.** After sharings are assigned, expand unsupported operations with reduce.py and
lookups.py: matrix products on boolean shares and in Yao into products and sums, lookups there into
selections, reductions that aren't local into trees. Convolutions that take no messages, since they
are in the clear or one operand is public, become matrix products. **Keeps** semantics, labels and
sharings. **Guarantees** that the only remaining reductions of secrets are sums of arithmetic shares
and exclusive ors of boolean shares, that all matrix products and lookups of secrets are on
arithmetic shares, and that all convolutions are of arithmetic shares and take messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ezlang.types.sharing import DEFAULT_MEMORY

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.sharings import A, B, Y, is_interactive
from ...ir.tree import BinaryKind
from ..analyses.budgets import label_strips, open_strips
from ..description import required
from ..general.convolutions import convolution_by_matrices
from ..general.lookups import selected_in_strips
from ..general.reduce import expanded, reduced
from ..rewriting.rewrite import Rule, rewrite


@required("expand", "expands reductions, products and lookups that a sharing has no form of")
def expand_shared(program: ir.Program, memory: int = DEFAULT_MEMORY) -> ir.Program:
    """Expand the reductions, products and lookups that sharings don't support.

    `memory`: bytes of labels or shares that a run may make by doing products together.
    """
    return rewrite(rewrite(program, lambda: _Products(memory)), _Reductions)


@dataclass(slots=True)
class _Products(Rule):
    memory: int

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if not isinstance(operation, ir.Product | ir.Lookup):
            return None
        sharing = operation.result.type.sharing
        if sharing is B or sharing is Y:
            _, local = label_strips(self.memory)
            budget = local if sharing is Y else open_strips(self.memory)
            if isinstance(operation, ir.Lookup):
                return (selected_in_strips(build, operation, budget),)
            return (expanded(build, operation, budget),)
        if isinstance(operation, ir.MatrixProduct | ir.Lookup) or is_interactive(operation):
            return None
        budget = open_strips(self.memory)
        return (convolution_by_matrices(build, operation, budget, build.matrix_product),)


class _Reductions(Rule):
    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if not isinstance(operation, ir.Reduce) or operation.result.type.sharing is None:
            return None
        if (operation.result.type.sharing, operation.kind) in _LOCAL:
            return None
        return (reduced(build, operation.kind, operation.operands[0], operation.axis),)


_LOCAL = ((A, BinaryKind.ADD), (B, BinaryKind.XOR))
