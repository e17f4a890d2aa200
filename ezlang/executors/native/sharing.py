"""The counted runtime for operations on arithmetic and boolean shares."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ezlang.compiler.codegen.interface import Interface
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.protocols.native.clients import ClientExchanges
from ezlang.compiler.protocols.native.runtime import SharingRuntime
from ezlang.compiler.protocols.native.supply import Supply
from ezlang.session.channel import SocketChannel


class CountedSharing:
    """A party's runtime for operations on shares; `bytes_sent` counts the bytes of its messages."""

    def __init__(
        self,
        interface: Interface,
        channel: SocketChannel,
        supply: Supply,
        clients: ClientExchanges | None = None,
    ) -> None:
        self.bytes_sent = 0
        self._channel = channel
        self._supply = supply
        begin = partial(supply.session, COMPUTING.side(interface.party), channel)
        self._runtime = SharingRuntime(interface.exchanges, begin, clients)

    @property
    def ots(self) -> int:
        """The number of OTs used, in both directions."""
        return sum(self._runtime.ots.values())

    def begin(self) -> None:
        """Send what precedes the program."""
        self._counted(self._runtime.begin)

    def run(self, number: int, addresses: int) -> None:
        """Run a group of operations."""
        self._counted(partial(self._runtime.run, number, addresses))

    def _counted(self, run: Callable[[], None]) -> None:
        before = self._channel.bytes_sent
        run()
        self.bytes_sent += self._channel.bytes_sent - before

    def close(self) -> None:
        """Wipe all secrets."""
        self._supply.close()
