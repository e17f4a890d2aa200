"""The base classes of operations.

A class of operations defines its traits, the rules for its operands and results, its sharings, and
the ranges of its results. Passes and executors query these. A query that a class doesn't implement
raises `CompilerBug`: there are no defaults that might be wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import Flag, auto
from typing import TYPE_CHECKING, ClassVar

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass
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
    """Operations with parameters and yielded values. They may use values of enclosing regions.

    Tables of regions are keyed by `number` (ir/numbering.py).
    """

    parameters: tuple[Value, ...] = ()
    operations: tuple[Operation, ...] = ()
    yields: tuple[Value, ...] = ()
    number: int = field(default=-1, compare=False, repr=False)


class Effect(Flag):
    """The side effects of an operation.

    FAILS: it may end the run. HANGS: it may not terminate. TELLS: it opens or outputs a value.
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
    """Properties that all operations of a class share.

    - `effects`: their own effects, without those of their regions and of called functions.
    - `is_pure`: they are functions of their operands. An unused one may be removed, and two with
      the same operands may be merged. (A checked one may fail.)
    - `overwrites`: the result is a modified operand 0, and may reuse its memory.
    - `failure`: the failure that ends the run, if they are checked or always check something.
    """

    effects: Effect = Effect.NONE
    is_pure: bool = False
    overwrites: bool = False
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The context of the rules of operations: the parties and the functions defined so far.

    The last `clients` of the parties don't compute.
    """

    parties: tuple[str, ...]
    functions: Mapping[str, Function]
    clients: int = 0

    def is_client(self, party: int) -> bool:
        """Return whether a party is one that doesn't compute."""
        return len(self.parties) - self.clients <= party < len(self.parties)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationNode:
    """The base class of all operations.

    `requested` is the sharing that the program requests, if any. If a circuit computes the
    operation on shares, it is a circuit with few rounds, or, if `deep` is set, one with the fewest
    ANDs (passes/sharings/circuit_depth.py).
    """

    traits: ClassVar[Traits]

    operands: tuple[Value, ...] = ()
    results: tuple[Value, ...] = ()
    regions: tuple[Region, ...] = ()
    span: Span = field(default=NO_SPAN, compare=False, repr=False)
    number: int = field(default=-1, compare=False, repr=False)
    requested: Sharing | None = None
    deep: bool = False

    def __init_subclass__(cls) -> None:
        """Reject a class of operations without traits."""
        if not hasattr(cls, "traits"):
            raise TypeError(f"{cls.__name__} has no traits")

    @property
    def result(self) -> Value:
        """The only result."""
        (value,) = self.results
        return value

    @property
    def types(self) -> tuple[TensorType, ...]:
        """The operands' types."""
        return tuple(value.type for value in self.operands)

    @property
    def failure(self) -> Failure | None:
        """The failure by which the operation may end the run, if any."""
        return self.traits.failure

    @property
    def takes_owned(self) -> bool:
        """Whether an owned operand needs no shares, if the others have arithmetic shares."""
        return False

    def has_circuit(self, known: Sequence[int | None]) -> bool:
        """Return whether its protocol on shares runs a circuit, small or of few rounds.

        `known` are the constants among its operands (ir/facts.py).
        """
        return False

    def check(self, around: Surroundings) -> None:
        """Raise RuleError if operands, results, regions, types or labels break a rule."""
        raise self._unanswered("its rules")

    def required(self, sharing: Sharing) -> tuple[Sharing, ...] | None:
        """Return the sharings of secret operands and, last, the result for an operation sharing.

        The table in ir/sharings.py shows them. There is an entry for each operand,
        including those in the clear. None: the operation has no form in that sharing.
        """
        raise self._unanswered("its sharings")

    def exchanges(self, sharing: Sharing) -> bool:
        """Return whether the parties exchange messages for it in the arithmetic or boolean sharing.

        At least one of its operands and results has a sharing.
        """
        raise self._unanswered("its messages")

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range of the result, given the ranges of the operands."""
        return full(self.result.type)

    def _unanswered(self, question: str) -> CompilerBug:
        return CompilerBug(f"{type(self).__name__} doesn't say {question}")


def one_result(operation: OperationNode) -> TensorType:
    """Return the result's type; the operation must have one result and no regions."""
    need(not operation.regions, "it has no regions")
    need(len(operation.results) == 1, "it has one result")
    return operation.result.type


class Computation(OperationNode):
    """An operation with one result, which is a function of the operands."""

    __slots__ = ()
    traits = Traits(is_pure=True)

    def check(self, around: Surroundings) -> None:
        """Raise RuleError if the operation breaks a rule."""
        result, types = one_result(self), self.types
        self.check_labels(types, result)
        self.check_types(types, result)

    def check_labels(self, types: tuple[TensorType, ...], result: TensorType) -> None:
        """Raise RuleError unless the result's label is the meet of the operands' labels."""
        expected = meet_all([type.label for type in types])
        need(result.label == expected, "the result's label is not the meet of the operands'")

    def check_types(self, types: tuple[TensorType, ...], result: TensorType) -> None:
        """Raise RuleError unless the types of the operands and the result match."""
        raise self._unanswered("its types")


class Checkable(OperationNode):
    """An operation that fails the run if it is `checked` and a public operand is out of range."""

    __slots__ = ()
    traits = Traits()
    checked: bool

    @property
    def failure(self) -> Failure | None:
        """The failure by which the operation may end the run, if any."""
        return self.traits.failure if self.checked else None


class Narrowable(OperationNode):
    """An operation that may be computed in fewer bits than its operands have; see `Binary`."""

    __slots__ = ()
    traits = Traits()
    bits: int
    nonnegative: bool


def alike(operation: OperationNode, sharing: Sharing) -> tuple[Sharing, ...] | None:
    """Return the sharings of an operation in which all are equal. Bools are never arithmetic."""
    if sharing is A and operation.result.type.ring is None:
        return None
    return (sharing,) * (len(operation.operands) + 1)
