"""The beginning of a connection: TLS where keys are pinned, and one limit for all of a greeting."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .channel import SocketChannel

if TYPE_CHECKING:
    from .tls import Keys


@contextmanager
def greeting(
    connection: socket.socket,
    keys: Keys | None,
    seconds: float,
    timeout: float,
    *,
    dialled: bool = False,
) -> Iterator[SocketChannel]:
    """Make a channel of a new connection for a block, which greets the peer.

    The handshake of TLS, if there are `keys`, and the block together take at most `seconds`. If
    either fails, the connection is closed. `timeout` is the channel's after that.
    """
    deadline = time.monotonic() + seconds
    channel = (
        SocketChannel(connection, timeout)
        if keys is None
        else _secure(connection, keys, deadline, timeout, dialled=dialled)
    )
    try:
        with channel.limited(max(deadline - time.monotonic(), 0.0), seconds):
            yield channel
    except BaseException:
        channel.close()
        raise


def _secure(
    connection: socket.socket, keys: Keys, deadline: float, timeout: float, *, dialled: bool
) -> SocketChannel:
    """Return a channel to the side that has proven to have one of the pinned keys."""
    from .tls import NOT_YET, secured  # takes a while to import

    secure, name = secured(connection, keys, deadline, dialled=dialled)
    return SocketChannel(secure, timeout, proven=name, not_yet=NOT_YET)
