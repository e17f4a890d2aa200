"""The parser: tokens to the syntax tree, with recovery after every error.

The automaton of `machine.py` runs until a token is not allowed. Then `mistakes.py` explains the
error, and the parser recovers by the first of these that works:

1. insert one token of punctuation, or leave one out, if the next tokens then fit;
2. give up the innermost expression, statement or item around the error, skip to its end, and put a
   node for bad text in its place.
"""

from __future__ import annotations

from collections.abc import Iterator

from ezlang.diagnostics.diagnostic import Diagnostic, Diagnostics
from ezlang.source import Source, Span

from . import tree
from .builder import Builder
from .depth import check_tree_depth, first_too_deep
from .expected import UNEXPECTED
from .lexer import STRUCT_BRACE, Token, lex
from .machine import Machine, Value
from .mistakes import explain_mistake
from .reader import check_size
from .tables import END, load_tables
from .token_context import STATEMENT_WORDS, TokenContext

MAX_ERRORS = 100
"""The number of errors after which the rest of a file is not read."""

_LOOKAHEAD = 4
_INSERTED = (";", ")", "]", ",", "{", "(", ":")


def parse(source: Source, diagnostics: Diagnostics) -> tree.Module:
    """Return the syntax tree of a file, and report all its syntax errors.

    If there are any, the tree has BadStatement and BadExpr where text could not be read, and items
    may be missing. It is useful to editors, but a name that it lacks may be declared in the file.
    """
    if not check_size(source, diagnostics):
        return tree.Module(span=Span(source, 0, len(source.text)), items=())
    tables = load_tables()
    lexed = lex(source, tables, diagnostics, MAX_ERRORS)
    deep = first_too_deep(source, lexed.tokens)
    if deep is not None:
        diagnostics.add(deep)
        return tree.Module(span=Span(source, 0, len(source.text)), items=())
    builder = Builder(source, lexed.comments, diagnostics)
    machine = Machine(tables, builder)
    run = _Run(source, lexed.tokens, machine, builder, diagnostics, lexed.bad, lexed.complete)
    return check_tree_depth(run.module(), diagnostics)


