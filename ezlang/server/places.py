"""Places: those of this package (characters) and those of the protocol (lines and code units)."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types as lsp
from pygls import uris
from pygls.workspace import PositionCodec

from ezlang.check.modules import LIBRARY
from ezlang.files import PACKAGE
from ezlang.source import Source, Span


def path_of(uri: str) -> str:
    """Return the path of a document; one without a file has its address instead."""
    return uris.to_fs_path(uri) or uri


def uri_of(source: Source) -> str:
    """Return the address of a source, also of one in the standard library."""
    name = source.name
    if name.startswith(LIBRARY):
        name = str((PACKAGE / "stdlib").resolve() / name.removeprefix(LIBRARY))
    if "://" in name:
        return name
    return uris.from_fs_path(str(Path(name).absolute())) or name


class Places:
    """Converts places, in the unit of characters that the client counts in."""

    def __init__(self, codec: PositionCodec) -> None:
        self._codec = codec

    def position(self, source: Source, offset: int) -> lsp.Position:
        """Return the position of a character."""
        line, column = source.position(offset)
        before = source.text[offset - column + 1 : offset]
        return lsp.Position(line - 1, self._codec.client_num_units(before))

    def range(self, span: Span) -> lsp.Range:
        """Return the range of a span."""
        source = span.source
        return lsp.Range(self.position(source, span.start), self.position(source, span.end))

    def whole(self, source: Source) -> lsp.Range:
        """Return the range of all of a text."""
        return self.range(Span(source, 0, len(source.text)))

    def location(self, span: Span) -> lsp.Location:
        """Return a span with the address of its file."""
        return lsp.Location(uri_of(span.source), self.range(span))

    def offset(self, source: Source, position: lsp.Position) -> int:
        """Return the character at a position, the nearest one if there is none."""
        lines = source.text.split("\n")
        if position.line >= len(lines):
            return len(source.text)
        line, units, column = lines[position.line], 0, 0
        for character in line:
            if units >= position.character:
                break
            units += self._codec.client_num_units(character)
            column += 1
        return sum(len(one) + 1 for one in lines[: position.line]) + column
