"""Constants of any type: as nested lists while they are computed, with their parts."""

from __future__ import annotations

from typing import Any

from ezlang.types.types import ArrayType, StructType, Type, array_of, scalar

from .untyped import Constant


def dense(value: Any, type: Type) -> Any:
    """Return a value as nested lists of its own, one for each array and struct."""
    match type:
        case ArrayType(element=element, shape=shape):
            items = value if isinstance(value, tuple | list) else (value,) * shape[0]
            inner = array_of(element, shape[1:])
            return [dense(item, inner) for item in items]
        case StructType(fields=fields):
            items = value if isinstance(value, tuple | list) else (value,) * len(fields)
            return [dense(item, f.type) for item, f in zip(items, fields, strict=True)]
        case _:
            return value


def frozen(value: Any) -> Constant:
    """Return the constant with the items of nested lists."""
    return tuple([frozen(item) for item in value]) if isinstance(value, list) else value


def item_of(base: Any, index: int) -> Any:
    """Return an item; a constant whose scalars are all equal may be that scalar."""
    return base[index] if isinstance(base, tuple | list) else base


def field_number(type: Type, name: str) -> int:
    """Return the number of a struct's field."""
    assert isinstance(type, StructType)
    return next(n for n, field in enumerate(type.fields) if field.name == name)


def zero(type: Type) -> Constant:
    """Return the zero value of a type."""
    match type:
        case ArrayType(element=element, shape=shape):
            return frozen(filled(zero(element), shape))
        case StructType(fields=fields):
            return tuple([zero(field.type) for field in fields])
        case _:
            return scalar(type).wrap(0)


def filled(value: Any, shape: tuple[int, ...]) -> Any:
    """Return an array of one value."""
    for size in reversed(shape):
        value = (value,) * size
    return value


def chosen(condition: Any, then: Any, otherwise: Any, rank: int) -> Any:
    """Return `then` where a dense condition of this rank is true, else `otherwise`."""
    if rank == 0:
        return then if condition else otherwise
    rows = zip(condition, then, otherwise, strict=True)
    return [chosen(*row, rank - 1) for row in rows]
