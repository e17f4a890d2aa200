"""Operations for inputs and outputs, and for changes of labels and sharings."""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.records import dataclass
from ezlang.typed.failures import Failure
from ezlang.types.labels import PUBLIC, owned
from ezlang.types.types import INT64, ScalarType, Type, array_of
from ezlang.values.data import leaves

from ..errors import need
from ..intervals import Interval
from ..value import A, B, Sharing, TensorType, Y, is_flag, same_tensor
from .node import Effect, Narrowable, OperationNode, Surroundings, Traits, alike, one_result


class Boundary(OperationNode):
    """An operation at a boundary between parties or between sharings."""

    __slots__ = ()
    traits = Traits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Relabel(Boundary):
    """(x) -> x with the result's label, which has fewer readers. If that is secret, x is shared.

    With the number of a `mask`, x is what one party knows, and the arithmetic shares are only for
    products of which x is a factor, too (`Product.mask`). Such an operation runs once in a run.
    """

    traits = Traits(is_pure=True)

    mask: int | None = None

    def check(self, around: Surroundings) -> None:
        """Check that only the label changes, and that it loses readers."""
        source, result = _one_operand(self)
        need(same_tensor(source, result), "only the label may change")
        need(source.label.flows_to(result.label), "the label may only lose readers")
        masks = source.label.is_owned and result.sharing is A
        need(self.mask is None or masks, "a mask is for arithmetic shares of what one party knows")

    def required(self, sharing: Sharing) -> tuple[Sharing, ...] | None:
        """Operand and result have the operation sharing."""
        return alike(self, sharing)

    def exchanges(self, sharing: Sharing) -> bool:
        """Sending shares takes messages if one party alone knows the value."""
        return self.operands[0].type.label.is_owned

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range of the operand."""
        return x[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Convert(Boundary, Narrowable):
    """(x) -> the secret x, converted to the result's sharing, which differs from that of x.

    `bits` and `nonnegative` are as in Binary.
    """

    traits = Traits(is_pure=True)

    bits: int = 0
    nonnegative: bool = False

    def has_circuit(self, known: Sequence[int | None]) -> bool:
        """Return whether the conversion adds arithmetic shares in a circuit."""
        return self.operands[0].type.sharing is A and self.result.type.sharing is B

    def check(self, around: Surroundings) -> None:
        """Check that only the sharing changes."""
        source, result = _one_operand(self)
        need(same_tensor(source, result), "only the sharing may change")
        need(source.label == result.label, "only the sharing may change")

    def exchanges(self, sharing: Sharing) -> bool:
        """Only Yao to boolean is local: wire labels contain the boolean shares."""
        return not (self.operands[0].type.sharing is Y and self.result.type.sharing is B)

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range of the operand."""
        return x[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal(Boundary):
    """(x) -> x, opened to the readers of the result's label: everyone or one party.

    `element` is the type of x in the program; None if it is that of the result.
    """

    traits = Traits(effects=Effect.TELLS)

    element: ScalarType | None = None

    @property
    def told(self) -> ScalarType:
        """The type of the numbers that readers are told."""
        return self.element or self.result.type.element

    def check(self, around: Surroundings) -> None:
        """Check that only the label changes, and that it has readers."""
        source, result = _one_operand(self)
        need(same_tensor(source, result), "only the label may change")
        need(self.told.representation == result.element, "the program has another type")
        need(not result.label.is_secret, "what is revealed has readers")

    def exchanges(self, sharing: Sharing) -> bool:
        """Sending shares always takes messages."""
        return True

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range of the operand."""
        return x[0]


def _one_operand(operation: Boundary) -> tuple[TensorType, TensorType]:
    """Return the types of the operand and the result; there must be one of each."""
    result = one_result(operation)
    need(len(operation.operands) == 1, "it takes one operand")
    return operation.operands[0].type, result


@dataclass(frozen=True, slots=True, kw_only=True)
class Input(Boundary):
    """() -> field `path` of the input `name` of `party`, with label `@party`.

    If `party` is None, all parties give the same value, and the label is public. `path` is empty
    unless the input is a struct. `whole` is the type of the whole input `name`; None if it is the
    type of the result.
    """

    traits = Traits(effects=Effect.INPUTS)

    party: int | None
    name: str
    path: tuple[str, ...] = ()
    whole: Type | None = None

    @property
    def whole_type(self) -> Type:
        """The type of the whole input."""
        type = self.result.type
        return self.whole or array_of(type.element, type.shape)

    def is_given_by(self, party: int) -> bool:
        """Return whether a party gives it."""
        return self.party in (None, party)

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range of the field's type, which may be smaller than that of the result."""
        element = told_element(self, self.result.type)
        return Interval(element.low, element.high)

    def check(self, around: Surroundings) -> None:
        """Check that the party is one of the program's, and the type of the field."""
        result = one_result(self)
        self._check_operands()
        known = self.party is None or 0 <= self.party < len(around.parties)
        need(known, "there is no such party")
        own = PUBLIC if self.party is None else owned(self.party)
        need(result.label == own, "the result is its giver's")
        _check_whole(self, result)

    def _check_operands(self) -> None:
        need(not self.operands, "it takes no operands")


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnInput(Input):
    """(turn) -> the same for a turn, a public int64; fails if the party gives no value in it."""

    traits = Traits(effects=Effect.INPUTS | Effect.FAILS, failure=Failure.INPUT)

    def _check_operands(self) -> None:
        need(self.party is not None, "all parties give no values in turns")
        need(len(self.operands) == 1, "it takes one operand")
        _check_turn(self.operands[0].type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output(Boundary):
    """(x) -> (). Output x, readable by `to` (None: everyone), as field `path` of output `name`.

    The fields of an output are consecutive operations. `whole` is as for Input. An output without
    fields has no operations.
    """

    traits = Traits(effects=Effect.OUTPUTS | Effect.TELLS, failure=Failure.OUTPUT)

    to: int | None
    name: str
    path: tuple[str, ...] = ()
    whole: Type | None = None

    def check(self, around: Surroundings) -> None:
        """Check that the receivers may know the operand."""
        self._check_operands()
        type = self.operands[0].type
        readers = type.label
        known = readers.is_public or self.to == readers.owner
        need(known and not readers.is_secret, "the receiver may not know the operand")
        _check_whole(self, type)

    def _check_operands(self) -> None:
        need(len(self.operands) == 1 and not self.results, "it takes one operand")


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOutput(Output):
    """(x, turn) -> (). Output x as the value of a turn, a public int64.

    It fails unless the turn is the number of values so far.
    """

    traits = Traits(effects=Effect.OUTPUTS | Effect.TELLS, failure=Failure.TURN)

    def _check_operands(self) -> None:
        need(len(self.operands) == 2 and not self.results, "it takes two operands")
        _check_turn(self.operands[1].type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw(Boundary):
    """() or (below) -> uniform numbers that `party` draws, of the ring or from 0 to below `below`.

    `below` is a public int64, not 0, whose bits are those of a number of the ring. The label is
    `@party`. Draws keep the order of the program.
    """

    traits = Traits(effects=Effect.INPUTS)

    party: int

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range of the numbers."""
        element = self.result.type.element
        if x and x[0].low >= 0:
            return Interval(0, min(max(x[0].high - 1, 0), element.high))
        return Interval(element.low, element.high)

    def check(self, around: Surroundings) -> None:
        """Check that the party is one of the program's, and the type of the bound."""
        result = one_result(self)
        need(0 <= self.party < len(around.parties), "there is no such party")
        need(result.label == owned(self.party), "the result is known to who draws it")
        need(len(self.operands) <= 1, "it takes at most one operand")
        for below in self.types:
            need(below.element == INT64 and not below.shape, "the bound is an int64")
            need(below.label.is_public, "the bound is public")


def _check_turn(type: TensorType) -> None:
    need(type.element == INT64 and not type.shape, "a turn is an int64")
    need(type.label.is_public, "a turn is public")


def told_element(operation: Input | Output, type: TensorType) -> ScalarType:
    """Return the type of the numbers that a party gives or is told, in a field of tensor `type`."""
    if operation.whole is None:
        return type.element
    return next(leaf.element for leaf in leaves(operation.whole) if leaf.path == operation.path)


def _check_whole(operation: Input | Output, type: TensorType) -> None:
    whole = operation.whole or array_of(type.element, type.shape)
    found = [leaf for leaf in leaves(whole) if leaf.path == operation.path]
    need(len(found) == 1, "there is no such field")
    same = found[0].element.representation == type.element and found[0].shape == type.shape
    need(same, "the field has another type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assert(Boundary):
    """(condition) -> (). Fails the run with `message` if the public condition is false."""

    traits = Traits(effects=Effect.FAILS, failure=Failure.ASSERTION)

    message: str

    def check(self, around: Surroundings) -> None:
        """Check that the condition is public."""
        need(len(self.operands) == 1 and not self.results, "it takes one operand")
        type = self.operands[0].type
        need(is_flag(type) and type.label.is_public, "it takes a public bool")
