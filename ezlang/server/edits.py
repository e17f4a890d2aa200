"""References, renaming and formatting."""

from __future__ import annotations

import re

from lsprotocol import types as lsp

from ezlang.api import format_text
from ezlang.check.items import BUILTINS
from ezlang.check.modules import LIBRARY
from ezlang.diagnostics.diagnostic import EzError
from ezlang.files import PACKAGE
from ezlang.source import Source, Span

from .documents import Document, Documents
from .index import Definition, Kind
from .places import Places, uri_of
from .words import reserved


class CannotRenameError(Exception):
    """A new name that can't be given; the text says why."""


def references(documents: Documents, source: Source, definition: Definition) -> list[Span]:
    """Return all places where a definition is used, and where it is made, file by file."""
    found = list(documents.index(source).of(definition))
    if definition.scope is not None:
        return found
    home = definition.span.source
    if home.name != source.name:
        found += documents.index(home).of(definition)
    done = {source.name, home.name}
    for other in documents.files():
        if other.name not in done and definition.name in other.text:
            done.add(other.name)
            found += documents.index(other).of(definition)
    return found


def renamed(
    documents: Documents, source: Source, definition: Definition, name: str, places: Places
) -> lsp.WorkspaceEdit:
    """Return the edits that give a definition another name. Raises CannotRenameError."""
    check_renamable(definition)
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise CannotRenameError("Names consist of letters, digits and _, and begin with no digit.")
    if name in reserved() or name in BUILTINS:
        raise CannotRenameError(f"`{name}` is a word of the language.")
    changes: dict[str, list[lsp.TextEdit]] = {}
    for span in references(documents, source, definition):
        index = documents.index(span.source)
        before = index.visible(span.start).get(name)
        if definition.kind is Kind.FIELD:
            before = documents.index(definition.span.source).fields[definition.owner].get(name)
        inner = [one for one in index.definitions if one.name == name and _inside(one, definition)]
        taken = before or next(iter(inner), None)
        if taken is not None and taken.key != definition.key:
            raise CannotRenameError(f"`{name}` is a {taken.kind.value} here already.")
        edit = lsp.TextEdit(places.range(span), name)
        changes.setdefault(uri_of(span.source), []).append(edit)
    return lsp.WorkspaceEdit(changes=changes)


def _inside(one: Definition, of: Definition) -> bool:
    """Return whether a name would hide another of the same spelling, or be hidden by it."""
    if one.kind is Kind.FIELD or of.kind is Kind.FIELD or one.scope is None:
        return False
    if of.scope is None:
        return True
    return of.scope.start <= one.span.start <= of.scope.end


def check_renamable(definition: Definition) -> None:
    """Raise CannotRenameError for what is no program's own, or the name of a file."""
    home = definition.span.source.name
    if home.startswith((LIBRARY, str((PACKAGE / "stdlib").resolve()))):
        raise CannotRenameError("The standard library can't be changed.")
    if definition.kind is Kind.MODULE:
        raise CannotRenameError("A module has the name of its file.")
    if definition.name == "main" and definition.kind is Kind.FUNCTION:
        raise CannotRenameError("A run starts in `main`.")


def formatted(document: Document, places: Places) -> list[lsp.TextEdit] | None:
    """Return the edit that formats a document; None if it has syntax errors."""
    source = document.source
    try:
        text = format_text(source.text, source.name)
    except EzError:
        return None
    return [] if text == source.text else [lsp.TextEdit(places.whole(source), text)]
