"""The clients of a run at one of the two parties that compute: who has left, and who is awaited."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Final

from ezlang.diagnostics.diagnostic import EzError
from ezlang.session.channel import SocketChannel
from ezlang.session.turns import Turns

from .executable import Executable

DISMISSED: Final = b"\x06"
"""What a client is told that has given all it has to give: like the end of a run, it may leave."""


class Served:
    """`channels` are those to all peers, by number."""

    def __init__(self, executable: Executable, channels: Mapping[int, SocketChannel]) -> None:
        self._channels = channels
        self._others = {one for one in executable.clients if not executable.is_told(one)}

    def dismiss(self, client: int) -> None:
        """Tell a client that it may leave. It doesn't matter whether it is still there.

        This is no part of the program, and isn't counted.
        """
        channel = self._channels[client]
        self._others.add(client)
        before = channel.bytes_sent, channel.turns
        channel.turns = Turns()
        with contextlib.suppress(EzError):
            channel.send_last(DISMISSED)
        channel.bytes_sent, channel.turns = before

    @property
    def awaited(self) -> tuple[SocketChannel, ...]:
        """The channels to those without whom the run isn't complete."""
        return tuple(one for peer, one in self._channels.items() if peer not in self._others)

    @property
    def others(self) -> tuple[SocketChannel, ...]:
        """The channels to clients that only gave values, or have been told that they may leave."""
        return tuple(self._channels[peer] for peer in sorted(self._others))
