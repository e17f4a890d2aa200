"""The simulated network: messages are delivered, counted and recorded.

**Rounds.** All messages of one `exchange` form one round: each party computes its messages from
data that it had before the round. The independent openings of one operation (all its elements, both
operands) share an exchange. Two operations never share one, even if they are independent of each
other. An exchange without any payload bytes is not a round. **Bytes** are those of the payloads,
with each message padded to whole bytes; there are no headers. The dealer's deliveries are
preprocessing and are counted separately.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

import numpy as np

from ezlang.compiler.ir.evaluate import Array
from ezlang.records import dataclass
from ezlang.source import NO_SPAN, Span

from .dealer import Dealt

if TYPE_CHECKING:
    from .observer import Observer


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Unsigned numbers of `bits` bits each: words of shares, or wires with one bit per element."""

    values: Sequence[int] | Array
    bits: int

    @property
    def length(self) -> int:
        """The total number of bits."""
        return len(self.values) * self.bits

    def integers(self) -> list[int]:
        """Return the numbers."""
        if isinstance(self.values, np.ndarray):
            return [int(x) for x in self.values.tolist()]
        return list(self.values)


Payload = tuple[Words, ...]


def size_of(payload: Payload) -> int:
    """Return the length of a payload in bytes."""
    return (sum(words.length for words in payload) + 7) // 8


def encode(payload: Payload) -> bytes:
    """Return the bytes of a payload: all bits in order, the least significant bits first."""
    if all(words.bits == 8 for words in payload):
        return b"".join(bytes(words.integers()) for words in payload)
    bits = "".join(
        format(value, f"0{words.bits}b")[::-1]
        for words in payload
        for value in words.integers()
        if words.bits
    )
    return int(bits[::-1] or "0", 2).to_bytes(size_of(payload), "little")


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """A message. `purpose` is its purpose, `span` the part of the program that it serves."""

    round: int
    sender: int
    receiver: int
    purpose: str
    size: int
    payload: Payload
    span: Span = field(repr=False)

    @property
    def data(self) -> bytes:
        """The transmitted bytes."""
        return encode(self.payload)


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a run: rounds, bytes and messages sent per party, and dealt randomness by kind.

    `ands` is the number of garbled AND gates where two parties run Yao's protocol.
    """

    rounds: int
    bytes_sent: dict[str, int]
    messages_sent: dict[str, int]
    dealt: dict[Dealt, int]
    ands: int | None = None


Box = Mapping[tuple[int, int], Payload]
"""(sender, receiver) → the payload sent from the one to the other."""


@dataclass(slots=True)
class Network:
    """The network between `parties` parties.

    It keeps all messages if `record` is set, and tells them to the `observer`, if there is one.
    """

    parties: int
    record: bool = True
    observer: Observer | None = None
    span: Span = NO_SPAN
    rounds: int = 0
    bytes_sent: list[int] = field(init=False)
    messages_sent: list[int] = field(init=False)
    transcript: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bytes_sent = [0] * self.parties
        self.messages_sent = [0] * self.parties

    def exchange(self, purpose: str, box: Box) -> Box:
        """Deliver the messages of one round; return them by sender and receiver."""
        sent = [(ends, payload, size_of(payload)) for ends, payload in box.items()]
        self.rounds += any(size for _, _, size in sent)
        for (sender, receiver), payload, size in sent:
            if size == 0:
                continue
            self.bytes_sent[sender] += size
            self.messages_sent[sender] += 1
            if self.record or self.observer is not None:
                message = Message(self.rounds, sender, receiver, purpose, size, payload, self.span)
                if self.record:
                    self.transcript.append(message)
                if self.observer is not None:
                    self.observer.sent(message)
        return box

    def broadcast(self, purpose: str, payloads: Sequence[Payload]) -> Box:
        """Deliver each party's payload to all others in one round."""
        return self.exchange(
            purpose,
            {
                (sender, receiver): payload
                for sender, payload in enumerate(payloads)
                for receiver in range(self.parties)
                if sender != receiver
            },
        )
