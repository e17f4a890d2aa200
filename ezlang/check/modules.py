"""From files to tables of names: imports, and the declarations of each file."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from ezlang.diagnostics.diagnostic import Diagnostic, Diagnostics, EzError
from ezlang.files import PACKAGE
from ezlang.source import Source
from ezlang.syntax import tree as syntax
from ezlang.syntax.parser import parse
from ezlang.syntax.reader import read_source

from .items import (
    BUILTINS,
    ConstInfo,
    FunctionInfo,
    ImportInfo,
    ItemInfo,
    ModuleInfo,
    ParamInfo,
    PartyInfo,
    StructInfo,
)
from .messages import names as errors_names
from .messages import programs as errors_programs

LoadModule = Callable[[str, Source], Source | None]
"""Finds the source of a module, given its name and the file that imports it."""

LIBRARY = "<standard library>/"


def find_module(name: str, importer: Source) -> Source | None:
    """Return the module `name.ez` next to the importing file, else of the standard library.

    Raises EzError if there is such a file but it cannot be read.
    """
    if not importer.name.startswith(LIBRARY):
        path = Path(importer.name).parent / f"{name}.ez"
        if path.is_file():
            return read_source(path)
    return _library(name)


@cache
def _library(name: str) -> Source | None:
    """Return a module of the standard library, which is read once a process."""
    library = PACKAGE / "stdlib" / f"{name}.ez"
    if library.is_file():
        return Source(f"{LIBRARY}{name}.ez", library.read_text(encoding="utf-8"))
    return None


@cache
def _library_tree(source: Source) -> syntax.Module:
    """Return the tree of a module of the standard library, which has no syntax errors."""
    return parse(source, Diagnostics())


def hides_library(name: str, source: Source) -> bool:
    """Return whether a module of the program's own has the name of one of the library."""
    in_library = source.name.startswith(LIBRARY)
    return not in_library and (PACKAGE / "stdlib" / f"{name}.ez").is_file()


class Loader:
    """Reads the files of a program, each once, and makes their tables.

    `incomplete` says that some file has syntax errors, so that missing names may be declared in it.
    """

    def __init__(self, load: LoadModule) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.modules: list[ModuleInfo] = []
        self.incomplete = False
        self._load = load
        self._by_place: dict[tuple[str, str], ModuleInfo] = {}
        self._open: list[ModuleInfo] = []

    def program(self, source: Source) -> ModuleInfo:
        """Read the file that is checked, and everything that it imports."""
        return self._read(source, Path(source.name).stem, is_program=True)

    def _read(self, source: Source, name: str, *, is_program: bool) -> ModuleInfo:
        syntax_errors = Diagnostics()
        in_library = source is _library(name)
        tree = _library_tree(source) if in_library else parse(source, syntax_errors)
        self.incomplete = self.incomplete or bool(syntax_errors)
        self.diagnostics.extend(syntax_errors.sorted)
        module = ModuleInfo(name=name, source=source, tree=tree, is_program=is_program)
        self._by_place[source.name, source.text] = module
        self._open.append(module)
        for item in tree.items:
            self._declare(module, item)
        self._open.pop()
        self.modules.append(module)
        return module

    def _declare(self, module: ModuleInfo, item: syntax.Item) -> None:
        if not module.is_program:
            self._only_in_programs(module, item)
        match item:
            case syntax.PartyItem(names=names):
                for name in names:
                    count = sum(isinstance(i, PartyInfo) for i in module.items.values())
                    self._add(module, name, PartyInfo(name, count))
            case syntax.ComputeItem():
                pass  # parties may be declared after it
            case syntax.ImportItem(name=name):
                self._add(module, name, ImportInfo(item, self._import(module, name)))
            case syntax.ParamItem(name=name):
                self._add(module, name, ParamInfo(item, module))
            case syntax.ConstItem(name=name):
                self._add(module, name, ConstInfo(item, module))
            case syntax.StructItem(name=name):
                self._add(module, name, StructInfo(item, module))
            case syntax.FunctionItem(name=name):
                self._add(module, name, FunctionInfo(item, module))

    def _only_in_programs(self, module: ModuleInfo, item: syntax.Item) -> None:
        what = None
        match item:
            case syntax.PartyItem():
                what = "parties"
            case syntax.ComputeItem():
                what = "who computes"
            case syntax.ParamItem():
                what = "a param"
            case syntax.FunctionItem(name=syntax.Name(text="main")):
                what = "a `main`"
        if what is not None:
            self.diagnostics.append(errors_programs.only_in_programs(item, what, module.name))

    def _add(self, module: ModuleInfo, name: syntax.Name, item: ItemInfo) -> None:
        before = module.items.get(name.text)
        if before is not None:
            imported = isinstance(before, ImportInfo) and isinstance(item, ImportInfo)
            first = before.node if isinstance(before, PartyInfo) else before.node.name
            self.diagnostics.append(
                errors_names.duplicate_item(name, first.span, imported=imported)
            )
            module.ambiguous.add(name.text)
            return
        if name.text in BUILTINS:
            self.diagnostics.append(errors_names.reserved(name))
        module.items[name.text] = item

    def _import(self, importer: ModuleInfo, name: syntax.Name) -> ModuleInfo | None:
        try:
            source = self._load(name.text, importer.source)
        except EzError as error:
            self.diagnostics.extend(error.diagnostics)
            return None
        if source is None:
            self.diagnostics.append(errors_programs.module_not_found(name))
            return None
        known = self._by_place.get((source.name, source.text))
        if known is None:
            return self._read(source, name.text, is_program=False)
        if known in self._open:
            circle = [m.name for m in self._open[self._open.index(known) :]]
            self.diagnostics.append(errors_programs.import_cycle(name, [*circle, known.name]))
            return None
        return known
