"""The channel between two parties: a stream of bytes over one socket.

Nothing on the wire says how long a message is; both sides know lengths beforehand.

- *No deadlock.* While a party waits to send it takes in what arrives, up to `READ_AHEAD` bytes. So
  two parties that both send before they receive get through, however little the network holds,
  as long as neither sends more than that at a time without receiving; the protocols
  send at most a few megabytes.
- *Time-out.* A wait ends with an error when no byte has moved for `timeout` seconds. It is not the
  length of the run; but a party that computes alone for longer looks gone to the other.
- *Counters.* `bytes_sent` and `bytes_received` count what the protocols send, without TCP's own.
  `rounds` counts how often this party turned to receiving after it had sent, or began with it:
  how often it had to wait for an answer.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from typing import Final

from ezlang.compiler.protocols.channel import Buffer

from . import errors

SEND_BUFFER: Final = 1 << 17
RECEIVE_BUFFER: Final = 1 << 18
SOCKET_BUFFER: Final = 1 << 20
READ_AHEAD: Final = 1 << 28
_RECEIVING: Final = "was waiting for data"
_SENDING: Final = "was sending data"


class SocketChannel:
    """The protocols' `Channel` over a connected stream socket, which it owns."""

    def __init__(self, connection: socket.socket, timeout: float) -> None:
        self.timeout = timeout
        self.bytes_sent = 0
        self.bytes_received = 0
        self.rounds = 0
        self._socket = connection
        self._waiting = bytearray()
        self._arrived = bytearray()
        self._position = 0
        self._receiving = False
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER)
        if connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector = selectors.DefaultSelector()
        self._events = selectors.EVENT_READ
        self._selector.register(connection, self._events)

    def send(self, data: Buffer) -> None:
        """Keep a copy of `data` to be sent; send when there is enough of it."""
        self.bytes_sent += memoryview(data).nbytes
        self._receiving = False
        self._waiting += data
        if len(self._waiting) >= SEND_BUFFER:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the network, taking in meanwhile what arrives."""
        if not self._waiting:
            return
        # New bytes may not be appended while a view of the old ones exists.
        waiting, self._waiting = self._waiting, bytearray()
        with memoryview(waiting) as view:
            position = 0
            while position < len(view):
                position += self._send_some(view[position:])

    def receive_into(self, buffer: memoryview) -> None:
        """Fill `buffer`, after sending what waits."""
        if not len(buffer):
            return
        self.flush()
        if not self._receiving:
            self._receiving = True
            self.rounds += 1
        view = buffer.cast("B") if buffer.format != "B" else buffer
        self.bytes_received += len(view)
        filled = self._take(view)
        while filled < len(view):
            rest = view[filled:]
            if len(rest) >= RECEIVE_BUFFER:
                filled += self._receive_some(rest)
            else:
                self._read_ahead()
                filled += self._take(rest)

    def start_counting(self) -> None:
        """Set the counters to zero: what has been sent so far isn't the program's."""
        self.bytes_sent = self.bytes_received = self.rounds = 0
        self._receiving = False

    def close(self) -> None:
        """Close the connection; what was not flushed is lost, and the peer's waits end."""
        self._selector.close()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _take(self, view: memoryview) -> int:
        """Move bytes that arrived before into `view`; return how many."""
        count = min(len(view), len(self._arrived) - self._position)
        if count:
            view[:count] = self._arrived[self._position : self._position + count]
            self._position += count
        if self._position == len(self._arrived):
            self._arrived.clear()
            self._position = 0
        return count

    def _read_ahead(self) -> None:
        """Wait for bytes and keep them."""
        while True:
            data = self._receive_now()
            if data:
                self._arrived += data
                return
            self._wait(selectors.EVENT_READ, _RECEIVING)

    def _receive_now(self) -> bytes | None:
        """Return bytes that are there, or None if there are none yet."""
        try:
            data = self._socket.recv(RECEIVE_BUFFER)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            raise errors.peer_gone(_RECEIVING) from None
        if not data:
            raise errors.peer_gone(_RECEIVING)
        return data

    def _receive_some(self, view: memoryview) -> int:
        """Wait for bytes, and put them where they belong at once."""
        while True:
            try:
                count = self._socket.recv_into(view)
            except (BlockingIOError, InterruptedError):
                self._wait(selectors.EVENT_READ, _RECEIVING)
                continue
            except OSError:
                raise errors.peer_gone(_RECEIVING) from None
            if not count:
                raise errors.peer_gone(_RECEIVING)
            return count

    def _send_some(self, view: memoryview) -> int:
        """Wait until bytes can be sent, or take in some that arrive; return how many were sent."""
        try:
            return self._socket.send(view)
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            raise errors.peer_gone(_SENDING) from None
        events = selectors.EVENT_WRITE
        if len(self._arrived) - self._position < READ_AHEAD:
            events |= selectors.EVENT_READ
        if self._wait(events, _SENDING) & selectors.EVENT_READ:
            data = self._receive_now()
            if data:
                self._arrived += data
        return 0

    def _wait(self, events: int, doing: str) -> int:
        """Wait until one of the events is possible; return those that are."""
        if events != self._events:
            self._selector.modify(self._socket, events)
            self._events = events
        ready = self._selector.select(self.timeout)
        if not ready:
            raise errors.peer_silent(self.timeout, doing)
        return ready[0][1]


def socket_pair(timeout: float) -> tuple[SocketChannel, SocketChannel]:
    """Return the two ends of a channel within this process."""
    first, second = socket.socketpair()
    return SocketChannel(first, timeout), SocketChannel(second, timeout)
