"""Element-wise operations."""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.records import dataclass
from ezlang.typed.failures import Failure
from ezlang.types.types import BOOL, Domain

from ..errors import need
from ..intervals import FLAG, Interval, fitted
from ..kinds import BinaryKind, UnaryKind
from ..value import A, B, Sharing, TensorType, same_tensor
from .node import Checkable, Computation, Narrowable


class Elementwise(Computation):
    """An operation on corresponding elements. Its scalar case has a circuit."""

    __slots__ = ()

    @property
    def is_arithmetic(self) -> bool:
        """Whether it is on arithmetic shares. Operands that a party owns are beside no others."""
        types = (*self.types, self.result.type)
        return any(one.sharing is A or one.label.is_owned for one in types)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Elementwise):
    """(x) -> element-wise."""

    kind: UnaryKind

    def has_circuit(self, known: Sequence[int | None]) -> bool:
        """Return whether it is on boolean shares."""
        return not self.is_arithmetic

    def check_types(self, types: tuple[TensorType, ...], result: TensorType) -> None:
        """Check that the result has the operand's type, and that the kind supports it."""
        need(len(types) == 1 and same_tensor(types[0], result), "types differ")
        need(self.kind.traits.on.has(result.element), "wrong element type")

    def required(self, sharing: Sharing) -> tuple[Sharing, ...] | None:
        """Operand and result have the same sharing, if the kind supports it."""
        missing = sharing is A and self.kind.traits.arithmetic is None
        return None if missing else (sharing, sharing)

    def exchanges(self, sharing: Sharing) -> bool:
        """Return the answer of the kind."""
        return self.kind.traits.messages(sharing).needed(self.types)

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the answer of the kind."""
        type = self.result.type
        return fitted(self.kind.traits.range(x[0], type), type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Elementwise, Checkable, Narrowable):
    """(x, y) -> element-wise; equal shapes and element types (SHL, SHR: y is any integer).

    If `bits` isn't 0, operands and result are known to fit into that number of bits: in two's
    complement, or as unsigned numbers if they are `nonnegative` (passes/sharings/narrow.py). A
    `factor` of a product, (which, low, high), is the operand that has so few values, from `low` to
    `high`, that arithmetic shares multiply by them at less cost.
    """

    kind: BinaryKind
    checked: bool = False
    bits: int = 0
    nonnegative: bool = False
    factor: tuple[int, ...] = ()

    @property
    def failure(self) -> Failure | None:
        """Division by zero or an excessive shift amount, if the operation is checked."""
        return self.kind.traits.failure if self.checked else None

    @property
    def takes_owned(self) -> bool:
        """Return the answer of the kind."""
        return self.kind.traits.takes_owned

    def has_circuit(self, known: Sequence[int | None]) -> bool:
        """On boolean shares, return whether the kind isn't bitwise, which needs no circuit.

        On arithmetic ones, return the answer of the kind.
        """
        if self.is_arithmetic:
            return self.kind.traits.computed_on_bits and known[1] is None
        return self.kind.traits.on is not Domain.BITS

    def check_types(self, types: tuple[TensorType, ...], result: TensorType) -> None:
        """Check that the kind supports the operands' types, and returns the result's type."""
        kind = self.kind.traits
        need(len(types) == 2, "it takes two operands")
        need(0 <= self.bits < types[0].width, "its bits are all that there are, or more")
        need(types[0].shape == types[1].shape == result.shape, "the shapes differ")
        if kind.shifts:
            need(types[1].is_integer, "the amount is an integer")
        else:
            need(types[0].element == types[1].element, "the operands differ in type")
        need(kind.on.has(types[0].element), "wrong element type")
        expected = BOOL if kind.gives_bool else types[0].element
        need(result.element == expected, "the result has another element type")
        need(not self.factor or self.kind is BinaryKind.MUL, "only a product has a factor")
        fails = kind.failure is not None and types[1].label.is_public
        need(fails or not self.checked, "it cannot fail")

    def required(self, sharing: Sharing) -> tuple[Sharing, ...] | None:
        """All have the same sharing, but bools computed from arithmetic shares are boolean."""
        if sharing is not A:
            return (sharing, sharing, sharing)
        kind, (x, y) = self.kind.traits, self.types
        if x.ring is None or kind.arithmetic is None or (kind.shifts and y.label.is_secret):
            return None
        return (A, A, B if kind.gives_bool else A)

    def exchanges(self, sharing: Sharing) -> bool:
        """Return the answer of the kind."""
        return self.kind.traits.messages(sharing).needed(self.types)

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the answer of the kind."""
        type = self.result.type
        return fitted(self.kind.traits.range(x[0], x[1], type), type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Select(Elementwise, Narrowable):
    """(condition, x, y) -> x where true, y elsewhere.

    The condition is a scalar or has the shape of x and y.
    `bits` and `nonnegative` are as in Binary, and hold for x and y.
    """

    bits: int = 0
    nonnegative: bool = False

    def check_types(self, types: tuple[TensorType, ...], result: TensorType) -> None:
        """Check the condition, and that x and y have the result's type."""
        need(len(types) == 3, "it takes three operands")
        need(types[0].is_logical, "the condition is a bool")
        need(types[0].shape in ((), types[1].shape), "the condition's shape is wrong")
        need(same_tensor(types[1], types[2]), "the sides differ in type")
        need(same_tensor(types[1], result), "the result has another type")

    def required(self, sharing: Sharing) -> tuple[Sharing, ...] | None:
        """x, y and the result have the same sharing; a condition has no arithmetic sharing."""
        if sharing is not A:
            return (sharing,) * 4
        return None if self.result.type.ring is None else (B, A, A, A)

    def exchanges(self, sharing: Sharing) -> bool:
        """Selection takes messages if the condition is secret."""
        return self.operands[0].type.label.is_secret

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the join of both sides."""
        return x[1].join(x[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast(Elementwise):
    """(x) -> x in the result's element type: modulo 2^width; from bool 0/1, to bool `!= 0`."""

    def has_circuit(self, known: Sequence[int | None]) -> bool:
        """Return whether it is on boolean shares."""
        return not self.is_arithmetic

    def check_types(self, types: tuple[TensorType, ...], result: TensorType) -> None:
        """Check that the shape stays the same."""
        need(len(types) == 1 and types[0].shape == result.shape, "the shapes differ")

    def required(self, sharing: Sharing) -> tuple[Sharing, ...] | None:
        """Both have the same sharing, but bools computed from arithmetic shares are boolean."""
        if sharing is not A:
            return (sharing, sharing)
        old, new = (B if type.ring is None else A for type in (*self.types, self.result.type))
        return None if old is new is B else (old, new)

    def exchanges(self, sharing: Sharing) -> bool:
        """Casts to bool take messages; so do all casts on arithmetic shares but narrowing."""
        old, new = self.operands[0].type, self.result.type
        if sharing is not A:
            return new.is_logical and not old.is_logical
        return new.ring is None or old.ring is None or new.width > old.width

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range if it fits the result's type."""
        type = self.result.type
        return FLAG if type.is_logical else fitted(x[0], type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bit(Elementwise):
    """(x) -> bit `position` (0 is the least significant) of each integer, as bool."""

    position: int

    def check_types(self, types: tuple[TensorType, ...], result: TensorType) -> None:
        """Check that the position is below the width."""
        need(len(types) == 1 and types[0].is_integer, "it takes integers")
        need(0 <= self.position < types[0].width, "there is no such bit")
        need(result.is_logical and types[0].shape == result.shape, "it gives bools")

    def required(self, sharing: Sharing) -> tuple[Sharing, ...] | None:
        """Both have the same sharing, but a bit of arithmetic shares is a boolean share."""
        return (A, B) if sharing is A else (sharing, sharing)

    def exchanges(self, sharing: Sharing) -> bool:
        """On arithmetic shares, carries take messages; the lowest bit has no carry."""
        return sharing is A and self.position > 0

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range 0 to 1."""
        return FLAG
