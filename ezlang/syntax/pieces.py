"""A file as the formatter sees it: statements of tokens, brackets, blocks and comments."""

from __future__ import annotations

from dataclasses import field

from ezlang.records import dataclass

from .lexer import STRUCT_BRACE, Comment, Lexed, Token
from .tables import END

OPENERS = {"(": ")", "[": "]", STRUCT_BRACE: "}", "<": ">"}


@dataclass(frozen=True, slots=True)
class Word:
    """A token or a comment; `newlines` is the number of line breaks before it."""

    kind: str
    text: str
    newlines: int

    @property
    def is_comment(self) -> bool:
        """Whether it is a comment."""
        return self.kind.endswith("_COMMENT")

    @property
    def ends_line(self) -> bool:
        """Whether nothing can follow it on its line."""
        return self.kind in ("LINE_COMMENT", "DOC_COMMENT")


_NONE = Word("", "", 0)


@dataclass(slots=True)
class Bracket:
    """`( … )`, `[ … ]`, `< … >` around sizes, or the braces of a struct literal."""

    open: Word
    inside: list[Piece] = field(default_factory=list)
    close: Word = _NONE


@dataclass(slots=True)
class Block:
    """`{ … }` around statements or fields; `close` holds the line breaks before `}`."""

    open: Word
    lines: list[Line] = field(default_factory=list)
    close: Word = _NONE


Piece = Word | Bracket | Block


@dataclass(slots=True)
class Line:
    """A statement, an item, a field, or a comment with lines of its own."""

    pieces: list[Piece] = field(default_factory=list)


def lines_of(text: str, lexed: Lexed) -> list[Line]:
    """Return the lines of a file without syntax errors."""
    words = _words(text, lexed)
    top = Block(Word("{", "{", 0))
    stack: list[Bracket | Block] = [top]
    for index, word in enumerate(words):
        inner = stack[-1]
        opens = word.kind in OPENERS and (word.kind != "<" or _opens_sizes(words, index))
        if opens or word.kind == "{":
            made = Bracket(word) if opens else Block(word)
            _add(inner, made, words, index)
            stack.append(made)
        elif word.kind == _closer(inner):
            inner.close = word
            stack.pop()
        else:
            _add(inner, word, words, index)
    return top.lines


def first_word(piece: Piece) -> Word:
    """Return the first word of a piece."""
    return piece if isinstance(piece, Word) else piece.open


def last_word(piece: Piece) -> Word:
    """Return the last word of a piece."""
    return piece if isinstance(piece, Word) else piece.close


def is_comment(piece: Piece) -> bool:
    """Return whether a piece is a comment."""
    return isinstance(piece, Word) and piece.is_comment


def _closer(inner: Bracket | Block) -> str:
    return "}" if isinstance(inner, Block) else OPENERS[inner.open.kind]


def _opens_sizes(words: list[Word], index: int) -> bool:
    """Return whether a `<` opens sizes: `fn f<k>`, `f::<4>`."""
    before = [w.kind for w in words[:index][-8:] if not w.is_comment]
    return before[-1:] in (["::"], ["fixed"]) or before[-2:] == ["fn", "NAME"]


def _add(inner: Bracket | Block, piece: Piece, words: list[Word], index: int) -> None:
    """Add a piece to a bracket, or to the right line of a block."""
    if isinstance(inner, Bracket):
        inner.inside.append(piece)
    elif inner.lines and _continues(inner.lines[-1], piece, words, index):
        inner.lines[-1].pieces.append(piece)
    else:
        inner.lines.append(Line([piece]))


def _continues(line: Line, piece: Piece, words: list[Word], index: int) -> bool:
    """Return whether a piece belongs to the line before it."""
    word = first_word(piece)
    if word.is_comment and word.newlines == 0:
        return True
    last = next((p for p in reversed(line.pieces) if not is_comment(p)), None)
    if last is None:
        return not isinstance(line.pieces[-1], Word) or (
            not line.pieces[-1].ends_line and word.newlines == 0
        )
    if isinstance(last, Block):
        return next((w.kind for w in words[index:] if not w.is_comment), END) == "else"
    if isinstance(last, Bracket) and first_word(line.pieces[0]).kind == "HASH":
        return False
    return not (isinstance(last, Word) and last.kind == ";")


def _words(text: str, lexed: Lexed) -> list[Word]:
    """Return tokens and comments in the order of the text."""
    both: list[Token | Comment] = [*lexed.tokens[:-1], *lexed.comments]
    both.sort(key=lambda w: w.start)
    words: list[Word] = []
    end = 0
    for token in both:
        written = text[token.start : token.end]
        if token.kind.endswith("_COMMENT"):
            written = "\n".join(line.rstrip() for line in written.split("\n"))
        words.append(Word(token.kind, written, text.count("\n", end, token.start)))
        end = token.end
    return words
