"""Operations that make tensors, or that combine the elements of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ezlang.types.types import INT64

from ..errors import need
from ..intervals import FLAG, Interval, fitted, full
from ..kinds import BinaryKind, Messages
from ..value import A, Sharing, TensorType, is_flag
from .moves import Types
from .node import Computation, alike


class Source(Computation):
    """A computation without operands. Its result is public."""

    __slots__ = ()

    def check_labels(self, types: Types, result: TensorType) -> None:
        """Check that the result is public."""
        need(not types, "it takes no operands")
        need(result.label.is_public, "a constant is public")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Source):
    """() -> public value. `data` has one entry (repeated), or one an element, row-major."""

    data: tuple[int, ...]

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check the number of data, and that they are in range."""
        need(len(self.data) in (1, result.size), "wrong number of elements")
        low, high = result.element.low, result.element.high
        need(all(low <= x <= high for x in self.data), "an element is out of range")

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the least to the largest number."""
        return Interval(min(self.data), max(self.data)) if self.data else full(self.result.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Iota(Source):
    """() -> public integers start, start + step, start + 2·step, … in a row, wrapping."""

    start: int
    step: int

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check that the result is a row of integers."""
        need(result.is_integer and len(result.shape) == 1, "it gives integers in a row")

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the interval between the first and the last number, if nothing wraps."""
        type = self.result.type
        last = self.start + self.step * max(type.size - 1, 0)
        return fitted(Interval(min(self.start, last), max(self.start, last)), type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Positions(Computation):
    """(condition [n]) -> public integers [m]: where a public condition is true, in order.

    Where fewer than m are, -1 follows; where more are, only the first m are told.
    """

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check that the operand is a row of bools and the result one of integers."""
        need(len(types) == 1 and types[0].is_logical, "it takes bools")
        need(len(types[0].shape) == len(result.shape) == 1, "wrong shape")
        need(result.label.is_public and result.is_integer, "it gives public integers")

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return −1 to the last index."""
        return Interval(-1, max(self.operands[0].type.size - 1, -1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Separate(Computation):
    """(places…) -> public bool: whether m turns, one after another, can be taken at once.

    The operands are int64 [m]: in each turn, the first `early` of them are read, then the next
    `written` ones are written, then the others are read. True if all places are below `size`, and
    none that is written is read afterwards, or written again, in that turn or a later one.
    Negative places are nobody's.
    """

    written: int
    size: int
    early: int = 0

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check the places, and how many of them are written and read early."""
        need(len(types) > 0 and len(set(types)) == 1, "the operands have one type")
        need(types[0].element == INT64 and len(types[0].shape) == 1, "it takes places")
        named = self.early + self.written
        need(min(self.early, self.written) >= 0, "there are none of less than 0")
        need(named <= len(types), "more is written than there is")
        need(is_flag(result) and result.label.is_public, "it gives a public bool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduce(Computation):
    """(x) -> elements of x combined: ADD, MUL, MIN, MAX, AND, OR or XOR.

    All of them, into a scalar; or along dimension `axis`, which the result doesn't have.
    """

    kind: BinaryKind
    axis: int | None = None

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check the result's shape, and that the kind is a reduction of such elements."""
        need(len(types) == 1, "it takes one operand")
        need(result.shape == _reduced(types[0].shape, self.axis), "wrong shape")
        need(self.kind.traits.reduction is not None, "this is not a reduction")
        need(types[0].element == result.element, "types differ")
        need(self.kind.traits.on.has(result.element), "wrong element type")

    def required(self, column: Sharing) -> tuple[Sharing, ...] | None:
        """Return one sharing for both; an arithmetic one only if the kind is local on it."""
        if column is A and self.kind.traits.arithmetic is not Messages.NEVER:
            return None
        return alike(self, column)

    def exchanges(self, column: Sharing) -> bool:
        """Return whether the kind isn't local."""
        kind = self.kind.traits
        return (kind.arithmetic if column is A else kind.boolean) is not Messages.NEVER

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the interval of as many combinations as there are elements."""
        type, operand = self.result.type, self.operands[0].type
        count = operand.size if self.axis is None else operand.shape[self.axis]
        if count == 0:
            one = self.kind.traits.combining.identity(operand.element)
            return fitted(Interval(one, one), type)
        match self.kind:
            case BinaryKind.ADD:
                return fitted(Interval(count * x[0].low, count * x[0].high), type)
            case BinaryKind.MUL:
                return FLAG if x[0].within(FLAG) else full(type)
            case (
                BinaryKind.AND | BinaryKind.OR | BinaryKind.XOR | BinaryKind.MIN | BinaryKind.MAX
            ):  # combining more elements doesn't widen it
                return fitted(self.kind.traits.range(x[0], x[0], type), type)
            case _:
                return full(type)


def _reduced(shape: tuple[int, ...], axis: int | None) -> tuple[int, ...]:
    if axis is None:
        return ()
    need(0 <= axis < len(shape), "there is no such dimension")
    return shape[:axis] + shape[axis + 1 :]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixProduct(Computation):
    """(x [m, k], y [k, n]) -> the matrix product [m, n] of integers, wrapping.

    Or (x [b, m, k], y [b, k, n]) -> [b, m, n]: a batch of products, item by item.
    """

    @property
    def takes_owned(self) -> bool:
        """True: the product is cheaper if an operand belongs to one party."""
        return True

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check that the shapes fit."""
        need(len(types) == 2, "it takes two operands")
        shape = _multiplied(types[0].shape, types[1].shape)
        need(shape is not None, "the shapes don't fit")
        need(result.shape == shape, "wrong shape")
        need(types[0].element == types[1].element == result.element, "types differ")
        need(result.is_number, "wrong element type")

    def required(self, column: Sharing) -> tuple[Sharing, ...] | None:
        """Return one sharing for all."""
        return alike(self, column)

    def exchanges(self, column: Sharing) -> bool:
        """Return False only for arithmetic shares times a public matrix."""
        return column is not A or not any(type.label.is_public for type in self.types)

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the interval of a sum of products."""
        terms = self.operands[0].type.shape[-1]
        one = BinaryKind.MUL.traits.range(x[0], x[1], self.result.type)
        found = Interval(terms * min(one.low, 0), terms * max(one.high, 0))
        return fitted(found, self.result.type)


def _multiplied(x: tuple[int, ...], y: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the shape of a product of matrices, or of a batch of them; None if they don't fit."""
    if len(x) != len(y) or len(x) not in (2, 3) or x[:-2] != y[:-2] or x[-1] != y[-2]:
        return None
    return (*x[:-1], y[-1])
