"""Walks of a typed tree: every statement, every expression, in source order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from ezlang.source import Span
from ezlang.types.types import FixedType, element_of

from . import tree


def statements(block: tree.Block) -> Iterator[tree.Statement]:
    """Yield the statements of a block and all nested ones, outer ones first."""
    for statement in block.statements:
        yield statement
        match statement:
            case tree.Block():
                yield from statements(statement)
            case tree.If():
                yield from statements(statement.then)
                yield from statements(statement.otherwise)
            case tree.For() | tree.While():
                yield from statements(statement.body)
            case _:
                pass


def expressions(block: tree.Block) -> Iterator[tree.Expr]:
    """Yield every expression in a block, outer ones first."""
    for statement in statements(block):
        for expression in operands_of(statement):
            yield from within(expression)


def within(expression: tree.Expr) -> Iterator[tree.Expr]:
    """Yield an expression and all its subexpressions, outer ones first."""
    pending = [expression]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(children(current)))


_OPERATIONS = tree.Unary | tree.Binary | tree.Power | tree.Cast | tree.Sum | tree.SumOfProducts


def fixed_point_places(program: tree.Program) -> set[Span]:
    """Return the places of the operations on fixed-point numbers."""
    return {
        expression.span
        for function in program.functions
        for expression in expressions(function.body)
        if isinstance(expression, _OPERATIONS)
        and isinstance(element_of(expression.type), FixedType)
    }


def operands_of(statement: tree.Statement) -> tuple[tree.Expr, ...]:
    """Return the expressions that are direct children of a statement."""
    match statement:
        case tree.Block() | tree.Leave():
            return ()
        case tree.Declare(value=value) | tree.Evaluate(value=value):
            return (value,)
        case tree.Output(value=value, turn=turn):
            return (value,) if turn is None else (value, turn)
        case tree.Assign(place=place, value=value):
            return (value, *indices_of(place))
        case tree.If(condition=c) | tree.While(condition=c) | tree.Assert(condition=c):
            return (c,)
        case tree.For(low=low, high=high):
            return (low, high)
        case tree.Return(value=returned):
            return () if returned is None else (returned,)
        case _:
            assert_never(statement)


def indices_of(place: tree.AssignmentTarget) -> tuple[tree.Expr, ...]:
    """Return the indices and slice starts of a place, in order."""
    found: list[tree.Expr] = []
    for step in place.steps:
        match step:
            case tree.IndexStep(indices=indices):
                found.extend(indices)
            case tree.SliceStep(start=start):
                found.append(start)
            case tree.FieldStep():
                pass
            case _:
                assert_never(step)
    return tuple(found)


def children(expression: tree.Expr) -> tuple[tree.Expr, ...]:
    """Return the operands of an expression, in the order of evaluation."""
    match expression:
        case tree.Literal() | tree.Zero() | tree.Read():
            return ()
        case tree.Input(turn=operand) | tree.Random(below=operand):
            return () if operand is None else (operand,)
        case tree.ArrayLiteral(elements=parts) | tree.StructLiteral(values=parts):
            return parts
        case tree.Call(arguments=arguments):
            return arguments
        case (
            tree.Binary(left=left, right=right)
            | tree.SumOfProducts(left=left, right=right)
            | tree.ShortCircuit(left=left, right=right)
        ):
            return (left, right)
        case tree.Conditional() | tree.Select():
            return (expression.condition, expression.then, expression.otherwise)
        case tree.Index(base=base, indices=indices):
            return (base, *indices)
        case tree.Slice(base=base, start=start):
            return (base, start)
        case tree.GetField(base=base):
            return (base,)
        case (
            tree.Unary(operand=operand)
            | tree.Power(operand=operand)
            | tree.Cast(operand=operand)
            | tree.Broadcast(operand=operand)
            | tree.Reshape(operand=operand)
            | tree.Sum(operand=operand)
            | tree.Reinterpret(operand=operand)
            | tree.Relabel(operand=operand)
            | tree.Reveal(operand=operand)
        ):
            return (operand,)
        case _:
            assert_never(expression)
