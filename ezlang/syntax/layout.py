"""A pretty printer: lays out text in lines of a limited width.

A document is text with possible line breaks. A group is put on one line if it fits; otherwise all
its own breaks become line breaks, and its inner groups are tried in turn (Wadler 2003 [Wad03], in
the iterative form of Lindig 2000 [Lin00]).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from ezlang.records import dataclass


@dataclass(frozen=True, slots=True)
class Break:
    """A possible line break, `flat` where the line doesn't break. A `forced` one always breaks."""

    flat: str = ""
    forced: bool = False


@dataclass(frozen=True, slots=True)
class IfBroken:
    """Text that is written only if the group around it is broken."""

    text: str


@dataclass(frozen=True, slots=True)
class Concat:
    """A sequence of documents."""

    parts: tuple[Doc, ...]


@dataclass(frozen=True, slots=True)
class Nest:
    """A document whose lines are indented by one more step."""

    parts: tuple[Doc, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A document that is put on one line if it fits; `broken` if a line break in it is forced."""

    parts: tuple[Doc, ...]
    broken: bool


@dataclass(frozen=True, slots=True)
class Fill:
    """Items with a break before each except the first; each line takes as many items as fit.

    There is a line break before each item whose number is in `rows`.
    """

    items: tuple[Doc, ...]
    rows: frozenset[int] = frozenset()


Doc = str | Break | IfBroken | Concat | Nest | Group | Fill

SPACE_OR_LINE = Break(" ")
NOTHING_OR_LINE = Break("")
LINE = Break("", forced=True)


def group(*parts: Doc) -> Group:
    """Return a group; it is broken if it contains a forced line break."""
    return Group(parts, any(map(_is_forced, parts)))


def _is_forced(doc: Doc) -> bool:
    match doc:
        case str():
            return "\n" in doc
        case Break(forced=forced):
            return forced
        case IfBroken():
            return False
        case Group(broken=broken):
            return broken
        case Concat(parts=parts) | Nest(parts=parts):
            return any(map(_is_forced, parts))
        case Fill(items=items, rows=rows):
            return bool(rows) or any(map(_is_forced, items))
        case _:
            assert_never(doc)


_Command = tuple[int, bool, Doc]
"""The indentation, whether everything is put on one line, and the document to write."""


def lay_out(doc: Doc, width: int, step: int, indent: int = 0) -> str:
    """Return the text of a document; the first line begins at column `indent`, without blanks."""
    out: list[str] = []
    column = indent
    stack: list[_Command] = [(indent, False, doc)]
    while stack:
        depth, flat, top = stack.pop()
        match top:
            case str():
                out.append(top)
                newline = top.rfind("\n")
                column = column + len(top) if newline < 0 else len(top) - newline - 1
            case Break(flat=text, forced=forced):
                if flat and not forced:
                    out.append(text)
                    column += len(text)
                else:
                    out.append("\n" + " " * depth)
                    column = depth
            case IfBroken(text=text):
                out.append("" if flat else text)
                column += 0 if flat else len(text)
            case Concat(parts=parts):
                stack += ((depth, flat, p) for p in reversed(parts))
            case Nest(parts=parts):
                stack += ((depth + step, flat, p) for p in reversed(parts))
            case Group(parts=parts, broken=broken):
                command = (depth, True, top)
                flat = flat or (not broken and _fits(command, stack, width - column))
                stack += ((depth, flat, p) for p in reversed(parts))
            case Fill():
                stack += reversed(list(_filled(top, depth)))
            case _:
                assert_never(top)
    return "\n".join(line.rstrip() for line in "".join(out).split("\n"))


def _filled(fill: Fill, depth: int) -> Iterator[_Command]:
    """Group the break before each item with the item, so that each is decided on its own."""
    for i, item in enumerate(fill.items):
        if i in fill.rows:
            yield depth, False, LINE
            yield depth, False, item
        else:
            yield depth, False, group(SPACE_OR_LINE, item) if i else item


def _fits(first: _Command, rest: list[_Command], width: int) -> bool:
    """Return whether the text up to the next line break fits, if `first` is put on one line."""
    stack, below = [first], len(rest)
    while width >= 0:
        if not stack:
            if below == 0:
                return True
            below -= 1
            stack.append(rest[below])
        depth, flat, top = stack.pop()
        match top:
            case str():
                head, newline, _ = top.partition("\n")
                width -= len(head)
                if newline:
                    return width >= 0
            case Break(flat=text, forced=forced):
                if forced or not flat:
                    return True
                width -= len(text)
            case IfBroken(text=text):
                width -= 0 if flat else len(text)
            case Concat(parts=parts) | Nest(parts=parts):
                stack += ((depth, flat, p) for p in reversed(parts))
            case Group(parts=parts, broken=broken):
                stack += ((depth, flat and not broken, p) for p in reversed(parts))
            case Fill():
                stack += ((depth, flat, d) for d in reversed(list(_separated(top))))
            case _:
                assert_never(top)
    return False


def _separated(fill: Fill) -> Iterator[Doc]:
    for i, item in enumerate(fill.items):
        if i:
            yield LINE if i in fill.rows else SPACE_OR_LINE
        yield item
