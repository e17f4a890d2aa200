"""The lexer. Text that is not a token is reported and left out."""

from __future__ import annotations

import re
from typing import NamedTuple

from ezlang.diagnostics.diagnostic import Diagnostic, Diagnostics
from ezlang.records import dataclass
from ezlang.source import Source, Span

from .tables import END, Tables

STRUCT_BRACE = "STRUCT_BRACE"


class Token(NamedTuple):
    """A terminal of the grammar (its symbol in the tables) and its place in the text."""

    kind: str
    start: int
    end: int


class Comment(NamedTuple):
    """A comment; `kind` is DOC_COMMENT, LINE_COMMENT or BLOCK_COMMENT."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Lexed:
    """The tokens of a text, ending with `$END`, and its comments, both in order.

    `bad` are the places where no token could be read; `complete` says whether the whole text was
    read.
    """

    tokens: list[Token]
    comments: list[Comment]
    bad: list[int]
    complete: bool


_OPEN_STRING = re.compile(r'"[^"\n]*?(?=[);,\s]*(\n|$))')
_QUOTED = re.compile(r"'[^'\n]*'")
_UNKNOWN_RUN = re.compile(r"[^\sA-Za-z0-9_\"'(){}\[\];,.:<>=!+\-*/%&|^~?@]+")
_ESCAPES = {"\\": "\\", '"': '"', "n": "\n", "t": "\t"}
_NAMES = "Names consist of the letters A to Z and a to z, digits and _."
_UNKNOWN_HELP = {
    "'": 'Strings are written in double quotes: "like this".',
    "`": 'Strings are written in double quotes: "like this".',
    "#": "Comments begin with //.",
    "$": _NAMES,
    "\\": "A statement may continue on the next line without any mark.",
}


def lex(source: Source, tables: Tables, diagnostics: Diagnostics, max_errors: int) -> Lexed:
    """Return the tokens and comments of a source; stop after `max_errors` reports."""
    text, ignored, words = source.text, tables.ignored, tables.words
    tokens: list[Token] = []
    comments: list[Comment] = []
    bad: list[int] = []
    match, position = tables.lexer.match, 0
    while position < len(text):
        found = match(text, position)
        if found is None or (found.lastgroup == "_spelling" and text.startswith("/*", position)):
            if len(bad) == max_errors:
                break
            bad.append(position)
            problem = _problem(source, position)
            diagnostics.add(problem)
            if problem.code == "EZ0011":
                break
            assert problem.span is not None
            position = problem.span.end
            if text[problem.span.start] in "\"'" and problem.span.end > problem.span.start + 1:
                tokens.append(Token("STRING", problem.span.start, position))
            continue
        kind, end = found.lastgroup or "", found.end()
        if kind == "_spelling":
            tokens.append(Token(text[position:end], position, end))
        elif kind == "NAME":
            word = text[position:end]
            tokens.append(Token(word if word in words else kind, position, end))
        elif kind not in ignored:
            tokens.append(Token(kind, position, end))
        elif kind != "SPACE":
            comments.append(Comment(kind, position, end))
        position = end
    tokens.append(Token(END, len(text), len(text)))
    return Lexed(tokens, comments, bad, position == len(text))


def _problem(source: Source, position: int) -> Diagnostic:
    """Return an error about the text at a position where no token begins."""
    text = source.text
    if text.startswith("/*", position):
        return Diagnostic(
            code="EZ0011",
            message="This comment is never closed",
            span=Span(source, position, position + 2),
            label="opened here",
            help="Write */ where the comment ends.",
        )
    if text[position] == '"':
        found = _OPEN_STRING.match(text, position)
        return Diagnostic(
            code="EZ0012",
            message="This string is not closed before the end of the line",
            span=Span(source, position, found.end() if found else position + 1),
            help='Write " where the string ends; a string is written on one line.',
        )
    run = _QUOTED.match(text, position) or _UNKNOWN_RUN.match(text, position)
    end = run.end() if run else position + 1
    character = shown(text[position])
    return Diagnostic(
        code="EZ0010",
        message=f"The character {character} is not part of the language",
        span=Span(source, position, end),
        help=_NAMES if text[position].isalpha() else _UNKNOWN_HELP.get(text[position]),
    )


def shown(text: str) -> str:
    """Return printable text, with characters that have no glyph replaced by their code points."""
    if text.isprintable():
        return f"`{text}`"
    return " ".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in text)


def is_closed_string(text: str) -> bool:
    """Return whether a string token was well-formed (if not, that was reported)."""
    return len(text) > 1 and text[0] == text[-1] == '"'


def string_value(source: Source, token: Token, diagnostics: Diagnostics) -> str:
    """Return the value of a string token; an unknown escape is reported and kept."""
    inside = source.text[token.start + 1 : token.end].removesuffix('"')
    if "\\" not in inside:
        return inside

    def replace(found: re.Match[str]) -> str:
        if found.group(1) in _ESCAPES:
            return _ESCAPES[found.group(1)]
        start = token.start + 1 + found.start()
        diagnostics.add(
            Diagnostic(
                code="EZ0013",
                message=f"`{found.group()}` is not a valid escape in a string",
                span=Span(source, start, start + 2),
                help=(
                    r"The escapes are \\ (a backslash), \" (a quote), \n"
                    r" (a line break) and \t (a tab)."
                ),
            )
        )
        return found.group()

    return re.sub(r"\\(.)", replace, inside)
