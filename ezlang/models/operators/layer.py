"""What an operator asks about its node, and how it writes a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any

import numpy as np

from ezlang.records import dataclass

from ..graph import Array, Node, Value
from ..listing import FRACTION, EzType, Listing, identifier, names_of
from ..problems import RefusedError


@dataclass(slots=True)
class Layer:
    """A node on its way to a line of Ez.

    `operands` are the names that {0}, {1}, … stand for in the texts that operators return. With
    `has_raw`, integers are written as fixed-point numbers of the same bits.
    """

    node: Node
    listing: Listing
    operands: list[str] = field(default_factory=list)
    has_raw: bool = False

    @property
    def version(self) -> int:
        """The version of the operator set."""
        return self.node.version

    @property
    def x(self) -> str:
        """The first operand."""
        return self.operand(0)

    @property
    def out(self) -> Value:
        """The first result."""
        return self.node.out

    def has(self, place: int) -> bool:
        """Whether there is such an operand."""
        return place < len(self.node.inputs) and self.node.inputs[place] is not None

    def value(self, place: int) -> Value:
        """Return an operand as a value of the graph."""
        value = self.node.inputs[place]
        assert value is not None, f"{self.node.title} has no operand {place}"
        return value

    def shape(self, place: int = 0) -> tuple[int, ...]:
        """Return the shape of an operand."""
        return self.value(place).shape

    def attribute(self, name: str, default: Any = None) -> Any:
        """Return an attribute."""
        return self.node.attributes.get(name, default)

    def data(self, place: int, what: str) -> Array:
        """Return a constant operand, which then is public; refuse another. `what`: what it is."""
        value = self.value(place)
        if value.data is None:
            raise RefusedError(f"{what} depends on the model's inputs")
        if not value.is_public:
            self.listing.public.append(f"{what} of `{self.node.name}`: `{value.name}`")
        return value.data

    def number(self, place: int, what: str) -> float:
        """Return a constant operand of one element, likewise."""
        data = self.data(place, what)
        if data.size != 1:
            raise RefusedError(f"{what} is {data.size} numbers, not one")
        return float(data.reshape(()))

    def use(self, name: str) -> str:
        """Return the placeholder for a name of the program."""
        if name not in self.operands:
            self.operands.append(name)
        return f"{{{self.operands.index(name)}}}"

    def operand(self, place: int) -> str:
        """Return the text for an operand: a name, a public number, or weights."""
        value = self.value(place)
        if self.has_raw and not value.is_float:
            text = self._named_operand(value)
            return f"from_raw::<{FRACTION}>({integer(text, value)})"
        return self._named_operand(value)

    def _named_operand(self, value: Value) -> str:
        if value.data is None:
            return self.use(self.listing.names[value.name])
        if is_number(value):
            return literal(value.data)
        if value.is_public:
            return self.use(self.listing.constant(value.name, value.data))
        return self.use(self.listing.weight(value.name, value.data))

    def factors(self, place: int) -> str:
        """Return the text for what `x` is multiplied by: weights, with fraction bits of their own.

        A product has the fraction bits of its left operand.
        """
        value = self.value(place)
        if value.data is None or is_number(value) or value.is_public:
            return self.operand(place)
        return self.use(self.listing.weight(value.name, value.data, is_factor=True))

    def wide(self, place: int) -> str:
        """Return the text for an operand that stands beside a number, which takes its type.

        Inputs have types of few bits, which larger numbers don't fit.
        """
        text = self.operand(place)
        if self.value(place).is_float and self.listing.is_input(self.value(place)):
            return f"fixed<{FRACTION}>({text})"
        return text

    def beside(self, place: int) -> str:
        """Return the text for an operand that stands beside the others."""
        written = any(is_number(value) for value in self.values)
        return self.wide(place) if written or len(self.values) == 1 else self.operand(place)

    def weight(self, role: str, data: Array) -> str:
        """Return the text for weights that are made of the node's."""
        return self._made(role, data, is_factor=False)

    def made_factors(self, role: str, data: Array) -> str:
        """Return the text for such weights that `x` is multiplied by, as `factors`."""
        return self._made(role, data, is_factor=True)

    def _made(self, role: str, data: Array, *, is_factor: bool) -> str:
        name = f"{identifier(names_of(self.node)[0])}_{role}"
        return self.use(self.listing.weight(name, data, is_factor=is_factor))

    def given(self, role: str, value: Value, data: Array) -> str:
        """Return the text for numbers that are made of a constant: weights, unless it is public."""
        if value.is_public:
            return self.use(self.listing.constant(f"{names_of(self.node)[0]}_{role}", data))
        return self.weight(role, data)

    def named(self, role: str, text: str, shape: tuple[int, ...]) -> str:
        """Add a line of its own for a part of what a node computes; return its name's text.

        `role`: what the part is to the node.
        """
        type = EzType(element="fixed", shape=shape)
        wanted = f"{names_of(self.node)[0]}_{role}"
        name = self.listing.add_line((wanted,), *self.used(text), type)
        return self.use(name)

    def used(self, text: str) -> tuple[str, tuple[str, ...]]:
        """Return a text with placeholders for the operands that it uses alone, and these."""
        places = sorted({int(one) for one in re.findall(r"\{(\d+)\}", text)})
        renumbered = re.sub(r"\{(\d+)\}", lambda one: f"{{{places.index(int(one[1]))}}}", text)
        return renumbered, tuple(self.operands[place] for place in places)

    def constant(self, place: int) -> Array | None:
        """Return the vendor's numbers, which stay secret; None if an operand is no constant."""
        return self.value(place).data if self.has(place) else None

    @property
    def values(self) -> list[Value]:
        """The operands, without those that are left out."""
        return [value for value in self.node.inputs if value is not None]


def is_number(value: Value) -> bool:
    """Whether a value is one public number, which is written where it is used."""
    return value.data is not None and value.is_public and value.data.size == 1


def integer(text: str, value: Value) -> str:
    """Return the text for integers or bools as `int64`."""
    return text if value.dtype.name == "int64" else f"int64({text})"


def shaped(text: str, shape: tuple[int, ...]) -> str:
    """Return the text for a tensor in another shape."""
    return f"reshape({', '.join([text, *map(str, shape)])})"


Emit = Callable[[Layer], "str | Sequence[str]"]
"""Return the expressions of a node's results, with placeholders, or raise RefusedError."""


def literal(data: Array | float) -> str:
    """Return a number as it is written in Ez."""
    array = np.asarray(data).reshape(())
    if array.dtype == bool:
        return str(bool(array)).lower()
    if array.dtype.kind in "iu":
        return str(int(array))
    return decimal(float(array.astype(np.float64)))


def decimal(number: float) -> str:
    """Return a decimal as it is written in Ez: the shortest one that is the same number."""
    short = np.float32(number)
    text = np.format_float_positional(short if short == number else np.float64(number))
    return f"{text}0" if text.endswith(".") else text
