"""The constant difference of two bounds, both written as linear combinations of expressions.

The evaluation of an expression changes no variable, so equal expressions in a statement have equal
values and cancel out, whatever they are.
"""

from __future__ import annotations

from collections import Counter

from ezlang.syntax import tree as syntax
from ezlang.types.types import Scalar, is_integer

from .context import Body, Local
from .items import ConstInfo, ParamInfo
from .parameters import SizeName
from .untyped import Exact

Linear = tuple[Counter[syntax.Expr], int]


def difference(body: Body, low: syntax.Expr, high: syntax.Expr) -> int | None:
    """Return `high - low` if it is constant."""
    terms, constant = _add(_linear(body, high), _linear(body, low), -1)
    return constant if not any(terms.values()) else None


def _add(first: Linear, second: Linear, factor: int) -> Linear:
    terms = Counter(first[0])
    for term, count in second[0].items():
        terms[term] += factor * count
    return terms, first[1] + factor * second[1]


def _linear(body: Body, node: syntax.Expr) -> Linear:
    match node:
        case syntax.IntLiteral(value=value):
            return Counter(), value
        case syntax.Unary(operator="-", operand=operand):
            return _add((Counter(), 0), _linear(body, operand), -1)
        case syntax.Binary(operator="+", left=left, right=right):
            return _add(_linear(body, left), _linear(body, right), 1)
        case syntax.Binary(operator="-", left=left, right=right):
            return _add(_linear(body, left), _linear(body, right), -1)
        case syntax.Binary(operator="*", left=left, right=right):
            x, y = _linear(body, left), _linear(body, right)
            if not any(x[0].values()):
                return _add((Counter(), 0), y, x[1])
            if not any(y[0].values()):
                return _add((Counter(), 0), x, y[1])
            return Counter({node: 1}), 0
        case syntax.Variable(name=name, module=None):
            constant = _constant(body, name.text, node)
            return (Counter({node: 1}), 0) if constant is None else (Counter(), constant)
        case syntax.Call(callee=syntax.Variable(name=name)) if name.text in ("len", "elements"):
            return _evaluated(body, node)
        case _:
            return Counter({node: 1}), 0


def _constant(body: Body, name: str, node: syntax.Variable) -> int | None:
    """Return the number that a name stands for, or None."""
    local = body.find(name)
    match local:
        case SizeName(value=value):
            return value
        case Local(constant=int() as constant, type=Scalar() as type) if is_integer(type):
            return constant
        case Local():
            return None
        case None if isinstance(body.module.items.get(name), ConstInfo | ParamInfo):
            terms, constant = _evaluated(body, node)
            return None if terms else constant
        case _:
            return None


def _evaluated(body: Body, node: syntax.Expr) -> Linear:
    with body.exact():
        value = body.value(node)
    return (Counter(), value.value) if isinstance(value, Exact) else (Counter({node: 1}), 0)
