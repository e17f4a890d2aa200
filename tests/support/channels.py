"""Channels within this process."""

import socket

from ezlang.session.channel import SocketChannel


def socket_pair(timeout: float) -> tuple[SocketChannel, SocketChannel]:
    """Return the two ends of a channel; `timeout` is in seconds."""
    first, second = socket.socketpair()
    return SocketChannel(first, timeout), SocketChannel(second, timeout)
