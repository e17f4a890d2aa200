"""Operations on arithmetic and boolean shares in a run, with their costs."""

from __future__ import annotations

from ezlang.compiler.codegen.interface import Interface
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.protocols.native.runtime import SharingRuntime
from ezlang.compiler.protocols.native.supply import Supply
from ezlang.session.channel import SocketChannel


class CountedSharing:
    """A party's runtime for operations on shares; `bytes_sent` are those of its messages."""

    def __init__(self, interface: Interface, channel: SocketChannel, supply: Supply) -> None:
        self.bytes_sent = 0
        self._channel = channel
        side = COMPUTING.side(interface.party)
        self._runtime = SharingRuntime(interface.exchanges, side, channel, supply)

    @property
    def ots(self) -> int:
        """The number of OTs used, in both directions."""
        return sum(self._runtime.ots.values())

    def run(self, number: int, addresses: int) -> None:
        """Run a group of operations."""
        before = self._channel.bytes_sent
        self._runtime.run(number, addresses)
        self.bytes_sent += self._channel.bytes_sent - before

    def close(self) -> None:
        """Wipe secrets."""
        self._runtime.close()
