"""The typed tree: the result of checking, and the meaning of a program.

Every expression has a type, a label and a span. Nothing is implicit any more:

- Names are resolved to `Variable`s, calls to function instances. A function is instantiated once
  for each combination of sizes, argument labels and label of the program counter that it is called
  with; sizes are plain integers.
- Literals have their final type. Widening is a `Cast`, repeating to a shape a `Broadcast`, and a
  flow to fewer readers (sharing) a `Relabel`, at assignments, arguments, returns, outputs and
  struct or array literals.
- Compound assignment is desugared, `for x in xs` is a `For` over indices, and loops over the
  parties are unrolled.
- Of a branch on a constant only the side that is taken is left, and no statement follows a
  `Return` or `Leave`. Constant arrays and structs are variables, declared at the start of each
  function that uses them. `reveal` of a value that its reader knows leaves no node.

The operands of a `Binary` have one type and one shape, and may differ in label: protocols are
cheaper where one party knows an operand. The types of operands differ in shifts, and in products
and quotients of a fixed-point number and an integer.

docs/language.md defines the meaning of every node; `executors/clear` implements it.
"""

from __future__ import annotations

from dataclasses import field

from ezlang.records import dataclass
from ezlang.source import Source, Span
from ezlang.types.labels import Label
from ezlang.types.sharing import Sharing
from ezlang.types.types import Type

from .operators import COMPARISONS as COMPARISONS
from .operators import BinaryOp as BinaryOp
from .operators import UnaryOp as UnaryOp
from .operators import products_of_power as products_of_power


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """The base of all nodes: a place in the source."""

    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable(Node):
    """A variable, loop variable or parameter, with its final label; `id` is unique in a program."""

    id: int
    name: str
    type: Type
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class ExprNode(Node):
    """The base of all expressions.

    The label of a struct value is that of its unlabelled fields.
    """

    type: Type
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal(ExprNode):
    """A bool or an integer in the range of `type`, which is a scalar; the label is public."""

    value: int | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Zero(ExprNode):
    """The zero value of any type: zeros and falses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayLiteral(ExprNode):
    """The elements along the first dimension, all with the same type and the node's label."""

    elements: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StructLiteral(ExprNode):
    """The values of the fields, in the order of the struct type's fields."""

    values: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(ExprNode):
    """The value of a variable."""

    variable: Variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(ExprNode):
    """An operator on one operand, or a built-in function of one, element-wise."""

    op: UnaryOp
    operand: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(ExprNode):
    """An operator on two operands of equal shape; both are always evaluated, left first."""

    op: BinaryOp
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Power(ExprNode):
    """`x ** n`, element-wise: the products of `products_of_power`; 1 if the exponent is 0."""

    operand: Expr
    exponent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortCircuit(ExprNode):
    """`&&` (LOGAND) or `||` (LOGOR) on scalars, of which the left one is public.

    The right side is evaluated only if the left one doesn't decide the result.
    """

    op: BinaryOp
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional(ExprNode):
    """`?:` on a public scalar condition: only the selected side is evaluated.

    Both sides have the type and label of the node.
    """

    condition: Expr
    then: Expr
    otherwise: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Select(ExprNode):
    """`?:` on any other condition: both sides are evaluated, then one is selected.

    The condition is a scalar bool (it then selects the whole value, structs too), or a bool
    array of the operands' shape. The operands' labels may differ.
    """

    condition: Expr
    then: Expr
    otherwise: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Index(ExprNode):
    """`base[i][j]…`: one index for each of the first dimensions of the array, with any labels."""

    base: Expr
    indices: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(ExprNode):
    """Every `step`-th of `length` items of `base` along its first dimension, from `start` on.

    A negative step begins with the last of them.
    """

    base: Expr
    start: Expr
    length: int
    step: int = 1


def chosen_items(length: int, step: int) -> range:
    """Return which of `length` items a slice with a step has, in its order."""
    return range(length)[::step]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetField(ExprNode):
    """A field of a struct value."""

    base: Expr
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(ExprNode):
    """A call of the function instance called `function`."""

    function: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast(ExprNode):
    """Between scalar types, element-wise: integers modulo 2^width, bool as 0 and 1, `!= 0`.

    To a type with fewer bits after the binary point, numbers are rounded to nearest.
    """

    operand: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast(ExprNode):
    """The operand repeated to the shape of `type`, as `joint_shape` says."""

    operand: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Reshape(ExprNode):
    """`reshape(x, n, m)`: the same elements, in row-major order, in the shape of `type`.

    Either shape may be that of a single value, with one element.
    """

    operand: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum(ExprNode):
    """`sum(a)`: the sum of all elements of an integer array of any rank, wrapping; 0 if empty.

    `sum(a, d)` has the sums along dimension `axis` d, which the type of the result lacks.
    """

    operand: Expr
    axis: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SumOfProducts(ExprNode):
    """`sum(x * y)` of fixed-point numbers: the exact sum, modulo 2^64, rounded once; 0 if empty.

    Both operands are arrays of the same shape, with elements of types `fixed<f>` and `fixed<g>`;
    the sum is of type `fixed<f>`.
    """

    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinterpret(ExprNode):
    """`raw(x)` and `from_raw(x)`: the integers that represent the operand, and vice versa."""

    operand: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Relabel(ExprNode):
    """The operand, with a label of fewer readers: `operand.label.flows_to(label)`."""

    operand: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal(ExprNode):
    """The operand released to party `to`, or to everyone (None), as `label` says."""

    operand: Expr
    to: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Input(ExprNode):
    """The value that `party` gives under `name`; the label is `@party`.

    If `party` is None, all give the same value, and the label is public. With a `turn`, a public
    integer, it is the value of that turn.
    """

    party: int | None
    name: str
    turn: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Random(ExprNode):
    """A secret that nobody knows: the sum of a uniform draw of each party; of bools, the xor.

    With `below`, a public number of the element type, draws are from 0 to below it, and the sum is
    modulo that number. A run fails if it is less than 1. `parties` is how many draw.
    """

    below: Expr | None
    parties: int


