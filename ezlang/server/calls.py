"""The call around the cursor: its function's head, and which argument is being written."""

from __future__ import annotations

from lsprotocol import types as lsp

from ezlang.diagnostics.diagnostic import Diagnostics
from ezlang.library import head
from ezlang.source import Source
from ezlang.syntax import tree
from ezlang.syntax.lexer import lex
from ezlang.syntax.tables import END, load_tables

from .index import Index
from .words import HEADS

_CLOSERS = {")": "(", "]": "[", "}": "{"}


def call_at(source: Source, offset: int) -> tuple[str, int] | None:
    """Return the name of the function whose call is open at a character, and the argument's number.

    It is found in the tokens before, so that what follows may be incomplete.
    """
    before = Source(source.name, source.text[:offset])
    tokens = [t for t in lex(before, load_tables(), Diagnostics(), 100).tokens if t.kind != END]
    open_ones: list[tuple[int, str, int]] = []
    for number, token in enumerate(tokens):
        word = before.text[token.start : token.end]
        if word in ("(", "[", "{"):
            open_ones.append((number, word, 0))
        elif word in _CLOSERS and open_ones:
            open_ones.pop()
        elif word == "," and open_ones:
            at, bracket, commas = open_ones[-1]
            open_ones[-1] = (at, bracket, commas + 1)
    for at, bracket, commas in reversed(open_ones):
        if bracket == "{":
            return None
        words = [before.text[t.start : t.end] for t in tokens[max(at - 3, 0) : at]]
        if bracket == "(" and words and words[-1].replace("_", "a").isalnum():
            qualified = len(words) == 3 and words[1] == "."
            return ("".join(words) if qualified else words[-1]), commas
    return None


def signature(index: Index, offset: int) -> lsp.SignatureHelp | None:
    """Return the head of the function that is being called."""
    found = call_at(index.source, offset)
    if found is None:
        return None
    name, number = found
    prefix, dot, last = name.rpartition(".")
    home = index.imports.get(prefix) if dot else index
    function = home.items.get(last) if home is not None else None
    if function is not None and isinstance(function.node, tree.FunctionItem):
        label, doc = head(function.node), function.node.doc
        parameters = [" ".join(p.span.text.split()) for p in function.node.parameters]
    elif name in HEADS:
        label, doc = HEADS[name]
        parameters = label[label.index("(") + 1 : -1].split(", ")
    else:
        return None
    information = lsp.SignatureInformation(
        label=label,
        documentation=lsp.MarkupContent(lsp.MarkupKind.Markdown, doc) if doc else None,
        parameters=[lsp.ParameterInformation(one) for one in parameters],
        active_parameter=min(number, max(len(parameters) - 1, 0)),
    )
    return lsp.SignatureHelp(signatures=[information], active_signature=0)
