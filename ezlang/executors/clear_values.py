"""Values of the clear executor: integers, arrays as flat lists, structs as dicts.

An array of any rank is one row-major list of its elements. Expressions may share lists and dicts
with variables, since no expression changes them; a value that is stored in a variable is copied
first.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, assert_never

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.typed.tree import chosen_items
from ezlang.types.types import ArrayType, Scalar, StructType, Type, VoidType, padded
from ezlang.values.arrays import EncodedArray
from ezlang.values.data import Data, items, nested

Value = Any
"""int | bool | list[Value] | dict[str, Value] | None (the result of a function without one)."""


def zero(type: Type) -> Value:
    """Return a new value of zeros and falses."""
    match type:
        case Scalar():
            return type.wrap(0)
        case ArrayType(element, _):
            return repeated(zero(element), type.size)
        case StructType(_, fields):
            return {field.name: zero(field.type) for field in fields}
        case VoidType():
            return None
        case _:
            assert_never(type)


def copied(value: Value) -> Value:
    """Return a value that shares no mutable part with `value`."""
    if isinstance(value, list):
        return [copied(item) for item in value] if value and _is_struct(value[0]) else value[:]
    return {name: copied(part) for name, part in value.items()} if _is_struct(value) else value


def repeated(value: Value, count: int) -> list[Value]:
    """Return `count` elements, each equal to `value`."""
    return [copied(value) for _ in range(count)] if _is_struct(value) else [value] * count


def stretched(value: list[Value], own: tuple[int, ...], shape: tuple[int, ...]) -> list[Value]:
    """Return an array repeated along new first dimensions, and along those of size 1."""
    items, block = value, 1
    for have, want in reversed(list(zip(padded(own, len(shape)), shape, strict=True))):
        if have != want:
            parts = [items[at : at + block] * want for at in range(0, len(items), max(block, 1))]
            items = [item for part in parts for item in part]
        block *= want
    return items


def _is_struct(value: Value) -> bool:
    return isinstance(value, dict)


def from_data(type: Type, data: Data) -> Value:
    """Return data of `type` as a value."""
    match type:
        case Scalar():
            return type.encode(data)
        case ArrayType() if isinstance(data, EncodedArray):
            return data.integers.tolist()
        case ArrayType(Scalar() as element, shape):
            return [element.encode(item) for item in items(data, len(shape))]
        case ArrayType(element, shape):
            return [from_data(element, item) for item in items(data, len(shape))]
        case StructType(_, fields):
            return {field.name: from_data(field.type, data[field.name]) for field in fields}
        case VoidType():
            return None
        case _:
            assert_never(type)


def to_data(type: Type, value: Value) -> Data:
    """Return a value of `type` as data that shares nothing with it."""
    match type:
        case Scalar():
            return type.decode(value)
        case ArrayType(element, shape):
            return nested([to_data(element, item) for item in value], shape)
        case StructType(_, fields):
            return {field.name: to_data(field.type, value[field.name]) for field in fields}
        case VoidType():
            return None
        case _:
            assert_never(type)


def array(type: Type) -> ArrayType:
    """Return `type`, which must be an array type."""
    if not isinstance(type, ArrayType):
        raise CompilerBug(f"{type} is not an array")
    return type


def struct(type: Type) -> StructType:
    """Return `type`, which must be a struct type."""
    if not isinstance(type, StructType):
        raise CompilerBug(f"{type} is not a struct")
    return type


def row_size(type: ArrayType, indexed: int) -> int:
    """Return the number of elements that are left under `indexed` indices."""
    return prod(type.shape[indexed:])


def read_part(size: int, part: Type, scalar: bool) -> Callable[[Value, int | None], Value]:
    """Return a function that reads `size` elements at an offset, or zeros at None."""
    if scalar:
        return lambda base, at: zero(part) if at is None else base[at]
    return lambda base, at: zero(part) if at is None else base[at : at + size]


def read_slice(type: ArrayType, length: int, step: int) -> Callable[[Value, int], Value]:
    """Return a function that reads the items of a slice; those out of range are zeros."""
    size, count = row_size(type, 1), type.shape[0]
    items = chosen_items(length, step)

    def read(base: Value, start: int) -> Value:
        if step == 1 and 0 <= start <= count - length:
            return base[start * size : (start + length) * size]
        part: list[Value] = []
        for item in items:
            if 0 <= start + item < count:
                part += base[(start + item) * size : (start + item + 1) * size]
            else:
                part += repeated(zero(type.element), size)
        return part

    return read


def write_slice(type: ArrayType, length: int, step: int) -> Callable[[Value, int, Value], None]:
    """Return a function that writes the items of a slice; those out of range are dropped."""
    size, count = row_size(type, 1), type.shape[0]
    items = chosen_items(length, step)

    def write(base: Value, start: int, part: Value) -> None:
        if step == 1 and 0 <= start <= count - length:
            base[start * size : (start + length) * size] = part
            return
        for number, item in enumerate(items):
            if 0 <= start + item < count:
                at = (start + item) * size
                base[at : at + size] = part[number * size : (number + 1) * size]

    return write
