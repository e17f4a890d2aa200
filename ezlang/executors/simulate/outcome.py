"""The outcome of a simulated run: the outputs and everything that was exchanged."""

from __future__ import annotations

from dataclasses import field

from ezlang.compiler.ir.evaluate import Array
from ezlang.compiler.ir.tree import Sharing
from ezlang.executors.outcome import Outcome
from ezlang.records import dataclass
from ezlang.source import Span

from .network import Cost, Message


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Each party's part of a computed secret, with the name of the secret if it has one.

    Arithmetic and boolean shares are unsigned integers, or bytes for bools. In Yao sharing, party 0
    has W⁰ and party 1 the active label of each bit: 16 bytes per bit, the lowest bit first.
    """

    name: str
    sharing: Sharing
    parts: tuple[Array, ...]
    span: Span = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedOutcome(Outcome):
    """The outcome of a simulated run.

    `transcript` has every message in order; `held` has the parts of all secrets whose
    sharing the program says.
    Both are empty unless recording was requested. In `views`, the fields of a struct are separate
    entries.
    """

    cost: Cost
    transcript: tuple[Message, ...]
    held: tuple[Held, ...] = ()

    def received(self, party: int) -> tuple[Message, ...]:
        """Return the messages that a party received, its view besides its own inputs."""
        return tuple(message for message in self.transcript if message.receiver == party)
