"""The base of all makers of nodes: places, names, strings, reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from ezlang.diagnostics.diagnostic import Diagnostic, Diagnostics
from ezlang.records import dataclass
from ezlang.source import Source, Span

from . import tree
from .lexer import Token, string_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(tree.Node):
    """A part of the grammar that is not a node of the tree: `kind` is the name of its rule."""

    kind: str
    items: tuple[tree.Node, ...]


Child = Token | tree.Node
"""A part of a rule: a terminal or a node. Lists are spliced in without their commas."""


class Maker:
    """Holds the source that nodes are made from, and the diagnostics of errors found in it."""

    def __init__(self, source: Source, diagnostics: Diagnostics) -> None:
        self._source = source
        self._diagnostics = diagnostics

    def bad_expr(self, start: int, end: int) -> tree.BadExpr:
        """Return the node for text that is not an expression."""
        return tree.BadExpr(span=Span(self._source, start, end))

    def bad_statement(self, start: int, end: int) -> tree.BadStatement:
        """Return the node for text that is not a statement."""
        return tree.BadStatement(span=Span(self._source, start, end))

    def _span(self, children: Sequence[Child]) -> Span:
        first, last = children[0], children[-1]
        start = first.start if isinstance(first, Token) else first.span.start
        end = last.end if isinstance(last, Token) else last.span.end
        return Span(self._source, start, end)

    def _token_span(self, token: Token) -> Span:
        return Span(self._source, token.start, token.end)

    def _name(self, child: Child) -> tree.Name:
        token = cast(Token, child)
        text = self._source.text[token.start : token.end]
        return tree.Name(span=self._token_span(token), text=text)

    def _names(self, children: Sequence[Child]) -> tuple[tree.Name, ...]:
        return tuple(self._name(c) for c in children if isinstance(c, Token) and c.kind == "NAME")

    def _string(self, child: Child) -> tree.StringLiteral:
        token = cast(Token, child)
        value = string_value(self._source, token, self._diagnostics)
        return tree.StringLiteral(span=self._token_span(token), value=value)

    def _report(self, code: str, message: str, span: Span, help: str) -> None:
        self._diagnostics.add(Diagnostic(code=code, message=message, span=span, help=help))

    def _group(self, kind: str, children: list[Child]) -> Group:
        items = tuple(c for c in children if not isinstance(c, Token))
        return Group(span=self._span(children), kind=kind, items=items)
