"""The open documents, and what is known of them: syntax tree, names, check.

Everything is computed when it is first asked for, and kept until a text changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ezlang.analysis.warnings import warnings
from ezlang.check import CheckResult, Watch, check, find_module
from ezlang.check.modules import LIBRARY
from ezlang.diagnostics.diagnostic import Diagnostic, Diagnostics, EzError
from ezlang.records import dataclass
from ezlang.source import Source
from ezlang.syntax.parser import parse
from ezlang.syntax.reader import read_source

from .index import Index
from .places import path_of
from .resolve import index_of

_MOST_FILES = 500
"""How many files of a folder are read for symbols and references."""


@dataclass(slots=True, eq=False)
class Checked:
    """The check of a document."""

    result: CheckResult
    watch: Watch
    diagnostics: tuple[Diagnostic, ...]


@dataclass(slots=True, eq=False)
class Document:
    """An open document in its present version."""

    uri: str
    version: int
    source: Source
    checked: Checked | None = None


class Documents:
    """The open documents by address, and the names of all files that they use."""

    def __init__(self) -> None:
        self.open: dict[str, Document] = {}
        self.folders: list[Path] = []
        self._indices: dict[tuple[str, str], Index] = {}
        self._loading: set[str] = set()

    # Texts

    def put(self, uri: str, version: int, text: str) -> Document:
        """Take a document's text, as opened or changed."""
        source = Source(path_of(uri), text.removeprefix("\ufeff"))
        self.open[uri] = document = Document(uri, version, source)
        for other in self.open.values():
            other.checked = None  # it may import this one
        self._indices = {
            key: index for key, index in self._indices.items() if key[0].startswith(LIBRARY)
        }
        return document

    def close(self, uri: str) -> None:
        """Forget a document: its text is that of its file again."""
        self.open.pop(uri, None)
        self._indices.clear()

    def get(self, uri: str) -> Document:
        """Return a document; one that isn't open is read. Raises EzError if it can't be."""
        if uri in self.open:
            return self.open[uri]
        path = path_of(uri)
        name, library = path, self.library_name(path)
        return Document(uri, 0, read_source(path, library or name))

    @staticmethod
    def library_name(path: str) -> str | None:
        """Return the name of a source of the standard library; None for any other file."""
        from ezlang.files import PACKAGE

        file = Path(path)
        folder = PACKAGE / "stdlib"
        if file.suffix == ".ez" and file.resolve().parent == folder.resolve():
            return f"{LIBRARY}{file.name}"
        return None

    def load(self, name: str, importer: Source) -> Source | None:
        """Return the source of an imported module: the open document, if it is open."""
        path = str(Path(importer.name).parent / f"{name}.ez")
        for document in self.open.values():
            if document.source.name == path and not importer.name.startswith(LIBRARY):
                return document.source
        return find_module(name, importer)

    # What is known

    def check(self, document: Document) -> Checked:
        """Return the check of a document."""
        if document.checked is None:
            watch = Watch()
            result = check(document.source, load_module=self.load, watch=watch)
            found = result.diagnostics or warnings(result)
            document.checked = Checked(result, watch, found)
        return document.checked

    def index(self, source: Source) -> Index:
        """Return the names of a file."""
        key = (source.name, source.text)
        known = self._indices.get(key)
        if known is None:
            known = index_of(source, parse(source, Diagnostics()), self.imported)
            self._indices[key] = known
        return known

    def imported(self, name: str, importer: Source) -> Index | None:
        """Return the names of an imported module; None if it imports itself, or isn't there."""
        try:
            source = self.load(name, importer)
        except EzError:
            return None
        if source is None or source.name in self._loading:
            return None
        self._loading.add(importer.name)
        try:
            return self.index(source)
        finally:
            self._loading.discard(importer.name)

    def files(self) -> Iterator[Source]:
        """Yield all files of the folders and all open documents, each once."""
        seen = {document.source.name for document in self.open.values()}
        yield from [document.source for document in self.open.values()]
        count = 0
        for folder in self.folders:
            for path in sorted(folder.rglob("*.ez")):
                name = str(path)
                hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
                if name in seen or hidden:
                    continue
                seen.add(name)
                count += 1
                if count > _MOST_FILES:
                    return
                try:
                    yield read_source(path, self.library_name(name) or name)
                except EzError:
                    continue
