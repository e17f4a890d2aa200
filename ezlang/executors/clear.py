"""The clear executor: plain evaluation of a checked program, which defines the language's meaning.

It shares no code with the compiler, so that it can judge it. Nothing is protected here: every value
is computed in the clear. A function of the program becomes a Python function that consists of
smaller ones, one for each node, so that each node is dispatched on only once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from ezlang.records import dataclass
from ezlang.recursion import deep_recursion
from ezlang.typed import tree
from ezlang.typed.walk import statements
from ezlang.types.types import ArrayType, StructType, Type
from ezlang.values.check import check_inputs
from ezlang.values.data import Inputs
from ezlang.values.draws import Draws
from ezlang.values.turns import Turns

from .clear_expressions import Evaluate, Expressions, Frame, Run
from .clear_values import Value, array, copied, read_slice, row_size, struct, to_data, write_slice
from .failures import Failure, failure
from .headroom import Watch
from .outcome import Outcome, Shown

Execute = Callable[[Frame], int]
"""Runs a statement; returns where the run goes on: `NEXT`, `CALLER`, or the id of an exit."""

NEXT = 0
CALLER = -1

Write = Callable[[Value, list[int | None], Value], Value]
"""Writes a value into a part of an old one, which it may change; targets select the part."""

RESULT = -1
"""The slot of a frame for the function's result; variables are counted from 0."""


def run_clear(program: tree.Program, inputs: Inputs, watch: Watch | None = None) -> Outcome:
    """Evaluate a program in the clear.

    `inputs`: party → name → value, in the form of JSON. Raises EzError: exit code 2 for inputs that
    are missing or don't fit, 3 for a run that fails. `watch` sees all fixed-point results.
    """
    checked = check_inputs(program, inputs)
    run = Run(
        parties=program.parties,
        inputs=checked,
        outputs={party: {} for party in program.parties},
        views={party: [] for party in program.parties},
        turns=Turns(checked),
        draws=[Draws(party) for party in program.computing],
        watch=watch,
    )
    for function in program.functions:
        run.functions[function.name] = _function(function, run)
    with deep_recursion():
        run.functions[program.main.name]([])
    return Outcome(outputs=run.outputs, views=run.views)


def _function(function: tree.Function, run: Run) -> Callable[[list[Value]], Value]:
    body = Statements(Expressions(run, function.pc.is_owned)).block(function.body)
    numbers = [parameter.id for parameter in function.parameters]
    assigned = assigned_in(function.body)
    kept = [parameter.id in assigned for parameter in function.parameters]

    def call(arguments: list[Value]) -> Value:
        frame: Frame = {
            number: copied(value) if keep else value
            for number, keep, value in zip(numbers, kept, arguments, strict=True)
        }
        body(frame)
        return frame.get(RESULT)

    return call


def assigned_in(*blocks: tree.Block) -> frozenset[int]:
    """Return the variables that the blocks assign to, whole or in part."""
    return frozenset(
        statement.place.variable.id
        for block in blocks
        for statement in statements(block)
        if isinstance(statement, tree.Assign)
    )


def _declared_in(*blocks: tree.Block) -> frozenset[int]:
    return frozenset(
        statement.variable.id
        for block in blocks
        for statement in statements(block)
        if isinstance(statement, tree.Declare | tree.For)
    )


