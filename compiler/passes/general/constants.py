"""Constant folding.

**Purpose.** Compute what depends on constants alone; take the side that a constant condition
chooses; drop loops that never run. **Keeps** meaning and labels: a checked operation that would
fail stays, so that it fails in the run. **Does not** make constants of more than `LIMIT`
elements that aren't written in the program, so that programs don't grow with array sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...ir import evaluate
from ...ir import tree as ir
from ...ir.build import Builder
from ..description import optional
from ..rewriting.rewrite import Constants, Rule, rewrite

LIMIT = 64
"""The most elements that a folded constant has, unless all are equal."""


@optional("constants", "folds constants, and takes branches whose condition is constant")
def fold_constants(program: ir.Program) -> ir.Program:
    """Return the program with constant computations done."""
    return rewrite(program, _Fold)


@dataclass(slots=True)
class _Fold(Rule):
    constants: Constants = field(default_factory=Constants)

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        self.constants.see(operation)
        match operation:
            case ir.Constant():
                return None
            case ir.If():
                return self._if(build, operation)
            case ir.For():
                low, high = (self.constants.scalar(x) for x in operation.operands[:2])
                never = low is not None and high is not None and high <= low
                return operation.operands[2:] if never else None
            case ir.Select():
                return self._select(build, operation)
            case _:
                return self._computed(build, operation)

    def _if(self, build: Builder, operation: ir.If) -> Sequence[ir.Value] | None:
        (condition,) = operation.operands
        chosen = self.constants.scalar(condition)
        # What one party runs alone stays its own: all would run what is taken out of there.
        if chosen is None or not condition.type.label.is_public:
            return None
        region = operation.regions[0 if chosen else 1]
        for inner in region.operations:
            build.emit(inner)
        return region.yields

    def _select(self, build: Builder, operation: ir.Select) -> Sequence[ir.Value] | None:
        chosen = self.constants.scalar(operation.operands[0])
        if chosen is None:
            return None
        side = operation.operands[1 if chosen else 2]
        made = build.standing_in(side, operation.result.type)
        return None if made is None else (made,)

    def _computed(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        if not isinstance(operation, evaluate.Pure) or operation.result.type.size == 0:
            return None
        definitions = [self.constants.of(value) for value in operation.operands]
        known = [definition for definition in definitions if definition is not None]
        if len(known) < len(definitions) or not self._small(operation):
            return None
        arrays = [evaluate.array(one.result.type, one.data) for one in known]
        if getattr(operation, "checked", False) and evaluate.out_of_range(operation, arrays):
            return None
        type = operation.result.type
        data = evaluate.elements(type, evaluate.evaluate(operation, arrays))
        if len(set(data)) == 1:
            data = data[:1]
        folded = build.constant(type.element, data, type.shape)
        self.constants.see(build.operations[-1])
        return (folded,)

    def _small(self, operation: ir.Operation) -> bool:
        """Tell whether folding is cheap: operands that the program wrote may be large."""
        return operation.result.type.size <= LIMIT
