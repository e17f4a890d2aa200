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
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ezlang.records import dataclass

from .purposes import Purpose

Array = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]

T = TypeVar("T")


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

    @property
    def sent(self) -> int:
        """The number of bytes sent."""
        return sum(array.nbytes for array in self.send)


@dataclass(slots=True, kw_only=True, eq=False)
class Take:
    """A request for correlated OTs with a peer in both directions; the protocol itself sends
    nothing.

    The reply is (q, (r, t)): the blocks of `sent` OTs with this party as sender, and the bits and
    blocks of `received` OTs with it as receiver.
    """

    peer: int
    sent: int = 0
    received: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ideal:
    """A call of an ideal functionality with the inputs of each of the two parties.

    Only the simulated executor fulfils it. The reply is this party's output. The `box` is
    identified by the purpose of its messages, which are separate requests.
    """

    peer: int
    box: Purpose
    inputs: tuple[Any, ...]


Request = Round | Take | Ideal
Step = tuple[Request, ...]
"""Requests to be fulfilled at the same time. The reply is a list of their replies."""

Steps = Generator[Step, list[Any], T]


def ask(request: Request) -> Steps[Any]:
    """Make one request; return its reply."""
    return (yield (request,))[0]


def swap(peer: int, data: Array, purpose: Purpose | None = None) -> Steps[Bytes]:
    """Send an array to a peer; return as many bytes from it. One round."""
    sent = np.ascontiguousarray(data)
    request = Round(peer=peer, send=(sent,), receive=sent.nbytes, purpose=purpose)
    reply: Bytes = (yield (request,))[0]
    return reply


def together(steps: Sequence[Steps[Any]]) -> Steps[list[Any]]:
    """Run protocols in lockstep; return their results.

    All requests for OTs in a step are fulfilled together, before the round of the other protocols'
    messages.
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
        takers = [n for n, step in waiting.items() if any(isinstance(r, Take) for r in step)]
        chosen = sorted(takers or waiting)
        if chosen:
            found = yield tuple(request for n in chosen for request in waiting[n])
            for number in chosen:
                count = len(waiting.pop(number))
                replies[number], found = found[:count], found[count:]
    return results


def _rest(steps: Steps[T], step: Step) -> Steps[T]:
    """Resume a protocol that has already yielded a step."""
    try:
        while True:
            step = steps.send((yield step))
    except StopIteration as end:
        result: T = end.value
        return result
