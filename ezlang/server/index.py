"""The names of one file: where they are defined, and where they are used.

An index is made from the syntax tree alone, so that there is one also while a text has errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field
from enum import Enum

from ezlang.records import dataclass
from ezlang.source import Source, Span
from ezlang.syntax import tree


class Kind(Enum):
    """What a name stands for."""

    PARTY = "party"
    MODULE = "module"
    PARAM = "param"
    CONSTANT = "constant"
    STRUCT = "struct"
    FIELD = "field"
    FUNCTION = "function"
    PARAMETER = "parameter"
    SIZE = "size"
    VARIABLE = "variable"
    LOOP = "loop variable"


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A name where it is defined.

    `scope` is where it is visible: None for items, which are visible in the whole file. `owner` is
    the struct of a field.
    """

    kind: Kind
    name: str
    span: Span
    node: tree.Node
    scope: Span | None = None
    owner: str = ""

    @property
    def key(self) -> tuple[str, int]:
        """The place, which identifies a definition also after its file was read again."""
        return self.span.source.name, self.span.start


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """A place where a name is used, or defined."""

    span: Span
    definition: Definition


LoadIndex = Callable[[str, Source], "Index | None"]
"""Returns the index of an imported module, given its name and the file that imports it."""


@dataclass(slots=True, eq=False)
class Index:
    """The names of a file.

    `imports` are by the names under which the file knows them. `offered` is what may stand where a
    name follows a `.`, by the place of that name.
    """

    source: Source
    module: tree.Module
    definitions: list[Definition] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    items: dict[str, Definition] = field(default_factory=dict)
    fields: dict[str, dict[str, Definition]] = field(default_factory=dict)
    imports: dict[str, Index | None] = field(default_factory=dict)
    offered: dict[int, dict[str, Definition]] = field(default_factory=dict)

    def at(self, offset: int) -> Use | None:
        """Return the name at a character, or just before it."""
        found = [u for u in self.uses if u.span.start <= offset <= u.span.end]
        return min(found, key=lambda use: (offset == use.span.end, use.span.end), default=None)

    def of(self, definition: Definition) -> Iterator[Span]:
        """Yield the places in this file where a definition, of any file, is used or made."""
        seen: set[int] = set()
        for use in self.uses:
            if use.definition.key == definition.key and use.span.start not in seen:
                seen.add(use.span.start)
                yield use.span

    def visible(self, offset: int) -> dict[str, Definition]:
        """Return what names mean at a character."""
        found = dict(self.items)
        for one in self.definitions:
            if one.scope is not None and one.scope.start <= offset <= one.scope.end:
                found[one.name] = one
        return found

    def parties(self) -> list[str]:
        """Return the names of the parties."""
        return [name for name, one in self.items.items() if one.kind is Kind.PARTY]

    def struct(self, name: str) -> tuple[Index, Definition] | None:
        """Return a struct by its name, which may begin with a module's, and its file's index."""
        prefix, dot, last = name.rpartition(".")
        home = self.imports.get(prefix) if dot else self
        found = home.items.get(last) if home is not None else None
        if home is None or found is None or found.kind is not Kind.STRUCT:
            return None
        return home, found

    def exports(self) -> dict[str, Definition]:
        """Return the items that a file which imports this one can use."""
        kinds = (Kind.CONSTANT, Kind.FUNCTION, Kind.STRUCT)
        return {name: one for name, one in self.items.items() if one.kind in kinds}

    def members(self, struct: Definition) -> dict[str, Definition]:
        """Return the fields of a struct of this file."""
        return self.fields.get(struct.name, {})
