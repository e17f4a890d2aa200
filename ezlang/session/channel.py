"""The channel between two parties: a stream of bytes over one socket.

Nothing on the wire says how long a message is; both sides know lengths beforehand.

- *No deadlock.* While a party waits to send it takes in what arrives, up to `READ_AHEAD` bytes. So
  two parties that both send before they receive get through, however little the network holds,
  as long as neither sends more than that at a time without receiving; the protocols
  send at most a few megabytes.
- *Time-out.* A wait ends with an error when no byte has moved for `timeout` seconds. It is not the
  length of the run; but a party that computes alone for longer looks gone to the other.
- *Copies.* What arrives goes from the system straight to its place, or into one buffer of fixed
  size, where `peek` shows it; large messages are sent from where they are.
- *Latency.* A wait begins with polling, for as long as it takes to be woken up.
- *Counters.* `bytes_sent` and `bytes_received` count what the protocols send, without TCP's own.
  `rounds` counts how often this party turned to receiving after it had sent, or began with it:
  how often it had to wait for an answer.
  Bytes that were seen but not taken don't count.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from time import perf_counter
from typing import Final

from ezlang.compiler.protocols.core.channel import PEEK_LIMIT, Buffer

from . import errors

SEND_BUFFER: Final = 1 << 17
LARGE: Final = 1 << 14
"""From here on, messages are sent without a copy."""

POLLED: Final = 50e-6
"""For so many seconds, what comes is polled for: to be woken up takes about as long."""

INBOX: Final = 1 << 17
SOCKET_BUFFER: Final = 1 << 22
READ_AHEAD: Final = 1 << 28
_RECEIVING: Final = "was waiting for data"
_SENDING: Final = "was sending data"


class Inbox:
    """Bytes that have arrived and nobody has taken: some in a fixed buffer, then any in `later`.

    `later` takes what comes while a party can't send and its buffer is full.
    """

    def __init__(self) -> None:
        self._memory = memoryview(bytearray(INBOX))
        self._start = self._end = 0
        self._later = bytearray()

    def __len__(self) -> int:
        return self._end - self._start + len(self._later)

    @property
    def shown(self) -> memoryview:
        """What of it is in the buffer."""
        return self._memory[self._start : self._end]

    def take(self, view: memoryview) -> int:
        """Move bytes into `view`; return how many."""
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
        """Forget bytes of the buffer."""
        self._start += count
        if self._start == self._end:
            self._start = self._end = 0

    def room(self) -> memoryview:
        """Return where the next bytes go, after bringing in those for later."""
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
        """Add bytes that were put where `room` said."""
        self._end += count

    def keep(self, data: bytes) -> None:
        """Add bytes at the end, however many there are."""
        self._later += data


class SocketChannel:
    """The protocols' `Channel` over a connected stream socket, which it owns."""

    def __init__(self, connection: socket.socket, timeout: float) -> None:
        self.timeout = timeout
        self.bytes_sent = 0
        self.bytes_received = 0
        self.rounds = 0
        self._socket = connection
        self._waiting = bytearray()
        self._inbox = Inbox()
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
        """Send much at once; keep a copy of little, to be sent with what follows."""
        view = data if type(data) is memoryview else memoryview(data)
        size = view.nbytes
        if not size:
            return
        self.bytes_sent += size
        self._receiving = False
        if size >= LARGE:
            self.flush()
            self._send_all(view.cast("B"))
            return
        self._waiting += view
        if len(self._waiting) >= SEND_BUFFER:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the network, taking in meanwhile what arrives."""
        waiting = self._waiting
        if not waiting:
            return
        # New bytes may not be appended while a view of the old ones exists.
        self._waiting = bytearray()
        sent = self._send_some(waiting)
        if sent < len(waiting):
            with memoryview(waiting) as view:
                self._send_all(view[sent:])

    def receive_into(self, buffer: memoryview) -> None:
        """Fill `buffer`, after sending what waits."""
        view = buffer.cast("B") if buffer.format != "B" else buffer
        size = len(view)
        if not size:
            return
        if self._waiting:
            self.flush()
        self._count(size)
        filled = self._inbox.take(view) if len(self._inbox) else 0
        while filled < size:
            filled += self._receive_some(view[filled:] if filled else view)

    def peek(self, least: int) -> memoryview:
        """Show what has arrived, once it is `least` bytes."""
        self.flush()
        if len(self._inbox.shown) < least:
            self._inbox.room()
        while len(self._inbox.shown) < least:
            self._read_ahead()
        return self._inbox.shown

    def skip(self, count: int) -> None:
        """Take bytes that `peek` has shown."""
        if count:
            self._count(count)
            self._inbox.skip(count)

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

    def _count(self, taken: int) -> None:
        """Note that bytes are received, and a round if the last thing was to send."""
        self.bytes_received += taken
        if not self._receiving:
            self._receiving = True
            self.rounds += 1

    def _read_ahead(self) -> None:
        """Wait for bytes and keep them."""
        self._inbox.arrived(self._receive_some(self._inbox.room()))

    def _receive_some(self, view: memoryview) -> int:
        """Wait for bytes, and put them where they belong at once."""
        receive = self._socket.recv_into
        patience = 0.0
        while True:
            try:
                count = receive(view)
            except (BlockingIOError, InterruptedError):
                now = perf_counter()
                if not patience:
                    patience = now + POLLED
                elif now >= patience:
                    self._wait(selectors.EVENT_READ, _RECEIVING)
                continue
            except OSError:
                raise errors.peer_gone(_RECEIVING) from None
            if not count:
                raise errors.peer_gone(_RECEIVING)
            return count

    def _receive_now(self) -> None:
        """Keep for later what has arrived, if anything has."""
        try:
            data = self._socket.recv(INBOX)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            raise errors.peer_gone(_RECEIVING) from None
        if not data:
            raise errors.peer_gone(_RECEIVING)
        self._inbox.keep(data)

    def _send_all(self, view: memoryview) -> None:
        """Send everything, waiting where needed."""
        position = 0
        while position < len(view):
            position += self._send_some(view[position:])

    def _send_some(self, view: memoryview | bytearray) -> int:
        """Wait until bytes can be sent, or take in some that arrive; return how many were sent."""
        try:
            return self._socket.send(view)
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            raise errors.peer_gone(_SENDING) from None
        events = selectors.EVENT_WRITE
        if len(self._inbox) < READ_AHEAD:
            events |= selectors.EVENT_READ
        if self._wait(events, _SENDING) & selectors.EVENT_READ:
            self._receive_now()
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
