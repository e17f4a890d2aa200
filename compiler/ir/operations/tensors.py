"""Operations that create tensors, or compute on whole tensors."""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.records import dataclass
from ezlang.types.types import INT64

from ..errors import need
from ..intervals import FLAG, Interval, fitted, full
from ..kinds import BinaryKind, Messages
from ..value import A, Sharing, TensorType, is_flag
from .moves import Types
from .node import Computation, alike


class Source(Computation):
    """A computation without operands, whose result is public."""

    __slots__ = ()

    def check_labels(self, types: Types, result: TensorType) -> None:
        """Check that the result is public."""
        need(not types, "it takes no operands")
        need(result.label.is_public, "a constant is public")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Source):
    """() -> public value. `data` has one entry (repeated), or one per element, row-major."""

    data: tuple[int, ...]

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check the number of entries, and that they are in range."""
        need(len(self.data) in (1, result.size), "wrong number of elements")
        low, high = result.element.low, result.element.high
        need(all(low <= x <= high for x in self.data), "an element is out of range")

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range from the smallest to the largest entry."""
        return Interval(min(self.data), max(self.data)) if self.data else full(self.result.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Iota(Source):
    """() -> public integers start, start + step, start + 2·step, … (1-D), wrapping."""

    start: int
    step: int

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check that the result is a one-dimensional array of integers."""
        need(result.is_integer and len(result.shape) == 1, "it gives integers in a row")

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range of the first and the last entry, unless entries wrap around."""
        type = self.result.type
        last = self.start + self.step * max(type.size - 1, 0)
        return fitted(Interval(min(self.start, last), max(self.start, last)), type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Positions(Computation):
    """(condition [n]) -> public integers [m]: where a public condition is true, in order.

    The result is padded with -1, or truncated to the first m indices.
    """

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check that the operand is a 1-D array of bools and the result one of public integers."""
        need(len(types) == 1 and types[0].is_logical, "it takes bools")
        need(len(types[0].shape) == len(result.shape) == 1, "wrong shape")
        need(result.label.is_public and result.is_integer, "it gives public integers")

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range of the indices and -1."""
        return Interval(-1, max(self.operands[0].type.size - 1, -1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Separate(Computation):
    """(indices…) -> public bool: whether m sequential iterations can be executed in parallel.

    The operands are int64 [m]. In each iteration, the first `early` operands are read, then the
    next `written` operands are written, then the others are read. The result is true if all indices
    are below `size`, and no place is read or written again after it is written, neither in the
    same iteration nor in a later one. Negative indices are ignored.
    """

    written: int
    size: int
    early: int = 0

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check the indices, and how many are read and written."""
        need(len(types) > 0 and len(set(types)) == 1, "the operands have one type")
        need(types[0].element == INT64 and len(types[0].shape) == 1, "it takes indices")
        named = self.early + self.written
        need(min(self.early, self.written) >= 0, "there are none of less than 0")
        need(named <= len(types), "more is written than there is")
        need(is_flag(result) and result.label.is_public, "it gives a public bool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduce(Computation):
    """(x) -> the elements of x reduced by ADD, MUL, MIN, MAX, AND, OR or XOR.

    All elements are reduced to a scalar, or those along dimension `axis`, which the result lacks.
    """

    kind: BinaryKind
    axis: int | None = None

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check that the kind can reduce such elements, and the shape of the result."""
        need(len(types) == 1, "it takes one operand")
        need(result.shape == _reduced(types[0].shape, self.axis), "wrong shape")
        need(self.kind.traits.reduction is not None, "this is not a reduction")
        need(types[0].element == result.element, "types differ")
        need(self.kind.traits.on.has(result.element), "wrong element type")

    def required(self, sharing: Sharing) -> tuple[Sharing, ...] | None:
        """Both have the same sharing, which is arithmetic only if the kind is local on it."""
        if sharing is A and self.kind.traits.arithmetic is not Messages.NEVER:
            return None
        return alike(self, sharing)

    def exchanges(self, sharing: Sharing) -> bool:
        """Reducing takes messages unless the kind is local."""
        kind = self.kind.traits
        return (kind.arithmetic if sharing is A else kind.boolean) is not Messages.NEVER

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range of a reduction of as many elements."""
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
            ):  # idempotent on ranges
                return fitted(self.kind.traits.range(x[0], x[0], type), type)
            case _:
                return full(type)


def _reduced(shape: tuple[int, ...], axis: int | None) -> tuple[int, ...]:
    if axis is None:
        return ()
    need(0 <= axis < len(shape), "there is no such dimension")
    return shape[:axis] + shape[axis + 1 :]
