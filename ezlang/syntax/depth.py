"""The limit on nesting, which lets every later stage walk a tree by plain recursion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ezlang.diagnostics.diagnostic import Diagnostic, Diagnostics
from ezlang.source import Source, Span

from . import tree
from .lexer import STRUCT_BRACE, Token

MAX_DEPTH = 100
"""The limit on the nesting of brackets, and of nodes of the tree."""

_OPEN = frozenset({"(", "[", "{", STRUCT_BRACE})
_CLOSE = frozenset({")", "]", "}"})


def first_too_deep(source: Source, tokens: list[Token]) -> Diagnostic | None:
    """Return an error at the first bracket that is nested in more than MAX_DEPTH others."""
    depth = 0
    for token in tokens:
        if token.kind in _OPEN:
            depth += 1
            if depth > MAX_DEPTH:
                return _too_deep(Span(source, token.start, token.end))
        elif token.kind in _CLOSE:
            depth = max(depth - 1, 0)
    return None


def check_tree_depth(module: tree.Module, diagnostics: Diagnostics) -> tree.Module:
    """Report functions and other items whose nodes nest too deeply, and leave them out."""
    kept: list[tree.Item] = []
    for item in module.items:
        deep = _deepest(item)
        if deep is None:
            kept.append(item)
        else:
            diagnostics.add(_too_deep(deep))
    return module if len(kept) == len(module.items) else replace(module, items=tuple(kept))


def _too_deep(span: Span) -> Diagnostic:
    return Diagnostic(
        code="EZ0004",
        message=f"The program nests deeper than {MAX_DEPTH} levels here",
        span=span,
        help="Name parts of it with `let`, or put them into functions.",
    )


def _deepest(item: tree.Node) -> Span | None:
    """Return the place of a node deeper than MAX_DEPTH in an item, or None."""
    level: list[tree.Node] = [item]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in _children(node)]
        if not level:
            return None
    return level[0].span


def _children(node: tree.Node) -> Iterator[tree.Node]:
    for name in node.__slots__:
        value = getattr(node, name)
        if isinstance(value, tree.Node):
            yield value
        elif isinstance(value, tuple):
            yield from value
