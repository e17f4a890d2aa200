"""Protocols as generators, so that independent protocols share their rounds.

Each party runs a protocol as a generator. It yields a *request* to the other party or to the
preprocessing, is resumed with the reply, and returns its result. Protocols call one another by
`yield from`. The driver fulfils the requests: `native/drive.py` with a channel and real OTs, the
simulated executor with both parties in one process and ideal OTs. Requests are never modified, but
they aren't frozen dataclasses, which take twice as long to construct.

Both parties run the same generators in the same order with the same shapes. `together` runs several
in lockstep: their messages of a round are sent as one, so that a group takes as many rounds as its
longest member.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import field
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from ezlang.records import dataclass

from .lengths import Batch, Lengths, total_lengths
from .purposes import Purpose

Array = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]

T = TypeVar("T")


class Amounts(NamedTuple):
    """An amount that a party sends, and one that it receives."""

    sent: int = 0
    received: int = 0

    def __add__(self, other: Any) -> Amounts:
        """Add up both."""
        return Amounts(self.sent + other[0], self.received + other[1])

    @property
    def back(self) -> Amounts:
        """The amounts as the peer has them."""
        return Amounts(self.received, self.sent)


@dataclass(slots=True, kw_only=True, eq=False)
class Round:
    """An exchange of messages with a peer: one each way at the same time; either may be empty.

    The `peer` is a party's number. `send` holds contiguous arrays, which are concatenated.
    `receive` is the number of bytes received, which are the reply. One party sends as many bytes as
    the other receives. `purpose` labels the message in transcripts.
    """

    peer: int
    send: tuple[Array, ...] = ()
    receive: int = 0
    purpose: Purpose | None = None

    ots: ClassVar[Amounts] = Amounts()

    @property
    def sent(self) -> int:
        """The number of bytes sent."""
        return sum(array.nbytes for array in self.send)

    @property
    def bytes(self) -> Amounts:
        """The bytes sent and received."""
        return Amounts(self.sent, self.receive)


class Work(Protocol):
    """A party's work on the batches of a transfer, each of which is named by its number.

    The methods are called for the halves that a batch has: `choose` and `finish` for the one in
    which this party is the receiver, `answer` for the one in which it is the sender.
    """

    def begin(self) -> None:
        """Begin: transfers begin in the same order at both parties."""

    def choose(self, number: int, choices: Bytes, blocks: Array) -> Bytes:
        """Take the random choices r, one per byte, and the blocks t of a batch's OTs.

        Returns the differences of the batch's own choices, if it has any, as packed bits.
        """

    def answer(self, number: int, blocks: Array, differences: Bytes) -> Bytes:
        """Take the blocks q of a batch's OTs and the receiver's differences; return the message."""

    def finish(self, number: int, message: Bytes) -> None:
        """Take the sender's message."""


@dataclass(slots=True, kw_only=True, eq=False)
class Transfer:
    """OTs with a peer in both directions, batch by batch, with the messages that they carry.

    This request sends the differences of all choices, and what a source needs to generate OTs. The
    messages of the OTs' senders are part of a second request, the `Finish` that has to follow
    unless the transfer `is_silent`. So a transfer takes two rounds, however many batches it has.
    `work` is called by a native driver. There is no reply.

    `lengths` are the amounts of all batches with this party as sender of the OTs, and as receiver.
    """

    peer: int
    batches: Sequence[Batch]
    work: Work | None = None
    purpose: Purpose | None = None
    lengths: tuple[Lengths, Lengths] = field(init=False)

    def __post_init__(self) -> None:
        self.lengths = total_lengths(self.batches)

    @property
    def ots(self) -> Amounts:
        """The OTs with this party as their sender, and as their receiver."""
        own, peer = self.lengths
        return Amounts(own.ots, peer.ots)

    @property
    def bytes(self) -> Amounts:
        """The bytes of differences, which the OTs' receiver sends."""
        own, peer = self.lengths
        return Amounts(peer.differences, own.differences)

    @property
    def is_silent(self) -> bool:
        """Whether no messages are sent, except to generate OTs."""
        return not any(one.differences or one.message for one in self.lengths)


