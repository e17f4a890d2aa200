"""The releases of a program: what, where, to whom, and the inputs that they depend on.

Each function instance is analysed once, callees first, and summarised: the dependences of its
result and its releases, in terms of its parameters and of the branches in which it is called. Each
call substitutes for these, so two calls of one function keep their inputs apart.

Within a function, the state is the dependence of each variable. Branches join the states of both
sides; loops repeat until the state is stable. A condition decides everything that is assigned or
released inside its branch, and what a `return`, `break` or `continue` in it may skip. What decides
whether a run stops, in this function or in one that it calls, decides everything after it:
conditions of assertions and of `while`, public divisors, amounts, indices and bounds of slices, and
whether an output is given a second time. An array or struct counts as one variable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, assert_never

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass
from ezlang.source import Span
from ezlang.typed import tree as typed
from ezlang.typed.walk import statements
from ezlang.types.types import StructType, Type, array_of, element_of, shape_of

from .dependence import (
    NOTHING,
    Atom,
    CalledUnder,
    Dependence,
    InputName,
    Parameter,
    inputs_in,
)
from .stops import indices_that_stop, operands_that_stop, slices_that_stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One `reveal` or `output`, with the inputs that the released value depends on.

    `to` is None for everyone; `name` is the name of the output. An input is in `implicit` if it
    only decides (by branches, loops, `? :`) which value is released, or whether one is.
    """

    kind: str
    to: str | None
    name: str | None
    expression: str
    function: str
    span: Span
    explicit: tuple[InputName, ...]
    implicit: tuple[InputName, ...]


@dataclass(frozen=True, slots=True)
class _Told:
    """A release in terms of the function that contains it."""

    node: typed.Reveal | typed.Output
    function: str
    dependence: Dependence


@dataclass(frozen=True, slots=True)
class _Summary:
    result: Dependence
    told: tuple[_Told, ...]
    stopped: frozenset[Atom]


_State = dict[int, Dependence]
_CALLED: frozenset[Atom] = frozenset({CalledUnder()})


def releases(program: typed.Program) -> tuple[Release, ...]:
    """Return every release that a run of the program can reach, in source order."""
    summaries: dict[str, _Summary] = {}
    for function in program.functions:
        summaries[function.name] = _Analysis(program, function, summaries).run()
    found: dict[Release, None] = {}
    for told in summaries[program.main.name].told:
        dependence = told.dependence.applied((), frozenset())
        found[_release(program, told, dependence)] = None
    return tuple(sorted(found, key=lambda r: (r.span.source.name, r.span.start, r.explicit)))


def _release(program: typed.Program, told: _Told, dependence: Dependence) -> Release:
    node = told.node
    explicit = inputs_in(dependence.explicit)
    value = node.value if isinstance(node, typed.Output) else node.operand
    if isinstance(value, typed.Reveal):
        value = value.operand
    return Release(
        kind="output" if isinstance(node, typed.Output) else "reveal",
        to=None if node.to is None else program.parties[node.to],
        name=node.name if isinstance(node, typed.Output) else None,
        expression=" ".join(value.span.text.split()),
        function=told.function,
        span=node.span,
        explicit=explicit,
        implicit=tuple([i for i in inputs_in(dependence.implicit) if i not in explicit]),
    )


