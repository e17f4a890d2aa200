"""The interface of a channel between two parties: an ordered byte stream in each direction."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol

from .phases import Phase

PEEK_LIMIT: Final = 4096
"""The maximum number of bytes that `peek` can wait for."""

Buffer = bytes | bytearray | memoryview


def unmetered(phase: Phase) -> AbstractContextManager[None]:
    """Return the context of a channel that doesn't count by phase."""
    return nullcontext()


class Channel(Protocol):
    """A reliable byte stream to one peer.

    `send` may buffer bytes until `flush`, `receive_into` or `peek` (which flush first) or `close`.
    Errors are raised as EzError with exit code 3: the peer is gone, too slow, or sends something
    other than agreed. Both sides know all lengths beforehand; messages carry no length on the wire.
    """

    def send(self, data: Buffer) -> None:
        """Send all of `data`."""

    def receive_into(self, buffer: memoryview) -> None:
        """Fill `buffer` completely, waiting for at most the timeout."""

    def peek(self, least: int) -> memoryview:
        """Wait until `least` bytes have arrived; return all available bytes without consuming them.

        `least` is at most `PEEK_LIMIT`. The view, of writable memory, is valid until the next call
        of any method except `send` and `flush`. It may contain more than one message.
        """

    def skip(self, count: int) -> None:
        """Consume `count` bytes, at most as many as `peek` has returned. They now count as
        received.
        """

    def flush(self) -> None:
        """Hand everything sent so far to the network."""

    def flight(self, number: int | None, *, behind: int = 0) -> None:
        """Count what is sent and received next as parts of a flight; None ends the counting.

        What is received belongs to the flight so many `behind` the one that is sent.

        Messages of a flight depend on earlier flights only, whatever their order on the wire, so
        rounds are counted as if each flight were sent as a whole before it is received.
        """

    def within(self, phase: Phase) -> AbstractContextManager[None]:
        """Return a context for what is sent and received in a phase, by default `unmetered`."""
