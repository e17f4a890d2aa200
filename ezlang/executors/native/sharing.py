"""Operations on arithmetic and boolean shares in a run, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.compiler.codegen.interface import Interface
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.protocols.party import SharingParty
from ezlang.compiler.protocols.runtime import SharingRuntime, StepsOf
from ezlang.compiler.protocols.steps import Array, Steps
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.session.channel import SocketChannel


def native_steps(
    party: SharingParty, operation: ir.Operation, operands: Sequence[Array | None]
) -> Steps[Array | None]:
    """Return the protocol of an operation."""
    raise CompilerBug("there are no protocols for operations on shares yet")


class CountedSharing:
    """A party's runtime for operations on shares; `bytes_sent` are those of its messages."""

    def __init__(self, interface: Interface, channel: SocketChannel, steps_of: StepsOf) -> None:
        self.bytes_sent = 0
        self._channel = channel
        self._runtime = SharingRuntime(interface.exchanges, interface.party, channel, steps_of)

    @property
    def ots(self) -> int:
        """How many OTs were used, in both directions."""
        return sum(self._runtime.ots)

    def run(self, number: int, addresses: int) -> None:
        """Run a group of operations."""
        before = self._channel.bytes_sent
        self._runtime.run(number, addresses)
        self.bytes_sent += self._channel.bytes_sent - before

    def close(self) -> None:
        """Wipe secrets."""
        self._runtime.close()
