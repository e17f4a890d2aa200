"""What a simulated run comes to: beside the outputs, everything that was exchanged."""

from __future__ import annotations

from dataclasses import dataclass, field

from ezlang.compiler.ir.evaluate import Array
from ezlang.compiler.ir.tree import Sharing
from ezlang.executors.outcome import Outcome
from ezlang.source import Span

from .network import Cost, Message


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What each of two parties had of a secret, once it was computed, and its name if it has one.

    Arithmetic and boolean shares are unsigned integers, bytes for bools. Of Yao's sharing, party 0
    has W⁰ and party 1 the active label of each bit: 16 bytes a bit, the lowest bit first.
    """

    name: str
    sharing: Sharing
    parts: tuple[Array, Array]
    span: Span = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedOutcome(Outcome):
    """`transcript` has every message in order, and `held` what two parties had of all secrets.

    Both are empty unless they were to be recorded. In `views`, the fields of a struct stand one by
    one.
    """

    cost: Cost
    transcript: tuple[Message, ...]
    held: tuple[Held, ...] = ()

    def received(self, party: int) -> tuple[Message, ...]:
        """Return the messages that a party received: what it saw beside its own inputs."""
        return tuple(message for message in self.transcript if message.receiver == party)
