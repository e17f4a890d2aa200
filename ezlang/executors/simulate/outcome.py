"""The outcome of a simulated run: its outputs and all exchanged messages."""

from __future__ import annotations

from dataclasses import dataclass, field

from ezlang.compiler.ir.evaluate import Array
from ezlang.compiler.ir.tree import Sharing
from ezlang.executors.outcome import Outcome
from ezlang.source import Span

from .network import Cost, Message


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Each of two parties' shares of a secret after its computation, and its name if it has one.

    Arithmetic and boolean shares are unsigned integers, bytes for bools. In Yao's sharing, party 0
    has W⁰ and party 1 the active label of each bit: 16 bytes per bit, lowest bit first.
    """

    name: str
    sharing: Sharing
    parts: tuple[Array, Array]
    span: Span = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedOutcome(Outcome):
    """`transcript` has every message in order, and `held` the two parties' shares of all secrets.

    Both are empty unless recording is enabled. `views` lists the fields of a struct separately.
    """

    cost: Cost
    transcript: tuple[Message, ...]
    held: tuple[Held, ...] = ()

    def received(self, party: int) -> tuple[Message, ...]:
        """Return the messages that a party received: its view apart from its own inputs."""
        return tuple(message for message in self.transcript if message.receiver == party)
