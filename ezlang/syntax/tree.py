"""The syntax tree: the program as written, before any analysis.

Nodes are frozen; each has a span, which does not count in equality. Names are unresolved strings.
Parentheses leave no node.
"""

from __future__ import annotations

from dataclasses import field
from fractions import Fraction

from ezlang.records import dataclass
from ezlang.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """The base of all nodes: a place in the source."""

    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Node):
    """An identifier whose own place matters."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeParameter(Name):
    """`n`, or `s...`, which stands for any number of sizes, or `number t`, for an element type.

    `kind` is the word before a type: which types it stands for.
    """

    is_shape: bool
    kind: str | None = None


# Labels and types


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicLabel(Node):
    """`public`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretLabel(Node):
    """`secret`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedLabel(Node):
    """`@party`; the name may be the variable of a loop over the parties."""

    party: Name


Label = PublicLabel | SecretLabel | OwnedLabel


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeName(Node):
    """`int32[n][m]`, `Point[k]`, `bool`: the name of a type and its sizes, outermost first.

    `bits` are those of `fixed<f>` or `fixed<i, f>`, as written.
    """

    name: Name
    sizes: tuple[Expr, ...]
    bits: tuple[Expr, ...] = ()


# Expressions


@dataclass(frozen=True, slots=True, kw_only=True)
class IntLiteral(Node):
    """`42`, `0x2a`, `0b101010`, `1_000`: the value, never negative."""

    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecimalLiteral(Node):
    """`1.5`, `2.5e-3`, `1e6`: the exact value, never negative."""

    value: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class BoolLiteral(Node):
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StringLiteral(Node):
    """A string; the grammar allows one only in `input`, `output` and `assert`."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayLiteral(Node):
    """`[1, 2, 3]`; nested for higher ranks."""

    elements: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldValue(Node):
    """`x: 1` in a struct literal."""

    name: Name
    value: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class StructLiteral(Node):
    """`Point { x: 1, y: 2 }`."""

    name: Name
    fields: tuple[FieldValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable(Node):
    """A name used as a value; `stats.mean` (a name in a module) has `module` set."""

    name: Name
    module: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread(Node):
    """`s...`: the sizes that a shape parameter stands for, in a list of sizes."""

    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Node):
    """`-x`, `!x`, `~x`."""

    operator: str
    operand: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Node):
    """`x + y` and all other infix operators, including `&&` and `||`."""

    operator: str
    operator_span: Span = field(compare=False, repr=False)
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional(Node):
    """`condition ? then : otherwise`."""

    condition: Expr
    then: Expr
    otherwise: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Index(Node):
    """`base[index]`; `a[i][j]` is two of them."""

    base: Expr
    index: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(Node):
    """`base[low..high]` or `base[low..high : step]`; a part that is left out is None."""

    base: Expr
    low: Expr | None
    high: Expr | None
    step: Expr | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Node):
    """`base.name`: a field of a struct, or (resolved by the checker) a name in a module."""

    base: Expr
    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """`f(x)`, `stats.mean(x)`, `int64(x)`, `len(x)`, `f<4>(x)`.

    Casts and built-in functions are calls too; the checker distinguishes them. `callee` is a
    Variable or a Member of a Variable. `sizes` are explicit size arguments, or the bits of a cast
    to `fixed<f>`.
    """

    callee: Expr
    sizes: tuple[Expr, ...]
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Input(Node):
    """`input(party, "name")`, or `input(party, "name", turn)`; for `all`, `party` is None."""

    party: Name | None
    name: StringLiteral
    turn: Expr | None = None

    @property
    def giver(self) -> str:
        """The giver as it is written."""
        return "all" if self.party is None else self.party.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal(Node):
    """`reveal(e)` (to everyone: `to` is None) or `reveal(e, party)`."""

    value: Expr
    to: Name | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BadExpr(Node):
    """Text that could not be read as an expression and was already reported."""


Expr = (
    IntLiteral
    | DecimalLiteral
    | BoolLiteral
    | StringLiteral
    | ArrayLiteral
    | StructLiteral
    | Variable
    | Spread
    | Unary
    | Binary
    | Conditional
    | Index
    | Slice
    | Member
    | Call
    | Input
    | Reveal
    | BadExpr
)

