"""The interface between a compiled program and the process that runs it.

The process passes tables (`HostStruct`): a buffer for each input, a buffer for each `output` in the
program, and a number for each output name, which is 0 until that output has been given. A program
that fails returns `STATUS_PROGRAM` plus the number of a `Site`; if an index is out of range, it
writes the index, the size of its dimension, and whether the index is unsigned, to `index`. For the
inputs and outputs of a turn, and for draws, it passes two callbacks, `ask` and `tell`: buffers then
have one value at a time.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import field
from typing import Final

from ezlang.records import dataclass, replace
from ezlang.source import Span
from ezlang.typed.failures import Failure
from ezlang.types.types import Type, array_of

from ..ir import tree as ir
from ..ir.facts import ConstantOperands, Constants, constant_operands, facts_of
from ..ir.groups import Group, enters_yao, groups, leaves_yao
from ..ir.numbering import numbered
from ..ir.sharings import is_exchanged
from .representations import Representation, representation_of

ENTRY: Final = "ez_main"
FRAME_BYTES: Final = "ez_frame_bytes"
"""The symbols that a module defines."""

Path = tuple[str, ...]


class HostStruct(ctypes.Structure):
    """{void* inputs[], void* outputs[], i32 given[], i64 index[3], ask, tell}"""

    _fields_ = (
        ("inputs", ctypes.c_void_p),
        ("outputs", ctypes.c_void_p),
        ("given", ctypes.c_void_p),
        ("index", ctypes.c_void_p),
        ("ask", ctypes.c_void_p),
        ("tell", ctypes.c_void_p),
    )


TURN = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int64, ctypes.c_int64)
"""ask, tell: (number of a buffer, turn) -> 0, or 1 if the run fails here"""


@dataclass(frozen=True, slots=True)
class InputSlot:
    """A buffer for one of the party's inputs or draws, in the layout of clear tensors.

    `whole` is the type of the input called `name`, of which this is the field `path`; in each turn,
    if it has turns. A draw has no name.
    """

    name: str
    path: Path
    type: ir.TensorType
    whole: Type
    turned: bool
    span: Span


@dataclass(frozen=True, slots=True)
class OutputSlot:
    """A buffer that one `output` of the program fills, of the type `whole` at `path`.

    `keys` are its positions in the table of given outputs; the number there is the slot's, plus 1.
    """

    number: int
    operation: ir.Output
    keys: tuple[int, ...]

    @property
    def type(self) -> ir.TensorType:
        """The type of the buffer."""
        return self.operation.operands[0].type

    @property
    def whole(self) -> Type:
        """The type of the whole output with this name."""
        return self.operation.whole or array_of(self.type.element, self.type.shape)


@dataclass(frozen=True, slots=True)
class Site:
    """A place where a run can fail: the name of a kind of failure, and its message."""

    kind: Failure
    span: Span
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """A group of operations on shares, in the order of its table of addresses.

    `operations` are as they are run: values of Yao's sharing have been converted to boolean shares.
    `known` is what the compiler knows about their operands.
    """

    operations: Group
    known: tuple[ConstantOperands, ...]
    party: int

    def is_here(self, value: ir.Value) -> bool:
        """Return whether this party holds any part of a value."""
        return representation_of(value.type, self.party) is not Representation.ABSENT


@dataclass(slots=True)
class Interface:
    """The contents of one party's tables, in an order that only the program's text determines.

    `keys` are the names that outputs are given under: (receiver, name, path) of all `parties`, as
    giving one twice ends the run at all. `clients` more don't compute. `exchanges` are the groups
    that native code calls back for. `marks` are the operations that it notes before it runs them,
    numbered from 1; if it is `metered`, it calls back, too.
    """

    party: int
    parties: int
    inputs: list[InputSlot] = field(default_factory=list)
    outputs: list[OutputSlot] = field(default_factory=list)
    keys: list[tuple[int, str, Path]] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    marks: list[Group] = field(default_factory=list)
    metered: bool = False
    clients: int = 0
    _input_numbers: dict[tuple[str, Path], int] = field(default_factory=dict)
    _draws: dict[int, int] = field(default_factory=dict)
    _by_operation: dict[int, int] = field(default_factory=dict)
    _sites: dict[int, int] = field(default_factory=dict)
    _exchanges: dict[int, int] = field(default_factory=dict)
    _marks: dict[int, int] = field(default_factory=dict)

    def input_number(self, operation: ir.Input | ir.Draw) -> int:
        """Return the number of the buffer of an input or draw."""
        if isinstance(operation, ir.Draw):
            return self._draws[operation.number]
        return self._input_numbers[operation.name, operation.path]

    def output_slot(self, operation: ir.Output) -> OutputSlot:
        """Return the slot of an output."""
        return self.outputs[self._by_operation[operation.number]]

    def site(self, operation: ir.Operation) -> int:
        """Return the number of the failure of an operation that may fail."""
        return self._sites[operation.number]

    def exchange_number(self, group: Group) -> int:
        """Return the number of a group."""
        return self._exchanges[group[0].number]

    def mark_number(self, group: Group) -> int | None:
        """Return the number of the mark before a group; None if there is no mark."""
        if not _is_marked(group[0]):
            return None
        if group[0].number not in self._marks:
            self.marks.append(group)
            self._marks[group[0].number] = len(self.marks)
        return self._marks[group[0].number]

    def note_region(self, region: ir.Region, constants: Constants) -> None:
        """Assign the necessary numbers to all operations of a region and of nested regions.

        `constants` are those of the function.
        """
        for group in groups(region.operations):
            exchanged = is_exchanged(group[0], self.parties)
            together = exchanged or leaves_yao(group[0])
            for part in (group,) if together else [(operation,) for operation in group]:
                self.mark_number(part)
            if exchanged and not enters_yao(group[0]):
                self._exchanges[group[0].number] = len(self.exchanges)
                self.exchanges.append(exchange_of(group, constants, self.party))
            for operation in group:
                self.note(operation)
                for inner in operation.regions:
                    self.note_region(inner, constants)

    def note(self, operation: ir.Operation) -> None:
        """Assign the necessary numbers to an operation."""
        if isinstance(operation, ir.Input) and operation.is_given_by(self.party):
            self._note_input(operation)
        elif isinstance(operation, ir.Draw) and operation.party == self.party:
            type = operation.result.type
            self._draws[operation.number] = len(self.inputs)
            self.inputs.append(InputSlot("", (), type, type.element, True, operation.span))
        elif isinstance(operation, ir.Output):
            self._note_output(operation)
        kind = operation.failure
        if kind is not None:
            message = operation.message if isinstance(operation, ir.Assert) else None
            self._sites[operation.number] = len(self.sites)
            self.sites.append(Site(kind, operation.span, message or None))

    def _note_input(self, operation: ir.Input) -> None:
        known = (operation.name, operation.path)
        if known not in self._input_numbers:
            self._input_numbers[known] = len(self.inputs)
            turned, type = isinstance(operation, ir.TurnInput), operation.result.type
            slot = InputSlot(*known, type, operation.whole_type, turned, operation.span)
            self.inputs.append(slot)

    def _note_output(self, operation: ir.Output) -> None:
        everybody = range(self.parties + self.clients)
        receivers = everybody if operation.to is None else (operation.to,)
        numbers = []
        for receiver in receivers:
            key = (receiver, operation.name, operation.path)
            if key not in self.keys:
                self.keys.append(key)
            numbers.append(self.keys.index(key))
        self._by_operation[operation.number] = len(self.outputs)
        self.outputs.append(OutputSlot(len(self.outputs), operation, tuple(numbers)))


def exchange_of(group: Sequence[ir.Operation], constants: Constants, party: int) -> Exchange:
    """Return a group as a party runs it, given the constants of its function."""
    operations = tuple(_without_labels(operation) for operation in group)
    known = tuple(constant_operands(operation, constants) for operation in group)
    return Exchange(operations, known, party)


def exchanges_of(
    group: Sequence[ir.Operation], constants: Constants, parties: int
) -> list[Exchange]:
    """Return a group as each of so many parties runs it, given the constants of its function."""
    return [exchange_of(group, constants, party) for party in range(parties)]


def _is_marked(operation: ir.Operation) -> bool:
    """Return whether an operation may send something, or compute on secrets."""
    if isinstance(operation, ir.Structured | ir.Call | ir.Constant):
        return False
    values = (*operation.operands, *operation.results)
    computes = isinstance(operation, ir.Computation)
    return not computes or any(value.type.label.is_secret for value in values)


def _without_labels(operation: ir.Operation) -> ir.Operation:
    """Return a conversion from Yao's sharing as one from boolean sharing; others are unchanged."""
    if not isinstance(operation, ir.Convert):
        return operation
    (operand,) = operation.operands
    if operand.type.sharing is not ir.Sharing.YAO:
        return operation
    boolean = replace(operand, type=replace(operand.type, sharing=ir.Sharing.BOOLEAN))
    return replace(operation, operands=(boolean,))


def interface_of(program: ir.Program, party: int, *, metered: bool = False) -> Interface:
    """Return the interface of a program (after its passes) at one party.

    `metered`: its code calls back before operations.
    """
    interface = Interface(
        party, len(program.parties), metered=metered, clients=len(program.clients)
    )
    for function in numbered(program).functions:
        interface.note_region(function.body, facts_of(function).constants)
    return interface
