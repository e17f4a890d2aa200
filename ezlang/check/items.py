"""The top-level items of files: the tables in which names are looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from typing import Final

from ezlang.records import dataclass
from ezlang.source import Source
from ezlang.syntax import tree as syntax
from ezlang.typed.operators import BinaryOp, UnaryOp
from ezlang.types.types import StructType

from .untyped import Value

BUILTINS: Final[Mapping[str, int]] = {
    "len": 1,
    "elements": 1,
    "sum": 1,
    "raw": 1,
    "from_raw": 1,
    "reshape": 1,
    "random": 0,
    "random_below": 1,
    **{op.value: 1 for op in UnaryOp if op.is_function},
    **{op.value: 2 for op in BinaryOp if op.is_function},
}
"""The built-in functions with their numbers of arguments, not counting the sizes of `reshape`.

No top-level item may have one of these names."""


class Progress(Enum):
    """The progress of an item that is checked on first use."""

    UNTOUCHED = 0
    OPEN = 1
    DONE = 2


@dataclass(slots=True, eq=False)
class PartyInfo:
    """A party and its number: those that compute come first."""

    node: syntax.Name
    index: int


@dataclass(slots=True, eq=False)
class ImportInfo:
    """An imported module; None if it could not be found or read."""

    node: syntax.ImportItem
    module: ModuleInfo | None = None


@dataclass(slots=True, eq=False)
class ParamInfo:
    """A param; its value (the setting or default) is computed on first use."""

    node: syntax.ParamItem
    module: ModuleInfo
    state: Progress = Progress.UNTOUCHED
    value: Value | None = None


@dataclass(slots=True, eq=False)
class ConstInfo:
    """A constant; its value is computed on first use."""

    node: syntax.ConstItem
    module: ModuleInfo
    state: Progress = Progress.UNTOUCHED
    value: Value | None = None


@dataclass(slots=True, eq=False)
class StructInfo:
    """A struct; its type is made on first use, and is None if it is wrong."""

    node: syntax.StructItem
    module: ModuleInfo
    state: Progress = Progress.UNTOUCHED
    type: StructType | None = None


@dataclass(slots=True, eq=False)
class FunctionInfo:
    """A function; `instances` counts the instances made of it."""

    node: syntax.FunctionItem
    module: ModuleInfo
    instances: int = 0

    @property
    def name(self) -> str:
        """The name, preceded by its module's name unless it is the program's own."""
        own = self.node.name.text
        return own if self.module.is_program else f"{self.module.name}.{own}"


ItemInfo = PartyInfo | ImportInfo | ParamInfo | ConstInfo | StructInfo | FunctionInfo


@dataclass(slots=True, eq=False)
class ModuleInfo:
    """One file: its names, and whether it is the program's own file.

    A name with two meanings is `ambiguous`, and is not reported again where it is used. `clients`
    is how many of a program's parties `compute` leaves out, if there is one.
    """

    name: str
    source: Source
    tree: syntax.Module
    is_program: bool
    items: dict[str, ItemInfo] = field(default_factory=dict)
    ambiguous: set[str] = field(default_factory=set)
    clients: int | None = None


def described(item: ItemInfo) -> str:
    """Return the kind of an item, with its article."""
    match item:
        case PartyInfo():
            return "a party"
        case ImportInfo():
            return "a module"
        case ParamInfo():
            return "a param"
        case ConstInfo():
            return "a constant"
        case StructInfo():
            return "a struct"
        case FunctionInfo():
            return "a function"
