"""The syntax tree of an EzPC program [CGRST19], without the labels of its operators.

Each node has the place that it stands at. `base` is a type of a number or `bool`, as EzPC names it.
"""

from __future__ import annotations

from dataclasses import field

from ezlang.records import dataclass
from ezlang.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """The base of all nodes."""

    span: Span = field(compare=False, repr=False)


# Expressions


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Node):
    """`5`, `5u`, `5L`, `5uL`, with the sign before it."""

    value: int
    base: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decimal(Node):
    """`0.5`, as written, with the sign before it."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth(Node):
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable(Node):
    """A name of a variable, parameter or constant."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Element(Node):
    """`array[index]`."""

    array: Expr
    index: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Node):
    """`~x` or `!x`."""

    operator: str
    operand: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Node):
    """`left operator right`."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Node):
    """`condition ? yes : no`."""

    condition: Expr
    yes: Expr
    no: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """`name(arguments)`, as an expression or a statement."""

    name: str
    arguments: tuple[Expr, ...]


Expr = Number | Decimal | Truth | Variable | Element | Unary | Binary | Choice | Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Type(Node):
    """A type: `sizes` are those of an array, outermost first; `label` is None if unwritten."""

    base: str
    label: str | None
    sizes: tuple[Expr, ...]


# Statements


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration(Node):
    """`type name = value`."""

    type: Type
    name: str
    value: Expr | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment(Node):
    """`place = value`."""

    place: Variable | Element
    value: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Return(Node):
    """`return value`."""

    value: Expr | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Input(Node):
    """`input(role, name, type)`, which declares the name."""

    role: str
    name: str
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Output(Node):
    """`output(role, value)`."""

    role: str
    value: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Node):
    """`{ … }`."""

    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class For(Node):
    """`for name = [low : high] { … }`, without `high` itself."""

    name: str
    low: Expr
    high: Expr
    body: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class While(Node):
    """`while condition { … }`."""

    condition: Expr
    body: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class If(Node):
    """`if (condition) … else …`."""

    condition: Expr
    yes: Block
    no: Block | None


Statement = Declaration | Assignment | Call | Return | Input | Output | Block | For | While | If


# Items


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter(Node):
    """`type name`."""

    type: Type
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Function(Node):
    """`def result name(parameters) { … }`; `result` is None for `void`."""

    name: str
    parameters: tuple[Parameter, ...]
    result: Type | None
    body: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class External(Node):
    """`extern result name(parameters);`, which EzPC's back ends implement."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Node):
    """`type name = value;` outside of functions: public."""

    base: str
    name: str
    value: Expr


Item = Function | External | Constant


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment's lines, without its marks, and where it starts."""

    start: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """A whole file."""

    items: tuple[Item, ...]
    comments: tuple[Comment, ...]
