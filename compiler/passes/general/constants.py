"""Constant folding.

**Purpose.** Evaluate operations on constants; replace branches on constant conditions by the
selected side; remove loops that never run. **Keeps** semantics and labels: a checked operation that
would fail stays, so that it fails in the run. **Does not** create constants of more than `LIMIT`
elements that aren't written in the program, so that programs don't grow with array sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ezlang.records import dataclass, replace

from ...ir import evaluate
from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.facts import Constants
from ...ir.operations.elementwise import Elementwise
from ..description import optional
from ..rewriting.rewrite import Rule, rewrite

LIMIT = 64
"""The maximum number of elements of a folded constant, unless all are equal."""


@optional("constants", "folds constants, and takes branches whose condition is constant")
def fold_constants(program: ir.Program) -> ir.Program:
    """Fold constants in a program."""
    return rewrite(program, _Fold)


@dataclass(slots=True)
class _Fold(Rule):
    constants: Constants = field(default_factory=Constants)

    def apply(self, build: Builder, operation: ir.Operation) -> Sequence[ir.Value] | None:
        self.constants.see(operation)
        match operation:
            case ir.If():
                return self._if(build, operation)
            case ir.For():
                low, high = (self.constants.number(x) for x in operation.deciding)
                never = low is not None and high is not None and high <= low
                return operation.carried if never else None
            case ir.Select():
                return self._select(build, operation)
            case ir.Broadcast() | ir.Reshape():
                return self._moved(build, operation)
            case ir.Computation() if not isinstance(operation, ir.Constant):
                return self._computed(build, operation)
            case _:
                return None

    def _if(self, build: Builder, operation: ir.If) -> Sequence[ir.Value] | None:
        (condition,) = operation.operands
        chosen = self.constants.number(condition)
        # Branches that one party runs alone stay: outside of them, all parties would run the code.
        if chosen is None or not condition.type.label.is_public:
            return None
        region = operation.regions[0 if chosen else 1]
        for inner in region.operations:
            build.emit(inner)
        return region.yields

    def _select(self, build: Builder, operation: ir.Select) -> Sequence[ir.Value] | None:
        chosen = self.constants.number(operation.operands[0])
        if chosen is None:
            return None
        side = operation.operands[1 if chosen else 2]
        made = build.standing_in(side, operation.result.type)
        return None if made is None else (made,)

    def _moved(
        self, build: Builder, operation: ir.Broadcast | ir.Reshape
    ) -> Sequence[ir.Value] | None:
        source = self.constants.definition(operation.operands[0])
        if source is None or len(source.data) != 1:
            return self._computed(build, operation)
        type = operation.result.type
        return (self._made(build, type, source.data),)

    def _computed(self, build: Builder, operation: ir.AnyComputation) -> Sequence[ir.Value] | None:
        if operation.result.type.size == 0:
            return None
        definitions = [self.constants.definition(value) for value in operation.operands]
        known = [definition for definition in definitions if definition is not None]
        if len(known) < len(definitions):
            return None
        type = operation.result.type
        if all(len(one.data) == 1 for one in known) and isinstance(operation, Elementwise):
            # Equal elements have equal results.
            shapes: tuple[tuple[int, ...], ...] = ((),) * len(known)
            type = replace(type, shape=())
        elif self._small(operation):
            shapes = tuple(one.result.type.shape for one in known)
        else:
            return None
        arrays = [
            evaluate.array(replace(one.result.type, shape=shape), one.data)
            for one, shape in zip(known, shapes, strict=True)
        ]
        if evaluate.fails(operation, arrays):
            return None
        data = evaluate.elements(type, evaluate.evaluate(operation, arrays))
        if len(set(data)) == 1:
            data = data[:1]
        return (self._made(build, operation.result.type, data),)

    def _made(self, build: Builder, type: ir.TensorType, data: Sequence[int]) -> ir.Value:
        folded = build.constant(type.element, tuple(data), type.shape)
        self.constants.see(build.operations[-1])
        return folded

    def _small(self, operation: ir.Operation) -> bool:
        """Return whether folding is cheap: constants written in the program may be large."""
        return operation.result.type.size <= LIMIT
