"""The wire between the two parties: every message is counted, and written down if asked for.

Rounds and bytes are the ledger's, hence the channel's. The number of a message's round is how many
rounds its receiver has had when it has taken it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ezlang.compiler.cost.ledger import Ledger
from ezlang.source import Span

from ..network import Message, Words


@dataclass(frozen=True, slots=True)
class Packet:
    """Bytes to be sent: how many, what for, and what makes them where they are wanted."""

    size: int
    purpose: str
    data: Callable[[], bytes]


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

    def send(self, sender: int, packet: Packet) -> None:
        """Send a message."""
        if packet.size:
            turns = not self.ledger.receiving[1 - sender]
            self.ledger.message(sender, packet.size)
            self._received(1 - sender, (packet,), turns)

    def exchange(self, first: Sequence[Packet], second: Sequence[Packet]) -> None:
        """Send party 0's packets and party 1's at the same time."""
        sizes = [sum(packet.size for packet in packets) for packets in (first, second)]
        # Who has just sent turns to receiving anew.
        turns = [bool(size) or not self.ledger.receiving[p] for p, size in enumerate(sizes)]
        self.ledger.exchange(sizes[0], sizes[1])
        for sender, packets in enumerate((first, second)):
            if sizes[sender]:
                self._received(1 - sender, packets, turns[1 - sender])

    def _received(self, receiver: int, packets: Sequence[Packet], turns: bool) -> None:
        self._rounds[receiver] += turns
        number, span = self._rounds[receiver], self.ledger.place
        for packet in packets:
            if not packet.size:
                continue
            self.messages_sent[1 - receiver] += 1
            if self.record:
                payload = (Words(np.frombuffer(packet.data(), np.uint8), 8),)
                sender, purpose = 1 - receiver, packet.purpose
                self.transcript.append(
                    Message(number, sender, receiver, purpose, packet.size, payload, span)
                )