@dataclass(slots=True, kw_only=True, eq=False)
class Finish:
    """The second part of a transfer. It is the next request after it; there is no reply."""

    transfer: Transfer
    ots: ClassVar[Amounts] = Amounts()

    @property
    def peer(self) -> int:
        """The peer's number."""
        return self.transfer.peer

    @property
    def bytes(self) -> Amounts:
        """The bytes of messages, which the OTs' sender sends."""
        own, peer = self.transfer.lengths
        return Amounts(own.message, peer.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ideal:
    """A call of an ideal functionality with the inputs of each of the two parties.

    Only the simulated executor fulfils it. The reply is this party's output. The `box` is
    identified by the purpose of its messages, which are separate requests.
    """

    peer: int
    box: Purpose
    inputs: tuple[Any, ...]
    ots: ClassVar[Amounts] = Amounts()
    bytes: ClassVar[Amounts] = Amounts()


@dataclass(slots=True, eq=False)
class Elsewhere:
    """The start of a transfer between others, in which this party has no part.

    Before the first OTs are taken, all parties set up OTs with all others at the same time. So
    those without a part in that transfer have to know of it. There is no peer and no reply.
    """

    peer: ClassVar[int] = -1
    ots: ClassVar[Amounts] = Amounts()
    bytes: ClassVar[Amounts] = Amounts()


Request = Round | Transfer | Finish | Ideal | Elsewhere
Step = tuple[Request, ...]
"""Requests to be fulfilled at the same time. The reply is a list of their replies."""

Steps = Generator[Step, list[Any], T]


def ask(request: Request) -> Steps[Any]:
    """Make one request; return its reply."""
    return (yield (request,))[0]


def transfer(request: Transfer) -> Steps[None]:
    """Run a transfer, unless it has no batches."""
    if request.batches:
        yield (request,)
        if not request.is_silent:
            yield (Finish(transfer=request),)


def swap(peer: int, data: Array, purpose: Purpose | None = None) -> Steps[Bytes]:
    """Send an array to a peer; return as many bytes from it. One round."""
    sent = np.ascontiguousarray(data)
    request = Round(peer=peer, send=(sent,), receive=sent.nbytes, purpose=purpose)
    reply: Bytes = (yield (request,))[0]
    return reply


def together(steps: Sequence[Steps[Any]]) -> Steps[list[Any]]:
    """Run protocols in lockstep; return their results.

    Transfers without messages are run first, also between the two parts of other transfers.
    """
    results: list[Any] = [None] * len(steps)
    waiting: dict[int, Step] = {}
    replies: dict[int, Any] = dict.fromkeys(range(len(steps)))
    while replies or waiting:
        for number, reply in replies.items():
            try:
                waiting[number] = steps[number].send(reply)
            except StopIteration as end:
                results[number] = end.value
        replies = {}
        if len(waiting) == 1:
            ((number, step),) = waiting.items()
            results[number] = yield from _rest(steps[number], step)
            return results
        silent = [n for n, step in waiting.items() if any(map(_is_silent, step))]
        chosen = sorted(silent or waiting)
        if chosen:
            found = yield tuple(request for n in chosen for request in waiting[n])
            for number in chosen:
                count = len(waiting.pop(number))
                replies[number], found = found[:count], found[count:]
    return results


def _is_silent(request: Request) -> bool:
    return isinstance(request, Transfer) and request.is_silent


def _rest(steps: Steps[T], step: Step) -> Steps[T]:
    """Resume a protocol that has already yielded a step."""
    try:
        while True:
            step = steps.send((yield step))
    except StopIteration as end:
        result: T = end.value
        return result