Expr = (
    Literal
    | Zero
    | ArrayLiteral
    | StructLiteral
    | Read
    | Unary
    | Binary
    | Power
    | ShortCircuit
    | Conditional
    | Select
    | Index
    | Slice
    | GetField
    | Call
    | Cast
    | Broadcast
    | Reshape
    | Sum
    | SumOfProducts
    | Reinterpret
    | Relabel
    | Reveal
    | Input
    | Random
)

# Places: the targets of assignments


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexStep(Node):
    """`[i]` in a place: one index for each of the next dimensions, with any labels."""

    indices: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceStep(Node):
    """`[start..start+length : step]` in a place."""

    start: Expr
    length: int
    step: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldStep(Node):
    """`.name` in a place."""

    name: str


Step = IndexStep | SliceStep | FieldStep


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentTarget(Node):
    """A variable, or a part of one; `type` and `label` are those of the part."""

    variable: Variable
    steps: tuple[Step, ...]
    type: Type
    label: Label


# Statements


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementNode(Node):
    """The base of all statements: the sharing that the program asks for here, if any."""

    requested: Sharing | None = None


@dataclass(frozen=True, slots=True)
class Exit:
    """The end of a block as a place to go on at, for a `Leave` inside of the block.

    `id` is unique in a program, also among variables. `label` is that of the program counter in the
    block: public, or `@p` if p runs it alone.
    """

    id: int
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(StatementNode):
    """Statements in order. Blocks may nest (an unrolled loop over parties is a Block of Blocks).

    `exit` is set if a `Leave` inside leads to the end of this block: for `continue`, the block is
    the body of a loop, and for `break`, it is around the loop.
    """

    statements: tuple[Statement, ...]
    exit: Exit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declare(StatementNode):
    """The declaration of a variable with a value of its type and label."""

    variable: Variable
    value: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign(StatementNode):
    """The assignment of a value, of the place's type and label, to the place.

    The value is evaluated first, then the indices of the place; then the place is written.
    """

    place: AssignmentTarget
    value: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class If(StatementNode):
    """A branch. The condition's label decides how it runs.

    public: one side runs. `@p`: one side runs, at party p alone. secret: both sides run, then every
    variable assigned on either side is selected.
    """

    condition: Expr
    then: Block
    otherwise: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class For(StatementNode):
    """A loop in which `variable` takes the values low … high-1; it doesn't run if high ≤ low.

    The bounds are evaluated once. They have the variable's type and are public, or `@p` in code
    that p runs alone.
    """

    variable: Variable
    low: Expr
    high: Expr
    body: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class While(StatementNode):
    """A loop whose condition is public, or `@p` in code that p runs alone."""

    condition: Expr
    body: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Return(StatementNode):
    """The end of a function; its program counter has the label of the function's entry."""

    value: Expr | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave(StatementNode):
    """`break` or `continue`: the run goes on after the enclosing block that has this exit.

    The conditions between that block and this are public, or those of the party that runs the
    block alone.
    """

    exit: Exit


@dataclass(frozen=True, slots=True, kw_only=True)
class Output(StatementNode):
    """The delivery of `value`, which its receivers may know, to `to` (None: everyone).

    The release is an explicit `Reveal` around the value. With a `turn`, a public integer, it is the
    value of that turn.
    """

    to: int | None
    value: Expr
    name: str
    turn: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assert(StatementNode):
    """A public condition that must hold; otherwise the run fails with `message`."""

    condition: Expr
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate(StatementNode):
    """A call for its effects."""

    value: Expr


Statement = (
    Block | Declare | Assign | If | For | While | Return | Leave | Output | Assert | Evaluate
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function(Node):
    """One instance of a function. `name` is unique: `main`, `dot<30>[secret,@alice]`…

    `pc` is the label of the program counter that it is called under. It is never recursive.
    `requested` is the sharing that the program asks for in the function, if any.
    """

    name: str
    parameters: tuple[Variable, ...]
    return_type: Type
    return_label: Label
    pc: Label
    body: Block
    requested: Sharing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Program(Node):
    """A checked program: its instances in call order (callees first, `main` last).

    The last `clients` of the parties don't compute: they give inputs to the first two, and receive
    outputs from them. `sources` are its files, the one with `main` last, which determine it
    together with the params; a program that wasn't checked has none.
    """

    parties: tuple[str, ...]
    params: tuple[tuple[str, int | bool], ...]
    functions: tuple[Function, ...]
    sources: tuple[Source, ...] = field(default=(), compare=False, repr=False)
    clients: int = 0

    @property
    def computing(self) -> tuple[str, ...]:
        """The parties that compute."""
        return self.parties[: len(self.parties) - self.clients]

    @property
    def main(self) -> Function:
        """The instance in which a run starts."""
        return self.functions[-1]

    def function(self, name: str) -> Function:
        """Return the instance called `name`; KeyError if there is none."""
        for function in self.functions:
            if function.name == name:
                return function
        raise KeyError(name)
