"""The rules of types and labels on the typed tree, written down once more, without the checker.

`verify` raises AssertionError where a typed program breaks one: operands whose types differ, a
value that flows to more readers, a variable assigned in a branch that would reveal its condition,
a release in a branch that not everyone follows. An accepted program leaks only by `Reveal`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from ezlang.typed import tree as typed
from ezlang.types.labels import PUBLIC, SECRET, Label, meet_all, owned
from ezlang.types.types import (
    BOOL,
    INT64,
    ArrayType,
    BoolType,
    FixedType,
    IntType,
    StructType,
    Type,
    VoidType,
    array_of,
    element_of,
    is_integer,
    joint_shape,
    shape_of,
)


def verify(program: typed.Program) -> None:
    """Check a whole program."""
    seen: dict[str, typed.Function] = {}
    ids: set[int] = set()
    for function in program.functions:
        assert function.name not in seen
        _Function(function, seen, ids, len(program.parties)).run()
        seen[function.name] = function
    assert program.main.name == "main"
    assert program.main.pc == PUBLIC


def _leaves(type: Type, label: Label) -> list[Label]:
    """Return the labels of all scalars in a value."""
    match type:
        case StructType(fields=fields):
            return [m for f in fields for m in _leaves(f.type, f.label or label)]
        case ArrayType(element=element):
            return _leaves(element, label)
        case VoidType():
            return []
        case _:
            return [label]


def _same(node: typed.Expr, type: Type, label: Label) -> None:
    """A value has a type, and the labels that one with this label has."""
    assert node.type == type, (node.type, type)
    assert _leaves(node.type, node.label) == _leaves(type, label), (node.label, label)


@dataclass(frozen=True)
class _Branch:
    label: Label
    outside: frozenset[int]


class _Function:
    def __init__(
        self,
        function: typed.Function,
        functions: dict[str, typed.Function],
        ids: set[int],
        parties: int,
    ) -> None:
        self.function = function
        self.functions = functions
        self.ids = ids
        self.parties = parties
        self.live: dict[int, typed.Variable] = {}
        self.branches: list[_Branch] = []
        self.exits: dict[typed.Exit, bool] = {}
        self.depths: dict[typed.Exit, int] = {}

    @property
    def pc(self) -> Label:
        alone = [b.label for b in self.branches if b.label.is_owned]
        if self.function.pc.is_owned:
            return self.function.pc
        if alone:
            return alone[0]
        return SECRET if self.branches else self.function.pc

    def run(self) -> None:
        for parameter in self.function.parameters:
            self.declare(parameter)
        self.block(self.function.body)

    def declare(self, variable: typed.Variable) -> None:
        assert variable.id not in self.ids
        self.ids.add(variable.id)
        self.live[variable.id] = variable
        self.reads(variable.type, variable.label)

    def reads(self, type: Type, label: Label) -> None:
        """Code that one party runs alone has only values that it may know."""
        if self.pc.owner is not None:
            assert all(m.readable_by(self.pc.owner) for m in _leaves(type, label))

    # Statements

    def block(self, block: typed.Block) -> None:
        before = dict(self.live)
        if block.exit is not None:
            assert block.exit not in self.exits
            self.exits[block.exit] = False
            self.depths[block.exit] = len(self.branches)
        for number, statement in enumerate(block.statements):
            self.statement(statement)
            leaves = isinstance(statement, typed.Return | typed.Leave)
            assert not leaves or number == len(block.statements) - 1
        self.live = before
        if block.exit is not None:
            assert self.exits.pop(block.exit), "an exit that nothing takes"

    def statement(self, node: typed.Statement) -> None:
        match node:
            case typed.Block():
                self.block(node)
            case typed.Declare(variable=variable, value=value):
                self.expr(value)
                _same(value, variable.type, variable.label)
                self.declare(variable)
            case typed.Assign(place=place, value=value):
                self.expr(value)
                self.assign(place)
                _same(value, place.type, place.label)
            case typed.If(condition=condition, then=then, otherwise=otherwise):
                self.expr(condition)
                assert condition.type == BOOL
                self.enter(condition.label, then, otherwise)
            case typed.For(variable=variable, low=low, high=high, body=body):
                for bound in (low, high):
                    self.expr(bound)
                    _same(bound, variable.type, variable.label)
                assert isinstance(variable.type, IntType)
                assert not variable.label.is_secret
                self.ids.add(variable.id)
                self.live[variable.id] = variable
                self.enter(variable.label, body)
                del self.live[variable.id]
            case typed.While(condition=condition, body=body):
                assert not condition.label.is_secret
                self.enter(condition.label, body, conditions=(condition,))
            case typed.Leave(exit=exit):
                assert exit in self.exits, "a leave of a block that isn't around it"
                self.exits[exit] = True
                between = self.branches[self.depths[exit] :]
                assert all(b.label == exit.label for b in between)
            case typed.Return(value=value):
                assert not self.branches
                if value is not None:
                    self.expr(value)
                    _same(value, self.function.return_type, self.function.return_label)
            case typed.Output(to=to, value=value, turn=turn):
                self.everyone()
                self.expr(value)
                self.turn(turn)
                wanted = PUBLIC if to is None else owned(to)
                assert all(m.flows_to(wanted) for m in _leaves(value.type, value.label))
            case typed.Assert(condition=condition):
                self.everyone()
                self.expr(condition)
                assert (condition.type, condition.label) == (BOOL, PUBLIC)
            case typed.Evaluate(value=value):
                self.expr(value)

    def enter(
        self, label: Label, *blocks: typed.Block, conditions: Sequence[typed.Expr] = ()
    ) -> None:
        if label != PUBLIC:
            self.branches.append(_Branch(label, frozenset(self.live)))
        for condition in conditions:
            self.expr(condition)
        for block in blocks:
            self.block(block)
        if label != PUBLIC:
            self.branches.pop()

    def everyone(self) -> None:
        """All parties take part in this, and all see that it happens."""
        assert not self.branches

    def assign(self, place: typed.AssignmentTarget) -> None:
        assert self.live[place.variable.id] == place.variable
        type, label = place.variable.type, place.variable.label
        choosers = [b.label for b in self.branches if place.variable.id in b.outside]
        for step in place.steps:
            match step:
                case typed.FieldStep(name=name):
                    assert isinstance(type, StructType)
                    field = type.field(name)
                    assert field is not None
                    type, label = field.type, field.label or label
                case typed.IndexStep(indices=indices):
                    for index in indices:
                        self.expr(index)
                        assert isinstance(index.type, IntType)
                        choosers.append(index.label)
                    type = array_of(element_of(type), shape_of(type)[len(indices) :])
                case typed.SliceStep(start=start, length=length, step=every):
                    self.expr(start)
                    choosers.append(start.label)
                    count = len(typed.chosen_items(length, every))
                    type = array_of(element_of(type), (count, *shape_of(type)[1:]))
        assert (type, label) == (place.type, place.label)
        for leaf in _leaves(type, label):
            assert all(c.flows_to(leaf) for c in choosers)
            if self.pc.owner is not None and any(
                b.label.is_owned and place.variable.id in b.outside for b in self.branches
            ):
                assert leaf == self.pc

    # Expressions

    def expr(self, node: typed.Expr) -> None:
        self.expr_inside(node)
        match node:
            case typed.Read() | typed.GetField() | typed.Index() | typed.Slice():
                pass
            case _:
                self.reads(node.type, node.label)

    def part(self, node: typed.Expr) -> None:
        """A value of which only a part is used."""
        if isinstance(node, typed.Read | typed.GetField | typed.Index | typed.Slice):
            self.expr_inside(node)
        else:
            self.expr(node)

    def expr_inside(self, node: typed.Expr) -> None:
        match node:
            case typed.Literal(type=type, label=label, value=value):
                assert label == PUBLIC
                if isinstance(type, IntType | FixedType):
                    assert not isinstance(value, bool)
                    assert type.low <= value <= type.high
                else:
                    assert isinstance(type, BoolType)
                    assert isinstance(value, bool)
            case typed.Zero():
                pass
            case typed.Read(variable=variable):
                assert self.live[variable.id] == variable
                _same(node, variable.type, variable.label)
            case typed.ArrayLiteral(type=type, elements=elements):
                assert shape_of(type)[0] == len(elements)
                for element in elements:
                    self.expr(element)
                    _same(element, array_of(element_of(type), shape_of(type)[1:]), node.label)
            case typed.StructLiteral(type=StructType(fields=fields), values=values):
                for field, item in zip(fields, values, strict=True):
                    self.expr(item)
                    _same(item, field.type, field.label or node.label)
            case typed.StructLiteral():
                raise AssertionError("a struct literal of another type")
            case typed.Unary(operand=operand):
                self.expr(operand)
                _same(operand, node.type, node.label)
            case typed.Binary(op=op, left=left, right=right):
                self.expr(left)
                self.expr(right)
                self.binary(node, op, left, right)
            case typed.ShortCircuit(left=left, right=right):
                self.expr(left)
                self.expr(right)
                assert left.label == PUBLIC
                assert left.type == right.type == node.type == BOOL
                assert node.label == right.label
            case typed.Conditional(condition=condition, then=then, otherwise=otherwise):
                self.expr(condition)
                assert (condition.type, condition.label) == (BOOL, PUBLIC)
                for side in (then, otherwise):
                    self.expr(side)
                    _same(side, node.type, node.label)
            case typed.Select() | typed.Index() | typed.Slice() | typed.GetField():
                self.choice(node)
            case typed.Call():
                self.call(node)
            case typed.Cast(operand=operand):
                self.expr(operand)
                assert shape_of(operand.type) == shape_of(node.type)
                assert operand.label == node.label
            case typed.Broadcast(operand=operand):
                self.expr(operand)
                shape = shape_of(node.type)
                assert node.type == array_of(element_of(operand.type), shape)
                assert joint_shape(shape_of(operand.type), shape) == shape
                assert operand.label == node.label
            case typed.Reshape(operand=operand):
                self.expr(operand)
                assert element_of(node.type) == element_of(operand.type)
                assert prod(shape_of(node.type)) == prod(shape_of(operand.type))
                assert operand.label == node.label
            case typed.Sum(operand=operand, axis=axis):
                self.expr(operand)
                kept = [n for d, n in enumerate(shape_of(operand.type)) if axis not in (None, d)]
                assert node.type == array_of(element_of(operand.type), tuple(kept))
                assert isinstance(element_of(node.type), IntType | FixedType)
                assert operand.label == node.label
            case typed.Power(operand=operand, exponent=exponent):
                self.expr(operand)
                assert (node.type, node.label) == (operand.type, operand.label)
                assert exponent >= 0
            case typed.SumOfProducts(left=left, right=right):
                self.expr(left)
                self.expr(right)
                assert shape_of(left.type) == shape_of(right.type)
                assert isinstance(element_of(right.type), FixedType)
                assert node.type == element_of(left.type)
                assert isinstance(node.type, FixedType)
                assert node.label == left.label.meet(right.label)
            case typed.Reinterpret(operand=operand):
                self.expr(operand)
                assert shape_of(operand.type) == shape_of(node.type)
                source, result = (element_of(side) for side in (operand.type, node.type))
                assert isinstance(source, FixedType) != isinstance(result, FixedType)
                assert INT64 in (source, result)
                assert operand.label == node.label
            case typed.Relabel(operand=operand):
                self.expr(operand)
                assert operand.type == node.type
                assert operand.label.flows_to(node.label)
            case typed.Reveal(operand=operand, to=to):
                self.everyone()
                self.expr(operand)
                assert operand.type == node.type
                assert node.label == (PUBLIC if to is None else owned(to))
            case typed.Random(below=below):
                self.everyone()
                assert node.label == SECRET
                self.turn(below)
            case typed.Input(party=party, turn=turn):
                self.everyone()
                assert party is None or party < self.parties
                assert node.label == (PUBLIC if party is None else owned(party))
                self.turn(turn)

    def turn(self, turn: typed.Expr | None) -> None:
        if turn is not None:
            self.expr(turn)
            assert is_integer(turn.type)
            assert turn.label.is_public

    def choice(self, node: typed.Select | typed.Index | typed.Slice | typed.GetField) -> None:
        match node:
            case typed.Select(condition=condition, then=then, otherwise=otherwise):
                for part in (condition, then, otherwise):
                    self.expr(part)
                assert condition.type in (BOOL, array_of(BOOL, shape_of(node.type)))
                assert then.type == otherwise.type == node.type
                self.chosen(node, (then, otherwise), (condition,))
            case typed.Index(base=base, indices=indices):
                self.part(base)
                for index in indices:
                    self.expr(index)
                    assert isinstance(index.type, IntType)
                rest = shape_of(base.type)[len(indices) :]
                assert node.type == array_of(element_of(base.type), rest)
                self.chosen(node, (base,), indices)
            case typed.Slice(base=base, start=start, length=length, step=step):
                self.part(base)
                self.expr(start)
                rest = (len(typed.chosen_items(length, step)), *shape_of(base.type)[1:])
                assert node.type == array_of(element_of(base.type), rest)
                self.chosen(node, (base,), (start,))
            case typed.GetField(base=base, name=name):
                self.part(base)
                assert isinstance(base.type, StructType)
                found = base.type.field(name)
                assert found is not None
                _same(node, found.type, found.label or base.label)

    def binary(
        self, node: typed.Binary, op: typed.BinaryOp, left: typed.Expr, right: typed.Expr
    ) -> None:
        assert node.label == left.label.meet(right.label)
        assert shape_of(left.type) == shape_of(right.type) == shape_of(node.type)
        if op in (typed.BinaryOp.SHL, typed.BinaryOp.SHR):
            assert isinstance(element_of(right.type), IntType)
        elif not isinstance(element_of(node.type), FixedType) or left.type == right.type:
            assert left.type == right.type
        else:
            assert op in (typed.BinaryOp.MUL, typed.BinaryOp.DIV)
            x, y = (element_of(side.type) for side in (left, right))
            if isinstance(x, FixedType) and isinstance(y, FixedType):
                assert op is typed.BinaryOp.MUL
                assert x.fraction != y.fraction
                assert element_of(node.type) == x
                return
            assert isinstance(x, IntType) or isinstance(y, IntType)
            assert op is typed.BinaryOp.MUL or isinstance(x, FixedType)
            assert element_of(node.type) in (x, y)
            return
        expected = BOOL if op in typed.COMPARISONS else element_of(left.type)
        assert element_of(node.type) == expected

    def chosen(
        self, node: typed.Expr, among: Sequence[typed.Expr], by: Sequence[typed.Expr]
    ) -> None:
        """A selection must not reveal its condition."""
        for chooser in by:
            for value in among:
                wanted = value.label.meet(meet_all([c.label for c in by]))
                wanted = meet_all([wanted, *[v.label for v in among]])
                assert _leaves(node.type, node.label) == _leaves(node.type, wanted)
            assert all(chooser.label.flows_to(m) for m in _leaves(node.type, node.label))

    def call(self, node: typed.Call) -> None:
        function = self.functions[node.function]
        for argument, parameter in zip(node.arguments, function.parameters, strict=True):
            self.expr(argument)
            _same(argument, parameter.type, parameter.label)
        assert node.type == function.return_type
        assert node.label == function.return_label
        if self.pc != function.pc:
            # The sides of a choice by what is not public may be called as in a secret branch.
            assert self.pc == PUBLIC
            assert function.pc == SECRET
