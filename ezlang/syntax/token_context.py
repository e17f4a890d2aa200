"""The surroundings of an error: the tokens around it, the open brackets, the lines."""

from __future__ import annotations

from ezlang.source import Source, Span

from .lexer import STRUCT_BRACE, Token
from .machine import Machine
from .tables import END

ITEM_WORDS = frozenset({"party", "compute", "import", "param", "const", "struct", "fn"})
LABEL_WORDS = frozenset({"public", "secret", "@"})
TYPE_WORDS = frozenset(
    {"bool", "fixed", *(f"{sign}int{width}" for sign in ("", "u") for width in (8, 16, 32, 64))}
)
STATEMENT_WORDS = frozenset(
    {"if", "for", "while", "let", "return", "break", "continue", "output", "assert"}
)
CLOSER = {"(": ")", "[": "]", "{": "}", STRUCT_BRACE: "}"}


class TokenContext:
    """Answers queries about the token at an index; efficient for mostly increasing indices."""

    def __init__(self, source: Source, tokens: list[Token], machine: Machine) -> None:
        self.source = source
        self.tokens = tokens
        self.machine = machine
        self._opened: list[int] = []
        self._scanned = 0
        self._ill_indented: int | None = None

    def kind(self, index: int) -> str:
        """Return the kind of a token; `$END` before the first and after the last."""
        return self.tokens[index].kind if 0 <= index < len(self.tokens) else END

    def text(self, index: int) -> str:
        """Return a token as it is written."""
        if not 0 <= index < len(self.tokens):
            return ""
        return self.source.text[self.tokens[index].start : self.tokens[index].end]

    def span(self, first: int, last: int | None = None) -> Span:
        """Return the span of a token, or of all tokens from one to another."""
        end = self.tokens[first if last is None else last].end
        return Span(self.source, self.tokens[first].start, end)

    def written(self, first: int, last: int) -> str:
        """Return the text from one token to another, including both."""
        return self.span(first, last).text if first <= last else ""

    def adjacent(self, index: int) -> bool:
        """Return whether a token follows the one before it without a gap."""
        return index > 0 and self.tokens[index - 1].end == self.tokens[index].start

    def begins_line(self, index: int) -> bool:
        """Return whether a token is the first of its line."""
        if index <= 0:
            return True
        before, token = self.tokens[index - 1], self.tokens[index]
        return "\n" in self.source.text[before.end : token.start]

    def indent(self, index: int) -> int:
        """Return the indentation of a token's line."""
        line = self.source.line(self.span(index).line)
        return len(line) - len(line.lstrip())

    def begins_statement(self, index: int) -> bool:
        """Return whether a token clearly begins something new after a statement."""
        kind = self.kind(index)
        return self.begins_line(index) or kind in STATEMENT_WORDS or kind in ("}", END)

    def starts_item(self, index: int) -> bool:
        """Return whether a token begins an item, possibly in the wrong place."""
        if self.kind(index) not in ITEM_WORDS:
            return False
        return self.begins_line(index) or self.kind(index - 1) in (";", "}")

    def looks_like_function(self, index: int) -> bool:
        """Return whether an unindented line begins like a C function: `int f(`."""
        if not self.begins_line(index) or self.indent(index) > 0:
            return False
        typed = self.kind(index) == "NAME" or self.kind(index) in TYPE_WORDS
        return typed and self.kind(index + 1) == "NAME" and self.kind(index + 2) == "("

    def begins_item(self, index: int) -> bool:
        """Return whether a token, inside a block by its braces, is meant to be at the top level."""
        if self.kind(index) not in ITEM_WORDS or not self.begins_line(index):
            return False
        opened = self.opened(index)
        return bool(opened) and self.indent(index) <= self.indent(opened[0])

    def statement_start(self, index: int) -> int:
        """Return the index of the first token after the last `;`, `{` or `}` before `index`."""
        start = index
        while start > 0 and self.kind(start - 1) not in (";", "{", "}", STRUCT_BRACE):
            start -= 1
        return start

    def lost_brace(self, index: int) -> bool:
        """Return whether the indentation of the next `}` suggests a missing `{` before `index`."""
        depth = 0
        for i in range(index, len(self.tokens)):
            kind = self.kind(i)
            if kind in ("{", STRUCT_BRACE):
                depth += 1
            elif kind in ITEM_WORDS:
                return False
            elif kind == "}":
                if depth == 0:
                    start = self.statement_start(index)
                    return self.begins_line(i) and self.indent(i) == self.indent(start)
                depth -= 1
        return False

    def opened(self, index: int) -> list[int]:
        """Return the indices of the brackets that are open before a token, outermost first."""
        if index < self._scanned:
            self._opened, self._scanned, self._ill_indented = [], 0, None
        for i in range(self._scanned, index):
            self._pass(i)
        self._scanned = max(index, self._scanned)
        return self._opened

    def never_closed(self, index: int) -> int | None:
        """Return the bracket, open before a token, that most likely lacks its partner."""
        opened = self.opened(index)
        innermost = opened[-1] if opened else None
        return innermost if self._ill_indented is None else self._ill_indented

    def _pass(self, index: int) -> None:
        kind, opened = self.tokens[index].kind, self._opened
        if kind in (";", "{"):
            while opened and self.kind(opened[-1]) in ("(", "["):
                opened.pop()
        if kind in CLOSER:
            opened.append(index)
        elif kind in (")", "]", "}"):
            partner = next((o for o in reversed(opened) if CLOSER[self.kind(o)] == kind), None)
            if partner is None:
                return
            if kind == "}" and self._ill_indented is None and self.begins_line(index):
                inner = self.indent(partner) > self.indent(index)
                self._ill_indented = partner if inner else None
            del opened[opened.index(partner) :]
