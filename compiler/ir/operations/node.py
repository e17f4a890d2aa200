"""What all operations have in common, and which questions a class of operations answers.

A class states its traits, the rules for its operands and results, its sharings, when it takes
messages, and the intervals of its results. Passes and executors ask the class. A question that it
doesn't answer raises a `CompilerBug`: nobody guesses.
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
    """Operations with parameters and yielded values; may use values of enclosing regions."""

    parameters: tuple[Value, ...] = ()
    operations: tuple[Operation, ...] = ()
    yields: tuple[Value, ...] = ()


class Effect(Flag):
    """The side effects of an operation.

    FAILS: it may end the run. HANGS: it may never end. TELLS: it opens or outputs a value.
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

    - `effects`: their side effects, without those of their regions or of the function they call.
    - `is_pure`: they are functions of their operands. An unused one may be removed, and one of two
      with equal operands suffices. (A checked one may still fail.)
    - `overwrites`: the result is operand 0 with some elements replaced, and may take its memory.
    - `failure`: the failure with which they may end the run; if they are `Checkable`, only those
      that are checked.
    """

    effects: Effect = Effect.NONE
    is_pure: bool = False
    overwrites: bool = False
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What rules need to know besides the operation: the parties, and the functions before it."""

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
        """The failure with which the operation may end the run, if there is one."""
        return self.traits.failure

    @property
    def takes_owned(self) -> bool:
        """Whether an operand in the arithmetic column may belong to one party, which is cheaper."""
        return False

    @property
    def has_circuit(self) -> bool:
        """Whether a circuit computes it on shares, for which there is a deep and a shallow one."""
        return False

    def check(self, around: Surroundings) -> None:
        """Raise RuleError unless operands, results, regions, types and labels are right."""
        raise self._unanswered("its rules")

    def required(self, column: Sharing) -> tuple[Sharing, ...] | None:
        """Return the sharings of the operands, and at the end of the result, in a column.

        The columns are those of the table in ir/sharings.py. Operands that are known have an entry,
        too. None: the operation has no form in the column.
        """
        raise self._unanswered("its sharings")

    def exchanges(self, column: Sharing) -> bool:
        """Return whether the parties exchange messages for it in the arithmetic or boolean column.

        It has operands or results with a sharing.
        """
        raise self._unanswered("its messages")

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the interval of the result for intervals of the operands."""
        return full(self.result.type)

    def _unanswered(self, question: str) -> CompilerBug:
        return CompilerBug(f"{type(self).__name__} doesn't say {question}")


def one_result(operation: OperationNode) -> TensorType:
    """Return the type of the only result. Raises RuleError if there are others, or regions."""
    need(not operation.regions, "it has no regions")
    need(len(operation.results) == 1, "it has one result")
    return operation.result.type


class Computation(OperationNode):
    """An operation that is a function of its operands, and has one result."""

    __slots__ = ()
    traits = Traits(is_pure=True)

    def check(self, around: Surroundings) -> None:
        """Raise RuleError unless labels and types are right."""
        result, types = one_result(self), self.types
        self.check_labels(types, result)
        self.check_types(types, result)

    def check_labels(self, types: tuple[TensorType, ...], result: TensorType) -> None:
        """Raise RuleError unless the label of the result is right."""
        expected = meet_all([type.label for type in types])
        need(result.label == expected, "the result's label is not the meet of the operands'")

    def check_types(self, types: tuple[TensorType, ...], result: TensorType) -> None:
        """Raise RuleError unless the types of operands and result are right."""
        raise self._unanswered("its types")


class Checkable(OperationNode):
    """An operation that, if `checked`, fails the run when a public operand is out of range."""

    __slots__ = ()
    traits = Traits()
    checked: bool

    @property
    def failure(self) -> Failure | None:
        """The failure with which the operation may end the run, if it is checked."""
        return self.traits.failure if self.checked else None


class Narrowable(OperationNode):
    """An operation that can be computed in fewer bits than its operands have: see `Binary`."""

    __slots__ = ()
    traits = Traits()
    bits: int
    nonnegative: bool


def alike(operation: OperationNode, column: Sharing) -> tuple[Sharing, ...] | None:
    """Return the column's sharing for all operands and the result; None if they can't have it."""
    if column is A and operation.result.type.ring is None:
        return None
    return (column,) * (len(operation.operands) + 1)
