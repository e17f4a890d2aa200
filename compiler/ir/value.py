"""What a value of the IR is: a tensor with a label and, once assigned, a sharing."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Final

from ezlang.types.labels import Label
from ezlang.types.sharing import Sharing as Sharing
from ezlang.types.types import BoolType, IntType, ScalarType

A: Final = Sharing.ARITHMETIC
B: Final = Sharing.BOOLEAN
Y: Final = Sharing.YAO


@dataclass(frozen=True, slots=True)
class TensorType:
    """Element type, shape (row-major; `()` is a scalar) and label of a value.

    `sharing` is how a secret is kept; None for what isn't secret, and before it is assigned.
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
        """Bits an element: 1 for bool."""
        return 1 if isinstance(self.element, BoolType) else self.element.width


@dataclass(frozen=True, slots=True)
class Value:
    """An SSA value; `id` is unique in its function. `hint` is its variable's name, if any."""

    id: int
    type: TensorType = field(compare=False)
    hint: str = field(default="", compare=False)


def is_bool(type: TensorType) -> bool:
    """Tell whether the elements are bools."""
    return isinstance(type.element, BoolType)


def is_flag(type: TensorType) -> bool:
    """Tell whether a value is one bool."""
    return is_bool(type) and type.shape == ()


def is_integer(type: TensorType) -> bool:
    """Tell whether the elements are integers."""
    return isinstance(type.element, IntType)


def same_tensor(x: TensorType, y: TensorType) -> bool:
    """Tell whether two types differ in label and sharing alone."""
    return x.element == y.element and x.shape == y.shape
