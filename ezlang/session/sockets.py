"""Listening and dialling, for parties and the dealer."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from collections.abc import Callable
from typing import Final

from ezlang.diagnostics.diagnostic import EzError

from .address import Address

_FIRST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 0.25
_ATTEMPT_SECONDS: Final = 5.0


def listen(address: Address, failed: Callable[[str, str], EzError]) -> socket.socket:
    """Return a socket that listens. Raises failed(address, reason) if that is impossible."""
    family, target = address.resolve()[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":
            # On Windows it would let two processes listen at one port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(target)
        listener.listen()
    except OSError as error:
        listener.close()
        raise failed(str(address), reason(error)) from None
    return listener


def dial(
    address: Address,
    timeout: float,
    failed: Callable[[str, float, str], EzError],
    deadline: float | None = None,
    meanwhile: Callable[[], None] = lambda: None,
) -> socket.socket:
    """Return a connection, dialling until somebody listens; `meanwhile` is called at each attempt.

    Raises failed(address, timeout, result of the last attempt) after `timeout` seconds, or at the
    `deadline` (`time.monotonic`) of a dial that began earlier.
    """
    deadline = time.monotonic() + timeout if deadline is None else deadline
    pause = _FIRST_PAUSE
    last = "there was no time for one"
    while time.monotonic() < deadline:
        meanwhile()
        for family, target in address.resolve():
            left = max(deadline - time.monotonic(), 0.001)
            try:
                return _call(family, target, min(left, _ATTEMPT_SECONDS))
            except OSError as error:
                last = reason(error)
        time.sleep(min(pause, max(deadline - time.monotonic(), 0.0)))
        pause = min(2 * pause, _LONGEST_PAUSE)
    raise failed(str(address), timeout, last)


def _call(family: int, target: tuple[str | int, ...], seconds: float) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect(target)
        # Dialling a free port of this machine may occasionally reach the dialling socket itself.
        if connection.getsockname() == connection.getpeername():
            raise ConnectionRefusedError("nobody listens there")
    except OSError:
        connection.close()
        raise
    return connection


def reason(error: OSError) -> str:
    """Return why a system call failed, as part of a sentence."""
    if isinstance(error, TimeoutError):
        return "it took too long"
    with contextlib.suppress(ValueError, TypeError):
        if error.errno is not None:
            return os.strerror(error.errno).lower()
    return str(error)
