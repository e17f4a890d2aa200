"""Connecting two parties: party 0 listens, party 1 dials, in whichever order they start."""

from __future__ import annotations

from collections.abc import Callable

from .address import Address
from .channel import SocketChannel
from .handshake import Hello
from .mesh import found_all

Listening = Callable[[Address], None]


def connect(
    address: Address, hello: Hello, timeout: float, listening: Listening | None = None
) -> SocketChannel:
    """Return a channel to a peer that runs the same program. `listening` is told party 0's address.

    Raises EzError, exit code 3, if there is no such peer within `timeout` seconds.
    """

    def meet(place: Address) -> tuple[Address]:
        if listening is not None:
            listening(place)
        return (place,)

    (channel,) = found_all((address,), hello, timeout, meet).values()
    return channel
