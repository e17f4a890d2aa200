"""What a value of the IR is: a tensor with a label and, once assigned, a sharing."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Final

from ezlang.types.labels import Label
from ezlang.types.sharing import Sharing as Sharing
from ezlang.types.types import ScalarType

A: Final = Sharing.ARITHMETIC
B: Final = Sharing.BOOLEAN
Y: Final = Sharing.YAO


@dataclass(frozen=True, slots=True)
class TensorType:
    """Element type, shape (row-major; `()` is a scalar) and label of a value.

    `sharing` is how a secret is kept; None for what isn't secret, and before it is assigned.
    Frequent questions about the element type are answered here too; `Scalar` explains them.
    """

    element: ScalarType
    shape: tuple[int, ...]
    label: Label
    sharing: Sharing | None = None

    @property
    def size(self) -> int:
        """How many elements there are."""
        return prod(self.shape)

    @property
    def width(self) -> int:
        """Bits an element."""
        return self.element.width

    @property
    def signed(self) -> bool:
        """Whether an element's highest bit is a sign."""
        return self.element.signed

    @property
    def ring(self) -> int | None:
        """Bits k of the ring Z/2^k of arithmetic shares; None if there is no such sharing."""
        return self.element.ring

    @property
    def is_logical(self) -> bool:
        """Whether the elements are truth values."""
        return self.element.is_logical

    @property
    def is_number(self) -> bool:
        """Whether the elements are added, multiplied and ordered."""
        return self.element.is_number

    @property
    def is_integer(self) -> bool:
        """Whether the elements count: indices, bounds and shift amounts, with bits."""
        return self.element.is_integer


@dataclass(frozen=True, slots=True)
class Value:
    """An SSA value; `id` is unique in its function. `hint` is its variable's name, if any."""

    id: int
    type: TensorType = field(compare=False)
    hint: str = field(default="", compare=False)


def is_flag(type: TensorType) -> bool:
    """Return whether a value is one bool."""
    return type.is_logical and type.shape == ()


def same_tensor(x: TensorType, y: TensorType) -> bool:
    """Return whether two types differ in label and sharing alone."""
    return x.element == y.element and x.shape == y.shape
