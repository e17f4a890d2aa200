"""Connecting the parties: party 0 listens, party 1 dials, in whichever order they start.

A connection to party 0 that doesn't begin like a party's (a port scanner, a browser) is dropped,
and party 0 goes on listening until the time-out; the error then lists the reasons. A party that
connects with a different program ends the wait at both sides.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Final

from ezlang.compiler.ir.parties import COMPUTING
from ezlang.diagnostics.diagnostic import EzError

from . import errors
from .address import Address
from .channel import SocketChannel
from .handshake import Hello, is_stranger, shake_hands
from .sockets import dial, listen

GREETING_SECONDS: Final = 5.0
"""The time that party 0 gives a connection for its greeting while others may be waiting."""

_REMEMBERED: Final = 3

Listening = Callable[[Address], None]


def connect(
    address: Address, hello: Hello, timeout: float, listening: Listening | None = None
) -> SocketChannel:
    """Return a channel to a peer that runs the same program. `listening` is told party 0's address.

    Raises EzError, exit code 3, if there is no such peer within `timeout` seconds.
    """
    if COMPUTING.side(hello.party).is_first:
        return _listen(address, hello, timeout, listening)
    connection = dial(address, timeout, errors.no_peer_listens)
    return _greet(connection, hello, timeout, timeout)


def _listen(
    address: Address, hello: Hello, timeout: float, listening: Listening | None
) -> SocketChannel:
    deadline = time.monotonic() + timeout
    dropped: list[str] = []
    with listen(address, errors.cannot_listen) as listener:
        if listening is not None:
            listening(Address(address.host, listener.getsockname()[1]))
        while True:
            listener.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                raise errors.no_peer_came(str(address), timeout, tuple(dropped)) from None
            except OSError:
                continue
            left = max(deadline - time.monotonic(), 0.001)
            try:
                return _greet(connection, hello, timeout, min(GREETING_SECONDS, left))
            except EzError as error:
                if not is_stranger(error):
                    raise
                dropped = [*dropped, error.summary][-_REMEMBERED:]


def _greet(
    connection: socket.socket, hello: Hello, timeout: float, greeting: float
) -> SocketChannel:
    """Perform the handshake over a new connection, which is closed on failure."""
    channel = SocketChannel(connection, greeting)
    try:
        shake_hands(channel, hello)
    except BaseException:
        channel.close()
        raise
    channel.timeout = timeout
    channel.start_counting()
    return channel