@dataclass(frozen=True, slots=True)
class Statements:
    """Turns statements into functions."""

    expressions: Expressions

    def under(self, condition: tree.Expr) -> Statements:
        """Return the maker of statements in a branch on `condition`."""
        return Statements(self.expressions.under(condition))

    def block(self, block: tree.Block) -> Execute:
        """Return the execution of statements in order, up to the first that leads elsewhere."""
        parts = [self.make(statement) for statement in block.statements]
        if block.exit is not None:
            return _with_exit(_in_order(parts), block.exit.id)
        return _in_order(parts)

    def make(self, statement: tree.Statement) -> Execute:
        """Return the execution of a statement."""
        match statement:
            case tree.Declare(variable=variable, value=value):
                return _set(variable.id, self._stored(value))
            case tree.Assign(place=place, value=value):
                return self._assign(place, self._stored(value))
            case tree.Block():
                return self.block(statement)
            case tree.If(condition=condition):
                return (
                    self._secret_if(statement) if condition.label.is_secret else self._if(statement)
                )
            case tree.For():
                return self._for(statement)
            case tree.While():
                return self._while(statement)
            case tree.Return(value=returned):
                return self._return(returned)
            case tree.Leave(exit=exit):
                return lambda frame: exit.id
            case tree.Evaluate(value=value):
                return self._evaluate(value)
            case tree.Output():
                return self._output(statement)
            case tree.Assert():
                return self._assert(statement)
            case _:
                assert_never(statement)

    def _stored(self, value: tree.Expr) -> Evaluate:
        """Return the evaluation of a value for a variable, which nothing else may change."""
        evaluate = self.expressions.make(value)
        if isinstance(value.type, ArrayType | StructType):
            return lambda frame: copied(evaluate(frame))
        return evaluate

    # Assignment

    def _assign(self, place: tree.AssignmentTarget, value: Evaluate) -> Execute:
        number = place.variable.id
        if not place.steps:
            return _set(number, value)
        targets, write = self._steps(place.variable.type, place.steps)

        def run(frame: Frame) -> int:
            new = value(frame)
            found = [target(frame) for target in targets]
            frame[number] = write(frame[number], found, new)
            return NEXT

        return run

    def _steps(
        self, type: Type, steps: tuple[tree.Step, ...], depth: int = 0
    ) -> tuple[list[Callable[[Frame], int | None]], Write]:
        """Return functions that find the targets of steps, and one that writes through them.

        All targets are found before anything is written: a public index that is out of range fails
        the run wherever it occurs, even if another index makes the write have no effect.
        """
        if depth == len(steps):
            return [], lambda old, targets, value: value
        step = steps[depth]
        match step:
            case tree.FieldStep(name=name):
                field = struct(type).field(name)
                assert field is not None
                inner, write = self._steps(field.type, steps, depth + 1)
                return [lambda frame: None, *inner], _write_field(name, write)
            case tree.IndexStep(indices=indices):
                base = array(type)
                locate = self.expressions.locate(indices, base, step.span)
                rest = base.shape[len(indices) :]
                part = ArrayType(base.element, rest) if rest else base.element
                inner, write = self._steps(part, steps, depth + 1)
                return [locate, *inner], _write_part(base, len(indices), write, depth)
            case tree.SliceStep(length=length, step=every):
                base = array(type)
                start = self.expressions.start(step.start, base, length, step.span)
                count = len(tree.chosen_items(length, every))
                items = ArrayType(base.element, (count, *base.shape[1:]))
                inner, write = self._steps(items, steps, depth + 1)
                return [start, *inner], _write_items(base, step, write, depth)
            case _:
                assert_never(step)

    # Control flow

    def _if(self, statement: tree.If) -> Execute:
        condition, inside = (
            self.expressions.make(statement.condition),
            self.under(statement.condition),
        )
        then, otherwise = inside.block(statement.then), inside.block(statement.otherwise)
        return lambda frame: then(frame) if condition(frame) else otherwise(frame)

    def _secret_if(self, statement: tree.If) -> Execute:
        """Run both sides from the same state, `then` first; keep what the selected one assigned."""
        condition = self.expressions.make(statement.condition)
        then, otherwise = self.block(statement.then), self.block(statement.otherwise)
        sides = (statement.then, statement.otherwise)
        changed = sorted(assigned_in(*sides) - _declared_in(*sides))

        def run(frame: Frame) -> int:
            chosen = condition(frame)
            spare = {number: copied(frame[number]) for number in changed}
            if chosen:
                then(frame)
                kept = {number: frame[number] for number in changed}
                frame.update(spare)
                otherwise(frame)
                frame.update(kept)
            else:
                kept = {number: frame[number] for number in changed}
                frame.update(spare)
                then(frame)
                frame.update(kept)
                otherwise(frame)
            return NEXT

        return run

    def _for(self, statement: tree.For) -> Execute:
        number = statement.variable.id
        low, high = self.expressions.make(statement.low), self.expressions.make(statement.high)
        body = self.under(statement.low).under(statement.high).block(statement.body)

        def run(frame: Frame) -> int:
            for value in range(low(frame), high(frame)):
                frame[number] = value
                if goes_to := body(frame):
                    return goes_to
            return NEXT

        return run

    def _while(self, statement: tree.While) -> Execute:
        condition = self.expressions.make(statement.condition)
        body = self.under(statement.condition).block(statement.body)

        def run(frame: Frame) -> int:
            while condition(frame):
                if goes_to := body(frame):
                    return goes_to
            return NEXT

        return run

    def _evaluate(self, value: tree.Expr) -> Execute:
        evaluate = self.expressions.make(value)

        def run(frame: Frame) -> int:
            evaluate(frame)
            return NEXT

        return run

    def _return(self, value: tree.Expr | None) -> Execute:
        if value is None:
            return lambda frame: CALLER
        evaluate = self.expressions.make(value)

        def run(frame: Frame) -> int:
            frame[RESULT] = evaluate(frame)
            return CALLER

        return run

    # Outputs and assertions

    def _output(self, statement: tree.Output) -> Execute:
        run = self.expressions.run
        evaluate, receivers = self.expressions.make(statement.value), run.receivers(statement.to)
        name, type, span = statement.name, statement.value.type, statement.span
        if statement.turn is not None:
            return self._turn_output(statement, self.expressions.make(statement.turn))

        def put_out(frame: Frame) -> int:
            value = evaluate(frame)
            for party in receivers:
                if name in run.outputs[party]:
                    raise failure(Failure.OUTPUT, span)
                run.outputs[party][name] = to_data(type, value)
                run.views[party].append(Shown(name, to_data(type, value), span))
            return NEXT

        return put_out

    def _turn_output(self, statement: tree.Output, turn: Evaluate) -> Execute:
        run, evaluate = self.expressions.run, self.expressions.make(statement.value)
        name, type, span = statement.name, statement.value.type, statement.span

        def put_out(frame: Frame) -> bool:
            value, number = evaluate(frame), turn(frame)
            for party in run.receivers(statement.to):
                values = run.outputs[party].setdefault(name, [])
                if number != len(values):
                    raise failure(Failure.TURN, span)
                values.append(to_data(type, value))
                run.views[party].append(Shown(name, to_data(type, value), span))
            return False

        return put_out

    def _assert(self, statement: tree.Assert) -> Execute:
        condition = self.expressions.make(statement.condition)
        message, span = statement.message, statement.span

        def run(frame: Frame) -> int:
            if not condition(frame):
                raise failure(Failure.ASSERTION, span, message)
            return NEXT

        return run


