"""The decomposition of structs: the tensors that represent a value of the language.

A value becomes one tensor for each scalar field path, in the order of the fields. In an array of
structs the shapes are concatenated: `Point[n]` with `int32[3] x` is one int32[n][3] for `x`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass
from ezlang.types.labels import Label
from ezlang.types.types import ArrayType, Scalar, ScalarType, StructType, Type, VoidType

from ..ir.tree import TensorType


@dataclass(frozen=True, slots=True)
class Leaf:
    """One tensor of a value: the field path that leads to it, its type and label.

    `element` is the element type in the language, which the tensor's represents.
    """

    path: tuple[str, ...]
    type: TensorType
    element: ScalarType


def leaves(type: Type, label: Label) -> tuple[Leaf, ...]:
    """Return the tensors of a value of `type`; a field's own label overrides `label`."""
    match type:
        case Scalar():
            return (Leaf((), TensorType(type.representation, (), label), type),)
        case ArrayType(element, shape):
            return tuple(
                Leaf(
                    leaf.path,
                    TensorType(leaf.type.element, shape + leaf.type.shape, leaf.type.label),
                    leaf.element,
                )
                for leaf in leaves(element, label)
            )
        case StructType():
            return tuple(
                Leaf((field.name, *leaf.path), leaf.type, leaf.element)
                for field in type.fields
                for leaf in leaves(field.type, field.label or label)
            )
        case VoidType():
            return ()
        case _:
            assert_never(type)


def leaf_range(type: Type, names: Sequence[str]) -> tuple[int, int]:
    """Return the range of leaves (first, one past the last) of `type` under the field path `names`.

    The path goes through the elements of arrays as if they were indexed.
    """
    first = 0
    for name in names:
        struct = type.element if isinstance(type, ArrayType) else type
        if not isinstance(struct, StructType):
            raise CompilerBug(f"{struct} has no field {name}")
        for field in struct.fields:
            if field.name == name:
                type = field.type
                break
            first += leaf_count(field.type)
        else:
            raise CompilerBug(f"{struct} has no field {name}")
    return first, first + leaf_count(type)


def leaf_count(type: Type) -> int:
    """Return the number of tensors that represent a value of `type`."""
    match type:
        case ArrayType(element, _):
            return leaf_count(element)
        case StructType():
            return sum(leaf_count(field.type) for field in type.fields)
        case VoidType():
            return 0
        case _:
            return 1
