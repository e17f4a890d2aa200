"""What a protocol needs of a connection: bytes in order, both ways."""

from __future__ import annotations

from typing import Final, Protocol

PEEK_LIMIT: Final = 4096
"""How many bytes `peek` can be asked for."""

Buffer = bytes | bytearray | memoryview


class Channel(Protocol):
    """A reliable byte stream to one peer.

    `send` may keep bytes back until `flush`, `receive_into` or `peek` (which flush first) or
    `close`. Errors are raised as EzError with exit code 3: a peer that is gone, too slow, or sends
    something else than was agreed. Lengths are known to both sides beforehand: nothing on the wire
    says how long a message is.
    """

    def send(self, data: Buffer) -> None:
        """Send all of `data`."""

    def receive_into(self, buffer: memoryview) -> None:
        """Fill `buffer` completely, waiting as long as the time-out allows."""

    def peek(self, least: int) -> memoryview:
        """Wait until `least` bytes are there, and return all that are, without taking them.

        `least` is at most `PEEK_LIMIT`. The view, of memory that may be written, holds until the
        next call of any other method than `send` and `flush`. It may show more than one message.
        """

    def skip(self, count: int) -> None:
        """Take `count` bytes, at most as many as `peek` has shown. They count as received now."""

    def flush(self) -> None:
        """Hand everything sent so far to the network."""