# Statements


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Node):
    """`{ … }`."""

    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declare(Node):
    """`label type name = value;`; without a value every element is 0 or false."""

    label: Label | None
    type: TypeName
    name: Name
    value: Expr | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Let(Node):
    """`let name = value;`: the type and label are inferred; it is never assigned again."""

    name: Name
    value: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign(Node):
    """`target = value;` or `target op= value;` (`operator` is "+", not "+=").

    The target is a Variable, or Index, Slice and Member around one.
    """

    target: Expr
    operator: str | None
    value: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class If(Node):
    """`if c { … } else { … }`; `else if` is an If as the only statement of the else block."""

    condition: Expr
    then: Block
    otherwise: Block | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForRange(Node):
    """`for i in low..high { … }`: `high` is not part of the range."""

    variable: Name
    low: Expr
    high: Expr
    body: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class ForEach(Node):
    """`for x in xs { … }`; the checker unrolls it over the word `parties`."""

    variable: Name
    iterable: Expr
    body: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class While(Node):
    """`while c { … }`."""

    condition: Expr
    body: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Return(Node):
    """`return;` or `return value;`."""

    value: Expr | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Break(Node):
    """`break;`: the innermost loop ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Continue(Node):
    """`continue;`: the innermost loop goes on with its next turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output(Node):
    """`output(all, value, "name");` or to one party by name; `to` None means all.

    `turn` is the last part, if there is one.
    """

    to: Name | None
    value: Expr
    name: StringLiteral
    turn: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assert(Node):
    """`assert(condition);` or `assert(condition, "what must hold");`."""

    condition: Expr
    message: StringLiteral | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExprStatement(Node):
    """A call made for its effects."""

    value: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class BadStatement(Node):
    """Text that could not be read as a statement and was already reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute(Node):
    """`#[name(value)]`, before a function or a statement: `#[protocol(yao)]`."""

    name: Name
    value: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributed(Node):
    """A statement with an attribute before it."""

    attribute: Attribute
    statement: Statement


Statement = (
    Block
    | Declare
    | Let
    | Assign
    | If
    | ForRange
    | ForEach
    | While
    | Return
    | Break
    | Continue
    | Output
    | Assert
    | ExprStatement
    | Attributed
    | BadStatement
)

# Items: the top level of a file


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyItem(Node):
    """`party alice, bob;`: the first is party 0."""

    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeItem(Node):
    """`compute a, b;`: these two compute, and all other parties are clients of theirs."""

    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportItem(Node):
    """`import stats;`: stdlib/stats.ez, or stats.ez in the program's folder."""

    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamItem(Node):
    """`param int32 n = 30;`: a public scalar that `--set n=…` changes at launch."""

    type: TypeName
    name: Name
    value: Expr | None
    doc: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstItem(Node):
    """`const int32[3] primes = [2, 3, 5];` or, typed by its uses, `const k = 4;`."""

    type: TypeName | None
    name: Name
    value: Expr
    doc: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StructField(Node):
    """`label type name;` in a struct."""

    label: Label | None
    type: TypeName
    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class StructItem(Node):
    """`struct Point { int32 x; int32 y; }`."""

    name: Name
    fields: tuple[StructField, ...]
    doc: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter(Node):
    """`label type name` in a function's head; without a label it takes values of any label."""

    label: Label | None
    type: TypeName
    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionItem(Node):
    """`fn dot<k>(int64[k] x, int64[k] y) -> int64 { … }`.

    `head_read` is false if the head had errors, so that parameters and result aren't known.
    """

    name: Name
    sizes: tuple[SizeParameter, ...]
    parameters: tuple[Parameter, ...]
    return_label: Label | None
    return_type: TypeName | None
    body: Block
    doc: str | None = None
    attribute: Attribute | None = None
    head_read: bool = True


Item = PartyItem | ComputeItem | ImportItem | ParamItem | ConstItem | StructItem | FunctionItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Module(Node):
    """One file."""

    items: tuple[Item, ...]
    doc: str | None = None
