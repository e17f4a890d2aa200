"""Tokens to the syntax tree: runs the grammar's LALR(1) tables and goes on after errors."""

from __future__ import annotations

from ezlang.diagnostics.diagnostic import Diagnostic, Diagnostics
from ezlang.source import Source, Span

from . import tree
from .builder import Builder, Child
from .lexer import STRUCT_BRACE, Token, lex
from .tables import END, Tables, load_tables

MAX_ERRORS = 100

_Value = Child | list[Child]
"""What stands on the parser's stack: a terminal, a node, or the parts of a list."""


def parse(source: Source, diagnostics: Diagnostics) -> tree.Module:
    """Return the syntax tree of a file, and report all its syntax errors."""
    tables = load_tables()
    lexed = lex(source, tables, diagnostics, MAX_ERRORS)
    builder = Builder(source, lexed.comments, diagnostics)
    machine = Machine(tables, builder)
    for token in lexed.tokens:
        if not machine.feed(token):
            diagnostics.add(
                Diagnostic(
                    code="EZ0020",
                    message="This was not expected here",
                    span=Span(source, token.start, token.end),
                )
            )
            return tree.Module(span=Span(source, 0, len(source.text)), items=())
    module = machine.result
    assert isinstance(module, tree.Module)
    return module


class Machine:
    """The stacks of an LALR(1) parser."""

    def __init__(self, tables: Tables, builder: Builder) -> None:
        self._tables = tables
        self._build = builder.build
        self.states = [0]
        self.values: list[_Value] = []

    @property
    def result(self) -> _Value:
        """The value of the start rule, once `$END` was taken."""
        return self.values[0]

    def feed(self, token: Token) -> bool:
        """Take a token; return whether it can stand here. If not, nothing of it is kept."""
        states, values = self.states, self.values
        table, rules, end_state = self._tables.states, self._tables.rules, self._tables.end_state
        kind = token.kind
        while True:
            action = table[states[-1]].get(kind)
            if action is None:
                if kind == END and states[-1] == end_state:
                    return True
                if kind == STRUCT_BRACE:
                    kind = "{"
                    token = Token("{", token.start, token.end)
                    continue
                return False
            if action >= 0:
                states.append(action)
                values.append(token)
                return True
            rule = rules[-action - 1]
            size = rule.size
            if rule.handler is None:
                states.pop()
            else:
                parts = values[len(values) - size :]
                if size:
                    del values[-size:], states[-size:]
                values.append(self._reduce(rule.origin, rule.handler, parts))
            states.append(table[states[-1]][rule.origin])

    def _reduce(self, origin: str, handler: str, parts: list[_Value]) -> _Value:
        """Return the node of a rule, or for a rule whose name begins with _ the list of its parts.

        A list that a rule begins with is extended in place: long lists are built in linear time.
        """
        is_list = origin[0] == "_"
        flat: list[Child]
        if is_list and isinstance(parts[0], list):
            flat, parts = parts[0], parts[1:]
        else:
            flat = []
        for part in parts:
            if isinstance(part, list):
                flat.extend(part)
            elif not (is_list and isinstance(part, Token) and part.kind == ","):
                flat.append(part)
        return flat if is_list else self._build(handler, flat)
