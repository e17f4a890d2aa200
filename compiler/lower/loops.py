"""Lowering of loops: the variables that they carry, and exits out of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never

from ezlang.records import dataclass, replace
from ezlang.source import Span
from ezlang.typed import tree as typed
from ezlang.types.types import BOOL

from ..ir import tree as ir
from ..ir.build import Builder
from ..ir.tree import BinaryKind
from .expressions import Expressions
from .scan import Key, exits, structured
from .state import LoweringState


@dataclass(frozen=True, slots=True)
class Loops:
    """Lowers the loops of a function.

    `block` lowers a body; `assigned` gives the keys that blocks assign.
    """

    state: LoweringState
    expressions: Expressions
    block: Callable[[typed.Block], None]
    assigned: Callable[[Sequence[typed.Block]], list[Key]]

    def lower(self, statement: typed.For | typed.While) -> None:
        """Lower a loop."""
        taken = self.state.flags(exits(statement))
        match statement:
            case typed.For() if taken:
                self._for_with_exits(statement, taken)
            case typed.For():
                self._for(statement)
            case typed.While():
                self._while(statement, taken)
            case _:
                assert_never(statement)

    @property
    def build(self) -> Builder:
        """The builder that operations are added to."""
        return self.state.build

    def _loop(
        self,
        keys: Sequence[Key],
        body: typed.Block,
        parameters: Sequence[ir.Value],
        counting: tuple[typed.Variable, ir.Value] | None = None,
    ) -> tuple[list[ir.Operation], list[ir.Value]]:
        """Lower a loop's body with `parameters` as the values of `keys`."""
        with self.state.scope(), self.build.nested() as operations:
            self.state.values.update(zip(keys, parameters, strict=True))
            if counting is not None:
                variable, index = counting
                self.state.declare(variable, [self.build.relabel(index, variable.label)])
            self.block(body)
            return operations, [self.state.values[key] for key in keys]

    def _carried(self, body: typed.Block) -> list[Key]:
        return [key for key in self.assigned((body,)) if key in self.state.values]

    def _for(self, statement: typed.For) -> None:
        low = self.expressions.scalar(statement.low)
        high = self.expressions.scalar(statement.high)
        keys = self._carried(statement.body)
        initial = [self.state.values[key] for key in keys]
        label = low.type.label.meet(high.type.label)
        index = self.build.fresh(replace(low.type, label=label), statement.variable.name)
        parameters = self.build.fresh_like(initial)
        alone = low.type.label.is_owned or high.type.label.is_owned
        with self.state.run_alone(alone), self.state.scope():
            operations, yields = self._loop(
                keys, statement.body, parameters, (statement.variable, index)
            )
        region = ir.Region(
            parameters=(index, *parameters), operations=tuple(operations), yields=tuple(yields)
        )
        results = self.build.fresh_like(initial)
        self.build.emit(
            ir.For(
                operands=(low, high, *initial),
                results=results,
                regions=(region,),
                span=statement.span,
            )
        )
        self.state.values.update(zip(keys, results, strict=True))

    def _while(self, statement: typed.While, taken: Sequence[Key]) -> None:
        body = _structured(statement.body) if taken else statement.body
        keys = self._carried(body)
        initial = [self.state.values[key] for key in keys]
        before = self.build.fresh_like(initial)
        alone = statement.condition.label.is_owned
        with self.state.run_alone(alone), self.state.scope():
            self.state.values.update(zip(keys, before, strict=True))
            with self.build.nested() as operations:
                condition = self._going(statement.condition, taken)
            test = ir.Region(parameters=before, operations=tuple(operations), yields=(condition,))
            parameters = self.build.fresh_like(initial)
            body_operations, yields = self._loop(keys, body, parameters)
        self._emit_while(
            keys, initial, test, _region(parameters, body_operations, yields), statement.span
        )

    def _going(self, condition: typed.Expr, taken: Sequence[Key]) -> ir.Value:
        """Emit a loop's condition; it isn't evaluated any more once an exit was taken."""
        if not taken:
            return self.expressions.scalar(condition)
        left = self.state.any_of(taken)
        label = left.type.label.meet(condition.label)
        with self.build.nested() as stopped:
            false = self.build.relabel(self.build.constant(BOOL, (0,)), label)
        with self.build.nested() as going:
            value = self.build.relabel(self.expressions.scalar(condition), label)
        return self._choose(left, (stopped, false), (going, value))

    def _choose(
        self,
        condition: ir.Value,
        then: tuple[list[ir.Operation], ir.Value],
        otherwise: tuple[list[ir.Operation], ir.Value],
    ) -> ir.Value:
        (result,) = self.build.fresh_like([then[1]])
        regions = tuple(_region((), side, [value]) for side, value in (then, otherwise))
        self.build.emit(
            ir.If(operands=(condition,), results=(result,), regions=regions, span=self.build.span)
        )
        return result

    def _for_with_exits(self, statement: typed.For, taken: Sequence[Key]) -> None:
        """Lower `for i in low..high` that an exit may end as a While that carries i."""
        low = self.expressions.scalar(statement.low)
        high = self.expressions.scalar(statement.high)
        body = _structured(statement.body)
        keys = self._carried(body)
        first = self.build.relabel(low, statement.variable.label)
        initial = [first, *(self.state.values[key] for key in keys)]
        before = self.build.fresh_like(initial)
        with self.state.scope(), self.build.nested() as operations:
            self.state.values.update(zip(keys, before[1:], strict=True))
            less = self.build.binary(BinaryKind.LT, before[0], high)
            going = self.build.negated(self.state.any_of(taken))
            condition = self.build.binary(BinaryKind.AND, less, going)
        test = _region(before, operations, [condition])
        index, *parameters = self.build.fresh_like(initial, statement.variable.name)
        alone = statement.variable.label.is_owned
        with self.state.run_alone(alone), self.build.nested() as operations:
            inner, yields = self._loop(keys, body, parameters, (statement.variable, index))
            operations.extend(inner)
            one = self.build.constant(index.type.element, (1,))
            following = self.build.binary(BinaryKind.ADD, index, one)
        region = _region((index, *parameters), operations, [following, *yields])
        self._emit_while([None, *keys], initial, test, region, statement.span)

    def _emit_while(
        self,
        keys: Sequence[Key | None],
        initial: Sequence[ir.Value],
        test: ir.Region,
        body: ir.Region,
        span: Span,
    ) -> None:
        results = self.build.fresh_like(initial)
        self.build.emit(
            ir.While(operands=tuple(initial), results=results, regions=(test, body), span=span)
        )
        for key, result in zip(keys, results, strict=True):
            if key is not None:
                self.state.values[key] = result


def _structured(body: typed.Block) -> typed.Block:
    """Return the body of a loop that is left, structured; a block with an exit is when lowered."""
    return structured(body) if body.exit is None else body


def _region(
    parameters: Sequence[ir.Value], operations: Sequence[ir.Operation], yields: Sequence[ir.Value]
) -> ir.Region:
    return ir.Region(
        parameters=tuple(parameters), operations=tuple(operations), yields=tuple(yields)
    )
