"""The IR: tensor values in SSA form with structured control flow.

A function is a region: parameters, operations in order, values it yields. Every
value is a tensor of bools or integers (rank 0 is a scalar) with a label; structs
are taken apart by lowering, so a struct is several values and an array of structs
one array a field. Values are immutable: what writes into an array yields a new
one, and code generation reuses the old one's memory where nothing reads it later.

All operations share one shape (`operands`, `results`, `regions`, attributes), so
that a pass can walk and rebuild what it doesn't care about. Docstrings give
`operands -> results`. The label of a result is the meet of the operands' labels
unless it is said otherwise; nothing checks labels dynamically.

Who runs an operation: every party that may know its operands, in the clear, when the
result is public or owned; all parties together, by a protocol, when the result is secret.
Regions of an owned `If` or `While` (condition label `@p`) are run by party p alone.

Before sharings are assigned (passes/assign), `sharing` is None everywhere; after it, every secret
value has one. compiler/ir/sharings.py says which operation works on which sharings.

`checked` operations fail the run, with their span as the place, when a public operand is out
of range (division by zero, shift amount ≥ width, index past the end). Unchecked ones, and
operands that aren't public, have the total meaning of docs/language.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from ezlang.source import NO_SPAN, Span
from ezlang.types.labels import Label
from ezlang.types.types import Type

from .ots import OtKind as OtKind
from .ots import OtKinds as OtKinds
from .value import Sharing as Sharing
from .value import TensorType as TensorType
from .value import Value as Value


class UnaryKind(Enum):
    """NEG, ABS and BITNOT on integers (ABS on signed ones, wrapping), NOT on bool."""

    NEG = "neg"
    ABS = "abs"
    BITNOT = "bitnot"
    NOT = "not"

    __hash__ = object.__hash__  # members are alone; Enum's own hashes their names


class BinaryKind(Enum):
    """As in the typed tree; AND, OR, XOR work on integers and bools."""

    ADD = "add"
    SUB = "sub"
    MUL = "mul"
    DIV = "div"
    MOD = "mod"
    SHL = "shl"
    SHR = "shr"
    AND = "and"
    OR = "or"
    XOR = "xor"
    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    MIN = "min"
    MAX = "max"

    __hash__ = object.__hash__  # members are alone; Enum's own hashes their names


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Operations with parameters and yielded values; may use values of enclosing regions.

    The `number` is for tables (numbering.py).
    """

    parameters: tuple[Value, ...] = ()
    operations: tuple[Operation, ...] = ()
    yields: tuple[Value, ...] = ()
    number: int = field(default=-1, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationNode:
    """What every operation has.

    `forced` is the sharing that the program asks for, if it does. Where it is computed on shares by
    a circuit, that has few rounds, or, if it is `deep`, the fewest ANDs
    (passes/sharings/circuit_depth.py).
    """

    operands: tuple[Value, ...] = ()
    results: tuple[Value, ...] = ()
    regions: tuple[Region, ...] = ()
    span: Span = field(default=NO_SPAN, compare=False, repr=False)
    number: int = field(default=-1, compare=False, repr=False)
    forced: Sharing | None = None
    deep: bool = False

    @property
    def result(self) -> Value:
        """The one result."""
        (value,) = self.results
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(OperationNode):
    """() -> public value. `data` has one entry (repeated), or one an element, row-major."""

    data: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Iota(OperationNode):
    """() -> public integers start, start + step, start + 2·step, … in a row, wrapping."""

    start: int
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(OperationNode):
    """(x) -> element-wise."""

    kind: UnaryKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(OperationNode):
    """(x, y) -> element-wise, equal shapes, equal elements (but SHL and SHR: y is any integer).

    `bits`, where it isn't 0: operands and result are known to be numbers of so many bits, in two's
    complement, or without a sign where they are `nonnegative` (passes/sharings/narrow.py).
    """

    kind: BinaryKind
    checked: bool = False
    bits: int = 0
    nonnegative: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Select(OperationNode):
    """(condition, x, y) -> x where true. The condition is a scalar or has the shape of x and y.

    `bits` and `nonnegative` as in Binary, for both sides.
    """

    bits: int = 0
    nonnegative: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast(OperationNode):
    """(x) -> the elements in the result's element type: modulo 2^width; bool is 0/1 and `!= 0`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bit(OperationNode):
    """(x) -> bit `position` (0 is the least significant) of each integer, as bool."""

    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast(OperationNode):
    """(x) -> x repeated along new leading dimensions: result shape is `new + x.shape`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reshape(OperationNode):
    """(x) -> the same elements, row-major, in the result's shape of equal size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract(OperationNode):
    """(base, index…) -> the element or sub-array at scalar indices that are public or owned.

    `dimensions` says, for each dimension of the base, whether it is indexed (the next index
    operand) or kept whole; trailing dimensions that are kept may be left out. An index
    out of range reads zeros where it isn't checked and public.
    """

    dimensions: tuple[bool, ...]
    checked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert(OperationNode):
    """(base, value, index…) -> base with value written where Extract would read.

    The label is the base's: the value's and indices' labels flow to it. Out of range: no write.
    """

    dimensions: tuple[bool, ...]
    checked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractSlice(OperationNode):
    """(base, start) -> shape[0] items of the result's shape along dimension 0, from `start`.

    Items out of range are zeros where it isn't checked and public.
    A start that is secret has been lowered to oblivious reads.
    """

    checked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertSlice(OperationNode):
    """(base, value, start) -> base with value's items written along dimension 0 from `start`."""

    checked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AffineRead(OperationNode):
    """(base, offset…) -> elements of base at places that are affine in the result's indices.

    Row d of `places` is for dimension d of the base: a constant, and a factor for each dimension
    of the result. result[t₀, t₁, …] is the element of base whose d-th index is
    places[d][0] + places[d][1]·t₀ + places[d][2]·t₁ + …, plus the next offset (a public scalar)
    where `moved[d]` says so. All places are in range: whoever makes one has shown it.
    """

    places: tuple[tuple[int, ...], ...]
    moved: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AffineWrite(OperationNode):
    """(base, value, offset…) -> base with value written where AffineRead would read.

    The label is the base's. Elements of the value go to different places.
    """

    places: tuple[tuple[int, ...], ...]
    moved: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather(OperationNode):
    """(base [n, …], places [m]) -> [m, …]: the items of base at public places along dimension 0.

    Zeros where a place is out of range.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter(OperationNode):
    """(base [n, …], value [m, …], places [m]) -> base with the items of value at public places.

    The label is the base's. Places in range differ from one another: whoever makes one has shown
    it, or asks Separate. Nothing is written where a place is out of range.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Positions(OperationNode):
    """(condition [n]) -> public integers [m]: where a public condition is true, in order.

    Where fewer than m are, -1 follows; where more are, only the first m are told.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Separate(OperationNode):
    """(places…) -> public bool: whether m turns, one after another, can be taken at once.

    The operands are int64 [m]: in each turn, the first `early` of them are read, then the next
    `written` ones are written, then the others are read. True if all places are below `size`, and
    none that is written is read afterwards, or written again, in that turn or a later one.
    Negative places are nobody's.
    """

    written: int
    size: int
    early: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ObliviousRead(OperationNode):
    """(base, index) -> base[index] along dimension 0; zeros out of range. The result is secret.

    Index: a scalar whose label keeps it from being used as an address; any integer type, read
    as a number of its own sign.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ObliviousWrite(OperationNode):
    """(base, index, value) or (base, index, value, guard) -> base with base[index] replaced.

    Nothing is written out of range, or where the guard (a scalar bool) is false.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack(OperationNode):
    """(x0, x1, …) -> the operands, of one type, along a new first dimension."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduce(OperationNode):
    """(x) -> elements of x combined: ADD, MUL, MIN, MAX, AND, OR or XOR.

    All of them, into a scalar; or along dimension `axis`, which the result doesn't have.
    """

    kind: BinaryKind
    axis: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixProduct(OperationNode):
    """(x [m, k], y [k, n]) -> the matrix product [m, n] of integers, wrapping.

    Or (x [b, m, k], y [b, k, n]) -> [b, m, n]: a batch of products, item by item.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Relabel(OperationNode):
    """(x) -> x with the result's label, which fewer may read. To secret, it shares x."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Convert(OperationNode):
    """(x) -> the secret x in the result's sharing, which is another one.

    `bits` and `nonnegative` as in Binary.
    """

    bits: int = 0
    nonnegative: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal(OperationNode):
    """(x) -> x, told to the readers of the result's label: everyone, or one party."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input(OperationNode):
    """() -> what `party` gives as field `path` of `name` (empty but for structs), `@party`.

    `whole` is the type of all that is called `name`; None where it is the result's own.
    """

    party: int
    name: str
    path: tuple[str, ...] = ()
    whole: Type | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Output(OperationNode):
    """(x) -> (). x, readable by `to` (None: by everyone), is field `path` of output `name`.

    The fields of one output follow one another. `whole` is as for Input. An output without any
    field has no operations.
    """

    to: int | None
    name: str
    path: tuple[str, ...] = ()
    whole: Type | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assert(OperationNode):
    """(condition) -> (). Fails the run with `message` where the public condition is false."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(OperationNode):
    """(argument…) -> what the function yields."""

    function: str


@dataclass(frozen=True, slots=True, kw_only=True)
class If(OperationNode):
    """(condition) -> what the region that ran yields. Two regions, without parameters.

    The condition is public, or `@p`: then only p runs it and the results are `@p`.
    Secret branches have been lowered to `Select`.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class For(OperationNode):
    """(low, high, initial…) -> the carried values after the last iteration.

    One region: parameters (index, carried…), yields (carried…). Index and bounds share one
    type; high is left out. The bounds are public, or `@p` as for If.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class While(OperationNode):
    """(initial…) -> the carried values when the condition fails.

    Two regions, both with the carried values as parameters: the first yields the condition
    (a scalar bool, public or `@p`), the second the next carried values.
    """


Operation = (
    Constant
    | Iota
    | Unary
    | Binary
    | Select
    | Cast
    | Bit
    | Broadcast
    | Reshape
    | Extract
    | Insert
    | ExtractSlice
    | InsertSlice
    | AffineRead
    | AffineWrite
    | Gather
    | Scatter
    | Positions
    | Separate
    | ObliviousRead
    | ObliviousWrite
    | Stack
    | Reduce
    | MatrixProduct
    | Relabel
    | Convert
    | Reveal
    | Input
    | Output
    | Assert
    | Call
    | If
    | For
    | While
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function instance. Its body yields its results. Never recursive.

    `pc` is the label it is called under: where that is `@p`, party p alone runs it.
    """

    name: str
    body: Region
    pc: Label
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Functions in call order: callees first, `main` last; `ots` are how OTs are made."""

    parties: tuple[str, ...]
    functions: tuple[Function, ...]
    ots: OtKinds = field(default_factory=OtKinds)

    @property
    def main(self) -> Function:
        """Where a run starts."""
        return self.functions[-1]


def walk(region: Region) -> Iterator[Operation]:
    """Yield every operation of a region and of the regions inside, in order, outer ones first."""
    for operation in region.operations:
        yield operation
        for inner in operation.regions:
            yield from walk(inner)
