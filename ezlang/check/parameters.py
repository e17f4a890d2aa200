"""What a function's size, shape and type parameters stand for in an instance."""

from __future__ import annotations

from ezlang.records import dataclass
from ezlang.source import Span
from ezlang.types.types import ScalarType, StructType

ElementType = ScalarType | StructType


@dataclass(slots=True, eq=False)
class SizeName:
    """A size parameter and its value in this instance."""

    name: str
    span: Span
    value: int


@dataclass(slots=True, eq=False)
class ShapeName:
    """A shape parameter and its sizes in this instance."""

    name: str
    span: Span
    shape: tuple[int, ...]


@dataclass(slots=True, eq=False)
class ElementName:
    """A type parameter and the element type that it stands for in this instance."""

    name: str
    span: Span
    type: ElementType


Size = int | tuple[int, ...] | ElementType
"""What a size parameter stands for, or a shape or type parameter."""


def size_text(size: Size) -> str:
    """Return a size or type, or a shape as types write it."""
    if isinstance(size, tuple):
        return "".join(f"[{n}]" for n in size) or "[]"
    return str(size)
