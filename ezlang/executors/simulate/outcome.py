"""What a simulated run comes to: beside the outputs, everything that was exchanged."""

from __future__ import annotations

from dataclasses import dataclass

from ezlang.executors.outcome import Outcome

from .network import Cost, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedOutcome(Outcome):
    """`transcript` has every message in order, if it was to be recorded.

    In `views`, the fields of a struct stand one by one.
    """

    cost: Cost
    transcript: tuple[Message, ...]

    def received(self, party: int) -> tuple[Message, ...]:
        """Return the messages that a party received: what it saw beside its own inputs."""
        return tuple(message for message in self.transcript if message.receiver == party)
