"""The forms of values outside of a program.

*Data* is what JSON can represent: numbers, bools, nested lists for arrays, objects for structs.
Checked arrays of scalars that were given as NumPy arrays are an `EncodedArray` instead.
*Flat* is the form that executors compute on: for each scalar field path (`()` except for structs)
the integers of one array in row-major order, each encoded by `Scalar.encode` (a bool is 0 or 1).
The shapes of nested arrays and structs are concatenated: `Point[n]` with `int32[3] x` is n·3
integers under `("x",)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, assert_never

from ezlang.records import dataclass
from ezlang.types.types import (
    ArrayType,
    Scalar,
    ScalarType,
    StructType,
    Type,
    VoidType,
)

from .arrays import EncodedArray

Data = Any
"""What a scalar type accepts, list[Data], dict[str, Data] or EncodedArray."""

Path = tuple[str, ...]
"""The names of struct fields, outermost first."""

Flat = dict[Path, Sequence[int]]

Inputs = Mapping[str, Mapping[str, Data]]
"""Party → name → the input."""

Outputs = dict[str, dict[str, Data]]
"""Party → name → the output."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One array of a flat value: its field path, element type and shape (`()` for a scalar)."""

    path: Path
    element: ScalarType
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """The number of integers in it."""
        return prod(self.shape)


def leaves(type: Type) -> tuple[Leaf, ...]:
    """Return the arrays that a value of `type` consists of, in the order of the fields."""
    match type:
        case Scalar():
            return (Leaf((), type, ()),)
        case ArrayType(element, shape):
            return tuple(Leaf(x.path, x.element, shape + x.shape) for x in leaves(element))
        case StructType(_, fields):
            return tuple(
                Leaf((field.name, *x.path), x.element, x.shape)
                for field in fields
                for x in leaves(field.type)
            )
        case VoidType():
            return ()
        case _:
            assert_never(type)


def flatten(type: Type, value: Data) -> Flat:
    """Return data of `type` (which it must fit) in flat form."""
    if isinstance(value, EncodedArray):
        integers: Sequence[int] = value.integers  # a NumPy array is as good as one
        return {(): integers}
    flat: dict[Path, list[int]] = {leaf.path: [] for leaf in leaves(type)}
    _flatten_into(flat, (), type, value)
    return dict(flat)


def _flatten_into(flat: dict[Path, list[int]], path: Path, type: Type, value: Data) -> None:
    match type:
        case Scalar():
            flat[path].append(type.encode(value))
        case ArrayType(element, shape):
            if isinstance(element, Scalar):
                flat[path].extend(element.encode_all(items(value, len(shape))))
            else:
                for item in items(value, len(shape)):
                    _flatten_into(flat, path, element, item)
        case StructType(_, fields):
            for field in fields:
                _flatten_into(flat, (*path, field.name), field.type, value[field.name])
        case VoidType():
            pass
        case _:
            assert_never(type)


def items(value: Data, rank: int) -> list[Data]:
    """Return the elements of a list nested `rank` deep, in row-major order."""
    for _ in range(rank - 1):
        value = [item for row in value for item in row]
    return list(value)


def nested(elements: Sequence[Data], shape: tuple[int, ...]) -> Data:
    """Return a row-major sequence as lists nested according to `shape`."""
    rows = list(elements)
    for position in range(len(shape) - 1, 0, -1):
        count, length = prod(shape[:position]), shape[position]
        rows = [rows[i * length : (i + 1) * length] for i in range(count)]
    return rows


def unflatten(type: Type, flat: Mapping[Path, Sequence[int]]) -> Data:
    """Return a flat value of `type` as data. Its integers may be of any type that `int()` takes."""
    return _unflatten(type, (), {path: _plain(ints) for path, ints in flat.items()}, 0)


def _plain(ints: Sequence[int]) -> list[int]:
    """Return a sequence or a NumPy array as a list, whose elements are Python's if possible."""
    return list(ints.tolist() if hasattr(ints, "tolist") else ints)


def _unflatten(type: Type, path: Path, flat: Flat, position: int) -> Data:
    """Return the value with index `position` among those in the arrays under `path`."""
    match type:
        case Scalar():
            return type.decode(flat[path][position])
        case ArrayType(element, shape):
            first = position * prod(shape)
            places = range(first, first + prod(shape))
            if isinstance(element, Scalar):
                return nested(element.decode_all(flat[path][first : places.stop]), shape)
            return nested([_unflatten(element, path, flat, i) for i in places], shape)
        case StructType(_, fields):
            return {
                field.name: _unflatten(field.type, (*path, field.name), flat, position)
                for field in fields
            }
        case VoidType():
            return None
        case _:
            assert_never(type)
