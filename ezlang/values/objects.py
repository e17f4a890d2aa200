"""Values as Python programs hold them: pandas frames and series in, NumPy values out."""

from __future__ import annotations

from typing import Any

from ezlang.types.types import ArrayType, Scalar, StructType, Type, VoidType

from .data import Data, items


def given(type: Type | None, value: Any) -> Data:
    """Return an input of `type` (None: not known), with pandas objects as arrays and lists."""
    if not hasattr(value, "to_numpy"):
        return value
    if isinstance(type, ArrayType) and isinstance(type.element, StructType):
        return value.to_dict("records") if hasattr(value, "columns") else value.tolist()
    return value.to_numpy()


def returned(type: Type | None, data: Data) -> Any:
    """Return an output as NumPy's array, a dict for a struct, or a number or bool of Python's.

    Data whose type isn't known are returned as they are.
    """
    match type:
        case ArrayType(element, shape):
            return _array(element, shape, data)
        case StructType(_, fields):
            return {field.name: returned(field.type, data[field.name]) for field in fields}
        case _:
            return data


def _array(element: Type, shape: tuple[int, ...], data: Data) -> Any:
    import numpy as np

    flat = items(data, len(shape))
    if isinstance(element, Scalar):
        return np.array(flat, dtype_of(element)).reshape(shape)
    records = [_record(element, item) for item in flat]
    return np.array(records, dtype_of(element)).reshape(shape)


def _record(type: Type, data: Data) -> Any:
    """Return an element of a structured array: a tuple for a struct."""
    if isinstance(type, StructType):
        return tuple(_record(field.type, data[field.name]) for field in type.fields)
    return data


def dtype_of(type: Type) -> Any:
    """Return the NumPy type of an array's elements, as an argument of `numpy.dtype`."""
    match type:
        case Scalar():
            return "float64" if type.is_fixed else type.numpy
        case StructType(_, fields):
            return [_field(field.name, field.type) for field in fields]
        case ArrayType() | VoidType():
            raise ValueError(f"{type} is no element of an array")


def _field(name: str, type: Type) -> tuple[Any, ...]:
    if isinstance(type, ArrayType):
        return name, dtype_of(type.element), type.shape
    return name, dtype_of(type)
