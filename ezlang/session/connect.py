"""Connecting the parties: party 0 listens, party 1 dials, in whichever order they start.

A connection to party 0 that doesn't begin like a party's (a port scanner, a browser) is dropped,
and party 0 goes on listening until the time-out; the error then lists the reasons. Party 1 dials
until the time-out, too. A party that connects with a different program ends the wait at both sides.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ezlang.compiler.ir.parties import COMPUTING

from . import errors
from .address import Address
from .channel import SocketChannel
from .greeting import greeting
from .handshake import Hello, answer, introduce, is_stranger
from .reception import Reception
from .sockets import dial, listen

_PAUSE: Final = 0.25
"""Seconds before a connection that was closed without a word is dialled again."""

Listening = Callable[[Address], None]


def connect(
    address: Address, hello: Hello, timeout: float, listening: Listening | None = None
) -> SocketChannel:
    """Return a channel to a peer that runs the same program. `listening` is told party 0's address.

    Raises EzError, exit code 3, if there is no such peer within `timeout` seconds.
    """
    if COMPUTING.side(hello.party).is_first:
        channel = _listen(address, hello, timeout, listening)
    else:
        channel = _dial(address, hello, timeout)
    channel.timeout = timeout
    channel.start_counting()
    return channel


def _listen(
    address: Address, hello: Hello, timeout: float, listening: Listening | None
) -> SocketChannel:
    deadline = time.monotonic() + timeout

    def greet(connection: socket.socket, seconds: float) -> SocketChannel:
        with greeting(connection, address.keys, seconds, timeout) as channel:
            answer(channel, hello)
        return channel

    listener = listen(address, errors.cannot_listen)
    with Reception(listener, greet, is_stranger, SocketChannel.close) as reception:
        if listening is not None:
            listening(replace(address, port=listener.getsockname()[1]))
        channel = reception.next(deadline)
    if channel is None:
        raise errors.no_peer_came(str(address), timeout, tuple(reception.dropped))
    return channel


def _dial(address: Address, hello: Hello, timeout: float) -> SocketChannel:
    """Return a channel to party 0 once it has answered.

    A connection that is closed without a word is dialled again: a tunnel may accept one before
    anybody listens at its other end.
    """
    deadline = time.monotonic() + timeout
    while True:
        connection = dial(address, timeout, errors.no_peer_listens, deadline)
        left = deadline - time.monotonic()
        try:
            with greeting(connection, address.keys, left, timeout, dialled=True) as channel:
                introduce(channel, hello)
            return channel
        except errors.UnansweredError:
            if time.monotonic() + _PAUSE > deadline:
                raise
        time.sleep(_PAUSE)
