"""The channel between two parties: a stream of bytes over one socket.

Messages carry no length; both sides know all lengths beforehand. What is handed to the network is
in records (`records.py`) once both sides have called `use_records`.

- *No deadlock.* While a party waits to send, it buffers arriving data, up to `READ_AHEAD` bytes. So
  two parties that both send before they receive make progress, however little the network buffers,
  as long as neither sends more than that without receiving; the protocols send at most a few
  megabytes. A party with several channels does so for all of them whenever it waits for one.
- *Time-out.* A wait ends with an error when no byte has been transferred for `timeout` seconds, or
  if a record takes longer to arrive. This does not limit the length of the run, nor how long a
  party computes, as it sends keep-alives.
- *Limit.* Within `limited(seconds)` everything together must be done in that time, however often a
  byte arrives.
- *Copies.* Arriving data go from the system straight to their destination, or into one buffer of
  fixed size, where `peek` shows them; large messages are sent from where they are.
- *Latency.* A wait begins with polling, for about as long as waking up takes.
- *Counters.* `bytes_sent` and `bytes_received` count what the protocols send, without the overhead
  of records, TCP and TLS. Bytes that were seen but not taken don't count. `rounds` are those of the
  party, over all of its channels (`Turns`).
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections.abc import Callable, Iterator
from threading import RLock
from time import perf_counter
from typing import Final
from zlib import crc32

from ezlang.compiler.protocols.core.channel import Buffer, unmetered
from ezlang.compiler.protocols.core.phases import Phase
from ezlang.diagnostics.diagnostic import EzError

from . import errors
from .inbox import INBOX, Inbox
from .records import CHECKED, HEAD_BYTES, LONGEST, Incoming, head
from .turns import Turns

SEND_BUFFER: Final = 1 << 17
LARGE: Final = 1 << 14
"""The size from which on messages are sent without a copy."""

POLLED: Final = 50e-6
"""The time for which a wait polls, in seconds: waking up takes about as long."""

SOCKET_BUFFER: Final = 1 << 22
READ_AHEAD: Final = 1 << 28
_UNLOCKED: Final = 0.05
"""Seconds for which a keep-alive waits while the channel is used."""

_RECEIVING: Final = "was waiting for data"
_SENDING: Final = "was sending data"


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
        self._lock = RLock()
        """Held while the socket is used: keep-alives are sent by another thread."""
        self._failure: EzError | None = None
        self._reserved = 0
        self._waiting = bytearray()
        self._told = 0
        self._owed = b""
        self._ends = self._rests = False
        self._inbox = Inbox()
        self._incoming = Incoming()
        self._waited = 0.0
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
            data = view.cast("B")
            for at in range(0, size, LONGEST):
                piece = data[at : at + LONGEST]
                self._send_record(len(piece), piece)
            return
        self._waiting += view
        if len(self._waiting) >= SEND_BUFFER:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the network, and meanwhile buffer arriving data."""
        if len(self._waiting) > self._reserved:
            self._send_record(len(self._waiting) - self._reserved)

    def flight(self, number: int | None, *, behind: int = 0) -> None:
        """Count what follows as parts of a flight, or end all flights."""
        self.turns.flight(number, behind)

    def receive_into(self, buffer: memoryview) -> None:
        """Fill `buffer`, after sending pending messages."""
        view = buffer.cast("B") if buffer.format != "B" else buffer
        size = len(view)
        if not size:
            return
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
            self._inbox.arrived(self._receive_some(self._inbox.room()))
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

    def use_records(self) -> None:
        """Send what follows in records, as the peer does from here on, too."""
        self.flush()
        self._reserved = HEAD_BYTES
        self._waiting = bytearray(self._reserved)
        self._incoming.use()
        arrived = bytearray(len(self._inbox))
        self._inbox.take(memoryview(arrived))
        self._keep(arrived)

    def send_last(self, data: Buffer) -> None:
        """Send a small message, and no keep-alives until something else is sent."""
        self.send(data)
        self._ends = True
        self.flush()

    def keep_alive(self) -> None:
        """Tell the peer that this party is there, unless it is told something anyway.

        This may be called by another thread than the one that uses the channel.
        """
        if not self._lock.acquire(timeout=_UNLOCKED):
            return
        try:
            if not self._rests:
                if not self._owed:
                    self._owed = head(self._told, 0)
                    self._told += HEAD_BYTES
                # If the peer has gone, the next wait for it says so.
                with contextlib.suppress(OSError):
                    self._owed = self._owed[self._socket.send(self._owed) :]
        finally:
            self._lock.release()

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

    def _receive_some(self, view: memoryview) -> int:
        """Wait for bytes, and write them directly to their destination."""
        receive = self._socket.recv_into
        patience = 0.0
        if failure := self._incoming.failure or self._failure:
            raise failure
        if self._limit:
            self._left()
        while True:
            try:
                with self._lock:
                    room = self._incoming.room(view)
                    count = receive(room)
            except self._not_yet:
                now = perf_counter()
                if not patience:
                    patience = now + POLLED
                elif now >= patience:
                    self._wait(selectors.EVENT_READ, _RECEIVING, self._waited)
                    self._waited += perf_counter() - now
                continue
            except OSError:
                raise errors.peer_gone(_RECEIVING, self.peer) from None
            if not count:
                raise errors.peer_gone(_RECEIVING, self.peer)
            is_content = self._incoming.arrived(room[:count], self.peer)
            if self._incoming.between:
                self._waited = 0.0
            if is_content:
                return count

    def _keep(self, data: bytes | bytearray) -> None:
        """Buffer the content in what has arrived. Raises EzError if some is lost."""
        for piece in self._incoming.contents(data, self.peer):
            self._inbox.keep(piece)
        if self._incoming.between:
            self._waited = 0.0

    def _receive_now(self) -> None:
        """Buffer what has arrived, if anything has."""
        try:
            with self._lock:
                data = self._socket.recv(INBOX)
        except self._not_yet:
            return
        except OSError:
            raise errors.peer_gone(_RECEIVING, self.peer) from None
        if not data:
            raise errors.peer_gone(_RECEIVING, self.peer)
        self._keep(data)

    def _send_record(self, size: int, message: memoryview | None = None) -> None:
        """Send a record of so many bytes: of all that waits, or of a large message."""
        waiting, self._waiting = self._waiting, bytearray(self._reserved)
        with self._lock:
            if self._reserved:
                owed, self._owed = self._owed, b""
                self._send_all(owed)
                self._rests, self._ends = self._ends, False
                sent = memoryview(waiting)[HEAD_BYTES:] if message is None else message
                content = crc32(sent) if size < CHECKED else 0
                waiting[:HEAD_BYTES] = head(self._told, size, content, rests=self._rests)
                self._told += HEAD_BYTES + size
            self._send_all(waiting)
            if message is not None:
                self._send_all(message)

    def _send_all(self, data: Buffer) -> None:
        """Send everything, waiting where necessary."""
        position = self._send_some(data) if data else 0
        if position < len(data):
            with memoryview(data) as view:
                while position < len(view):
                    position += self._send_some(view[position:])

    def _send_some(self, view: Buffer) -> int:
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

    def _wait(self, events: int, doing: str, waited: float = 0.0) -> int:
        """Wait until one of the events occurs; return those that did.

        `waited`: for how many seconds this party has waited for the same already.
        """
        left = max(self._left() - waited, 0.0)
        if self.siblings:
            return self._wait_among(events, doing, left)
        if events != self._events:
            self._selector.modify(self._socket, events)
            self._events = events
        ready = self._selector.select(left)
        if not ready:
            if self._limit is not None:
                raise errors.greeting_late(self._limit[1])
            raise errors.peer_silent(self.timeout, doing, self.peer)
        return ready[0][1]

    def _wait_among(self, events: int, doing: str, left: float) -> int:
        """Do the same, and meanwhile buffer what arrives over the other channels."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, events)
            heard = [one for one in self.siblings if one.listens]
            for one in heard:
                selector.register(one._socket, selectors.EVENT_READ, one)
            while True:
                since = perf_counter()
                ready = selector.select(max(min([left, *(one.patience for one in heard)]), 0.0))
                took = perf_counter() - since
                left -= took
                for one in heard:
                    one._waited += took
                for key, found in ready:
                    if key.data is None:
                        return found
                    key.data.read_ahead()
                    if not key.data.listens:
                        selector.unregister(key.fileobj)
                        heard.remove(key.data)
                if not ready:
                    # Whoever waits for one that waits for a silent one would wait for ever.
                    late = min(heard, key=lambda one: one.patience, default=self)
                    silent = self if left <= 0 else late
                    raise errors.peer_silent(silent.timeout, doing, silent.peer)

    @property
    def patience(self) -> float:
        """How many seconds the peer may still be silent: no limit unless it sends keep-alives."""
        expected = self._reserved and not self._incoming.rests
        return self.timeout - self._waited if expected else float("inf")

    @property
    def listens(self) -> bool:
        """Whether data that arrive can be buffered."""
        return not (self._incoming.failure or self._failure) and len(self._inbox) < READ_AHEAD

    def read_ahead(self) -> None:
        """Buffer what has arrived; if the connection has ended, the next receipt says so.

        Raises EzError if data are lost.
        """
        try:
            self._receive_now()
        except EzError as error:
            if self._incoming.failure:
                raise
            self._failure = error

    def _left(self) -> float:
        """Return the seconds that a wait may take; raise EzError if the limit is reached."""
        if self._limit is None:
            return self.timeout
        end, seconds = self._limit
        left = end - perf_counter()
        if left <= 0:
            raise errors.greeting_late(seconds)
        return min(left, self.timeout)
