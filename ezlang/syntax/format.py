"""The formatter of `ezlang fmt`.

It works on tokens and comments, so that nothing is lost: redundant brackets stay, and every comment
keeps its place. The rules are:

- four blanks for each level; at most one blank line between statements, none at the ends of blocks;
- a block is written on the line of its head if it was before, has at most one statement, and fits;
- an attribute has a line of its own;
- lines have at most 100 characters; longer lines are broken after the commas of the outermost
  brackets, and before the operators of the weakest binding.
"""

from __future__ import annotations

from itertools import pairwise
from typing import assert_never

from ezlang.diagnostics.diagnostic import Diagnostics, EzError
from ezlang.source import Source

from .layout import (
    LINE,
    NOTHING_OR_LINE,
    SPACE_OR_LINE,
    Break,
    Concat,
    Doc,
    Fill,
    IfBroken,
    Nest,
    group,
    lay_out,
)
from .lexer import STRUCT_BRACE, lex
from .parser import MAX_ERRORS, parse
from .pieces import Block, Bracket, Line, Piece, Word, first_word, is_comment, last_word, lines_of
from .tables import load_tables
from .token_context import TYPE_WORDS

MAX_WIDTH = 100
"""The largest number of characters in a line."""

INDENT = 4

_ASSIGNING = frozenset({"=", "+=", "-=", "*=", "**=", "/=", "%=", "<<=", ">>=", "&=", "|=", "^="})
_LEVELS = (
    frozenset({"?", ":"}),
    frozenset({"||"}),
    frozenset({"&&"}),
    frozenset({"==", "!=", "<", "<=", ">", ">="}),
    frozenset({"|"}),
    frozenset({"^"}),
    frozenset({"&"}),
    frozenset({"<<", ">>"}),
    frozenset({"+", "-"}),
    frozenset({"*", "/", "%"}),
    frozenset({"**"}),
)
_CALLED = frozenset({"NAME", "input", "reveal", "output", "assert", *TYPE_WORDS})
_VALUES = frozenset({"NAME", "INT", "DECIMAL", "STRING", "true", "false", "parties"})
_TIGHT_BEFORE = frozenset({",", ";", ".", "::", "..", "...", "field"})
_TIGHT_AFTER = frozenset({".", "::", "..", "@", "HASH", "unary"})


def format_source(source: Source) -> str:
    """Return a formatted program. Raises EzError (exit code 1) if it has syntax errors."""
    diagnostics = Diagnostics()
    parse(source, diagnostics)
    if diagnostics:
        raise EzError(*diagnostics.sorted)
    lexed = lex(source, load_tables(), diagnostics, MAX_ERRORS)
    out: list[str] = []
    for i, line in enumerate(lines_of(source.text, lexed)):
        if i and first_word(line.pieces[0]).newlines > 1:
            out.append("")
        out.append(lay_out(_line(line), MAX_WIDTH, INDENT))
    return "\n".join(out) + "\n" if out else ""


# Lines and blocks


def _line(line: Line) -> Doc:
    """Return a statement, an item or a comment, with its blocks."""
    stays = _may_stay_on_one_line(line)
    parts: list[Doc] = []
    before: Word | None = None
    for segment in _segments(line):
        if before is not None:
            parts.append(_comment_break(before, first_word(segment[0])) or " ")
        block = segment[0]
        if isinstance(block, Block):
            parts.append(_block(block, SPACE_OR_LINE if stays else LINE))
        else:
            parts.append(_commas(segment))
        before = last_word(segment[-1])
    return group(*parts) if stays else Concat(tuple(parts))


def _segments(line: Line) -> list[list[Piece]]:
    """Return the pieces of a line, with each block on its own."""
    segments: list[list[Piece]] = []
    for piece in line.pieces:
        alone = isinstance(piece, Block)
        if alone or not segments or isinstance(segments[-1][0], Block):
            segments.append([piece])
        else:
            segments[-1].append(piece)
    return segments


def _may_stay_on_one_line(line: Line) -> bool:
    """Return whether a line with blocks was written on one line, and its blocks are short."""
    blocks = [p for p in line.pieces if isinstance(p, Block)]
    if not blocks or any(_newlines_inside(p) for p in line.pieces[1:]):
        return False
    head = line.pieces[0]
    is_struct = isinstance(head, Word) and head.kind == "struct"
    return not _newlines_within(head) and all(
        (len(b.lines) <= 1 or is_struct)
        and not any(isinstance(p, Block) for inner in b.lines for p in inner.pieces)
        for b in blocks
    )


def _newlines_inside(piece: Piece) -> bool:
    return first_word(piece).newlines > 0 or _newlines_within(piece)


