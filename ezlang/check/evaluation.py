"""Constants that functions compute: evaluation of typed expressions when a program is checked.

Everything is public here, and nothing communicates. Values have the form of `Constant`; variables
are `dense`, so that an element is written in constant time. The number of steps is bounded, since a
function may not end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ezlang.source import Span
from ezlang.typed import tree as typed
from ezlang.types.fixed_point import fraction_of_product, rounded
from ezlang.types.types import (
    ArrayType,
    StructType,
    Type,
    VoidType,
    array_of,
    element_of,
    scalar,
    shape_of,
)

from . import constants
from .constant_values import chosen, dense, field_number, filled, frozen, item_of, zero
from .untyped import Constant

MAX_STEPS = 2_000_000
"""The limit on evaluated nodes of the typed tree, with one more for each element of a result.

It is for all constants of a program together, so that a check ends soon.
"""


class Steps:
    """The number of steps that are left."""

    def __init__(self) -> None:
        self.left = MAX_STEPS


Frame = dict[int, Any]
Functions = Mapping[str, typed.Function]

_NEXT, _CALLER = 0, -1
_SHIFTS = (typed.BinaryOp.SHL, typed.BinaryOp.SHR)
_DIVISIONS = (typed.BinaryOp.DIV, typed.BinaryOp.MOD)


class NotConstantError(Exception):
    """An expression that has no value before a run: it has an effect, or isn't public."""


class ComputationError(Exception):
    """A constant whose computation fails: where, and how a message says so."""

    def __init__(self, span: Span, what: str) -> None:
        super().__init__(what)
        self.span = span
        self.what = what


class IncompleteError(Exception):
    """A function of which something was wrong, and is missing in its tree."""


def evaluate(expression: typed.Expr, functions: Functions, steps: Steps) -> Constant:
    """Return the value of an expression without variables, which may call these functions.

    Raises NotConstantError, ComputationError or IncompleteError, which it also raises if another
    constant has taken all steps: that was reported there.
    """
    if steps.left < 0:
        raise IncompleteError
    try:
        return _Evaluation(functions, steps).value(expression, {})
    except KeyError:  # a variable whose declaration, or a result whose `return` is left out
        raise IncompleteError from None