class _Analysis:
    """The flow analysis of one function."""

    def __init__(
        self, program: typed.Program, function: typed.Function, summaries: dict[str, _Summary]
    ) -> None:
        self._program = program
        self._function = function
        self._summaries = summaries
        self._result = NOTHING
        self._told: dict[tuple[int, ...], _Told] = {}
        self._left: dict[typed.Exit | None, frozenset[Atom]] = {}
        self._stopped: frozenset[Atom] = frozenset()
        self._repeated = _repeated_names(program)
        self._ranges: dict[int, tuple[int, int]] = {}
        self._loops = 0
        self._alone = 0

    def run(self) -> _Summary:
        state: _State = {}
        for index, parameter in enumerate(self._function.parameters):
            state[parameter.id] = Dependence(frozenset({Parameter(index)}))
        self._block(self._function.body, state, _CALLED)
        distinct = {(id(t.node), t.dependence): t for t in self._told.values()}
        return _Summary(self._result, tuple(distinct.values()), self._stopped)

    def _tell(self, told: _Told, *way: int) -> None:
        """Record a release; if it occurs again in a loop, its dependences are joined.

        `way` distinguishes the releases of one call from those of another.
        """
        key = (id(told.node), *way)
        before = self._told.get(key)
        if before is not None:
            told = _Told(told.node, told.function, told.dependence.join(before.dependence))
        self._told[key] = told

    # Statements

    def _block(self, block: typed.Block, state: _State, decided: frozenset[Atom]) -> None:
        for statement in block.statements:
            self._statement(statement, state, decided | self._skipping)
        if block.exit is not None:
            self._left.pop(block.exit, None)

    @property
    def _skipping(self) -> frozenset[Atom]:
        """What decides whether a statement runs, after others that may leave or stop."""
        return self._stopped.union(*self._left.values())

    def _taken_in(self, body: typed.Block) -> frozenset[Atom]:
        """Return what decides the exits that statements take."""
        leaving = [s for s in statements(body) if isinstance(s, typed.Leave | typed.Return)]
        taken = {one.exit if isinstance(one, typed.Leave) else None for one in leaving}
        return frozenset().union(*(self._left.get(exit, frozenset()) for exit in taken))

    def _leave(self, exit: typed.Exit | None, decided: frozenset[Atom]) -> None:
        """Note that an exit is taken: of a block, or of the function."""
        self._left[exit] = self._left.get(exit, frozenset()) | decided

    def _statement(self, node: typed.Statement, state: _State, decided: frozenset[Atom]) -> None:
        match node:
            case typed.Block():
                self._block(node, state, decided)
            case typed.Declare(variable=variable, value=value):
                state[variable.id] = self._expr(value, state, decided).under(decided)
            case typed.Assign():
                self._assign(node, state, decided)
            case typed.If(condition=condition, then=then, otherwise=otherwise):
                inside = decided | self._expr(condition, state, decided).all
                other = dict(state)
                with self._inside(condition):
                    self._block(then, state, inside)
                    self._block(otherwise, other, inside)
                _join(state, other)
            case typed.For(variable=variable, low=low, high=high, body=body):
                bounds = self._expr(low, state, decided).join(self._expr(high, state, decided))
                state[variable.id] = bounds.under(decided)
                if isinstance(low, typed.Literal) and isinstance(high, typed.Literal):
                    self._ranges[variable.id] = (low.value, high.value - 1)
                with self._inside(low, high, loop=True):
                    self._repeat(None, body, state, decided | bounds.all)
            case typed.While(condition=condition, body=body):
                with self._inside(condition, loop=True):
                    self._repeat(condition, body, state, decided)
                # It may never end. If one party runs it, the others wait for that party.
                self._stopped |= self._expr(condition, state, decided).all
                self._stopped |= self._taken_in(body)
            case typed.Return(value=value):
                if value is not None:
                    result = self._expr(value, state, decided).under(decided)
                    self._result = self._result.join(result)
                self._leave(None, decided)
            case typed.Leave(exit=exit):
                self._leave(exit, decided)
            case typed.Output(value=value, turn=turn):
                operand = value.operand if isinstance(value, typed.Reveal) else value
                told = self._expr(operand, state, decided).under(decided)
                self._tell(_Told(node, self._function.name, told))
                if turn is not None:
                    decided |= self._expr(turn, state, decided).all
                if turn is not None or self._may_repeat(node):
                    self._stopped |= decided
            case typed.Assert(condition=condition):
                holds = self._expr(condition, state, decided)
                if not isinstance(condition, typed.Literal) or not condition.value:
                    self._stopped |= holds.all | decided
            case typed.Evaluate(value=value):
                self._expr(value, state, decided)
            case _:
                assert_never(node)

    def _assign(self, node: typed.Assign, state: _State, decided: frozenset[Atom]) -> None:
        value = self._expr(node.value, state, decided)
        variable, type = node.place.variable.id, node.place.variable.type
        for step in node.place.steps:
            match step:
                case typed.IndexStep(indices=indices):
                    stopping = indices_that_stop(type, indices, self._ranges)
                    value = value.join(self._all(indices, state, decided, stopping))
                    type = array_of(element_of(type), shape_of(type)[len(indices) :])
                case typed.SliceStep(start=start, length=length, step=stride):
                    stopping = slices_that_stop(type, start, length * stride, self._ranges)
                    value = value.join(self._all((start,), state, decided, stopping))
                    type = array_of(element_of(type), (length, *shape_of(type)[1:]))
                case typed.FieldStep(name=name):
                    type = _field(type, name)
                case _:
                    assert_never(step)
        value = value.under(decided)
        state[variable] = value.join(state[variable]) if node.place.steps else value

    def _repeat(
        self,
        condition: typed.Expr | None,
        body: typed.Block,
        state: _State,
        decided: frozenset[Atom],
    ) -> None:
        """Analyse a loop until it adds nothing to the state before it."""
        while True:
            before, ended = dict(state), (dict(self._left), self._stopped)
            inside = decided | self._skipping
            if condition is not None:
                inside |= self._expr(condition, state, inside).all
                self._expr(condition, state, inside)  # it decides whether it is evaluated again
            self._block(body, state, inside)
            _join(state, before)
            if state == before and ended == (self._left, self._stopped):
                return

    # What stops a run

    @contextmanager
    def _inside(self, *conditions: typed.Expr, loop: bool = False) -> Iterator[None]:
        """Note that the statements inside are in a loop, or run by one party alone.

        Where a party runs alone, nothing stops the run, whatever the label of an operand.
        """
        alone = any(not c.label.is_public and not c.label.is_secret for c in conditions)
        self._loops += loop
        self._alone += alone
        yield
        self._loops -= loop
        self._alone -= alone

    def _may_repeat(self, node: typed.Output) -> bool:
        """Return whether a name may be output twice, which stops the run."""
        is_main = self._function is self._program.main
        return bool(self._loops) or not is_main or node.name in self._repeated

    # Expressions

    def _all(
        self,
        nodes: Iterable[typed.Expr],
        state: _State,
        decided: frozenset[Atom],
        stopping: Iterable[typed.Expr] = (),
    ) -> Dependence:
        """Return the dependence on all nodes; on those that are `stopping`, it depends whether the
        run stops here."""
        result = NOTHING
        stops = {id(node) for node in stopping}
        for node in nodes:
            found = self._expr(node, state, decided)
            result = result.join(found)
            if id(node) in stops and not self._alone:
                self._stopped |= found.all | decided
        return result

    def _expr(self, node: typed.Expr, state: _State, decided: frozenset[Atom]) -> Dependence:
        stopping = tuple(operands_that_stop(node, self._ranges))
        match node:
            case typed.Literal() | typed.Zero():
                return NOTHING
            case typed.Read(variable=variable):
                return state[variable.id]
            case typed.Input():
                return self._input(node, state, decided)
            case typed.Random(below=below):
                if below is not None and not isinstance(below, typed.Literal):
                    self._stopped |= self._expr(below, state, decided).all | decided
                return NOTHING
            case typed.ArrayLiteral(elements=parts) | typed.StructLiteral(values=parts):
                return self._all(parts, state, decided)
            case (
                typed.Unary(operand=operand)
                | typed.Power(operand=operand)
                | typed.Cast(operand=operand)
                | typed.Broadcast(operand=operand)
                | typed.Reshape(operand=operand)
                | typed.Sum(operand=operand)
                | typed.Reinterpret(operand=operand)
                | typed.Relabel(operand=operand)
                | typed.GetField(base=operand)
            ):
                return self._expr(operand, state, decided)
            case typed.Binary(left=left, right=right) | typed.SumOfProducts(left=left, right=right):
                return self._all((left, right), state, decided, stopping)
            case typed.ShortCircuit(left=left, right=right):
                first = self._expr(left, state, decided)
                return first.join(self._expr(right, state, decided | first.all))
            case (
                typed.Conditional(condition=condition, then=then, otherwise=otherwise)
                | typed.Select(condition=condition, then=then, otherwise=otherwise)
            ):
                chosen = self._expr(condition, state, decided).all
                return self._all((then, otherwise), state, decided | chosen).under(chosen)
            case typed.Index(base=base, indices=indices):
                return self._all((base, *indices), state, decided, stopping)
            case typed.Slice(base=base, start=start):
                return self._all((base, start), state, decided, stopping)
            case typed.Call():
                return self._call(node, state, decided)
            case typed.Reveal(operand=operand):
                value = self._expr(operand, state, decided)
                self._tell(_Told(node, self._function.name, value.under(decided)))
                return value
            case _:
                assert_never(node)

    def _input(self, node: typed.Input, state: _State, decided: frozenset[Atom]) -> Dependence:
        if node.party is None:
            return NOTHING
        given = frozenset({InputName(self._program.parties[node.party], node.name)})
        if node.turn is not None:
            # The run stops in the first turn for which its giver has no value.
            self._stopped |= self._expr(node.turn, state, decided).all | decided | given
        return Dependence(given)

    def _call(self, node: typed.Call, state: _State, decided: frozenset[Atom]) -> Dependence:
        arguments = [self._expr(a, state, decided) for a in node.arguments]
        summary = self._summaries[node.function]
        for number, told in enumerate(summary.told):
            applied = told.dependence.applied(arguments, decided)
            self._tell(_Told(told.node, told.function, applied), id(node), number)
        stopped = Dependence(implicit=summary.stopped)
        self._stopped |= stopped.applied(arguments, decided).implicit
        return summary.result.applied(arguments, decided)


