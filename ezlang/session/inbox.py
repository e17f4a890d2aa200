"""What has arrived over a channel, and wasn't taken yet."""

from __future__ import annotations

from typing import Final

from ezlang.compiler.protocols.core.channel import PEEK_LIMIT

INBOX: Final = 1 << 17
"""The size of the fixed buffer, in bytes."""


class Inbox:
    """Bytes that have arrived and were not taken yet: some in a fixed buffer, the rest in `later`.

    `later` holds what arrives while the party can't send and its buffer is full.
    """

    def __init__(self) -> None:
        self._memory = memoryview(bytearray(INBOX))
        self._start = self._end = 0
        self._later = bytearray()

    def __len__(self) -> int:
        return self._end - self._start + len(self._later)

    @property
    def shown(self) -> memoryview:
        """The part that is in the buffer."""
        return self._memory[self._start : self._end]

    def take(self, view: memoryview) -> int:
        """Move bytes into `view`; return their number."""
        filled = 0
        while filled < len(view) and (self._start < self._end or self._later):
            if self._start == self._end:
                self.room()
            count = min(len(view) - filled, self._end - self._start)
            view[filled : filled + count] = self._memory[self._start : self._start + count]
            self.skip(count)
            filled += count
        return filled

    def skip(self, count: int) -> None:
        """Discard bytes of the buffer."""
        self._start += count
        if self._start == self._end:
            self._start = self._end = 0

    def room(self) -> memoryview:
        """Return the place for the next bytes, after moving those in `later` into the buffer."""
        waiting = self._end - self._start
        room = INBOX - self._end
        if self._start and (self._later or min(waiting, room) < PEEK_LIMIT):
            self._memory[:waiting] = bytes(self.shown)
            self._start, self._end = 0, waiting
        count = min(len(self._later), INBOX - self._end)
        if count:
            self._memory[self._end : self._end + count] = self._later[:count]
            del self._later[:count]
            self._end += count
        return self._memory[self._end :]

    def arrived(self, count: int) -> None:
        """Record bytes that were written to the place returned by `room`."""
        self._end += count

    def keep(self, data: bytes | memoryview) -> None:
        """Append any number of bytes."""
        self._later += data
