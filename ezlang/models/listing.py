"""A program as a list of lines, one for each layer, with the weights that they need."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field
from typing import Final

import numpy as np

from ezlang.check.items import BUILTINS
from ezlang.records import dataclass
from ezlang.syntax.tables import load_tables

from .graph import Array, Node, Value

VENDOR: Final = "vendor"
HOSPITAL: Final = "hospital"
MODULES: Final = (
    *("convolutions", "functions", "moves", "normalisation", "pooling", "recurrent", "tensors"),
    "trees",
)
MOST_CONSTANTS: Final = 4096
"""The most public numbers of a tensor that stand in a program; more are given by the vendor."""
FRACTION: Final = "fraction"
"""The param of a program that says how many fraction bits its numbers have."""
FACTOR_FRACTION: Final = "weight_fraction"
"""The same of the weights of linear layers."""

RESERVED: Final = frozenset(
    {*load_tables().spellings, *BUILTINS, *MODULES, "metrics", "main"}
    | {FRACTION, FACTOR_FRACTION, VENDOR, HOSPITAL}
)
_LAYERS: Final = frozenset(
    {"Conv", "Gemm", "MatMul", "ConvTranspose", "BatchNormalization", "LSTM", "GRU", "RNN"}
)
"""Operators that modules of PyTorch consist of, so that the name of the module is enough."""


_SHORT: Final = {
    "LinearClassifier": "linear",
    "LinearRegressor": "linear",
    "Normalizer": "normalized",
    "Scaler": "scaled",
    "SVMClassifier": "machine",
    "SVMRegressor": "machine",
    "TreeEnsemble": "forest",
    "TreeEnsembleClassifier": "forest",
    "TreeEnsembleRegressor": "forest",
}
"""What a person calls the result where an exporter calls the node as its operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EzType:
    """A type of Ez: `element` is `fixed`, whose values have `whole` bits before the point if that
    is known, or the name of another scalar type. `is_factor`: the fraction bits are those of the
    weights of linear layers.
    """

    element: str
    shape: tuple[int, ...]
    whole: int | None = None
    is_factor: bool = False

    @property
    def kind(self) -> tuple[str, bool, int]:
        """What types of different sizes have in common."""
        return self.element, self.is_factor, len(self.shape)

    def __str__(self) -> str:
        fraction = FACTOR_FRACTION if self.is_factor else FRACTION
        bits = fraction if self.whole is None else f"{self.whole}, {fraction}"
        element = f"fixed<{bits}>" if self.element == "fixed" else self.element
        return element + "".join(f"[{size}]" for size in self.shape)