class _Run:
    """A run of the parser: the tokens, its position, and its recovery from errors."""

    def __init__(
        self,
        source: Source,
        tokens: list[Token],
        machine: Machine,
        builder: Builder,
        diagnostics: Diagnostics,
        bad: list[int],
        complete: bool,
    ) -> None:
        self._source = source
        self._tokens = tokens
        self._index = 0
        self._machine = machine
        self._builder = builder
        self._diagnostics = diagnostics
        self._bad = bad
        self._complete = complete
        self._place = TokenContext(source, tokens, machine)
        self._errors = 0
        self._loose_block = False
        self._explained: int | None = None

    def module(self) -> tree.Module:
        """Parse all tokens."""
        tokens, feed = self._tokens, self._machine.feed
        while self._index < len(tokens):
            if feed(tokens[self._index]):
                self._index += 1
                continue
            if self._errors == MAX_ERRORS:
                self._give_up()
            else:
                self._mend()
        module = self._machine.values[0]
        assert isinstance(module, tree.Module)
        return module

    # Recovery from an error

    def _mend(self) -> None:
        """Report that the current token is not allowed here, and recover."""
        token = self._tokens[self._index]
        after_block = self._index > 0 and self._tokens[self._index - 1].kind == "}"
        if self._loose_block and after_block and token.kind in ("else", ";"):
            self._index += 1
            return
        if not self._follows_bad_text(token):
            self._report()
        if not (self._insert() or self._leave_out() or self._close_blocks()):
            self._skip()

    def _report(self) -> None:
        """Report that the current token doesn't fit, unless an explained mistake is the reason.

        What is explained is a form of another language as a rule, and the rest of its statement
        doesn't fit either.
        """
        start = self._place.statement_start(self._index)
        if start == self._explained:
            return
        found = explain_mistake(self._place, self._index)
        self._explained = None if found.code in UNEXPECTED else start
        self._errors += 1
        self._diagnostics.add(found)

    def _follows_bad_text(self, token: Token) -> bool:
        """Return whether the error is due to text that the lexer has already reported."""
        if token.kind == END and not self._complete:
            return True
        before = self._tokens[self._index - 1].start if self._index else 0
        return any(before <= position <= token.start for position in self._bad)

    def _give_up(self) -> None:
        """Report that there are too many errors, and go to the end of the file."""
        token = self._tokens[self._index]
        self._diagnostics.add(
            Diagnostic(
                code="EZ0005",
                message=f"There are more than {MAX_ERRORS} errors; the rest was not read",
                span=Span(self._source, token.start, token.end),
                help="Fix the first ones: they may cause many of the others.",
            )
        )
        self._index = len(self._tokens) - 1
        self._machine.cut(self._waiting_for("item"))

    def _ahead(self, index: int) -> list[str]:
        return [t.kind for t in self._tokens[index : index + _LOOKAHEAD]]

    def _insert(self) -> bool:
        """Insert a token without which the next ones do not fit."""
        previous = self._tokens[self._index - 1]
        ahead = self._ahead(self._index)
        for kind in _INSERTED:
            if kind == ";" and not self._place.begins_statement(self._index):
                continue
            if kind == "{" and not self._place.lost_brace(self._index):
                continue
            if self._machine.accepts(kind, *ahead):
                return self._machine.feed(Token(kind, previous.end, previous.end))
        return False

    def _leave_out(self) -> bool:
        """Leave out the current token if the next ones then fit."""
        if self._tokens[self._index].kind in ("{", "}", STRUCT_BRACE, END):
            return False
        if self._machine.accepts(*self._ahead(self._index + 1)):
            self._index += 1
            return True
        return False

    def _close_blocks(self) -> bool:
        """Before an item or the end of the file, close the statement and all open blocks."""
        token = self._tokens[self._index]
        if not (token.kind == END or self._place.begins_item(self._index)):
            return False
        block = self._waiting_for("statement")
        if block == 0:
            return False
        self._put_bad_statement(block, token.start)
        here = Token("}", token.start, token.start)
        while not self._machine.accepts(token.kind) and self._machine.feed(here):
            pass
        return self._machine.accepts(token.kind)

    # Skipping

    def _waiting_for(self, symbol: str) -> int:
        """Return the depth of the topmost state that waits for a rule; 0 if none does."""
        for depth in range(len(self._machine.states) - 1, 0, -1):
            if self._machine.goes_on_with(depth, symbol):
                return depth
        return 0

    def _skip(self) -> None:
        """Give up the construct around the error and continue at its end."""
        expr, statement = self._waiting_for("expr"), self._waiting_for("statement")
        if expr > statement and self._skip_expression(expr):
            return
        if statement:
            self._skip_statement(statement)
        else:
            self._skip_item()

    def _skip_expression(self, depth: int) -> bool:
        """Skip to a token that can follow an expression in the enclosing brackets or statement."""
        for index in self._same_level(self._after_braces(self._index)):
            kind = self._tokens[index].kind
            if self._place.starts_item(index) or kind == END or self._begins_statement(index):
                return False
            if kind not in (";", ")", "]", "}", ",", "{", "..", STRUCT_BRACE):
                continue
            if self._machine.accepts_after(depth, "expr", kind):
                start = _start(self._machine.cut(depth), self._tokens[self._index].start)
                end = self._tokens[index - 1].end
                self._machine.push("expr", self._builder.bad_expr(start, max(start, end)))
                self._index = index
                return True
            if kind in (";", "}", "{"):
                return False
        return False

    def _after_braces(self, index: int) -> int:
        """Return the end of a `{ … }` in place of a value; `index` if there is none."""
        depth = 0
        for at in range(index, len(self._tokens)):
            kind = self._tokens[at].kind
            depth += (kind in ("{", STRUCT_BRACE)) - (kind == "}")
            if depth == 0:
                follows = self._tokens[min(at + 1, len(self._tokens) - 1)].kind
                return at + 1 if follows in (";", ",", ")", "]") else index
            if kind == ";" or self._place.starts_item(at):
                return index
        return index

    def _skip_statement(self, depth: int) -> None:
        """Skip the rest of a statement; a block in it is read as a statement of its own."""
        first, stop = self._index, len(self._tokens) - 1
        for index in self._same_level(first):
            kind = self._tokens[index].kind
            if kind == ";":
                stop = index + 1
                break
            begins = index > first and self._begins_statement(index)
            begins = begins or (index > first and self._place.starts_item(index))
            if kind in ("{", "}", END) or begins:
                stop = index
                self._loose_block = self._loose_block or kind == "{"
                break
        if stop == first and self._tokens[first].kind not in ("{", "}"):
            stop += self._tokens[first].kind != END
        self._put_bad_statement(depth, self._tokens[max(stop - 1, 0)].end)
        self._index = stop
        if stop == first and not self._machine.accepts(self._tokens[stop].kind):
            self._index += self._tokens[stop].kind != END

    def _put_bad_statement(self, depth: int, end: int) -> None:
        start = _start(self._machine.cut(depth), self._tokens[self._index].start)
        self._machine.push("statement", self._builder.bad_statement(start, max(start, end)))

    def _skip_item(self) -> None:
        """Skip to the next item; the body of a function with a bad head is still read."""
        self._machine.cut(self._waiting_for("item"))
        self._loose_block = False
        place, start = self._place, self._index
        while place.starts_item(start) and not self._machine.accepts(place.kind(start)):
            start += 1
        head: Token | None = None
        first = start
        while first > 0 and place.kind(first - 1) not in (";", "}"):
            first -= 1
        for index in range(first, len(self._tokens)):
            kind = place.kind(index)
            if kind == "NAME" and head is None and place.kind(index + 1) == "(":
                head = self._tokens[index]
            if index < start:
                continue
            self._index = index
            restarts = place.starts_item(index) or place.looks_like_function(index)
            if kind == END or (restarts and (index > start or self._machine.accepts(kind))):
                return
            if kind == "{" and head is not None:
                self._feed_head(head, self._tokens[index].start)
                return

    def _feed_head(self, name: Token, here: int) -> None:
        """Feed the head of a function without parameters in place of a bad head."""
        self._builder.bad_heads.add(name.start)
        for kind in ("fn", "NAME", "(", ")"):
            self._machine.feed(name if kind == "NAME" else Token(kind, here, here))

    def _begins_statement(self, index: int) -> bool:
        return self._tokens[index].kind in STATEMENT_WORDS and self._place.begins_line(index)

    def _same_level(self, first: int) -> Iterator[int]:
        """Yield the indices from `first` on, leaving out the contents of ( ) and [ ].

        A bracket that is not closed before a statement ends at the end of a line is ignored.
        """
        depth = 0
        for index in range(first, len(self._tokens)):
            token = self._tokens[index]
            if token.kind in (")", "]") and depth:
                depth -= 1
                continue
            ends = token.kind == ";" and self._place.begins_line(index + 1)
            closes = token.kind in ("{", "}", END) or self._place.starts_item(index)
            if depth == 0 or ends or closes:
                yield index
            if token.kind in ("(", "["):
                depth += 1


def _start(values: list[Value], otherwise: int) -> int:
    """Return the start of the first of some values in the text."""
    for value in values:
        first = value[0] if isinstance(value, list) else value
        return first.start if isinstance(first, Token) else first.span.start
    return otherwise
