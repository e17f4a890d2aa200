"""What all operations have in common, and what a class of them says of itself.

A class of operations stands beside all that is known about it: its traits, the rules for its
operands and results, its sharings, and the ranges of its results. Passes and executors ask for
these. Where a class doesn't answer a question it can't be asked: `CompilerBug`, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Flag, auto
from typing import TYPE_CHECKING, ClassVar

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.source import NO_SPAN, Span
from ezlang.typed.failures import Failure
from ezlang.types.labels import meet_all

from ..errors import need
from ..intervals import Interval, full
from ..value import A, Sharing, TensorType, Value

if TYPE_CHECKING:
    from ..tree import Function, Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Operations with parameters and yielded values; may use values of enclosing regions.

    Tables of regions are keyed by `number` (ir/numbering.py).
    """

    parameters: tuple[Value, ...] = ()
    operations: tuple[Operation, ...] = ()
    yields: tuple[Value, ...] = ()
    number: int = field(default=-1, compare=False, repr=False)


class Effect(Flag):
    """What running an operation does besides giving its results.

    FAILS: it may end the run. HANGS: it may never end. TELLS: it opens or puts out a value.
    """

    NONE = 0
    FAILS = auto()
    HANGS = auto()
    TELLS = auto()
    OUTPUTS = auto()
    INPUTS = auto()
    ENDS = FAILS | HANGS


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What holds for all operations of a class.

    - `effects`: what they do by themselves, apart from their regions and from what they call.
    - `is_pure`: they are functions of their operands. One that nothing uses may be left out, and
      of two with the same operands one is enough. (A checked one may fail.)
    - `overwrites`: the result is operand 0, changed in parts, and may be made in its memory.
    - `failure`: how they end the run where they are checked, or always check something.
    """

    effects: Effect = Effect.NONE
    is_pure: bool = False
    overwrites: bool = False
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rules of operations look at besides the operation: parties, and functions so far."""

    parties: tuple[str, ...]
    functions: Mapping[str, Function]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationNode:
    """What every operation has.

    `forced` is the sharing that the program asks for, if it does. Where it is computed on shares by
    a circuit, that has few rounds, or, if it is `deep`, the fewest ANDs
    (passes/sharings/circuit_depth.py).
    """

    traits: ClassVar[Traits]

    operands: tuple[Value, ...] = ()
    results: tuple[Value, ...] = ()
    regions: tuple[Region, ...] = ()
    span: Span = field(default=NO_SPAN, compare=False, repr=False)
    number: int = field(default=-1, compare=False, repr=False)
    forced: Sharing | None = None
    deep: bool = False

    def __init_subclass__(cls) -> None:
        """Refuse a class of operations without traits."""
        if not hasattr(cls, "traits"):
            raise TypeError(f"{cls.__name__} has no traits")

    @property
    def result(self) -> Value:
        """The one result."""
        (value,) = self.results
        return value

    @property
    def types(self) -> tuple[TensorType, ...]:
        """The operands' types."""
        return tuple(value.type for value in self.operands)

    @property
    def failure(self) -> Failure | None:
        """How the operation may end the run, if it may."""
        return self.traits.failure

    @property
    def takes_owned(self) -> bool:
        """Whether an operand may be one party's own in the arithmetic column, which is cheaper."""
        return False

    @property
    def has_circuit(self) -> bool:
        """Whether on shares it is computed by circuits, a deep one and one of few rounds."""
        return False

    def check(self, around: Surroundings) -> None:
        """Raise RuleError unless operands, results, regions, types and labels are right."""
        raise self._unanswered("its rules")

    def required(self, column: Sharing) -> tuple[Sharing, ...] | None:
        """Return what secret operands must be shared as, and at the end the result, in a column.

        The columns are those of the table in ir/sharings.py. There is an entry for each operand,
        also for those that are known. None: there is no such form of the operation.
        """
        raise self._unanswered("its sharings")

    def exchanges(self, column: Sharing) -> bool:
        """Return whether the parties exchange messages for it in the arithmetic or boolean column.

        It has operands or results with a sharing.
        """
        raise self._unanswered("its messages")

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return between what the result lies, for ranges of the operands."""
        return full(self.result.type)

    def _unanswered(self, question: str) -> CompilerBug:
        return CompilerBug(f"{type(self).__name__} doesn't say {question}")


def one_result(operation: OperationNode) -> TensorType:
    """Return the result's type; there have to be one result and no regions."""
    need(not operation.regions, "it has no regions")
    need(len(operation.results) == 1, "it has one result")
    return operation.result.type


class Computation(OperationNode):
    """An operation that is a function of its operands, and has one result."""

    __slots__ = ()
    traits = Traits(is_pure=True)

    def check(self, around: Surroundings) -> None:
        """Raise RuleError unless the operation is right."""
        result, types = one_result(self), self.types
        self.check_labels(types, result)
        self.check_types(types, result)

    def check_labels(self, types: tuple[TensorType, ...], result: TensorType) -> None:
        """Raise RuleError unless the result may be known to just those who may know it."""
        expected = meet_all([type.label for type in types])
        need(result.label == expected, "the result's label is not the meet of the operands'")

    def check_types(self, types: tuple[TensorType, ...], result: TensorType) -> None:
        """Raise RuleError unless the types of operands and result fit."""
        raise self._unanswered("its types")


class Checkable(OperationNode):
    """An operation that fails the run where it is `checked` and a public operand out of range."""

    __slots__ = ()
    traits = Traits()
    checked: bool

    @property
    def failure(self) -> Failure | None:
        """How the operation may end the run, if it may."""
        return self.traits.failure if self.checked else None


class Narrowable(OperationNode):
    """An operation that may be done in fewer bits than its operands have: see `Binary`."""

    __slots__ = ()
    traits = Traits()
    bits: int
    nonnegative: bool


def alike(operation: OperationNode, column: Sharing) -> tuple[Sharing, ...] | None:
    """Return the sharings of what takes and gives one sharing; no bools have an arithmetic one."""
    if column is A and operation.result.type.ring is None:
        return None
    return (column,) * (len(operation.operands) + 1)
