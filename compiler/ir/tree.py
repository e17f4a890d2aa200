"""The IR: tensor values in SSA form with structured control flow.

A function is a region: its parameters, its operations in order, and the values that it
yields. Every value is a tensor of bools or integers (rank 0 is a scalar) with a label.
Lowering splits structs: a struct becomes several values, and an array of structs becomes
one array per field. Values are immutable. A write to an array yields a new array; code
generation reuses the memory of the old one if nothing reads it later.

All operations have the same structure (`operands`, `results`, `regions`, attributes), so
that a pass can traverse and rebuild operations that it doesn't handle. Docstrings give
`operands -> results`. The label of a result is the meet of the operands' labels
unless stated otherwise. Labels are never checked at run time.

If the result of an operation is public or owned, every party that may know the operands runs
the operation in the clear. If the result is secret, all parties run it together by a protocol.
Party p alone runs the regions of an owned `If` or `While` (condition label `@p`).

The classes of operations are in `operations/`, one file per family. Each class states what is known
about its operations: traits, the verifier's rules, sharings, and the intervals of results.

Before sharings are assigned (passes/assign), `sharing` is None everywhere; afterwards, every
secret value has a sharing. compiler/ir/sharings.py lists the sharings that each operation supports.

A `checked` operation fails the run, and reports its span, when a public operand is out of
range (division by zero, shift amount ≥ width, index past the end). Unchecked operations, and
operands that aren't public, have the total semantics of docs/language.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from ezlang.records import dataclass
from ezlang.source import NO_SPAN, Span
from ezlang.types.labels import Label

from .garbling import Garbling as Garbling
from .kinds import BinaryKind as BinaryKind
from .kinds import UnaryKind as UnaryKind
from .operations.boundary import Assert as Assert
from .operations.boundary import Boundary as Boundary
from .operations.boundary import Convert as Convert
from .operations.boundary import Draw as Draw
from .operations.boundary import Input as Input
from .operations.boundary import Output as Output
from .operations.boundary import Relabel as Relabel
from .operations.boundary import Reveal as Reveal
from .operations.boundary import TurnInput as TurnInput
from .operations.boundary import TurnOutput as TurnOutput
from .operations.clients import Give as Give
from .operations.clients import Tell as Tell
from .operations.clients import WithClient as WithClient
from .operations.control import Call as Call
from .operations.control import For as For
from .operations.control import If as If
from .operations.control import Structured as Structured
from .operations.control import While as While
from .operations.cuts import Cut as Cut
from .operations.cuts import RectifiedShift as RectifiedShift
from .operations.cuts import SignAndFit as SignAndFit
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
from .operations.oblivious import Lookup as Lookup
from .operations.oblivious import Oblivious as Oblivious
from .operations.oblivious import ObliviousRead as ObliviousRead
from .operations.oblivious import ObliviousWrite as ObliviousWrite
from .operations.products import Convolution as Convolution
from .operations.products import MatrixProduct as MatrixProduct
from .operations.products import Product as Product
from .operations.tensors import Constant as Constant
from .operations.tensors import Iota as Iota
from .operations.tensors import Positions as Positions
from .operations.tensors import Reduce as Reduce
from .operations.tensors import Separate as Separate
from .operations.tensors import Source as Source
from .ots import OtKind as OtKind
from .ots import OtKinds as OtKinds
from .value import Sharing as Sharing
from .value import TensorType as TensorType
from .value import Value as Value

# Every class of operations is listed here once, in the union of its family.

AnyElementwise = Unary | Binary | Select | Cast | Bit
AnyRead = Broadcast | Reshape | Extract | ExtractSlice | AffineRead | Gather
AnyWrite = Insert | InsertSlice | AffineWrite | Scatter
AnyMove = AnyRead | AnyWrite | Stack
AnyOblivious = ObliviousRead | ObliviousWrite
AnyProduct = MatrixProduct | Convolution
AnyTensor = Constant | Iota | Positions | Separate | Reduce | Lookup
AnyCut = RectifiedShift | SignAndFit
AnyComputation = AnyElementwise | AnyMove | AnyOblivious | AnyTensor | AnyProduct | AnyCut
AnyCheckable = Binary | Extract | Insert | ExtractSlice | InsertSlice
AnyBoundary = (
    Relabel
    | Convert
    | Reveal
    | Input
    | TurnInput
    | Draw
    | Output
    | TurnOutput
    | Assert
    | Give
    | Tell
)
AnyWithClient = Give | Tell
AnyStructured = If | For | While
Operation = AnyComputation | AnyBoundary | Call | AnyStructured


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function instance. Its body yields its results. Never recursive.

    `pc` is the label under which it is called: if it is `@p`, party p alone runs the function.
    """

    name: str
    body: Region
    pc: Label
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Functions in call order: callees first, `main` last.

    `parties` compute, and `clients` only give and receive values; their numbers follow. `ots` says
    how OTs are generated, and `garbling` how garbled circuits are garbled.
    """

    parties: tuple[str, ...]
    functions: tuple[Function, ...]
    clients: tuple[str, ...] = ()
    ots: OtKinds = field(default_factory=OtKinds)
    garbling: Garbling = Garbling.HALF_GATES

    @property
    def everybody(self) -> tuple[str, ...]:
        """All that take part, by their numbers."""
        return self.parties + self.clients

    @property
    def main(self) -> Function:
        """The entry point."""
        return self.functions[-1]


def walk(region: Region) -> Iterator[Operation]:
    """Yield every operation of a region and of its nested regions in order, outer ones first."""
    for operation in region.operations:
        yield operation
        for inner in operation.regions:
            yield from walk(inner)
