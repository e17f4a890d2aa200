"""What a protocol needs of a connection: bytes in order, both ways."""

from __future__ import annotations

from typing import Protocol

Buffer = bytes | bytearray | memoryview


class Channel(Protocol):
    """A reliable byte stream to one peer.

    `send` may keep bytes back until `flush`, `receive_into` (which flushes first) or
    `close`. Errors are raised as EzError with exit code 3: a peer that is gone, too slow, or sends
    something else than was agreed. Lengths are known to both sides beforehand: nothing on the wire
    says how long a message is.
    """

    def send(self, data: Buffer) -> None:
        """Send all of `data`."""

    def receive_into(self, buffer: memoryview) -> None:
        """Fill `buffer` completely, waiting as long as the time-out allows."""

    def flush(self) -> None:
        """Hand everything sent so far to the network."""
