"""Lowering of statements: mutable variables become SSA values.

Public branches and loops carry exactly the leaves that are declared outside and assigned inside. So
do branches and loops that one party runs alone. Secret branches disappear: both sides are lowered
in place, and their assignments are selected or predicated.

A `return` assigns the function's result. If an exit (of the function, or of a block) isn't the last
that the function or block runs, taking it also sets a flag, and the code that follows runs only
while the flag is clear. The flag is public, or known to the one party that runs the block alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass, replace
from ezlang.source import Span
from ezlang.typed import tree as typed
from ezlang.types.types import BOOL

from ..ir import tree as ir
from ..ir.build import Builder
from ..ir.tree import BinaryKind
from .array_parts import Indices, Items, Part
from .expressions import Expressions, whole_type
from .leaves import Leaf, leaves
from .loops import Loops
from .scan import (
    RESULT,
    RETURN,
    Key,
    exits,
    flag,
    only_at_the_end,
    place_keys,
    structured,
    written,
)
from .state import LoweringState, SecretSide


@dataclass(frozen=True, slots=True)
class Statements:
    """Lowers the statements of one function."""

    state: LoweringState
    expressions: Expressions
    function: typed.Function

    @property
    def loops(self) -> Loops:
        """The lowering of loops in this context."""
        return Loops(self.state, self.expressions, self.block, self._assigned)

    @property
    def build(self) -> Builder:
        """The builder that operations are added to."""
        return self.state.build

    def block(self, block: typed.Block) -> None:
        """Lower statements in order, up to the exit of the block if one of them takes it."""
        if block.exit is None:
            self._run(block.statements, block.span)
            return
        body = structured(replace(block, exit=None))
        if only_at_the_end(body, block.exit):
            self._run(body.statements, body.span)
            return
        key = flag(block.exit)
        self.state.flagged.add(block.exit)
        clear = self.build.constant(BOOL, (0,))
        self.state.values[key] = self.build.relabel(clear, block.exit.label)
        self._run(body.statements, body.span)
        del self.state.values[key]

    def _run(self, statements: Sequence[typed.Statement], span: Span) -> None:
        for number, statement in enumerate(statements):
            self.statement(statement)
            rest = statements[number + 1 :]
            taken = self.state.flags(exits(statement)) if rest else ()
            if taken:
                self._unless(taken, typed.Block(span=span, statements=tuple(rest)))
                return

    def statement(self, statement: typed.Statement) -> None:
        """Lower one statement."""
        with self.build.at(statement.span), self.build.requesting(statement.requested):
            match statement:
                case typed.Block():
                    self.block(statement)
                case typed.Declare():
                    values = self.expressions.lower(statement.value)
                    variable = statement.variable
                    values = self.expressions.labelled(values, variable.type, variable.label)
                    self.state.declare(variable, values)
                case typed.Assign():
                    self._assign(statement)
                case typed.If():
                    self._if(statement)
                case typed.For() | typed.While():
                    self.loops.lower(statement)
                case typed.Return():
                    self._return(statement)
                case typed.Leave(exit=exit):
                    self._take(exit)
                case typed.Output():
                    self._output(statement)
                case typed.Assert():
                    condition = self.expressions.scalar(statement.condition)
                    self.build.emit(
                        ir.Assert(
                            message=statement.message,
                            operands=(condition,),
                            span=statement.span,
                        )
                    )
                case typed.Evaluate():
                    self.expressions.lower(statement.value)
                case _:
                    assert_never(statement)

    # Straight-line statements

    def _assign(self, statement: typed.Assign) -> None:
        place = statement.place
        values = self.expressions.lower(statement.value)
        parts = self._parts(place)
        for key, value in zip(place_keys(place), values, strict=True):
            old = self.state.values[key]
            guard = self.state.guard(key) if parts else None
            new = self.expressions.access.write(old, parts, value, guard)
            self.state.values[key] = self.build.relabel(new, old.type.label)

    def _parts(self, place: typed.AssignmentTarget) -> tuple[Part, ...]:
        """Lower the indices of a place; those of consecutive steps are combined."""
        parts: list[Part] = []
        for step in place.steps:
            match step:
                case typed.FieldStep():
                    continue
                case typed.SliceStep():
                    start = self.expressions.scalar(step.start)
                    parts.append(Items(start, step.length, step.step, step.span))
                case typed.IndexStep():
                    values = tuple(self.expressions.scalar(index) for index in step.indices)
                    last = parts[-1] if parts else None
                    if isinstance(last, Indices):
                        parts[-1] = Indices(last.values + values, last.span.to(step.span))
                    else:
                        parts.append(Indices(values, step.span))
                case _:
                    assert_never(step)
        return tuple(parts)

    def _output(self, statement: typed.Output) -> None:
        values = self.expressions.lower(statement.value)
        paths = leaves(statement.value.type, statement.value.label)
        turn = () if statement.turn is None else (self.expressions.turn(statement.turn),)
        kind = ir.TurnOutput if turn else ir.Output
        for value, leaf in zip(values, paths, strict=True):
            self.build.emit(
                kind(
                    to=statement.to,
                    name=statement.name,
                    path=leaf.path,
                    whole=whole_type(statement.value.type),
                    operands=(value, *turn),
                    span=statement.span,
                )
            )

    # Returning

    def start(self) -> None:
        """Initialise the flag and the result, if the function needs a flag."""
        if RETURN not in self.state.flagged:
            return
        self.state.values[flag(RETURN)] = self.build.constant(BOOL, (0,))
        for number, leaf in enumerate(self._result_leaves()):
            self.state.values[RESULT, number] = self.build.zeros(leaf.type)

    def results(self) -> tuple[ir.Value, ...]:
        """Return the function's results, at its end."""
        try:
            return tuple(
                self.state.values[RESULT, number] for number in range(len(self._result_leaves()))
            )
        except KeyError:
            name = self.function.name
            raise CompilerBug(f"{name} ends without returning a value") from None

    def _result_leaves(self) -> tuple[Leaf, ...]:
        return leaves(self.function.return_type, self.function.return_label)

    def _return(self, statement: typed.Return) -> None:
        if self.state.sides or (self.state.alone and not self.function.pc.is_owned):
            raise CompilerBug(f"{statement.span}: a return under a branch that isn't public")
        if statement.value is not None:
            type, label = self.function.return_type, self.function.return_label
            values = self.expressions.labelled(self.expressions.lower(statement.value), type, label)
            for number, value in enumerate(values):
                self.state.values[RESULT, number] = value
        self._take(RETURN)

    def _take(self, exit: typed.Exit) -> None:
        if exit in self.state.flagged:
            taken = self.build.constant(BOOL, (1,))
            self.state.values[flag(exit)] = self.build.relabel(taken, exit.label)

    def _unless(self, taken: Sequence[Key], rest: typed.Block) -> None:
        """Lower statements that run only if none of these exits was taken."""
        keys = self._assigned((rest,))
        going = self.build.negated(self.state.any_of(taken))
        regions = [self._side(rest, keys), self._side(_nothing(rest.span), keys)]
        self._merge(going, keys, regions)

    # Branches

    def _if(self, statement: typed.If) -> None:
        condition = self.expressions.scalar(statement.condition)
        if condition.type.label.is_secret:
            self._secret_if(condition, statement)
            return
        keys = self._assigned((statement.then, statement.otherwise))
        with self.state.run_alone(condition.type.label.is_owned):
            sides = [self._side(block, keys) for block in (statement.then, statement.otherwise)]
        self._merge(condition, keys, sides)

    def _assigned(self, blocks: Sequence[typed.Block]) -> list[Key]:
        """Return the keys declared outside that blocks assign, in order, including the result."""
        count = len(self._result_leaves())
        keys = {key for block in blocks for key in written(block, count).keys}
        return sorted(key for key in keys if key in self.state.values or key[0] == RESULT)

    def _side(
        self, block: typed.Block, keys: Sequence[Key]
    ) -> tuple[list[ir.Operation], list[ir.Value]]:
        """Lower a side of a branch, and return the values of `keys` at its end."""
        with self.state.scope(), self.build.nested() as operations:
            self.block(block)
            return operations, [self._value(key) for key in keys]

    def _value(self, key: Key) -> ir.Value:
        """Return the value of a key; zeros for a result that isn't returned on this path."""
        if key in self.state.values or key[0] != RESULT:
            return self.state.values[key]
        return self.build.zeros(self._result_leaves()[key[1]].type)

    def _merge(
        self,
        condition: ir.Value,
        keys: Sequence[Key],
        sides: Sequence[tuple[list[ir.Operation], list[ir.Value]]],
    ) -> None:
        """Emit the If, with a result for each key whose values differ between the sides."""
        (_, then), (_, otherwise) = sides
        carried = [n for n in range(len(keys)) if then[n] != otherwise[n]]
        results = self.build.fresh_like([then[n] for n in carried])
        regions = tuple(
            ir.Region(operations=tuple(operations), yields=tuple(yields[n] for n in carried))
            for operations, yields in sides
        )
        self.build.emit(
            ir.If(operands=(condition,), results=results, regions=regions, span=self.build.span)
        )
        self.state.values.update(zip(keys, then, strict=True))
        for n, result in zip(carried, results, strict=True):
            self.state.values[keys[n]] = result

    def _secret_if(self, condition: ir.Value, statement: typed.If) -> None:
        """Lower both sides in place; select what is assigned as a whole, and guard the rest."""
        sides = [written(block, 0) for block in (statement.then, statement.otherwise)]
        whole = sides[0].whole | sides[1].whole
        parts = (sides[0].parts | sides[1].parts) - whole
        outer = dict(self.state.values)
        selected = sorted(key for key in whole if key in outer)
        predicated = frozenset(key for key in parts if key in outer)
        ends: list[dict[Key, ir.Value]] = []
        for block, chosen, side in zip(
            (statement.then, statement.otherwise), (True, False), sides, strict=True
        ):
            with self.state.scope():
                guarded = predicated & side.parts
                self.state.sides.append(self._entered(condition, chosen, predicated, guarded))
                self.block(block)
                self.state.sides.pop()
                ends.append(self.state.values)
            for key in predicated:
                self.state.values[key] = ends[-1][key]
        for key in selected:
            then, otherwise = ends[0][key], ends[1][key]
            same = then == otherwise
            self.state.values[key] = then if same else self.build.select(condition, then, otherwise)

    def _entered(
        self,
        condition: ir.Value,
        chosen: bool,
        predicated: frozenset[Key],
        guarded: frozenset[Key],
    ) -> SecretSide:
        """Make the guards that the writes of a side need, each computed only once."""
        guards: dict[int, ir.Value] = {}
        if guarded:
            here = condition if chosen else self.build.negated(condition)
            guards[len(self.state.sides)] = here
            for depth in sorted({self.state.guard_depth(key) for key in guarded}):
                if depth < len(self.state.sides):
                    outer = self.state.sides[-1].guards[depth]
                    guards[depth] = self.build.binary(BinaryKind.AND, outer, here)
        return SecretSide(predicated, guards)


def _nothing(span: Span) -> typed.Block:
    return typed.Block(span=span, statements=())