def _newlines_within(piece: Piece) -> bool:
    """Return whether there is a line break between the first and the last character of a piece."""
    match piece:
        case Word():
            return piece.ends_line or "\n" in piece.text
        case Bracket():
            return piece.close.newlines > 0 or any(map(_newlines_inside, piece.inside))
        case Block():
            inside = (p for line in piece.lines for p in line.pieces)
            return piece.close.newlines > 0 or any(map(_newlines_inside, inside))
        case _:
            assert_never(piece)


def _block(block: Block, between: Break) -> Doc:
    """Return a block with `between` before each of its lines."""
    if not block.lines:
        return "{ }"
    inside: list[Doc] = []
    for i, line in enumerate(block.lines):
        first = first_word(line.pieces[0])
        remark = i == 0 and first.newlines == 0 and all(map(is_comment, line.pieces))
        if i and first.newlines > 1:
            inside.append(LINE)
        inside += (" " if remark and between.forced else between, _line(line))
    return Concat(("{", Nest(tuple(inside)), between, "}"))


# Lists and expressions


def _commas(pieces: list[Piece]) -> Doc:
    """Return a list without brackets (`party alice, bob;`), or pieces without commas."""
    first, *rest = _items(pieces)
    if not rest:
        return _assignment(first)
    tail = [",", *_remarks(first), *_after_first([first, *rest], "")]
    return group(_assignment(_without_remarks(first)), Nest(tuple(tail)))


def _items(pieces: list[Piece]) -> list[list[Piece]]:
    """Split at commas; the last comma may be followed by nothing.

    A comment on the line of a comma belongs to the item before the comma.
    """
    items: list[list[Piece]] = [[]]
    comma = False
    for piece in pieces:
        if isinstance(piece, Word) and piece.kind == ",":
            comma = True
        elif comma and not (is_comment(piece) and first_word(piece).newlines == 0):
            comma = False
            items.append([piece])
        else:
            items[-1].append(piece)
    return items


def _after_first(items: list[list[Piece]], last_comma: Doc) -> list[Doc]:
    """Return all items except the first, each after a break and before its comma."""
    parts: list[Doc] = []
    for i, item in enumerate(items[1:], start=1):
        parts.append(LINE if last_word(items[i - 1][-1]).ends_line else SPACE_OR_LINE)
        parts.append(_with_comma(item, "," if i < len(items) - 1 else last_comma))
    return parts


def _with_comma(item: list[Piece], comma: Doc) -> Doc:
    """Return an item of a list with its comma, which goes before comments at its end."""
    return Concat((_assignment(_without_remarks(item)), comma, *_remarks(item)))


def _without_remarks(item: list[Piece]) -> list[Piece]:
    """Return an item without the comments at its end; an item of comments alone keeps the first."""
    end = len(item)
    while end > 1 and is_comment(item[end - 1]):
        end -= 1
    return item[:end]


def _remarks(item: list[Piece]) -> list[Doc]:
    """Return the comments at the end of an item, each with the separator before it."""
    parts: list[Doc] = []
    for before, comment in pairwise(item[len(_without_remarks(item)) - 1 :]):
        parts += (_comment_break(last_word(before), first_word(comment)) or " ", _piece(comment))
    return parts


def _bracket(bracket: Bracket) -> Doc:
    """Return brackets and their contents."""
    opening, closing = bracket.open.text, bracket.close.text
    if not bracket.inside:
        return opening + closing
    if opening == "<" and not any(map(is_comment, bracket.inside)):
        # Sizes are short: `fixed<8, 16>` isn't broken.
        items = _items(bracket.inside)
        parts: list[Doc] = [_assignment(items[0])]
        for item in items[1:]:
            parts += (", ", _assignment(item))
        return Concat((opening, *parts, closing))
    edge = SPACE_OR_LINE if bracket.open.kind == STRUCT_BRACE else NOTHING_OR_LINE
    inside = _classified(bracket.inside, bracket.open.kind == STRUCT_BRACE)
    items = _items(inside)
    commas = sum(isinstance(p, Word) and p.kind == "," for p in inside)
    last_comma: Doc = IfBroken(",") if commas == len(items) else ""
    if all(map(is_comment, items[-1])) and len(items) > 1:
        last_comma = ""
    first, last = first_word(items[0][0]), last_word(items[-1][-1])
    remark = first.ends_line and first.newlines == 0
    start: Doc = " " if remark else LINE if first.is_comment and first.newlines else edge
    end = LINE if last.ends_line else edge
    if bracket.open.kind == "[" and len(items) > 1 and all(map(_is_short, items)):
        rows = frozenset(
            i
            for i, (before, item) in enumerate(pairwise(items), start=1)
            if first_word(item[0]).newlines or last_word(before[-1]).ends_line
        )
        commas_after = [*("," for _ in items[1:]), last_comma]
        filled = Fill(tuple(map(_with_comma, items, commas_after)), rows)
        return group(opening, Nest((start, filled)), end, closing)
    head = _with_comma(items[0], "," if len(items) > 1 else last_comma)
    return group(opening, Nest((start, head, *_after_first(items, last_comma))), end, closing)


