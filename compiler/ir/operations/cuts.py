"""Operations on arithmetic shares that take several carries out of one comparison."""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.records import dataclass

from ..errors import need
from ..intervals import Interval
from ..value import A, Sharing, TensorType, same_tensor
from .node import Computation, Narrowable


@dataclass(frozen=True, slots=True, kw_only=True)
class RectifiedShift(Computation, Narrowable):
    """(x) -> max(x, 0) >> shift, of signed integers.

    `bits` and `nonnegative` are as in Binary, and hold for x. It exists once sharings are assigned:
    passes/sharings/cuts.py.
    """

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

    def exchanges(self, sharing: Sharing) -> bool:
        """It takes messages."""
        return True

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range of what isn't negative, shifted."""
        return Interval(max(x[0].low, 0) >> self.shift, max(x[0].high, 0) >> self.shift)