class _Evaluation:
    """One evaluation."""

    def __init__(self, functions: Functions, steps: Steps) -> None:
        self.functions = functions
        self.steps = steps

    def step(self, span: Span, type: Type | None = None) -> None:
        """Count a step, with one for each element of a result."""
        self.steps.left -= 1 + (type.size if isinstance(type, ArrayType) else 0)
        if self.steps.left < 0:
            limit = f"{MAX_STEPS:,}".replace(",", " ")
            raise ComputationError(
                span, f"takes more than {limit} steps, with all constants before it"
            )

    # Expressions

    def value(self, node: typed.Expr, frame: Frame) -> Constant:
        """Return the value of an expression."""
        self.step(node.span, node.type)
        return _EXPRESSIONS.get(type(node), _no_constant)(self, node, frame)

    def number(self, node: typed.Expr, frame: Frame) -> int:
        """Return the value of a scalar."""
        value = self.value(node, frame)
        assert not isinstance(value, tuple)
        return int(value)

    def literal(self, node: typed.Literal, frame: Frame) -> Constant:
        return node.value

    def zero(self, node: typed.Zero, frame: Frame) -> Constant:
        return zero(node.type)

    def items(self, node: typed.ArrayLiteral | typed.StructLiteral, frame: Frame) -> Constant:
        parts = node.elements if isinstance(node, typed.ArrayLiteral) else node.values
        return tuple([self.value(part, frame) for part in parts])

    def read(self, node: typed.Read, frame: Frame) -> Constant:
        return frozen(frame[node.variable.id])

    def unary(self, node: typed.Unary, frame: Frame) -> Constant:
        operand = self.value(node.operand, frame)
        return constants.fold_unary(node.op, operand, scalar(element_of(node.type)))

    def binary(self, node: typed.Binary, frame: Frame) -> Constant:
        left, right = self.value(node.left, frame), self.value(node.right, frame)
        types = [scalar(element_of(operand.type)) for operand in (node.left, node.right)]
        if node.op in _SHIFTS:
            mask = (1 << types[1].width) - 1
            right = constants.each(right, lambda amount: amount & mask)
            if any(amount >= types[0].width for amount in constants.scalars(right)):
                raise ComputationError(
                    node.span, "shifts by an amount that is not less than the width"
                )
        if node.op in _DIVISIONS and 0 in constants.scalars(right):
            raise ComputationError(node.span, "divides by zero")
        return constants.fold_binary(node.op.value, left, right, *types)

    def power(self, node: typed.Power, frame: Frame) -> Constant:
        type = scalar(element_of(node.type))
        return constants.fold_power(self.value(node.operand, frame), node.exponent, type)

    def short(self, node: typed.ShortCircuit, frame: Frame) -> Constant:
        left = self.value(node.left, frame)
        if bool(left) == (node.op is typed.BinaryOp.LOGOR):
            return left
        return self.value(node.right, frame)

    def conditional(self, node: typed.Conditional, frame: Frame) -> Constant:
        chosen = node.then if self.value(node.condition, frame) else node.otherwise
        return self.value(chosen, frame)

    def select(self, node: typed.Select, frame: Frame) -> Constant:
        sides = node.condition, node.then, node.otherwise
        condition, then, otherwise = (self.value(side, frame) for side in sides)
        if not isinstance(condition, tuple):
            return then if condition else otherwise
        condition, then, otherwise = (
            dense(side, node.type) for side in (condition, then, otherwise)
        )
        return frozen(chosen(condition, then, otherwise, len(shape_of(node.type))))

    def index(self, node: typed.Index, frame: Frame) -> Constant:
        base = self.base(node.base, frame)
        for index, extent in zip(node.indices, shape_of(node.base.type), strict=False):
            base = item_of(base, self.inside(self.number(index, frame), extent, node.span))
        return frozen(base)

    def slice(self, node: typed.Slice, frame: Frame) -> Constant:
        extent = shape_of(node.base.type)[0]
        base = self.base(node.base, frame)
        items = base if isinstance(base, tuple | list) else [base] * extent
        chosen = self.range(node.start, node.length, node.step, extent, frame, node.span)
        return tuple([frozen(items[at]) for at in chosen])

    def field(self, node: typed.GetField, frame: Frame) -> Constant:
        return frozen(item_of(self.base(node.base, frame), field_number(node.base.type, node.name)))

    def base(self, node: typed.Expr, frame: Frame) -> Any:
        """Return what a part is taken of; a variable is not copied."""
        match node:
            case typed.Read(variable=variable):
                return frame[variable.id]
            case typed.GetField(base=base, name=name):
                return item_of(self.base(base, frame), field_number(base.type, name))
            case _:
                return self.value(node, frame)

    def inside(self, index: int, extent: int, span: Span) -> int:
        """Return an index, which must be inside of an array."""
        if not 0 <= index < extent:
            raise ComputationError(span, f"uses the index {index}, and there are {extent} items")
        return index

    def range(
        self, start: typed.Expr, length: int, step: int, extent: int, frame: Frame, span: Span
    ) -> Sequence[int]:
        """Return the indices of a slice, which must be inside of an array."""
        first = self.number(start, frame)
        if not 0 <= first <= extent - length:
            raise ComputationError(
                span, f"takes items from {first} to {first + length}, of {extent}"
            )
        return range(first, first + length)[::step]

    def call(self, node: typed.Call, frame: Frame) -> Constant:
        arguments = [self.value(argument, frame) for argument in node.arguments]
        function = self.functions.get(node.function)
        if function is None:
            raise NotConstantError
        inner: Frame = {
            variable.id: dense(value, variable.type)
            for variable, value in zip(function.parameters, arguments, strict=True)
        }
        if isinstance(function.return_type, VoidType):
            inner[_CALLER] = None
        self.block(function.body, inner)
        result: Constant = inner[_CALLER]
        return result

    def cast(self, node: typed.Cast, frame: Frame) -> Constant:
        source, to = (scalar(element_of(one.type)) for one in (node.operand, node))
        return constants.fold_cast(self.value(node.operand, frame), source, to)

    def broadcast(self, node: typed.Broadcast, frame: Frame) -> Constant:
        value = self.value(node.operand, frame)
        if not shape_of(node.operand.type):
            return frozen(filled(value, shape_of(node.type)))
        return constants.repeated(value, shape_of(node.operand.type), shape_of(node.type))

    def reshape(self, node: typed.Reshape, frame: Frame) -> Constant:
        source = node.operand.type
        value = frozen(dense(self.value(node.operand, frame), source))
        return constants.reshaped(value, shape_of(source), shape_of(node.type))

    def sum(self, node: typed.Sum, frame: Frame) -> Constant:
        return scalar(node.type).wrap(sum(self.scalars(node.operand, frame)))

    def sum_of_products(self, node: typed.SumOfProducts, frame: Frame) -> Constant:
        left, right = self.scalars(node.left, frame), self.scalars(node.right, frame)
        types = [scalar(element_of(factor.type)) for factor in (node.left, node.right)]
        total = sum(x * y for x, y in zip(left, right, strict=True))
        return rounded(total, fraction_of_product(*types))

    def scalars(self, node: typed.Expr, frame: Frame) -> list[int]:
        """Return all elements of an array."""
        value = dense(self.value(node, frame), node.type)
        return [int(one) for one in constants.scalars(frozen(value))]

    def operand(self, node: typed.Reinterpret | typed.Relabel, frame: Frame) -> Constant:
        if not node.label.is_public:
            raise NotConstantError
        return self.value(node.operand, frame)

    # Statements

    def block(self, block: typed.Block, frame: Frame) -> int:
        """Run statements; return where they lead: on, to the caller, or the id of an exit."""
        for statement in block.statements:
            goes_to = self.statement(statement, frame)
            if goes_to != _NEXT:
                break
        else:
            return _NEXT
        return _NEXT if block.exit is not None and goes_to == block.exit.id else goes_to

    def statement(self, node: typed.Statement, frame: Frame) -> int:
        """Run a statement."""
        self.step(node.span)
        match node:
            case typed.Block():
                return self.block(node, frame)
            case typed.Declare(variable=variable, value=value):
                frame[variable.id] = dense(self.value(value, frame), variable.type)
            case typed.Assign():
                self.assign(node, frame)
            case typed.If(condition=condition, then=then, otherwise=otherwise):
                return self.block(then if self.value(condition, frame) else otherwise, frame)
            case typed.For(variable=variable, low=low, high=high, body=body):
                first, end = self.number(low, frame), self.number(high, frame)
                return self.loop(variable, iter(range(first, end)), body, frame)
            case typed.While(condition=condition, body=body):
                return self.loop(None, condition, body, frame)
            case typed.Return(value=value):
                frame[_CALLER] = None if value is None else self.value(value, frame)
                return _CALLER
            case typed.Leave(exit=exit):
                return exit.id
            case typed.Evaluate(value=value):
                self.value(value, frame)
            case typed.Assert(condition=condition, message=message):
                if not self.value(condition, frame):
                    raise ComputationError(node.span, f"asserts what does not hold: {message}")
            case typed.Output():
                raise NotConstantError
        return _NEXT

    def loop(
        self,
        variable: typed.Variable | None,
        turns: Any,
        body: typed.Block,
        frame: Frame,
    ) -> int:
        """Run the turns of a loop: the values of its variable, or while a condition holds."""
        while True:
            self.step(body.span)
            if variable is None:
                if not self.value(turns, frame):
                    return _NEXT
            elif (value := next(turns, None)) is None:
                return _NEXT
            else:
                frame[variable.id] = value
            goes_to = self.block(body, frame)
            if goes_to != _NEXT:
                return goes_to

    def assign(self, node: typed.Assign, frame: Frame) -> None:
        """Assign to a variable, or to a part of one."""
        place = node.place
        value = dense(self.value(node.value, frame), node.value.type)
        if not place.steps:
            frame[place.variable.id] = value
            return
        path = [self.targets(step, frame) for step in place.steps]
        flat = [target for targets in path for target in targets]
        _write(frame[place.variable.id], place.variable.type, flat, value, self, node.span)

    def targets(self, step: typed.Step, frame: Frame) -> list[Any]:
        """Evaluate the indices of a step of a place."""
        match step:
            case typed.FieldStep(name=name):
                return [name]
            case typed.IndexStep(indices=indices):
                return [self.number(index, frame) for index in indices]
            case typed.SliceStep(start=start):
                return [(self.number(start, frame), step)]


