"""The wire between the parties, which counts every message and records it if requested.

Rounds and bytes are counted by the ledger, as in the channel. A message's round number is the
number of its receiver's rounds once it has been received.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ezlang.compiler.cost.ledger import Ledger
from ezlang.compiler.ir.parties import COMPUTING, Link
from ezlang.compiler.protocols.core.purposes import Purpose
from ezlang.source import Span

from ..network import Message, Words


@dataclass(frozen=True, slots=True)
class Packet:
    """Bytes to be sent: their number, their purpose, and a function that creates them on demand."""

    size: int
    purpose: Purpose | None
    data: Callable[[], bytes]


@dataclass(slots=True)
class Wire:
    """Messages between parties, in `ledger` and, if `record`, in `transcript`.

    `messages_sent`: party → the number of messages it has sent.
    """

    record: bool
    ledger: Ledger = field(default_factory=lambda: Ledger(COMPUTING))
    transcript: list[Message] = field(default_factory=list)
    messages_sent: Counter[int] = field(default_factory=Counter)
    _rounds: Counter[int] = field(default_factory=Counter)

    def come_to(self, span: Span) -> None:
        """Set the place in the program of the next messages."""
        self.ledger.place = span

    def send(self, link: Link, packet: Packet) -> None:
        """Send a message."""
        self.exchange({link: (packet,)})

    def exchange(self, packets: Mapping[Link, Sequence[Packet]]) -> None:
        """Send packets over each link, all at the same time."""
        sizes = {link: sum(packet.size for packet in sent) for link, sent in packets.items()}
        # A party that sends something starts to receive anew.
        waiting = self.ledger.receiving - {link.sender for link, size in sizes.items() if size}
        self.ledger.exchange(sizes)
        for party in {link.receiver for link, size in sizes.items() if size} - waiting:
            self._rounds[party] += 1
        for link, sent in packets.items():
            for packet in sent:
                if packet.size:
                    self._note(link, packet)

    def _note(self, link: Link, packet: Packet) -> None:
        self.messages_sent[link.sender] += 1
        if self.record:
            payload = (Words(np.frombuffer(packet.data(), np.uint8), 8),)
            number, span = self._rounds[link.receiver], self.ledger.place
            purpose = packet.purpose.value if packet.purpose else ""
            self.transcript.append(Message(number, *link, purpose, packet.size, payload, span))
