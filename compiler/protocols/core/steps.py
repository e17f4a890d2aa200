"""Protocols as generators, so that those that don't depend on one another share their rounds.

A protocol is a generator at each party: it yields what it needs of the other party or of the
preprocessing, a *request*, and is resumed with the reply; what it returns is its result. Protocols
call one another by `yield from`. Whoever drives them decides how requests are met: `drive.py` with
a channel and real OTs, the simulated executor with both parties in one process and ideal ones.
Requests are never changed, but they aren't frozen: that doubles the time it takes to make them.

Both parties run the same generators in the same order with the same shapes. `together` runs several
in lock step: their messages of a round go out as one, so that a group takes as many rounds
as its longest member.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from .purposes import Purpose

Array = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]

T = TypeVar("T")


@dataclass(slots=True, kw_only=True, eq=False)
class Round:
    """A message each way, to and from a peer, at the same time; either may be empty.

    The `peer` is a party's number. `send` are contiguous arrays, one behind the other; `receive` is
    how many bytes come. The reply is those bytes. What one party sends is as long as what the other
    receives. `purpose` says what the message is, for those who look at transcripts.
    """

    peer: int
    send: tuple[Array, ...] = ()
    receive: int = 0
    purpose: Purpose | None = None

    @property
    def sent(self) -> int:
        """How many bytes go out."""
        return sum(array.nbytes for array in self.send)


@dataclass(slots=True, kw_only=True, eq=False)
class Take:
    """Correlated OTs with a peer, of both directions: no message of the protocol's own.

    The reply is (q, (r, t)): the blocks of `sent` OTs with this party as sender, bits and blocks of
    `received` OTs with it as receiver.
    """

    peer: int
    sent: int = 0
    received: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ideal:
    """A call of an ideal functionality, to which each of the two parties gives its own inputs.

    Only the simulated executor meets it. The reply is this party's output; the `box` is named by
    the purpose of its messages, which are asked for by themselves.
    """

    peer: int
    box: Purpose
    inputs: tuple[Any, ...]


Request = Round | Take | Ideal
Step = tuple[Request, ...]
"""Requests to be met at the same time. The reply is a list of their replies."""

Steps = Generator[Step, list[Any], T]


def ask(request: Request) -> Steps[Any]:
    """Make one request; return its reply."""
    return (yield (request,))[0]


def swap(peer: int, data: Array, purpose: Purpose | None = None) -> Steps[Bytes]:
    """Send an array to a peer, return as many bytes from it. One round."""
    sent = np.ascontiguousarray(data)
    request = Round(peer=peer, send=(sent,), receive=sent.nbytes, purpose=purpose)
    reply: Bytes = (yield (request,))[0]
    return reply


def together(steps: Sequence[Steps[Any]]) -> Steps[list[Any]]:
    """Run protocols in lock step; return their results.

    Whoever asks for OTs gets them before the round in which the others' messages go, together with
    all others that ask for some.
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
    """Go on with a protocol that has already asked for something."""
    try:
        while True:
            step = steps.send((yield step))
    except StopIteration as end:
        result: T = end.value
        return result
