"""The operations of clients and of the two parties that compute, over channels."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import numpy as np

from ...ir import tree as ir
from ..core.channel import Channel
from ..core.steps import Array, Bytes
from ..operations.clients import owner_of, steps_with_client
from .drive import Driver


class ClientExchanges:
    """One party's side: the operations of a client, or those of a server with all its clients.

    `channels` are the party's, by peer. `dismiss` is called with the number of a client that has
    given its last value, and is told nothing more.
    """

    def __init__(
        self,
        own: int,
        channels: Mapping[int, Channel],
        dismiss: Callable[[int], None] = lambda client: None,
    ) -> None:
        self._own, self._dismiss = own, dismiss
        self._driver = Driver(own, channels)

    def run(self, operation: ir.AnyWithClient, operand: Array | None) -> Array | None:
        """Run an operation on this party's share or value; return what it makes here, if anything.

        What waits to be sent is sent first, as a client may wait for whoever waits for that.
        """
        for channel in self._driver.channels.values():
            channel.flush()
        steps = steps_with_client(self._own, _system_random, operation, operand)
        result = self._driver.run(steps)
        if isinstance(operation, ir.Give) and operation.last:
            owner = owner_of(operation)
            if owner != self._own:
                self._dismiss(owner)
        return result


def _system_random(count: int) -> Bytes:
    """Return random bytes of the operating system."""
    return np.frombuffer(bytearray(os.urandom(count)), np.uint8)