def _repeated_names(program: typed.Program) -> frozenset[str]:
    """Return the names of which there is more than one output in a program."""
    outputs = [
        statement.name
        for function in program.functions
        for statement in statements(function.body)
        if isinstance(statement, typed.Output)
    ]
    return frozenset(name for name, count in Counter(outputs).items() if count > 1)


def _field(type: Type, name: str) -> Type:
    """Return the type of a field of a struct."""
    if not isinstance(type, StructType) or (found := type.field(name)) is None:
        raise CompilerBug(f"{type} has no field {name}")
    return found.type


def _join(state: _State, other: _State) -> None:
    """Join the state of another path through the program into a state."""
    for variable, dependence in other.items():
        mine = state.get(variable)
        state[variable] = dependence if mine is None else mine.join(dependence)


# Text and JSON


def release_json(release: Release) -> dict[str, Any]:
    """Return a release as an argument of `json.dumps`; lines and columns count from 1."""
    return {
        "kind": release.kind,
        "to": "all" if release.to is None else release.to,
        "name": release.name,
        "expression": release.expression,
        "function": release.function,
        "file": release.span.source.name,
        "line": release.span.line,
        "column": release.span.column,
        "depends_on": [_input_json(i) for i in release.explicit],
        "decided_by": [_input_json(i) for i in release.implicit],
    }


def _input_json(name: InputName) -> dict[str, str]:
    return {"party": name.party, "name": name.name}
