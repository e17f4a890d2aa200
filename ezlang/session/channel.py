"""The channel between two parties: a stream of bytes over one socket.

Messages carry no length; both sides know all lengths beforehand.

- *No deadlock.* While a party waits to send, it buffers arriving data, up to `READ_AHEAD` bytes. So
  two parties that both send before they receive make progress, however little the network buffers,
  as long as neither sends more than that without receiving; the protocols send at most a few
  megabytes. A party with several channels does so for all of them whenever it waits for one.
- *Time-out.* A wait ends with an error when no byte has been transferred for `timeout` seconds.
  This does not limit the length of the run, but a party that computes alone for longer looks
  disconnected to the other.
- *Limit.* Within `limited(seconds)` everything together must be done in that time, however often a
  byte arrives.
- *Copies.* Arriving data go from the system straight to their destination, or into one buffer of
  fixed size, where `peek` shows them; large messages are sent from where they are.
- *Latency.* A wait begins with polling, for about as long as waking up takes.
- *Counters.* `bytes_sent` and `bytes_received` count what the protocols send, without the overhead
  of TCP and TLS. Bytes that were seen but not taken don't count. `rounds` are those of the party,
  over all of its channels (`Turns`).
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Final

from ezlang.compiler.protocols.core.channel import Buffer, unmetered
from ezlang.compiler.protocols.core.phases import Phase
from ezlang.diagnostics.diagnostic import EzError

from . import errors
from .inbox import INBOX, Inbox

SEND_BUFFER: Final = 1 << 17
LARGE: Final = 1 << 14
"""The size from which on messages are sent without a copy."""

POLLED: Final = 50e-6
"""The time for which a wait polls, in seconds: waking up takes about as long."""

SOCKET_BUFFER: Final = 1 << 22
READ_AHEAD: Final = 1 << 28
_RECEIVING: Final = "was waiting for data"
_SENDING: Final = "was sending data"


class Turns:
    """Rounds of a party, which its channels share.

    `rounds` counts how often it turned to receiving after it had sent, or began by receiving: how
    often it had to wait for an answer, regardless of the peers. The messages of flights
    (`core/channel.py`) are counted at the end of the last one, in the order of the flights.
    """

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin to count."""
        self.rounds = 0
        self.receiving = False
        self._flight: int | None = None
        self._behind = 0
        self._sent: set[int] = set()
        self._received: set[int] = set()

    def send(self) -> None:
        """Note that something is sent."""
        if self._flight is not None:
            self._sent.add(self._flight)
        else:
            self.receiving = False

    def receive(self) -> None:
        """Count a round if the last operation was a send, or if this is the first."""
        if self._flight is not None:
            self._received.add(self._flight - self._behind)
        elif not self.receiving:
            self.receiving = True
            self.rounds += 1

    def flight(self, number: int | None, behind: int = 0) -> None:
        """Begin or continue a flight, or end all flights."""
        self._flight, self._behind = number, behind
        if number is not None:
            return
        sent, received = self._sent, self._received
        self._sent, self._received = set(), set()
        for one in sorted(sent | received):
            self._end(one, sent=one in sent, received=one in received)

    def _end(self, number: int, *, sent: bool, received: bool) -> None:
        """Count a flight."""
        if sent:
            self.send()
        if received:
            self.receive()


