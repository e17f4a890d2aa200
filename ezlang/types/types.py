"""The types of Ez: what a value is, apart from who may know it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from .labels import Label


@dataclass(frozen=True, slots=True)
class BoolType:
    """`bool`."""

    def __str__(self) -> str:
        return "bool"


@dataclass(frozen=True, slots=True)
class IntType:
    """`int8` … `int64` (two's complement) and `uint8` … `uint64`; arithmetic wraps at `width`."""

    width: int
    signed: bool

    @property
    def low(self) -> int:
        """The smallest value."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """The largest value."""
        return (1 << (self.width - 1)) - 1 if self.signed else (1 << self.width) - 1

    def wrap(self, value: int) -> int:
        """Reduce an integer modulo 2^width into the range of the type."""
        value &= (1 << self.width) - 1
        return value - (1 << self.width) if self.signed and value >> (self.width - 1) else value

    def widens_to(self, other: IntType) -> bool:
        """Tell whether every value of this type is a value of `other`."""
        return other.low <= self.low and self.high <= other.high

    def __str__(self) -> str:
        return f"{'int' if self.signed else 'uint'}{self.width}"


ScalarType = BoolType | IntType


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a struct; its own label, where one is written, wins over the struct value's."""

    name: str
    type: Type
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class StructType:
    """A struct; two structs are the same type when name and fields agree."""

    name: str
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """Return the field called `name`, or None."""
        return next((f for f in self.fields if f.name == name), None)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ArrayType:
    """`element[shape[0]][shape[1]]…`, row-major; the element is never itself an array."""

    element: BoolType | IntType | StructType
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many elements there are in all."""
        return prod(self.shape)

    def __str__(self) -> str:
        return f"{self.element}{''.join(f'[{n}]' for n in self.shape)}"


@dataclass(frozen=True, slots=True)
class VoidType:
    """What a function without `-> type` returns."""

    def __str__(self) -> str:
        return "nothing"


Type = BoolType | IntType | ArrayType | StructType | VoidType

BOOL = BoolType()
INT8, INT16, INT32, INT64 = (IntType(w, True) for w in (8, 16, 32, 64))
UINT8, UINT16, UINT32, UINT64 = (IntType(w, False) for w in (8, 16, 32, 64))
VOID = VoidType()
SCALARS: dict[str, BoolType | IntType] = {
    str(t): t for t in (BOOL, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64)
}


def element_of(type: Type) -> Type:
    """Return the element type of an array, and any other type itself."""
    return type.element if isinstance(type, ArrayType) else type


def shape_of(type: Type) -> tuple[int, ...]:
    """Return the shape of an array, and `()` for any other type."""
    return type.shape if isinstance(type, ArrayType) else ()


def array_of(element: Type, shape: tuple[int, ...]) -> Type:
    """Return `element` with `shape` put before its own dimensions; `()` changes nothing.

    Raises TypeError for an array of nothing.
    """
    match element:
        case VoidType():
            if shape:
                raise TypeError("there is no array of nothing")
            return element
        case ArrayType(inner, own):
            return ArrayType(inner, shape + own) if shape else element
        case _:
            return ArrayType(element, shape) if shape else element
