"""The names of a function in translation, and what they stand for in Ez."""

from __future__ import annotations

from ezlang.records import dataclass
from ezlang.syntax.tables import load_tables

from . import tree
from .effects import untranslated

_PARTIES = ("server", "client")
_BUILT_IN = ("len", "min", "max", "abs", "count_ones", "sum", "elements", "reshape", "raw")


@dataclass(frozen=True, slots=True)
class Known:
    """A variable or constant: its name in Ez, its type in EzPC, and its sizes as text in Ez.

    `is_open` says that it takes the type that its context asks for, as literals do.
    """

    name: str
    base: str
    sizes: tuple[str, ...] = ()
    is_open: bool = False


def name_in_ez(name: str) -> str:
    """Return a name that is free in Ez. No name of EzPC has an underscore."""
    return f"{name}_" if name in _PARTIES or name in load_tables().words else name


def item_in_ez(name: str) -> str:
    """Return a name that is free in Ez for a function or constant."""
    return f"{name}_" if name in _BUILT_IN else name_in_ez(name)


class Scope:
    """The names in blocks around a place, innermost last. Ez doesn't let one hide another."""

    def __init__(self, constants: dict[str, Known]) -> None:
        self._constants = constants
        self._blocks: list[dict[str, Known]] = [{}]
        self._made: set[str] = set()

    def enter(self) -> None:
        """Begin a block."""
        self._blocks.append({})

    def leave(self) -> None:
        """End the innermost block."""
        self._blocks.pop()

    def find(self, node: tree.Variable) -> Known:
        """Return what a name stands for. Raises EzError if nothing has it."""
        for block in (*reversed(self._blocks), self._constants):
            if node.name in block:
                return block[node.name]
        raise untranslated(f"`{node.name}` isn't declared", node)

    def declare(
        self, name: str, base: str, sizes: tuple[str, ...] = (), *, is_open: bool = False
    ) -> Known:
        """Add a name to the innermost block, and return what it stands for."""
        known = Known(self.fresh(name_in_ez(name)), base, sizes, is_open)
        self._blocks[-1][name] = known
        return known

    def fresh(self, name: str) -> str:
        """Return this name, or one with a number, that no block around has."""
        taken = {known.name for block in self._blocks for known in block.values()} | self._made
        found, number = name, 2
        while found in taken:
            found, number = f"{name}_{number}", number + 1
        return found

    def make(self, name: str) -> str:
        """Return a name for something that EzPC has no name for, new in the whole function."""
        found = self.fresh(name)
        self._made.add(found)
        return found
