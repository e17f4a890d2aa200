"""Values of the IR: tensors with a label and, once assigned, a sharing."""

from __future__ import annotations

from dataclasses import field
from math import prod
from typing import Final

from ezlang.records import dataclass
from ezlang.types.labels import Label
from ezlang.types.sharing import Sharing as Sharing
from ezlang.types.types import ScalarType

A: Final = Sharing.ARITHMETIC
B: Final = Sharing.BOOLEAN
Y: Final = Sharing.YAO


@dataclass(frozen=True, slots=True)
class TensorType:
    """Element type, shape (row-major; `()` is a scalar) and label of a value.

    `sharing` is the representation of a secret; None for other values, and before assignment.
    Common properties of the element type are available here too; `Scalar` explains them.
    """

    element: ScalarType
    shape: tuple[int, ...]
    label: Label
    sharing: Sharing | None = None

    @property
    def size(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    @property
    def width(self) -> int:
        """The number of bits per element."""
        return self.element.width

    @property
    def signed(self) -> bool:
        """Whether the highest bit of an element is a sign bit."""
        return self.element.signed

    @property
    def ring(self) -> int | None:
        """The k of the ring Z/2^k of arithmetic shares; None if the type has no such sharing."""
        return self.element.ring

    @property
    def is_logical(self) -> bool:
        """Whether the elements are truth values."""
        return self.element.is_logical

    @property
    def is_number(self) -> bool:
        """Whether the elements can be added, multiplied and ordered."""
        return self.element.is_number

    @property
    def is_integer(self) -> bool:
        """Whether the elements are integers, which have bits and serve as indices and bounds."""
        return self.element.is_integer


@dataclass(frozen=True, slots=True)
class Value:
    """An SSA value; `id` is unique in its function. `hint` is the name of its variable, if any."""

    id: int
    type: TensorType = field(compare=False)
    hint: str = field(default="", compare=False)


def is_flag(type: TensorType) -> bool:
    """Return whether a type is that of a single bool."""
    return type.is_logical and type.shape == ()


def same_tensor(x: TensorType, y: TensorType) -> bool:
    """Return whether two types differ at most in label and sharing."""
    return x.element == y.element and x.shape == y.shape
