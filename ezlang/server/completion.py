"""What may be written at the cursor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lsprotocol import types as lsp

from ezlang.check.watch import Watch
from ezlang.diagnostics.diagnostic import Diagnostics
from ezlang.library import modules
from ezlang.source import Source
from ezlang.syntax import tree
from ezlang.syntax.parser import parse
from ezlang.syntax.token_context import TYPE_WORDS

from .calls import call_at
from .documents import Documents
from .hover import declared
from .index import Definition, Index, Kind
from .resolve import children, index_of
from .words import HEADS, keywords

_HERE = "completed_here_"
"""A name that is put at the cursor, so that the parser reads what is before it."""

_KINDS = {
    Kind.PARTY: lsp.CompletionItemKind.Value,
    Kind.MODULE: lsp.CompletionItemKind.Module,
    Kind.PARAM: lsp.CompletionItemKind.Property,
    Kind.CONSTANT: lsp.CompletionItemKind.Constant,
    Kind.STRUCT: lsp.CompletionItemKind.Struct,
    Kind.FIELD: lsp.CompletionItemKind.Field,
    Kind.FUNCTION: lsp.CompletionItemKind.Function,
}
_ITEM = re.compile(r"(^|[;}])\s*import\s+\w*$")
_MEMBER = re.compile(r"(?<!\.)\.\s*\w*$")
_PARTY = re.compile(r"@\w*$")


def completions(
    documents: Documents, source: Source, watch: Watch, offset: int
) -> list[lsp.CompletionItem]:
    """Return what may be written at a character; the client filters by what is there already."""
    line = source.text[source.text.rfind("\n", 0, offset) + 1 : offset]
    if "//" in line:
        return []
    start = offset - len(line) + len(re.sub(r"\w*$", "", line))
    index = _with_name(documents, source, start, offset)
    if line.count('"') % 2:
        return [_word(name, lsp.CompletionItemKind.Text) for name in _inputs(index, offset)]
    if _ITEM.search(line):
        return [_word(name, lsp.CompletionItemKind.Module) for name in _modules(source)]
    if _PARTY.search(line):
        return [_word(name, lsp.CompletionItemKind.Value) for name in _parties(index, offset)]
    if _MEMBER.search(line):
        return [_item(one, watch) for one in index.offered.get(start, {}).values()]
    found = [_item(one, watch) for one in index.visible(offset).values() if one.name != _HERE]
    called = call_at(source, offset)
    if called in (("input", 0), ("output", 0), ("reveal", 1)):
        others = [_word("all", lsp.CompletionItemKind.Keyword)] if called != ("reveal", 1) else []
        return [_word(n, lsp.CompletionItemKind.Value) for n in _parties(index, offset)] + others
    found += [_word(name, lsp.CompletionItemKind.Keyword) for name in keywords()]
    found += [_word(name, lsp.CompletionItemKind.TypeParameter) for name in sorted(TYPE_WORDS)]
    for name, (head, doc) in HEADS.items():
        found.append(
            lsp.CompletionItem(
                name, kind=lsp.CompletionItemKind.Function, detail=head, documentation=doc
            )
        )
    return found


def _with_name(documents: Documents, source: Source, start: int, offset: int) -> Index:
    """Return the names of a text that has a name in place of the word at the cursor.

    At the end of a line it is called, since a call is both an expression and a statement.
    """
    end = source.text.find("\n", offset)
    rest = source.text[offset : end if end >= 0 else None]
    text = f"{source.text[:start]}{_HERE}{'' if rest.strip() else '();'}{source.text[offset:]}"
    changed = Source(source.name, text)
    return index_of(changed, parse(changed, Diagnostics()), documents.imported)


def _word(name: str, kind: lsp.CompletionItemKind) -> lsp.CompletionItem:
    return lsp.CompletionItem(name, kind=kind)


def _item(one: Definition, watch: Watch) -> lsp.CompletionItem:
    doc = getattr(one.node, "doc", None)
    return lsp.CompletionItem(
        one.name,
        kind=_KINDS.get(one.kind, lsp.CompletionItemKind.Variable),
        detail=declared(one, watch),
        documentation=lsp.MarkupContent(lsp.MarkupKind.Markdown, doc) if doc else None,
    )


def _parties(index: Index, offset: int) -> list[str]:
    """Return the parties, and the variables of loops over them around a character."""
    loops = [
        name
        for name, one in index.visible(offset).items()
        if isinstance(one.node, tree.ForEach)
        and isinstance(one.node.iterable, tree.Variable)
        and one.node.iterable.name.text in ("parties", "clients")
    ]
    return [*index.parties(), *loops]


def _modules(source: Source) -> list[str]:
    """Return the modules of the library, and those beside a file."""
    folder = Path(source.name).parent
    beside = [path.stem for path in folder.glob("*.ez") if str(path) != source.name]
    return sorted({*(one.name for one in modules()), *beside} - {"main"})


def _inputs(index: Index, offset: int) -> list[str]:
    """Return the names of inputs that the file has elsewhere."""
    found = [
        node.name.value
        for item in index.module.items
        for node in _nodes(item)
        if isinstance(node, tree.Input) and not node.span.start <= offset <= node.span.end
    ]
    return list(dict.fromkeys(found))


def _nodes(node: tree.Node) -> Iterator[tree.Node]:
    pending = [node]
    while pending:
        one = pending.pop()
        yield one
        pending.extend(reversed(list(children(one))))