def type_of(value: Value) -> EzType:
    """Return the type that a value has in the program."""
    element = "fixed" if value.is_float else value.dtype.name
    return EzType(element=element, shape=value.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """An input of a party, which gives it as `source`; `data` are the vendor's numbers.

    `origin`: the numbers of the model that the data are.
    """

    name: str
    source: str
    type: EzType
    data: Array | None = None
    origin: Array | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`let name = text;`, where {0}, {1}, … in the text stand for the names of the operands."""

    name: str
    text: str
    operands: tuple[str, ...]
    type: EzType

    @property
    def expression(self) -> str:
        """The text with the names of the operands."""
        return self.text.format(*self.operands)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of the program, which stands for `count` blocks of lines.

    `sizes` are size parameters; `parameters` are types and names; `result` is one of the lines.
    """

    name: str
    sizes: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    result: str
    type: str
    count: int


@dataclass(slots=True)
class Listing:
    """A program that is being written: its names, weights and lines, in order.

    `names`: the value's name in the model → its name in the program.
    """

    names: dict[str, str] = field(default_factory=dict)
    inputs: list[Input] = field(default_factory=list)
    weights: dict[str, Input] = field(default_factory=dict)
    constants: dict[str, Input] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    outputs: list[tuple[str, str]] = field(default_factory=list)
    public: list[str] = field(default_factory=list)
    _used: set[str] = field(default_factory=set)

    def fresh(self, *wanted: str) -> str:
        """Return a name that isn't used: the first free one of the `wanted`, or a numbered one."""
        for name in wanted:
            if name not in self._used and name not in RESERVED:
                break
        else:
            number = 2
            while (name := f"{wanted[-1]}_{number}") in self._used:
                number += 1
        self._used.add(name)
        return name

    def weight(self, wanted: str, data: Array, *, is_factor: bool = False) -> str:
        """Add numbers of the vendor; return their name. The same numbers are added once.

        `is_factor`: they are the weights of a linear layer.
        """
        for known in self.weights.values():
            if known.origin is data and known.type.is_factor == is_factor:
                return known.name
        origin = data
        name = self.fresh(identifier(wanted))
        if data.dtype.kind in "biu":
            type = EzType(element=data.dtype.name, shape=data.shape)
        else:
            data = data.astype(np.float64)
            whole = whole_bits(data)
            type = EzType(element="fixed", shape=data.shape, whole=whole, is_factor=is_factor)
        self.weights[name] = Input(name=name, source=name, type=type, data=data, origin=origin)
        return name

    def constant(self, wanted: str, data: Array) -> str:
        """Add public numbers; return their name. The same numbers are added once."""
        if data.size > MOST_CONSTANTS:
            return self.weight(wanted, data)
        for known in self.constants.values():
            given = known.data
            if given is not None and given.dtype == data.dtype and np.array_equal(given, data):
                return known.name
        name = self.fresh(identifier(wanted))
        element = data.dtype.name if data.dtype.kind in "biu" else "fixed"
        type = EzType(element=element, shape=data.shape)
        self.constants[name] = Input(name=name, source=name, type=type, data=data)
        return name

    @property
    def types(self) -> dict[str, EzType]:
        """The type of each name of the program."""
        given = (*self.weights.values(), *self.constants.values(), *self.inputs)
        return {one.name: one.type for one in given} | {line.name: line.type for line in self.lines}

    @property
    def has_factors(self) -> bool:
        """Whether there are weights of linear layers."""
        return any(one.type.is_factor for one in self.weights.values())

    def is_input(self, value: Value) -> bool:
        """Whether a value is an input of the program, as the parties give it."""
        name = self.names.get(value.name)
        return name in self.weights or any(name == one.name for one in self.inputs)

    def add_line(
        self, wanted: Iterable[str], text: str, operands: tuple[str, ...], type: EzType
    ) -> str:
        """Add a line; return the name of its value."""
        name = self.fresh(*wanted)
        self.lines.append(Line(name=name, text=text, operands=operands, type=type))
        return name


def whole_bits(data: Array, room: float = 1.0) -> int:
    """Return the i of the smallest `fixed<i, f>` that `room` times the numbers fit in."""
    largest = float(np.abs(data).max(initial=0.0)) * room + 2.0**-5
    return max(int(np.floor(np.log2(largest))) + 2, 1)


def identifier(name: str) -> str:
    """Return a name of the model as a name of Ez: words of small letters and digits."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", "_", name)
    words = re.sub(r"[^0-9A-Za-z]+", "_", spaced).strip("_").lower()
    return words if words[:1].isalpha() else f"v{words}"


def names_of(node: Node) -> tuple[str, ...]:
    """Return the names that a node's line may have, the best one first."""
    named, operator = node.name, identifier(node.op)
    if re.match(r"node_|n\d", named):
        # An exporter's number; it calls the result as the layer.
        named = node.out.name
    words = identifier(named)
    if node.op in _SHORT:
        words = re.sub(rf"^{operator}_?(?=\d*$)", _SHORT[node.op], words)
    if re.fullmatch(r"v\d+", words):
        return (f"{operator}_{words[1:]}", operator)
    short = re.sub(rf"_{operator}(_\d+)?$", "", words)
    if node.op in _LAYERS and short and short != words:
        return (short, words)
    return (words,)
