"""A model as a list of nodes, whose values have fixed shapes, and whose constants are known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from typing import Any, Final

import numpy as np

from ezlang.records import dataclass

Array = np.ndarray[Any, Any]
INTEGERS: Final = frozenset(
    {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}
)
Attribute = Any
"""A number, a string, an array, or a list of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A tensor: the input of a model, what a node computes, or a constant, which has `data`.

    `is_public` says of a constant that it belongs to the architecture: both sides may see it; if
    the file has it among the weights, `reason` says why. Of a value that isn't `is_known`, the type
    could not be found.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    data: Array | None = None
    is_public: bool = False
    is_known: bool = True
    reason: str = ""

    @property
    def is_float(self) -> bool:
        """Whether the elements are numbers with a fraction."""
        return self.dtype.name.startswith(("float", "bfloat"))

    @property
    def is_supported(self) -> bool:
        """Whether programs have numbers of this kind."""
        return self.is_float or self.dtype.name in INTEGERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node: an operator with its operands (None: left out), results and attributes.

    `version` is the version of the operator set. `title` is how the model calls it.
    """

    name: str
    op: str
    domain: str
    version: int
    inputs: tuple[Value | None, ...]
    outputs: tuple[Value | None, ...]
    attributes: dict[str, Attribute] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The operator and the node's name, for messages."""
        operator = f"{self.domain}.{self.op}" if self.domain else self.op
        return f"{operator} (node `{self.name}`)"

    @property
    def out(self) -> Value:
        """The first result that is used."""
        return next(value for value in self.outputs if value is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A model: its inputs, its nodes in an order that computes operands first, and its outputs.

    `outputs`: the name that the model gives an output → the value.
    """

    inputs: tuple[Value, ...]
    nodes: tuple[Node, ...]
    outputs: dict[str, Value]

    def is_output(self, value: Value) -> bool:
        """Whether the model gives out a value."""
        return any(value.name == out.name for out in self.outputs.values())


def needed(nodes: Sequence[Node], outputs: Iterable[Value]) -> tuple[Node, ...]:
    """Return the nodes that an output depends on, without further results that none does."""
    names = {value.name for value in outputs}
    kept = []
    for node in reversed(nodes):
        if any(value is not None and value.name in names for value in node.outputs):
            results = tuple(
                value if value is not None and value.name in names else None
                for value in node.outputs
            )
            kept.append(replace(node, outputs=results))
            names.update(value.name for value in node.inputs if value is not None)
    return tuple(reversed(kept))
