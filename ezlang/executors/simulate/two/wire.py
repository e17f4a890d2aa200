"""The wire between the parties: every message is counted and, on request, recorded.

Rounds and bytes are counted by the ledger, and thus as the channel counts them. The round number of
a message is the number of rounds of its receiver, including the one in which the message arrives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field

import numpy as np

from ezlang.compiler.cost.amounts import Amount, Rounds, Sent
from ezlang.compiler.cost.ledger import Ledger, Phase
from ezlang.compiler.ir.parties import COMPUTING, Link
from ezlang.compiler.protocols.core.purposes import Purpose
from ezlang.executors.meter import Meter
from ezlang.records import dataclass
from ezlang.source import Span

from ..network import Message, Words
from ..observer import Observer


@dataclass(frozen=True, slots=True)
class Packet:
    """Bytes to be sent: their number, their purpose, and a function that makes them on demand."""

    size: int
    purpose: Purpose | None
    data: Callable[[], bytes]


class MeteredLedger(Ledger):
    """A ledger that has a meter count what it books."""

    def __init__(self, computing: Iterable[int], meter: Meter, clients: Iterable[int] = ()) -> None:
        super().__init__(computing, clients)
        self._meter = meter

    def add(self, what: Amount, amount: int = 1) -> None:
        """Book an amount under the current phase and place."""
        super().add(what, amount)
        match what:
            case Sent(link):
                self._meter.tally(self.phase).sent[link.sender] += amount
            case Rounds(party):
                self._meter.tally(self.phase).rounds[party] += amount

    @contextmanager
    def within(self, phase: Phase) -> Iterator[None]:
        """Book under a phase within this context."""
        with super().within(phase), self._meter.within(phase):
            yield


@dataclass(slots=True)
class Wire:
    """Messages between parties: counted in `ledger` and, if `record` is set, kept in `transcript`.

    The `observer`, if there is one, is told every message.

    `messages_sent`: party → the number of messages that it has sent.
    """

    record: bool
    observer: Observer | None = None
    ledger: Ledger = field(default_factory=lambda: Ledger(COMPUTING))
    transcript: list[Message] = field(default_factory=list)
    messages_sent: Counter[int] = field(default_factory=Counter)
    _rounds: Counter[int] = field(default_factory=Counter)

    def set_span(self, span: Span) -> None:
        """Set the source span that the next messages belong to."""
        self.ledger.place = span

    def send(self, link: Link, packet: Packet) -> None:
        """Send a message."""
        self.exchange({link: (packet,)})

    def exchange(
        self,
        packets: Mapping[Link, Sequence[Packet]],
        early: Mapping[Link, Sequence[Packet]] | None = None,
    ) -> None:
        """Send packets over all links simultaneously.

        Those in `early` are sent first, and booked as preprocessing, as are the rounds of parties
        that send and receive nothing else.
        """
        early = early or {}
        ledger, before = self.ledger, self.ledger.receiving
        with ledger.within(Phase.PREPROCESSING):
            self._send(early)
        self._send(packets)
        both = [*early.items(), *packets.items()]
        sizes = Counter[Link]()
        for link, sent in both:
            sizes[link] += _size(sent)
        # A party that sends stops waiting, so its next receipt begins a new round.
        waiting = before - {link.sender for link, size in sizes.items() if size}
        online = {party for link, sent in packets.items() if _size(sent) for party in link}
        for link, size in sizes.items():
            is_early = link.receiver not in online
            with ledger.within(Phase.PREPROCESSING if is_early else ledger.phase):
                ledger.receive(link, size)
        for party in {link.receiver for link, size in sizes.items() if size} - waiting:
            self._rounds[party] += 1
        for link, sent in both:
            for packet in sent:
                if packet.size:
                    self._note(link, packet)

    def _send(self, packets: Mapping[Link, Sequence[Packet]]) -> None:
        for link, sent in packets.items():
            self.ledger.send(link, _size(sent))

    def _note(self, link: Link, packet: Packet) -> None:
        self.messages_sent[link.sender] += 1
        if self.record or self.observer is not None:
            payload = (Words(np.frombuffer(packet.data(), np.uint8), 8),)
            number, span = self._rounds[link.receiver], self.ledger.place
            purpose = packet.purpose.value if packet.purpose else ""
            message = Message(number, *link, purpose, packet.size, payload, span)
            if self.record:
                self.transcript.append(message)
            if self.observer is not None:
                self.observer.sent(message)


def _size(packets: Sequence[Packet]) -> int:
    return sum(packet.size for packet in packets)
