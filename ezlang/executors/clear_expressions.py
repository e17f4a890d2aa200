"""Expressions of the clear executor: each becomes a Python function of the frame.

A frame holds the variables of one call of a function. Whether one party alone runs an expression,
in which case nothing is an error, is known before the run, so it is decided here.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field, replace
from math import prod
from typing import assert_never

from ezlang.executors.failures import Failure, failure, no_value
from ezlang.executors.headroom import Watch
from ezlang.executors.operators import binary, blamed, unary
from ezlang.executors.outcome import Shown
from ezlang.records import dataclass
from ezlang.source import Span
from ezlang.typed import tree
from ezlang.typed.failures import RANDOM_BELOW
from ezlang.types.fixed_point import fraction_of_product, rounded
from ezlang.types.types import ArrayType, Type, element_of, scalar, shape_of
from ezlang.values.data import Inputs, Outputs
from ezlang.values.draws import Draws
from ezlang.values.turns import Question, Turns

from .clear_values import (
    Value,
    array,
    from_data,
    read_part,
    read_slice,
    repeated,
    row_size,
    stretched,
    struct,
    to_data,
    zero,
)

Frame = dict[int, Value]
Evaluate = Callable[[Frame], Value]
Locate = Callable[[Frame], int | None]


@dataclass(frozen=True, slots=True)
class Run:
    """The inputs of a run, and its outputs so far; a `watch` sees fixed-point results."""

    parties: tuple[str, ...]
    inputs: Inputs
    outputs: Outputs
    views: dict[str, list[Shown]]
    turns: Turns
    draws: Sequence[Draws]
    functions: dict[str, Callable[[list[Value]], Value]] = field(default_factory=dict)
    watch: Watch | None = None

    def receivers(self, to: int | None) -> tuple[str, ...]:
        """Return the names of the parties that a release to `to` is for."""
        return self.parties if to is None else (self.parties[to],)


@dataclass(frozen=True, slots=True)
class Expressions:
    """Turns expressions into functions; `alone` says that one party runs them alone."""

    run: Run
    alone: bool

    def under(self, condition: tree.Expr) -> Expressions:
        """Return the maker of expressions in a branch on `condition`."""
        return replace(self, alone=self.alone or condition.label.is_owned)

    def many(self, expressions: tuple[tree.Expr, ...]) -> Callable[[Frame], list[Value]]:
        """Return the evaluation of several expressions from left to right."""
        parts = [self.make(expression) for expression in expressions]
        return lambda frame: [part(frame) for part in parts]

    def make(self, expr: tree.Expr) -> Evaluate:
        """Return the evaluation of an expression."""
        match expr:
            case tree.Literal(value=value):
                return lambda frame: value
            case tree.Zero(type=type):
                return lambda frame: zero(type)
            case tree.Read(variable=variable):
                number = variable.id
                return lambda frame: frame[number]
            case tree.Input():
                return self._input(expr)
            case tree.Random():
                return self._random(expr)
            case tree.ArrayLiteral():
                return self._array_literal(expr)
            case tree.StructLiteral(values=values):
                names, evaluate = [f.name for f in struct(expr.type).fields], self.many(values)
                return lambda frame: dict(zip(names, evaluate(frame), strict=True))
            case tree.Index() | tree.Slice() | tree.GetField():
                return self._part(expr)
            case tree.Call(function=name, arguments=arguments):
                evaluate, call = self.many(arguments), self.run.functions[name]
                return lambda frame: call(evaluate(frame))
            case tree.Relabel(operand=operand):
                return self.make(operand)
            case tree.Reveal():
                return self._reveal(expr)
            case tree.ShortCircuit() | tree.Conditional() | tree.Select():
                return self._choice(expr)
            case tree.Binary():
                return self._binary(expr)
            case tree.Power():
                return self._power(expr)
            case tree.SumOfProducts():
                return self._sum_of_products(expr)
            case tree.Reinterpret(operand=operand):
                return self.make(operand)
            case tree.Reshape():
                return self._reshape(expr)
            case tree.Unary() | tree.Cast() | tree.Sum() | tree.Broadcast():
                return self._unary(expr)
            case _:
                assert_never(expr)

    # Operators

    def _binary(self, expr: tree.Binary) -> Evaluate:
        left_type = scalar(element_of(expr.left.type))
        right_type = scalar(element_of(expr.right.type))
        apply = binary(expr.op, left_type, right_type)
        if self.run.watch is not None:
            apply = self.run.watch.binary(expr, apply)
        left, right = self.make(expr.left), self.make(expr.right)
        blame = blamed(expr.op, left_type, right_type)
        if blame is not None and expr.right.label.is_public and not self.alone:
            right = _failing(right, expr.right.type, *blame, expr.span)
        if isinstance(expr.type, ArrayType):
            return lambda frame: list(map(apply, left(frame), right(frame)))
        return lambda frame: apply(left(frame), right(frame))

    def _power(self, expr: tree.Power) -> Evaluate:
        type = scalar(element_of(expr.type))
        operand, products = self.make(expr.operand), tree.products_of_power(expr.exponent or 1)
        if expr.exponent == 0:
            one = type.conversion(None)(1)
            if isinstance(expr.type, ArrayType):
                return lambda frame: [one for _ in operand(frame)]
            return lambda frame: (operand(frame), one)[1]
        times = binary(tree.BinaryOp.MUL, type, type)
        if self.run.watch is not None:
            times = self.run.watch.product(expr, times)

        def power(x: int) -> int:
            values = [x]
            for i, j in products:
                values.append(times(values[i], values[j]))
            return values[-1]

        if isinstance(expr.type, ArrayType):
            return lambda frame: list(map(power, operand(frame)))
        return lambda frame: power(operand(frame))

    def _sum_of_products(self, expr: tree.SumOfProducts) -> Evaluate:
        fraction = fraction_of_product(
            *(scalar(element_of(x.type)) for x in (expr.left, expr.right))
        )
        left, right = self.make(expr.left), self.make(expr.right)
        total = self._total(expr, lambda terms: rounded(sum(terms), fraction))
        return lambda frame: total(map(operator.mul, left(frame), right(frame)))

    def _total(
        self, expr: tree.Sum | tree.SumOfProducts, total: Callable[[Iterable[int]], int]
    ) -> Callable[[Iterable[int]], int]:
        return total if self.run.watch is None else self.run.watch.total(expr, total)

    def _unary(self, expr: tree.Unary | tree.Cast | tree.Sum | tree.Broadcast) -> Evaluate:
        operand = self.make(expr.operand)
        element = element_of(expr.operand.type)
        match expr:
            case tree.Broadcast():
                own, shape = shape_of(expr.operand.type), array(expr.type).shape
                if own:
                    return lambda frame: stretched(operand(frame), own, shape)
                count = array(expr.type).size
                return lambda frame: repeated(operand(frame), count)
            case tree.Sum():
                wrap = scalar(element_of(expr.type)).wrapping()
                total = self._total(expr, lambda terms: wrap(sum(terms)))
                if expr.axis is not None:
                    return _sums_along(operand, total, shape_of(expr.operand.type), expr.axis)
                return lambda frame: total(operand(frame))
            case tree.Unary(op=op):
                apply = unary(op, scalar(element))
            case tree.Cast():
                apply = scalar(element_of(expr.type)).conversion(scalar(element))
            case _:
                assert_never(expr)
        if self.run.watch is not None:
            apply = self.run.watch.unary(expr, scalar(element), apply)
        if isinstance(expr.type, ArrayType):
            return lambda frame: list(map(apply, operand(frame)))
        return lambda frame: apply(operand(frame))

    def _reshape(self, expr: tree.Reshape) -> Evaluate:
        operand = self.make(expr.operand)
        was, becomes = (isinstance(one, ArrayType) for one in (expr.operand.type, expr.type))
        if was == becomes:
            return operand
        return (lambda frame: [operand(frame)]) if becomes else (lambda frame: operand(frame)[0])

    def _choice(self, expr: tree.ShortCircuit | tree.Conditional | tree.Select) -> Evaluate:
        match expr:
            case tree.ShortCircuit(op=op):
                left, right = self.make(expr.left), self.under(expr.left).make(expr.right)
                if op is tree.BinaryOp.LOGAND:
                    return lambda frame: left(frame) and right(frame)
                return lambda frame: left(frame) or right(frame)
            case tree.Conditional():
                sides = self.under(expr.condition)
            case tree.Select():
                sides = self
            case _:
                assert_never(expr)
        condition = self.make(expr.condition)
        then, otherwise = sides.make(expr.then), sides.make(expr.otherwise)
        if isinstance(expr, tree.Conditional):
            return lambda frame: then(frame) if condition(frame) else otherwise(frame)
        whole = not isinstance(expr.condition.type, ArrayType)

        def select(frame: Frame) -> Value:
            c, x, y = condition(frame), then(frame), otherwise(frame)
            if whole:
                return x if c else y
            return [p if bit else q for bit, p, q in zip(c, x, y, strict=True)]

        return select

    # Arrays and structs

    def _array_literal(self, expr: tree.ArrayLiteral) -> Evaluate:
        evaluate = self.many(expr.elements)
        if len(array(expr.type).shape) == 1:
            return evaluate
        return lambda frame: [item for row in evaluate(frame) for item in row]

    def _part(self, expr: tree.Index | tree.Slice | tree.GetField) -> Evaluate:
        base = self.make(expr.base)
        match expr:
            case tree.GetField(name=name):
                return lambda frame: base(frame)[name]
            case tree.Slice(length=length, step=step):
                start = self.start(expr.start, array(expr.base.type), length, expr.span)
                read_items = read_slice(array(expr.base.type), length, step)
                return lambda frame: read_items(base(frame), start(frame))
            case tree.Index(indices=indices):
                type = array(expr.base.type)
                locate = self.locate(indices, type, expr.span)
                scalar = len(indices) == len(type.shape)
                read = read_part(row_size(type, len(indices)), expr.type, scalar)
                return lambda frame: read(base(frame), locate(frame))
            case _:
                assert_never(expr)

    def locate(self, indices: tuple[tree.Expr, ...], type: ArrayType, span: Span) -> Locate:
        """Return the evaluation of indices to an offset, which is None if any is out of range.

        A public index out of range fails the run.
        """
        evaluate = self.many(indices)
        counts = type.shape[: len(indices)]
        fails = [index.label.is_public and not self.alone for index in indices]
        size = row_size(type, len(indices))

        def locate(frame: Frame) -> int | None:
            offset, inside = 0, True
            for index, count, failing in zip(evaluate(frame), counts, fails, strict=True):
                if not 0 <= index < count:
                    if failing:
                        raise failure(Failure.INDEX, span, index=(index, count))
                    inside = False
                offset = offset * count + index
            return offset * size if inside else None

        return locate

    def start(self, start: tree.Expr, type: ArrayType, length: int, span: Span) -> Evaluate:
        """Return the evaluation of a slice's start; a public one out of range fails the run."""
        evaluate = self.make(start)
        last = type.shape[0] - length
        if not start.label.is_public or self.alone:
            return evaluate

        def checked(frame: Frame) -> int:
            value: int = evaluate(frame)
            if not 0 <= value <= last:
                raise failure(Failure.SLICE, span)
            return value

        return checked

    # Inputs and reveals

    def _input(self, expr: tree.Input) -> Evaluate:
        # What all give is the same at all.
        party, type = self.run.parties[expr.party or 0], expr.type
        if expr.turn is not None:
            return self._turn_input(expr, party, self.make(expr.turn))
        data = self.run.inputs[party][expr.name]
        return lambda frame: from_data(type, data)

    def _turn_input(self, expr: tree.Input, party: str, turn: Evaluate) -> Evaluate:
        run, type = self.run, expr.type

        def ask(frame: Frame) -> Value:
            question = Question(party, expr.name, type, turn(frame))
            data = run.turns.value(question, lambda: run.outputs)
            if data is None:
                raise no_value(question, expr.span)
            return from_data(type, data)

        return ask

    def _random(self, expr: tree.Random) -> Evaluate:
        element, shape = scalar(element_of(expr.type)), shape_of(expr.type)
        count, draws, wrap = prod(shape), self.run.draws, element.wrapping()
        bound = None if expr.below is None else self.make(expr.below)

        def drawn(frame: Frame) -> Value:
            below = 0 if bound is None else bound(frame)
            if bound is not None and below < 1:
                raise failure(Failure.ASSERTION, expr.span, RANDOM_BELOW)
            each = [party.numbers(element, count, below) for party in draws]
            sums: list[int] = [sum(numbers) for numbers in zip(*each, strict=True)]
            made: list[Value] = [total % below if below else wrap(total) for total in sums]
            if element.is_logical:
                made = [total % 2 == 1 for total in sums]
            return made if shape else made[0]

        return drawn

    def _reveal(self, expr: tree.Reveal) -> Evaluate:
        operand, receivers = self.make(expr.operand), self.run.receivers(expr.to)
        type, span, views = expr.type, expr.span, self.run.views

        def reveal(frame: Frame) -> Value:
            value = operand(frame)
            for party in receivers:
                views[party].append(Shown(None, to_data(type, value), span))
            return value

        return reveal


def _failing(
    evaluate: Evaluate, type: Type, kind: Failure, wrong: Callable[[int], int], span: Span
) -> Evaluate:
    """Return the evaluation of an operand that fails the run if any element is wrong."""

    def checked(frame: Frame) -> Value:
        value = evaluate(frame)
        if any(map(wrong, value if isinstance(type, ArrayType) else (value,))):
            raise failure(kind, span)
        return value

    return checked


def _sums_along(
    operand: Evaluate, total: Callable[[Iterable[int]], int], shape: tuple[int, ...], axis: int
) -> Evaluate:
    """Return the evaluation of the sums of an array of this shape along a dimension."""
    count, inner = shape[axis], prod(shape[axis + 1 :])
    starts = [o * count * inner + i for o in range(prod(shape[:axis])) for i in range(inner)]
    one = len(shape) == 1

    def sums(frame: Frame) -> Value:
        flat = operand(frame)
        found = [total(flat[at : at + count * inner : inner]) for at in starts]
        return found[0] if one else found

    return sums
