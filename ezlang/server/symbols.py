"""The outline of a file, and names of all files of a folder."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types as lsp

from .documents import Documents
from .index import Definition, Index, Kind
from .places import Places

SYMBOLS = {
    Kind.PARTY: lsp.SymbolKind.Object,
    Kind.MODULE: lsp.SymbolKind.Module,
    Kind.PARAM: lsp.SymbolKind.Property,
    Kind.CONSTANT: lsp.SymbolKind.Constant,
    Kind.STRUCT: lsp.SymbolKind.Struct,
    Kind.FIELD: lsp.SymbolKind.Field,
    Kind.FUNCTION: lsp.SymbolKind.Function,
}


def outline(index: Index, places: Places) -> list[lsp.DocumentSymbol]:
    """Return the items of a file, structs with their fields."""
    return [
        _symbol(one, places, [_symbol(f, places) for f in index.members(one).values()])
        if one.kind is Kind.STRUCT
        else _symbol(one, places)
        for one in index.definitions
        if one.scope is None and one.kind is not Kind.FIELD
    ]


def _symbol(
    one: Definition, places: Places, inside: list[lsp.DocumentSymbol] | None = None
) -> lsp.DocumentSymbol:
    return lsp.DocumentSymbol(
        name=one.name,
        kind=SYMBOLS[one.kind],
        range=places.range(one.node.span),
        selection_range=places.range(one.span),
        children=inside or None,
    )


def named(documents: Documents, query: str, places: Places) -> Iterator[lsp.WorkspaceSymbol]:
    """Yield the items of all files whose names have the letters of a query, in their order."""
    for source in documents.files():
        for one in documents.index(source).definitions:
            if one.kind in SYMBOLS and _fits(query, one.name):
                yield lsp.WorkspaceSymbol(
                    location=places.location(one.span),
                    name=one.name,
                    kind=SYMBOLS[one.kind],
                    container_name=one.owner or None,
                )


def _fits(query: str, name: str) -> bool:
    letters = iter(name.lower())
    return all(letter in letters for letter in query.lower())