def _is_short(item: list[Piece]) -> bool:
    """Return whether an item is a number or a name, possibly with a sign and comments."""
    return all(isinstance(p, Word) for p in item) and sum(not is_comment(p) for p in item) <= 2


def _assignment(pieces: list[Piece]) -> Doc:
    """Return `target = value`, `low..high`, or an expression."""
    pieces = _classified(pieces, False)
    for i, piece in enumerate(pieces):
        if i and isinstance(piece, Word) and (piece.kind in _ASSIGNING or piece.kind == ".."):
            left, right = pieces[:i], pieces[i + 1 :]
            parts: list[Doc] = [_chain(left, 0), _between(left[-1], piece), piece.text]
            if right:
                parts += (_between(piece, right[0]), _chain(right, 0))
            return Concat(tuple(parts))
    return _chain(pieces, 0)


def _chain(pieces: list[Piece], weakest: int) -> Doc:
    """Return an expression with breaks before its operators of the weakest binding.

    No operator in it binds more weakly than `_LEVELS[weakest]`.
    """
    if is_comment(pieces[0]) and len(pieces) > 1:
        between = _between(pieces[0], pieces[1])
        return Concat((_piece(pieces[0]), between, _chain(pieces[1:], weakest)))
    for level in range(weakest, len(_LEVELS)):
        signs = [
            i
            for i, p in enumerate(pieces)
            if i and isinstance(p, Word) and p.kind in _LEVELS[level]
        ]
        if signs:
            break
    else:
        return _plain(pieces)
    parts: list[Doc] = []
    for at, stop in pairwise([*signs, len(pieces)]):
        sign, operand = pieces[at], pieces[at + 1 : stop]
        before, after = last_word(pieces[at - 1]), first_word(sign)
        parts.append(_comment_break(before, after) or SPACE_OR_LINE)
        parts.append(_piece(sign))
        parts.append(_between(sign, operand[0]))
        parts.append(_chain(operand, level + 1))
    return group(_chain(pieces[: signs[0]], level + 1), Nest(tuple(parts)))


def _plain(pieces: list[Piece]) -> Doc:
    """Return pieces without a binary operator."""
    parts: list[Doc] = [_piece(pieces[0])]
    begun = False
    for before, after in pairwise(pieces):
        begun = begun or not is_comment(before)
        between = _between(before, after)
        parts += (Nest((between,)) if begun else between, _piece(after))
    return Concat(tuple(parts))


def _piece(piece: Piece) -> Doc:
    match piece:
        case Word(text=text):
            return text
        case Bracket():
            return _bracket(piece)
        case Block():
            return _block(piece, LINE)
        case _:
            assert_never(piece)


# Blanks


def _classified(pieces: list[Piece], in_struct: bool) -> list[Piece]:
    """Distinguish prefix from infix operators, and the `:` after a field from that of `?:`."""
    result: list[Piece] = []
    value, name_only = False, in_struct
    for piece in pieces:
        if is_comment(piece):
            result.append(piece)
            continue
        if isinstance(piece, Word):
            if piece.kind in ("-", "!", "~") and not value:
                piece = Word("unary", piece.text, piece.newlines)
            elif piece.kind == ":" and name_only:
                piece = Word("field", piece.text, piece.newlines)
            name_only = in_struct and (piece.kind == "," or (name_only and piece.kind == "NAME"))
            value = piece.kind in _VALUES
        else:
            value = True
        result.append(piece)
    return result


def _between(before: Piece, after: Piece) -> Doc:
    """Return the separator between two pieces that are not operands of the same operator."""
    first, second = last_word(before), first_word(after)
    around_comment = _comment_break(first, second)
    if around_comment is not None:
        return around_comment
    if second.kind in _TIGHT_BEFORE or (isinstance(before, Word) and before.kind in _TIGHT_AFTER):
        return ""
    if isinstance(after, Bracket) and after.open.kind != STRUCT_BRACE:
        callable_ = isinstance(before, Bracket) or first.kind in _CALLED
        return "" if callable_ or after.open.kind == "<" else " "
    return " "


def _comment_break(before: Word, after: Word) -> Doc | None:
    """Return the separator between two words if one of them is a comment, or None."""
    if before.ends_line or ((before.is_comment or after.is_comment) and after.newlines):
        return LINE
    return " " if before.is_comment or after.is_comment else None
