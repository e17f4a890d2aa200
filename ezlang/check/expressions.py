"""Expressions: dispatch to the rule for each kind of node."""

from __future__ import annotations

from typing import assert_never

from ezlang.syntax import tree as syntax
from ezlang.types.types import BOOL

from . import calls, choices, elements, literals, operators, powers, releases
from .context import Body
from .messages import sizes as errors_sizes
from .untyped import Exact, Poison, Value, literal


def evaluate(body: Body, node: syntax.Expr) -> Value:
    """Check an expression."""
    match node:
        case syntax.IntLiteral(value=value):
            return Exact(value=value, span=node.span)
        case syntax.DecimalLiteral(value=number):
            return literals.decimal(body, number, node.span)
        case syntax.BoolLiteral(value=truth):
            return literal(truth, BOOL, node.span)
        case syntax.Variable() | syntax.Member() | syntax.Index() | syntax.Slice():
            return elements.part(body, node)
        case syntax.Binary(operator="&&" | "||"):
            return choices.logic(body, node)
        case syntax.Binary(operator="**"):
            return powers.power(body, node)
        case syntax.Binary():
            return operators.binary(body, node)
        case syntax.Unary():
            return operators.unary(body, node)
        case syntax.Call():
            return calls.call(body, node)
        case syntax.Conditional():
            return choices.conditional(body, node)
        case syntax.ArrayLiteral():
            return literals.array(body, node)
        case syntax.StructLiteral():
            return literals.struct(body, node)
        case syntax.Input():
            return releases.input(body, node)
        case syntax.Reveal():
            return releases.reveal(body, node)
        case syntax.Spread(name=name):
            body.report(errors_sizes.misplaced_spread(node.span, name.text))
            return Poison(span=node.span)
        case syntax.StringLiteral() | syntax.BadExpr():
            return Poison(span=node.span)
        case _:
            assert_never(node)
