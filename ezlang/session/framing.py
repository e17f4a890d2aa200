"""Frames of the messages that precede a protocol, and sanitised text from peers.

    magic      8 bytes   who speaks
    protocol   2 bytes   number of the wire protocol, big-endian
    length     4 bytes   of what follows, big-endian, limited
    body       JSON

Nothing from a peer is trusted: lengths are checked before anything is read, and what is shown to
the user is printable and short.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ezlang.diagnostics.diagnostic import EzError
from ezlang.records import dataclass

from . import errors
from .channel import SocketChannel

SHOWN: Final = 60
"""The number of characters of a peer's text that are shown."""

_HEADER: Final = struct.Struct(">8sHI")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameFormat:
    """The magic of frames of one kind, their largest length, and the error for strangers.

    `stranger` makes the error from the reason.
    """

    magic: bytes
    protocol: int
    longest: int
    stranger: Callable[[str], EzError]

    def pack(self, body: object) -> bytes:
        """Return a frame."""
        data = json.dumps(body).encode()
        return _HEADER.pack(self.magic, self.protocol, len(data)) + data

    def read(self, channel: SocketChannel) -> bytes:
        """Return the body of the next frame. Raises EzError if there is none."""
        # The first bytes alone, since a program that doesn't speak the protocol may send no more.
        magic = receive(channel, len(self.magic))
        if magic.startswith((b"\x16\x03", b"\x15\x03")):
            raise self.stranger("it speaks TLS, and this side has no keys for that (parties.toml)")
        if magic != self.magic:
            raise self.stranger(f"it began with {printable(magic)}")
        protocol, length = struct.unpack(">HI", receive(channel, _HEADER.size - len(magic)))
        if protocol != self.protocol:
            raise errors.versions_differ("the protocol", str(self.protocol), str(protocol))
        if length > self.longest:
            raise self.stranger(f"its greeting would be {length} bytes long")
        return receive(channel, length)

    def parse(
        self, body: bytes, fields: Mapping[str, Callable[[object], bool]]
    ) -> dict[str, object]:
        """Return a body that is an object with exactly these fields, each of them valid."""
        try:
            said = json.loads(body.decode())
        except (ValueError, RecursionError):
            raise self.stranger("its greeting is not JSON") from None
        if not isinstance(said, dict) or said.keys() != fields.keys():
            raise self.stranger("its greeting has the wrong fields")
        for name, fits in fields.items():
            if not fits(said[name]):
                raise self.stranger(f"the field {name} of its greeting is invalid")
        return said


def receive(channel: SocketChannel, size: int) -> bytes:
    """Return the next bytes."""
    data = bytearray(size)
    channel.receive_into(memoryview(data))
    return bytes(data)


def is_short_text(value: object) -> bool:
    """Return whether a field is a text that is short enough to be shown whole."""
    return isinstance(value, str) and len(value) <= SHOWN


def is_hash(value: object) -> bool:
    """Return whether a field has the length of a program's fingerprint."""
    return isinstance(value, str) and len(value) == 64


def is_one_of(parties: Iterable[int]) -> Callable[[object], bool]:
    """Return a check that a field is the number of one of these parties."""
    numbers = frozenset(parties)
    return lambda value: type(value) is int and value in numbers


def plain(text: str, limit: int = SHOWN) -> str:
    """Return a peer's text in a form that is harmless on a terminal."""
    kept = "".join(c if c.isascii() and c.isprintable() else "?" for c in text[: limit + 1])
    return kept if len(kept) <= limit else kept[:limit] + "…"


def printable(data: bytes) -> str:
    """Return bytes as text to show."""
    return "`" + "".join(chr(b) if 32 <= b < 127 and b != 96 else "." for b in data) + "`"
