"""Greeting whoever connects: each connection by itself, within a limit of time.

A stranger (a port scanner, a browser, somebody who sends a byte now and then) delays nobody: all
connections are greeted side by side, and each of them is dropped when its time is over. What was
dropped, and why, is told in a line of the log.
"""

from __future__ import annotations

import contextlib
import queue
import selectors
import socket
import time
from collections.abc import Callable
from threading import Lock, Thread
from typing import Final, Generic, TypeVar

from ezlang.diagnostics.diagnostic import EzError

from .address import Address

GREETING_SECONDS: Final = 5.0
"""The time for a whole greeting, from the connection to the last byte of a hello."""

MOST_GREETED: Final = 64
"""The largest number of connections that are being greeted, or were and are not taken yet."""

MOST_TOLD: Final = 100
"""The number of dropped connections that are told of, since strangers may come without end."""

_REMEMBERED: Final = 3

Guest = TypeVar("Guest")


class Reception(Generic[Guest]):
    """Greets connections to a listener from the beginning to the end of a `with` statement.

    `greet` makes a guest of a connection within a number of seconds, or raises an EzError and
    closes the connection. `is_stranger` tells errors about strangers, which are dropped, from those
    that end the wait. `dismiss` closes the connection of a guest whom nobody takes. If too many
    connections are waiting, the one that has been waiting longest is dropped: a party needs a few
    round trips only.
    """

    def __init__(
        self,
        listener: socket.socket,
        greet: Callable[[socket.socket, float], Guest],
        is_stranger: Callable[[EzError], bool],
        dismiss: Callable[[Guest], None],
    ) -> None:
        self.dropped: list[str] = []
        self._listener = listener
        self._greet, self._is_stranger, self._dismiss = greet, is_stranger, dismiss
        self._done: queue.SimpleQueue[Guest | EzError] = queue.SimpleQueue()
        self._greeted: dict[socket.socket, str] = {}
        self._evicted: set[socket.socket] = set()
        self._told = 0
        self._open = True
        self._lock = Lock()
        self._wake, self._woken = socket.socketpair()
        self._thread = Thread(target=self._accept_all, daemon=True)

    def __enter__(self) -> Reception[Guest]:
        self._listener.setblocking(False)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._wake.send(b"\0")
        self._thread.join()
        with self._lock:
            self._open = False
            for handle in self._greeted:
                _hang_up(handle)
        for one in (self._wake, self._woken, self._listener):
            one.close()
        while not self._done.empty():
            guest = self._done.get()
            if not isinstance(guest, EzError):
                self._dismiss(guest)

    @property
    def port(self) -> int:
        """The port that connections come to."""
        return int(self._listener.getsockname()[1])

    def next(self, deadline: float | None) -> Guest | None:
        """Return the next guest, or None at the deadline (`time.monotonic`) if there is one.

        Raises the EzError of a greeting that failed, unless it was a stranger's.
        """
        left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
        try:
            found = self._done.get(timeout=left)
        except queue.Empty:
            return None
        if isinstance(found, EzError):
            raise found
        return found

    def _accept_all(self) -> None:
        """Greet each connection in a thread of its own, until the end of the `with` statement."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._woken, selectors.EVENT_READ)
            selector.register(self._listener, selectors.EVENT_READ)
            while all(key.fileobj is self._listener for key, _ in selector.select()):
                try:
                    connection, peer = self._listener.accept()
                except OSError:
                    time.sleep(0.01)  # too many files may be open
                    continue
                connection.setblocking(True)
                who = str(Address(str(peer[0]), int(peer[1])))
                # Greeting may take hold of the socket, and this end must be able to end it.
                handle = connection.dup()
                if self._admit(handle, who):
                    guest = (connection, handle, who)
                    Thread(target=self._receive, args=guest, daemon=True).start()
                else:
                    connection.close()
                    handle.close()

    def _admit(self, handle: socket.socket, who: str) -> bool:
        """Note a connection that is to be greeted, unless there are too many guests already."""
        with self._lock:
            waiting = [one for one in self._greeted if one not in self._evicted]
            if len(waiting) + self._done.qsize() >= MOST_GREETED:
                if not waiting:
                    self._note(who, _TOO_MANY)
                    return False
                self._evicted.add(waiting[0])
                _hang_up(waiting[0])
            self._greeted[handle] = who
            return True

    def _receive(self, connection: socket.socket, handle: socket.socket, who: str) -> None:
        """Greet a connection."""
        guest: Guest | EzError
        try:
            guest = self._greet(connection, GREETING_SECONDS)
        except EzError as error:
            guest = error
        with self._lock:
            del self._greeted[handle]
            evicted = handle in self._evicted
            self._evicted.discard(handle)
            handle.close()
            if not self._open:
                if not isinstance(guest, EzError):
                    self._dismiss(guest)
            elif isinstance(guest, EzError) and (evicted or self._is_stranger(guest)):
                self._note(who, _TOO_MANY if evicted else guest.summary)
            else:
                self._done.put(guest)

    def _note(self, who: str, reason: str) -> None:
        """Tell the log of a dropped connection."""
        self.dropped = [*self.dropped, reason][-_REMEMBERED:]
        self._told += 1
        if self._told > MOST_TOLD:
            return
        import logging  # seldom needed

        more = ". Further ones are dropped without a word" if self._told == MOST_TOLD else ""
        logging.getLogger(__name__).warning(
            "A connection from %s was dropped: %s%s.", who, reason, more
        )


_TOO_MANY: Final = f"more than {MOST_GREETED} were waiting"


def _hang_up(handle: socket.socket) -> None:
    """End the waits of the thread that greets a connection, which then closes it."""
    with contextlib.suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)
