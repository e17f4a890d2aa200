"""The types of Ez, without the labels that say who may know a value."""

from __future__ import annotations

from math import prod

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

from .labels import Label
from .scalars import BOOL as BOOL
from .scalars import FIXED as FIXED
from .scalars import INT8 as INT8
from .scalars import INT16 as INT16
from .scalars import INT32 as INT32
from .scalars import INT64 as INT64
from .scalars import LARGEST_FRACTION as LARGEST_FRACTION
from .scalars import RING as RING
from .scalars import SCALARS as SCALARS
from .scalars import UINT8 as UINT8
from .scalars import UINT16 as UINT16
from .scalars import UINT32 as UINT32
from .scalars import UINT64 as UINT64
from .scalars import BoolType as BoolType
from .scalars import Domain as Domain
from .scalars import FixedType as FixedType
from .scalars import IntType as IntType
from .scalars import Number as Number
from .scalars import Scalar as Scalar
from .scalars import ScalarType as ScalarType


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a struct; its label, if given, takes precedence over that of the struct value."""

    name: str
    type: Type
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class StructType:
    """A struct type; two struct types are equal if their names and fields are."""

    name: str
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """Return the field called `name`, or None."""
        return next((f for f in self.fields if f.name == name), None)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ArrayType:
    """`element[shape[0]][shape[1]]…`, row-major; the element type is never an array."""

    element: ScalarType | StructType
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """The total number of elements."""
        return prod(self.shape)

    def __str__(self) -> str:
        return f"{self.element}{''.join(f'[{n}]' for n in self.shape)}"


@dataclass(frozen=True, slots=True)
class VoidType:
    """The result type of a function without `-> type`."""

    def __str__(self) -> str:
        return "nothing"


Type = ScalarType | ArrayType | StructType | VoidType

VOID = VoidType()


def element_of(type: Type) -> Type:
    """Return the element type of an array type, or any other type unchanged."""
    return type.element if isinstance(type, ArrayType) else type


def scalar_element(type: Type) -> ScalarType | None:
    """Return the element type if it is a scalar type, otherwise None."""
    element = element_of(type)
    return element if isinstance(element, Scalar) else None


def is_integer(type: Type) -> bool:
    """Return whether a type is a scalar integer type."""
    return isinstance(type, Scalar) and type.is_integer


def scalar(type: Type) -> ScalarType:
    """Return `type` as a scalar type. Raises CompilerBug for any other type."""
    if not isinstance(type, Scalar):
        raise CompilerBug(f"{type} is no scalar type")
    return type


def widens(source: Type, target: Type) -> bool:
    """Return whether values of one element type convert implicitly to another."""
    if isinstance(source, Scalar) and isinstance(target, Scalar):
        return source.widens_to(target)
    return source == target


def shape_of(type: Type) -> tuple[int, ...]:
    """Return the shape of an array type, or `()` for any other type."""
    return type.shape if isinstance(type, ArrayType) else ()


def joint_shape(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the shape that two shapes are repeated to, by NumPy's rule; None if they differ.

    The last dimensions are aligned. Each size is that of both shapes, or of one if the other has 1
    there or nothing.
    """
    rank = max(len(left), len(right))
    pairs = zip(padded(left, rank), padded(right, rank), strict=True)
    sizes = [x if y == 1 or x == y else y if x == 1 else None for x, y in pairs]
    known = [size for size in sizes if size is not None]
    return tuple(known) if len(known) == rank else None


def padded(shape: tuple[int, ...], rank: int) -> tuple[int, ...]:
    """Return a shape with dimensions of size 1 before it."""
    return (1,) * (rank - len(shape)) + shape


def array_of(element: Type, shape: tuple[int, ...]) -> Type:
    """Return `element` with `shape` prepended to its dimensions; `()` changes nothing.

    Raises TypeError for an array of void.
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