def _write(
    base: list[Any], type: Type, path: list[Any], value: Any, run: _Evaluation, span: Span
) -> None:
    """Write a value into the part of nested lists that a path leads to."""
    target, rest = path[0], path[1:]
    if isinstance(target, str):
        assert isinstance(type, StructType)
        places, inner = [field_number(type, target)], type.fields[field_number(type, target)].type
        values = [value]
    else:
        extent = shape_of(type)[0]
        inner = array_of(element_of(type), shape_of(type)[1:])
        if isinstance(target, tuple):
            start, step = target
            if not 0 <= start <= extent - step.length:
                raise ComputationError(
                    span, f"takes items from {start} to {start + step.length}, of {extent}"
                )
            places, values = list(range(start, start + step.length)[:: step.step]), value
        else:
            places, values = [run.inside(target, extent, span)], [value]
    for place, one in zip(places, values, strict=True):
        if rest:
            _write(base[place], inner, rest, one, run, span)
        else:
            base[place] = one


def _no_constant(run: _Evaluation, node: typed.Expr, frame: Frame) -> Constant:
    raise NotConstantError


_EXPRESSIONS: Mapping[type, Callable[[_Evaluation, Any, Frame], Constant]] = {
    typed.Literal: _Evaluation.literal,
    typed.Zero: _Evaluation.zero,
    typed.ArrayLiteral: _Evaluation.items,
    typed.StructLiteral: _Evaluation.items,
    typed.Read: _Evaluation.read,
    typed.Unary: _Evaluation.unary,
    typed.Binary: _Evaluation.binary,
    typed.Power: _Evaluation.power,
    typed.ShortCircuit: _Evaluation.short,
    typed.Conditional: _Evaluation.conditional,
    typed.Select: _Evaluation.select,
    typed.Index: _Evaluation.index,
    typed.Slice: _Evaluation.slice,
    typed.GetField: _Evaluation.field,
    typed.Call: _Evaluation.call,
    typed.Cast: _Evaluation.cast,
    typed.Broadcast: _Evaluation.broadcast,
    typed.Reshape: _Evaluation.reshape,
    typed.Sum: _Evaluation.sum,
    typed.SumOfProducts: _Evaluation.sum_of_products,
    typed.Reinterpret: _Evaluation.operand,
    typed.Relabel: _Evaluation.operand,
}
