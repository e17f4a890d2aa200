"""Running IR in the clear: what a program means, whatever secrets are shared as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ezlang.compiler.ir import evaluate
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.passes.general.oblivious import expand_oblivious
from ezlang.executors.simulate.clear_values import ClearValue
from ezlang.executors.simulate.walk import Walk
from ezlang.recursion import deep_recursion
from ezlang.source import Span
from ezlang.values.data import Inputs, Outputs


@dataclass(frozen=True)
class Hidden:
    """A secret, in the clear."""

    data: evaluate.Array


class Plain(Walk[Hidden]):
    """A run in which secrets are kept in the clear, and nothing is sent."""

    def compute(self, operation: ir.Operation, operands: Sequence[ClearValue | Hidden]) -> Hidden:
        if isinstance(operation, ir.Relabel | ir.Convert | ir.Give):
            return Hidden(operands[0].data)
        assert isinstance(operation, ir.Computation)
        return Hidden(evaluate.evaluate(operation, [one.data for one in operands]))

    def open(self, operation: ir.Reveal | ir.Tell, secret: Hidden) -> evaluate.Array:
        return secret.data

    def tell(self, operation: ir.Reveal, known: ClearValue) -> None:
        pass

    def set_spans(self, *spans: Span) -> None:
        pass


def run_plain(program: ir.Program, inputs: Inputs) -> Outputs:
    """Run a program; `inputs`: party → name → data that fits."""
    with deep_recursion(), np.errstate(all="ignore"):  # integers wrap
        run = Plain(expand_oblivious(program), inputs)
        run.call(program.main.name, ())
        return run.outputs()
