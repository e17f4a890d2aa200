"""Matrix products as products and sums, for executors that have no form of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.build import Builder
from ezlang.compiler.passes.general.reduce import expanded_product
from ezlang.compiler.passes.rewriting.rewrite import Rule, rewrite
from ezlang.compiler.passes.vectorise import BUDGET


def expand_products(program: ir.Program, budget: int = BUDGET) -> ir.Program:
    """Return the program without matrix products; `budget` is in bytes of labels."""
    return rewrite(program, lambda: _Multiply(budget))


@dataclass(slots=True)
class _Multiply(Rule):
    budget: int

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if not isinstance(operation, ir.MatrixProduct):
            return None
        x, y = operation.operands
        return (expanded_product(build, x, y, self.budget),)
