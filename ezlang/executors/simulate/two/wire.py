"""The wire between the two parties: every message is counted, and written down if asked for.

Rounds and bytes are the ledger's, hence the channel's. The number of a message's round is how many
rounds its receiver has had when it has taken it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ezlang.compiler.cost.ledger import Ledger
from ezlang.source import Span

from ..network import Message, Words


@dataclass(slots=True)
class Wire:
    """Messages between party 0 and party 1, in `ledger` and, if `record`, in `transcript`."""

    record: bool
    ledger: Ledger = field(default_factory=Ledger)
    transcript: list[Message] = field(default_factory=list)
    messages_sent: list[int] = field(default_factory=lambda: [0, 0])
    _rounds: list[int] = field(default_factory=lambda: [0, 0])

    def come_to(self, span: Span) -> None:
        """Note for which place of the program the next messages are."""
        self.ledger.place = span

    def send(self, sender: int, size: int, purpose: str, data: Callable[[], bytes]) -> None:
        """Send a message of a size; `data` makes its bytes where they are wanted."""
        if not size:
            return
        turns = not self.ledger.receiving[1 - sender]
        self.ledger.message(sender, size)
        self._note(sender, size, purpose, data, turns)

    def exchange(
        self, sizes: tuple[int, int], purpose: str, data: tuple[Callable[[], bytes], ...]
    ) -> None:
        """Send a message each way at the same time."""
        # Who sends turns to receiving anew.
        turns = [bool(sizes[p]) or not self.ledger.receiving[p] for p in (0, 1)]
        self.ledger.exchange(*sizes)
        for sender, size in enumerate(sizes):
            if size:
                self._note(sender, size, purpose, data[sender], turns[1 - sender])

    def _note(
        self, sender: int, size: int, purpose: str, data: Callable[[], bytes], turns: bool
    ) -> None:
        receiver = 1 - sender
        self.messages_sent[sender] += 1
        self._rounds[receiver] += turns
        if self.record:
            payload = (Words(np.frombuffer(data(), np.uint8), 8),)
            number, span = self._rounds[receiver], self.ledger.place
            message = Message(number, sender, receiver, purpose, size, payload, span)
            self.transcript.append(message)
