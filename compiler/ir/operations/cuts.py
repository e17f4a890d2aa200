"""Operations on arithmetic shares that take several carries out of one comparison."""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.records import dataclass

from ..errors import need
from ..intervals import FLAG, Interval
from ..value import A, B, Sharing, TensorType, same_tensor
from .node import Computation, Narrowable


class Cut(Computation, Narrowable):
    """An operation on signed integers that exists once sharings are assigned.

    `bits` and `nonnegative` are as in Binary, and hold for the operand. passes/sharings/cuts.py
    makes them.
    """

    __slots__ = ()

    def exchanges(self, sharing: Sharing) -> bool:
        """It takes messages."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class RectifiedShift(Cut):
    """(x) -> max(x, 0) >> shift."""

    shift: int
    bits: int = 0
    nonnegative: bool = False

    def check_types(self, types: tuple[TensorType, ...], result: TensorType) -> None:
        """Check that the shift leaves more than the sign."""
        need(len(types) == 1 and same_tensor(types[0], result), "types differ")
        need(types[0].is_integer and types[0].signed, "it takes signed integers")
        need(0 < self.shift < types[0].width - 1, "wrong shift")

    def required(self, sharing: Sharing) -> tuple[Sharing, ...] | None:
        """It has a form on arithmetic shares alone."""
        return (A, A) if sharing is A else None

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range of what isn't negative, shifted."""
        return Interval(max(x[0].low, 0) >> self.shift, max(x[0].high, 0) >> self.shift)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignAndFit(Cut):
    """(x) -> [2, …]: x < 0, and whether x is from -2^size to 2^size - 1."""

    size: int
    bits: int = 0
    nonnegative: bool = False

    def check_types(self, types: tuple[TensorType, ...], result: TensorType) -> None:
        """Check that there is a bit between those of the size and the sign."""
        need(
            len(types) == 1 and types[0].is_integer and types[0].signed, "it takes signed integers"
        )
        need(result.is_logical and result.shape == (2, *types[0].shape), "it gives two bools each")
        need(0 < self.size < types[0].width - 1, "wrong size")

    def required(self, sharing: Sharing) -> tuple[Sharing, ...] | None:
        """It has a form on arithmetic shares alone; the result is boolean."""
        return (A, B) if sharing is A else None

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range 0 to 1."""
        return FLAG
