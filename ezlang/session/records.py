"""Records: the parts in which messages are handed to the network.

    begin      8 bytes   how many bytes all records before have, with their heads; big-endian
    length     4 bytes   how many are in this one; the highest bit is set if the sender then rests
    content    4 bytes   a checksum of them (CRC-32), or 0 from CHECKED bytes on: it takes long
    head       4 bytes   a checksum of what is before

A record without content is a keep-alive. A sender that *rests* sends none until its next record.
What was lost, repeated or moved on the way is found by the next head, since what is in its place
isn't one, and what was changed in a short record by its checksum. This is no protection from those
who change data on purpose: TLS is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NoReturn
from zlib import crc32

from ezlang.diagnostics.diagnostic import EzError

from . import errors

LONGEST: Final = 1 << 18
"""The largest number of bytes in a record that is sent."""

CHECKED: Final = 1 << 14
"""The number of bytes from which on a record has no checksum of its content."""

HEAD_BYTES: Final = 20
_SAID: Final = struct.Struct(">QII")
_RESTS: Final = 1 << 31
_ENDLESS: Final = 1 << 62


def head(begin: int, length: int, content: int = 0, *, rests: bool = False) -> bytes:
    """Return the head of a record, given a checksum of its content.

    `rests`: no keep-alive follows it.
    """
    said = _SAID.pack(begin, length | _RESTS if rests else length, content)
    return said + crc32(said).to_bytes(4)


class Incoming:
    """The division of what arrives into records; until they are used, there is one without end."""

    def __init__(self) -> None:
        self.rests = False
        """Whether the sender rests."""
        self.failure: EzError | None = None
        """What was found wrong, which is raised once: nothing that comes later is of any worth."""
        self._left = _ENDLESS
        self._used = False
        self._heard = 0
        self._head = memoryview(bytearray(HEAD_BYTES))
        self._filled = 0
        self._content: int | None = None
        self._sum = 0

    def use(self) -> None:
        """Expect records from here on."""
        self._left, self._used = 0, True

    def room(self, view: memoryview) -> memoryview:
        """Return the place for the next bytes: in a view for content, or in a head."""
        if self._left >= len(view):
            return view
        return view[: self._left] if self._left else self._head[self._filled :]

    def arrived(self, piece: memoryview, peer: str) -> bool:
        """Note bytes that were written to that place; return whether they are content.

        Raises EzError if a head or a content doesn't fit. A length is only counted down: no memory
        is taken.
        """
        if self._left:
            self._left -= len(piece)
            if self._content is not None:
                self._sum = crc32(piece, self._sum)
                if not self._left and self._sum != self._content:
                    self._fail(peer)
            return True
        self._filled += len(piece)
        if self._filled == HEAD_BYTES:
            self._filled = 0
            _, said, content = _SAID.unpack_from(self._head)
            self.rests, length = bool(said & _RESTS), said & ~_RESTS
            if self._head != head(self._heard, length, content, rests=self.rests):
                self._fail(peer)
            self._left, self._sum = length, 0
            self._content = content if length < CHECKED else None
            self._heard += HEAD_BYTES + length
        return False

    def _fail(self, peer: str) -> NoReturn:
        self.failure = errors.data_lost(peer)
        raise self.failure

    @property
    def between(self) -> bool:
        """Whether a head or a content is complete, so the next part may take its time.

        Without records, every byte is such a part.
        """
        return not self._used or not (self._left or self._filled)

    def contents(self, data: bytes | bytearray, peer: str) -> Iterator[memoryview]:
        """Yield the content in what has arrived. Raises EzError as `arrived` does."""
        view = memoryview(data)
        while view:
            room = self.room(view)
            piece = view[: len(room)]
            view = view[len(piece) :]
            if not self._left:
                room[: len(piece)] = piece
            if self.arrived(piece, peer):
                yield piece
