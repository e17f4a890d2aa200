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

The classes of operations stand in `operations/`, a file for each family. A class states what is
known about it: its traits, the verifier's rules, its sharings, and its results' intervals.

Before sharings are assigned (passes/assign), `sharing` is None everywhere; after it, every secret
value has one. compiler/ir/sharings.py says which operation works on which sharings.

`checked` operations fail the run, with their span as the place, when a public operand is out
of range (division by zero, shift amount ≥ width, index past the end). Unchecked ones, and
operands that aren't public, have the total meaning of docs/language.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ezlang.source import NO_SPAN, Span
from ezlang.types.labels import Label

from .kinds import BinaryKind as BinaryKind
from .kinds import UnaryKind as UnaryKind
from .operations.boundary import Assert as Assert
from .operations.boundary import Boundary as Boundary
from .operations.boundary import Convert as Convert
from .operations.boundary import Input as Input
from .operations.boundary import Output as Output
from .operations.boundary import Relabel as Relabel
from .operations.boundary import Reveal as Reveal
from .operations.control import Call as Call
from .operations.control import For as For
from .operations.control import If as If
from .operations.control import Structured as Structured
from .operations.control import While as While
from .operations.elementwise import Binary as Binary
from .operations.elementwise import Bit as Bit
from .operations.elementwise import Cast as Cast
from .operations.elementwise import Elementwise as Elementwise
from .operations.elementwise import Select as Select
from .operations.elementwise import Unary as Unary
from .operations.moves import AffineRead as AffineRead
from .operations.moves import AffineWrite as AffineWrite
from .operations.moves import Broadcast as Broadcast
from .operations.moves import Extract as Extract
from .operations.moves import ExtractSlice as ExtractSlice
from .operations.moves import Gather as Gather
from .operations.moves import Insert as Insert
from .operations.moves import InsertSlice as InsertSlice
from .operations.moves import Move as Move
from .operations.moves import Read as Read
from .operations.moves import Reshape as Reshape
from .operations.moves import Scatter as Scatter
from .operations.moves import Stack as Stack
from .operations.moves import Write as Write
from .operations.node import Checkable as Checkable
from .operations.node import Computation as Computation
from .operations.node import Effect as Effect
from .operations.node import Narrowable as Narrowable
from .operations.node import OperationNode as OperationNode
from .operations.node import Region as Region
from .operations.node import Surroundings as Surroundings
from .operations.node import Traits as Traits
from .operations.oblivious import Oblivious as Oblivious
from .operations.oblivious import ObliviousRead as ObliviousRead
from .operations.oblivious import ObliviousWrite as ObliviousWrite
from .operations.tensors import Constant as Constant
from .operations.tensors import Iota as Iota
from .operations.tensors import MatrixProduct as MatrixProduct
from .operations.tensors import Positions as Positions
from .operations.tensors import Reduce as Reduce
from .operations.tensors import Separate as Separate
from .operations.tensors import Source as Source
from .ots import OtKind as OtKind
from .ots import OtKinds as OtKinds
from .value import Sharing as Sharing
from .value import TensorType as TensorType
from .value import Value as Value

# Each class of operations is a member of exactly one of these unions, that of its family.

AnyElementwise = Unary | Binary | Select | Cast | Bit
AnyRead = Broadcast | Reshape | Extract | ExtractSlice | AffineRead | Gather
AnyWrite = Insert | InsertSlice | AffineWrite | Scatter
AnyMove = AnyRead | AnyWrite | Stack
AnyOblivious = ObliviousRead | ObliviousWrite
AnyTensor = Constant | Iota | Positions | Separate | Reduce | MatrixProduct
AnyComputation = AnyElementwise | AnyMove | AnyOblivious | AnyTensor
AnyCheckable = Binary | Extract | Insert | ExtractSlice | InsertSlice
AnyBoundary = Relabel | Convert | Reveal | Input | Output | Assert
AnyStructured = If | For | While
Operation = AnyComputation | AnyBoundary | Call | AnyStructured


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