class SocketChannel:
    """The protocols' `Channel` over a connected stream socket, which it owns.

    `turns` may be shared with other channels of the party. `proven` is the name of the side that
    has proven to be at the other end, or empty; `peer` is what errors call it. `not_yet`: what the
    socket raises, besides Python's own errors, where it would have to wait.
    """

    def __init__(
        self,
        connection: socket.socket,
        timeout: float,
        *,
        proven: str = "",
        not_yet: tuple[type[OSError], ...] = (),
    ) -> None:
        self.timeout = timeout
        self.proven = proven
        self._not_yet: tuple[type[OSError], ...] = (BlockingIOError, InterruptedError, *not_yet)
        self.bytes_sent = 0
        self.bytes_received = 0
        self.turns = Turns()
        self.within: Callable[[Phase], contextlib.AbstractContextManager[None]] = unmetered
        self.peer = errors.OTHER
        self.siblings: tuple[SocketChannel, ...] = ()
        """The party's other channels, which are read while this one waits."""
        self._socket = connection
        self._ended = False
        self._waiting = bytearray()
        self._inbox = Inbox()
        self._limit: tuple[float, float] | None = None
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER)
        if connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector = selectors.DefaultSelector()
        self._events = selectors.EVENT_READ
        self._selector.register(connection, self._events)

    @property
    def rounds(self) -> int:
        """How often this party had to wait for an answer."""
        return self.turns.rounds

    def send(self, data: Buffer) -> None:
        """Send a large message at once; keep a copy of a small one, which is sent with the next."""
        view = data if type(data) is memoryview else memoryview(data)
        size = view.nbytes
        if not size:
            return
        self.bytes_sent += size
        self.turns.send()
        if size >= LARGE:
            self.flush()
            self._send_all(view.cast("B"))
            return
        self._waiting += view
        if len(self._waiting) >= SEND_BUFFER:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the network, and meanwhile buffer arriving data."""
        waiting = self._waiting
        if not waiting:
            return
        # No bytes may be appended to a bytearray while a view of it exists.
        self._waiting = bytearray()
        sent = self._send_some(waiting)
        if sent < len(waiting):
            with memoryview(waiting) as view:
                self._send_all(view[sent:])

    def flight(self, number: int | None, *, behind: int = 0) -> None:
        """Count what follows as parts of a flight, or end all flights."""
        self.turns.flight(number, behind)

    def receive_into(self, buffer: memoryview) -> None:
        """Fill `buffer`, after sending pending messages."""
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
        """Return what has arrived, once it is at least `least` bytes."""
        self.flush()
        if len(self._inbox.shown) < least:
            self._inbox.room()
        while len(self._inbox.shown) < least:
            self._read_ahead()
        return self._inbox.shown

    def skip(self, count: int) -> None:
        """Take bytes that `peek` has returned."""
        if count:
            self._count(count)
            self._inbox.skip(count)

    @contextlib.contextmanager
    def limited(self, seconds: float, told: float | None = None) -> Iterator[None]:
        """Limit the time of all waits in the block together; an error tells the limit as `told`."""
        self._limit = perf_counter() + seconds, seconds if told is None else told
        try:
            yield
        finally:
            self._limit = None

    def start_counting(self) -> None:
        """Reset the counters: the bytes sent so far don't belong to the program."""
        self.bytes_sent = self.bytes_received = 0
        self.turns.start()

    def close(self) -> None:
        """Close the connection; unflushed data are lost, and the peer's waits end."""
        self._selector.close()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _count(self, taken: int) -> None:
        """Count received bytes."""
        self.bytes_received += taken
        self.turns.receive()

    def _read_ahead(self) -> None:
        """Wait for bytes and buffer them."""
        self._inbox.arrived(self._receive_some(self._inbox.room()))

    def _receive_some(self, view: memoryview) -> int:
        """Wait for bytes, and write them directly to their destination."""
        receive = self._socket.recv_into
        patience = 0.0
        if self._limit:
            self._left()
        while True:
            try:
                count = receive(view)
            except self._not_yet:
                now = perf_counter()
                if not patience:
                    patience = now + POLLED
                elif now >= patience:
                    self._wait(selectors.EVENT_READ, _RECEIVING)
                continue
            except OSError:
                raise errors.peer_gone(_RECEIVING, self.peer) from None
            if not count:
                raise errors.peer_gone(_RECEIVING, self.peer)
            return count

    def _receive_now(self) -> None:
        """Buffer what has arrived, if anything has."""
        try:
            data = self._socket.recv(INBOX)
        except self._not_yet:
            return
        except OSError:
            raise errors.peer_gone(_RECEIVING, self.peer) from None
        if not data:
            raise errors.peer_gone(_RECEIVING, self.peer)
        self._inbox.keep(data)

    def _send_all(self, view: memoryview) -> None:
        """Send everything, waiting where necessary."""
        position = 0
        while position < len(view):
            position += self._send_some(view[position:])

    def _send_some(self, view: memoryview | bytearray) -> int:
        """Wait until bytes can be sent, or buffer arriving ones; return how many were sent."""
        try:
            return self._socket.send(view)
        except self._not_yet:
            pass
        except OSError:
            raise errors.peer_gone(_SENDING, self.peer) from None
        events = selectors.EVENT_WRITE
        if len(self._inbox) < READ_AHEAD:
            events |= selectors.EVENT_READ
        if self._wait(events, _SENDING) & selectors.EVENT_READ:
            self._receive_now()
        return 0

    def _wait(self, events: int, doing: str) -> int:
        """Wait until one of the events occurs; return those that did."""
        if self.siblings:
            return self._wait_among(events, doing)
        if events != self._events:
            self._selector.modify(self._socket, events)
            self._events = events
        ready = self._selector.select(self._left())
        if not ready:
            if self._limit is not None:
                raise errors.greeting_late(self._limit[1])
            raise errors.peer_silent(self.timeout, doing, self.peer)
        return ready[0][1]

    def _wait_among(self, events: int, doing: str) -> int:
        """Do the same, and meanwhile buffer what arrives over the other channels."""
        deadline = perf_counter() + self._left()
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, events)
            for one in self.siblings:
                if one.listens:
                    selector.register(one._socket, selectors.EVENT_READ, one)
            while True:
                ready = selector.select(max(deadline - perf_counter(), 0.0))
                if not ready:
                    raise errors.peer_silent(self.timeout, doing, self.peer)
                for key, found in ready:
                    if key.data is None:
                        return found
                    key.data.read_ahead()
                    if not key.data.listens:
                        selector.unregister(key.fileobj)

    @property
    def listens(self) -> bool:
        """Whether data that arrive can be buffered."""
        return not self._ended and len(self._inbox) < READ_AHEAD

    def read_ahead(self) -> None:
        """Buffer what has arrived; if the connection has ended, the next receipt says so."""
        try:
            self._receive_now()
        except EzError:
            self._ended = True

    def _left(self) -> float:
        """Return the seconds that a wait may take; raise EzError if the limit is reached."""
        if self._limit is None:
            return self.timeout
        end, seconds = self._limit
        left = end - perf_counter()
        if left <= 0:
            raise errors.greeting_late(seconds)
        return min(left, self.timeout)
