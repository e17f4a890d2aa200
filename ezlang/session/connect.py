"""Finding the other party: party 0 listens, party 1 dials, in whichever order they start.

A connection to party 0 that doesn't begin like a party (a port scanner, a browser) is
dropped, and party 0 listens on until the time-out; the reasons are told then. A party that
shows up with something else to run ends the wait, at both sides.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from collections.abc import Callable
from typing import Final

from ezlang.diagnostics.diagnostic import EzError

from . import errors
from .address import Address
from .channel import SocketChannel
from .handshake import Hello, is_stranger, shake_hands

GREETING_SECONDS: Final = 5.0
"""How long party 0 lets a connection take over its greeting while others may wait behind it."""

_FIRST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 0.25
_ATTEMPT_SECONDS: Final = 5.0
_REMEMBERED: Final = 3

Listening = Callable[[Address], None]


def connect(
    address: Address, hello: Hello, timeout: float, listening: Listening | None = None
) -> SocketChannel:
    """Return a channel to a peer that runs the same. `listening` is told where party 0 listens.

    Raises EzError, exit code 3, if there is no such peer within `timeout` seconds.
    """
    if hello.party == 0:
        return _listen(address, hello, timeout, listening)
    return _dial(address, hello, timeout)


def _listen(
    address: Address, hello: Hello, timeout: float, listening: Listening | None
) -> SocketChannel:
    deadline = time.monotonic() + timeout
    dropped: list[str] = []
    with _listener(address) as listener:
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
                dropped = [*dropped, str(error)][-_REMEMBERED:]


def _listener(address: Address) -> socket.socket:
    family, target = address.resolve()[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":
            # There it would let two processes listen at one port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(target)
        listener.listen()
    except OSError as error:
        listener.close()
        raise errors.cannot_listen(str(address), _reason(error)) from None
    return listener


def _dial(address: Address, hello: Hello, timeout: float) -> SocketChannel:
    deadline = time.monotonic() + timeout
    pause = _FIRST_PAUSE
    last = "there was no time for one"
    while time.monotonic() < deadline:
        for family, target in address.resolve():
            left = max(deadline - time.monotonic(), 0.001)
            try:
                connection = _call(family, target, min(left, _ATTEMPT_SECONDS))
            except OSError as error:
                last = _reason(error)
                continue
            return _greet(connection, hello, timeout, timeout)
        time.sleep(min(pause, max(deadline - time.monotonic(), 0.0)))
        pause = min(2 * pause, _LONGEST_PAUSE)
    raise errors.no_peer_listens(str(address), timeout, last)


def _call(family: int, target: tuple[str | int, ...], seconds: float) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect(target)
        # Dialling a free port of this machine may, once in a while, reach the dialling socket.
        if connection.getsockname() == connection.getpeername():
            raise ConnectionRefusedError("nobody listens there")
    except OSError:
        connection.close()
        raise
    return connection


def _greet(
    connection: socket.socket, hello: Hello, timeout: float, greeting: float
) -> SocketChannel:
    """Shake hands over a new connection, which is closed if that fails."""
    channel = SocketChannel(connection, greeting)
    try:
        shake_hands(channel, hello)
    except BaseException:
        channel.close()
        raise
    channel.timeout = timeout
    channel.start_counting()
    return channel


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    with contextlib.suppress(ValueError, TypeError):
        if error.errno is not None:
            return os.strerror(error.errno).lower()
    return str(error)
