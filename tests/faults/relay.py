"""A relay between two processes or threads that does one thing to one of their messages.

A *message* is what goes in one direction until something goes in the other one. A run without a
fault records where messages begin and end; a fault is for the bytes of one of them.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

DELAY = 0.3
"""Seconds by which a message comes late."""

GATHERING = 0.2
"""Seconds after which a message is taken as it is, if the rest of it doesn't come."""


class Fault(StrEnum):
    """What is done to a message."""

    NOTHING = "nothing"
    DROP = "drop"
    STALL = "stall"
    DELAY = "delay"
    CORRUPT = "corrupt"
    TRUNCATE = "truncate"
    REORDER = "reorder"
    DUPLICATE = "duplicate"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Message:
    """Bytes `begin` to `end` of those that go in a direction: 0 from the caller, 1 to it."""

    direction: int
    begin: int
    end: int


@dataclass
class Relay:
    """Listens at `port`, dials `target` for whoever calls, and passes on what both send.

    A caller waits until the target is known. `at` is a number that chooses the bit that is changed.
    """

    target: int | None = None
    fault: Fault = Fault.NOTHING
    message: Message | None = None
    at: int = 0
    messages: list[Message] = field(default_factory=list)
    happened: bool = False

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.is_open = True
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close all connections."""
        self.is_open = False
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        """Serve callers one after the other: whoever is refused may call again."""
        while self.is_open:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            with near:
                far = self._dial()
                if far is not None:
                    with far:
                        _Line(self, near, far).serve()

    def _dial(self) -> socket.socket | None:
        while self.is_open:
            if self.target is not None:
                with contextlib.suppress(OSError):
                    return socket.create_connection(("127.0.0.1", self.target))
            time.sleep(0.02)
        return None


class _Line:
    """A connection through a relay."""

    def __init__(self, relay: Relay, near: socket.socket, far: socket.socket) -> None:
        self._relay = relay
        self._ends = (near, far)
        self._passed = [0, 0]
        self._held = bytearray()
        self._since = 0.0
        self._stalled: int | None = None

    def serve(self) -> None:
        """Pass on what both ends send until one of them closes."""
        relay = self._relay
        with selectors.DefaultSelector() as selector:
            for direction, end in enumerate(self._ends):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(end, selectors.EVENT_READ, direction)
            while relay.is_open:
                ready = selector.select(0.05)
                if self._held and time.monotonic() - self._since > GATHERING and not self._act():
                    return
                try:
                    if not all(self._hear(key.data) for key, _ in ready):
                        return
                except OSError:
                    return

    def _hear(self, direction: int) -> bool:
        """Receive from an end; return whether the line stays."""
        data = self._ends[direction].recv(1 << 16)
        if data:
            return self._receive(direction, data)
        if self._held:
            self._act()
        return False

    def _receive(self, direction: int, data: bytes) -> bool:
        """Pass on what an end has sent, or hold it back; return whether the line stays."""
        relay, message = self._relay, self._relay.message
        begin = self._passed[direction]
        self._passed[direction] = end = begin + len(data)
        if message is None:
            _record(relay.messages, Message(direction, begin, end))
        if self._stalled == direction:
            return True
        if message is None or direction != message.direction or relay.happened:
            return self._pass(direction, data)
        before = data[: max(message.begin - begin, 0)]
        rest = data[len(before) :]
        if before and not self._pass(direction, before):
            return False
        inside = rest[: max(message.end - max(begin, message.begin), 0)]
        if inside:
            self._since = self._since if self._held else time.monotonic()
            self._held += inside
        if end >= message.end and self._held and not self._act():
            return False
        after = rest[len(inside) :]
        return not after or self._stalled == direction or self._pass(direction, after)

    def _pass(self, direction: int, data: bytes | bytearray) -> bool:
        self._ends[1 - direction].settimeout(20.0)
        self._ends[1 - direction].sendall(data)
        return True

    def _act(self) -> bool:
        """Do what is to be done to the message that was held; return whether the line stays."""
        relay, message = self._relay, self._relay.message
        assert message is not None
        relay.happened = True
        held, self._held = self._held, bytearray()
        passes: Callable[[bytes | bytearray], bool] = lambda data: self._pass(  # noqa: E731
            message.direction, data
        )
        half = len(held) // 2
        match relay.fault:
            case Fault.DROP:
                return True
            case Fault.STALL:
                self._stalled = message.direction
                return True
            case Fault.DELAY:
                time.sleep(DELAY)
            case Fault.CORRUPT:
                held[relay.at // 8 % len(held)] ^= 1 << relay.at % 8
            case Fault.TRUNCATE:
                if half:
                    passes(held[:half])
                return False
            case Fault.REORDER:
                held = held[half:] + held[:half]
            case Fault.DUPLICATE:
                held = held + held
            case Fault.CUT:
                for end in self._ends:
                    # They are told of a reset, not of an orderly end.
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
        return passes(held)


def _record(messages: list[Message], piece: Message) -> None:
    """Add a piece to the last message, if it goes on in the same direction."""
    last = messages[-1] if messages else None
    if last is not None and last.direction == piece.direction and last.end == piece.begin:
        messages[-1] = Message(piece.direction, last.begin, piece.end)
    else:
        messages.append(piece)