def _in_order(parts: list[Execute]) -> Execute:
    if len(parts) == 1:
        return parts[0]

    def run(frame: Frame) -> int:
        for part in parts:  # a loop, not `any`: a run spends most of its time here
            if goes_to := part(frame):
                return goes_to
        return NEXT

    return run


def _with_exit(body: Execute, exit: int) -> Execute:
    def run(frame: Frame) -> int:
        goes_to = body(frame)
        return NEXT if goes_to == exit else goes_to

    return run


def _set(number: int, value: Evaluate) -> Execute:
    def run(frame: Frame) -> int:
        frame[number] = value(frame)
        return NEXT

    return run


def _write_field(name: str, write: Write) -> Write:
    def run(old: Value, targets: list[int | None], value: Value) -> Value:
        old[name] = write(old[name], targets, value)
        return old

    return run


def _write_part(type: ArrayType, indexed: int, write: Write, depth: int) -> Write:
    size, whole = row_size(type, indexed), indexed == len(type.shape)

    def run(old: Value, targets: list[int | None], value: Value) -> Value:
        at = targets[depth]
        if at is None:
            return old
        if whole:
            old[at] = write(old[at], targets, value)
        else:
            old[at : at + size] = write(old[at : at + size], targets, value)
        return old

    return run


def _write_items(type: ArrayType, step: tree.SliceStep, write: Write, depth: int) -> Write:
    read = read_slice(type, step.length, step.step)
    put = write_slice(type, step.length, step.step)

    def run(old: Value, targets: list[int | None], value: Value) -> Value:
        start = targets[depth]
        assert start is not None
        put(old, start, write(read(old, start), targets, value))
        return old

    return run
