"""Expressions as the checker knows them before their context is taken into account.

- `Typed`: it has its type and its node.
- `Exact`: an integer of any size, computed at checking time; the context gives it a type.
- `Deferred`: it takes its type from the context too, but is more than a number: an input, a literal
  of numbers, a selection between two numbers.
- `Poison`: it was wrong, which has been reported; anything computed from it is poison.
"""

from __future__ import annotations

from collections.abc import Callable

from ezlang.records import dataclass
from ezlang.source import Span
from ezlang.typed import tree as typed
from ezlang.types.labels import PUBLIC, Label
from ezlang.types.types import INT32, INT64, IntType, ScalarType, Type, shape_of

from .provenance import Traced, Why

Constant = int | bool | tuple["Constant", ...]
"""A value known at checking time: a scalar, an array's items, or a struct's fields in order.

An array whose scalars are all equal may be represented by that scalar alone.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """An expression with its node; `why` is the reason why its label is not public."""

    node: typed.Expr
    why: Why | None = None
    constant: Constant | None = None

    @property
    def type(self) -> Type:
        """The type of the node."""
        return self.node.type

    @property
    def label(self) -> Label:
        """The label of the node."""
        return self.node.label

    @property
    def span(self) -> Span:
        """The place of the expression."""
        return self.node.span

    @property
    def traced(self) -> Traced:
        """The label with its reason."""
        return Traced(self.node.label, self.why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """An integer of any size, computed at checking time, that has no type yet."""

    value: int
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Poison:
    """An expression that was wrong and has been reported."""

    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """An expression that takes its type from the context.

    `shape` is None if the context determines it too, `default` is None if there is no default type.
    `build` makes the node for a given type, and reports an error if that is impossible; `what`
    names the expression in messages.
    """

    span: Span
    what: str
    shape: tuple[int, ...] | None
    default: ScalarType | None
    build: Callable[[Type], Typed | Poison]


Value = Typed | Exact | Deferred | Poison


def known_shape(value: Value) -> tuple[int, ...] | None:
    """Return the shape that a value has independently of its context; None if it has none."""
    match value:
        case Typed():
            return shape_of(value.type)
        case Deferred():
            return value.shape
        case Exact():
            return ()
        case Poison():
            return None


def default_type(value: int) -> IntType:
    """Return the default type of a number, where the context asks for none."""
    return INT32 if INT32.low <= value <= INT32.high else INT64


def literal(value: int | bool, type: ScalarType, span: Span) -> Typed:
    """Return a scalar constant, which must be in the type's range."""
    node = typed.Literal(span=span, type=type, label=PUBLIC, value=value)
    return Typed(node=node, constant=value)
