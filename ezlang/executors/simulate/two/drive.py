"""The lockstep driver of all parties' protocols; protocols/native/drive.py drives one party's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from ezlang.compiler.ir.parties import COMPUTING, Link, Pair
from ezlang.compiler.protocols.core.purposes import Purpose
from ezlang.compiler.protocols.core.steps import (
    Amounts,
    Bytes,
    Elsewhere,
    Finish,
    Ideal,
    Request,
    Round,
    Step,
    Steps,
    T,
    Transfer,
)
from ezlang.compiler.protocols.ot.stock import START_BYTES, Batches
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

from ..randomness import Randomness
from .ots import Functionalities
from .stock import OtStock, set_up
from .wire import Packet, Wire

_Requests = tuple[Request, Request]


@dataclass(slots=True)
class Driver:
    """A driver that answers the requests of all `parties`' protocols, given by their numbers.

    `noise` generates the messages of ideal OTs, and `batches` returns the batches in which they are
    made over a link. `stocks` are the stocks of OTs over each link.
    """

    wire: Wire
    noise: Randomness
    boxes: Functionalities
    batches: Callable[[], Batches]
    parties: tuple[int, ...] = tuple(COMPUTING)
    stocks: dict[Link, OtStock] = field(init=False)
    _pairs: tuple[Pair, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._pairs = tuple(Pair(*ends) for ends in combinations(self.parties, 2))
        links = [link for pair in self._pairs for link in pair.links]
        self.stocks = {link: OtStock(self.wire, self.noise, link, self.batches()) for link in links}

    def run(self, protocols: Sequence[Steps[T]]) -> list[T]:
        """Run the protocols of all parties to completion; return their results."""
        replies: Sequence[Any] = [None] * len(protocols)
        while True:
            ended: list[T] = []
            steps: list[Step] = []
            for protocol, reply in zip(protocols, replies, strict=True):
                try:
                    steps.append(protocol.send(reply))
                except StopIteration as end:
                    ended.append(end.value)
            if len(ended) == len(replies):
                return ended
            if ended:
                raise CompilerBug("one party's protocol ended before another's")
            replies = self._meet(dict(zip(self.parties, steps, strict=True)))

    def _meet(self, steps: Mapping[int, Step]) -> list[list[Any]]:
        """Answer the requests of all parties in one step."""
        met = [(pair, numbers) for pair in self._pairs if (numbers := _between(pair, steps))]
        sent: dict[Link, list[Packet]] = {}
        transfers: dict[Pair, list[Transfer]] = {}
        for pair, numbers in met:
            requests = [(steps[pair.first][i], steps[pair.second][j]) for i, j in numbers]
            forth, back = pair.links
            sent[forth] = [self._packet(one) for one, _ in requests]
            sent[back] = [self._packet(other) for _, other in requests]
            found = [_fitting(*both) for both in requests if isinstance(both[0], Transfer)]
            if found:
                transfers[pair] = found
        made = self._made(transfers)
        if any(stock.sender_speaks for stock in self.stocks.values()):
            self.wire.exchange({}, early=made)
            made = {}
        self.wire.exchange(sent, early=made)
        replies: dict[int, list[Any]] = {one: [None] * len(step) for one, step in steps.items()}
        for pair, numbers in met:
            for i, j in numbers:
                both = self._reply(pair, (steps[pair.first][i], steps[pair.second][j]))
                replies[pair.first][i], replies[pair.second][j] = both
        return list(replies.values())

    def _packet(self, request: Request) -> Packet:
        """Return what a party sends for a request."""
        match request:
            case Round():
                return Packet(request.sent, request.purpose, partial(sent_by, request))
            case Transfer():
                return self._noise(request.bytes.sent, request.purpose)
            case Finish():
                return self._noise(request.bytes.sent, request.transfer.purpose)
            case Ideal() | Elsewhere():
                return self._noise(0, None)

    def _noise(self, size: int, purpose: Purpose | None) -> Packet:
        return Packet(size, purpose, lambda: self.noise.random.randbytes(size))

    def _reply(self, pair: Pair, requests: _Requests) -> tuple[Any, Any]:
        match requests:
            case (Round() as one, Round() as other):
                return received(one, other), received(other, one)
            case (Transfer(), Transfer()) | (Finish(), Finish()):
                return None, None
            case (Ideal() as one, Ideal() as other) if one.box == other.box:
                replies = self.boxes.call(one.box, one.inputs, other.inputs)
                if self.wire.observer is not None:
                    got = dict(zip(pair, replies, strict=True))
                    parts = [got.get(party) for party in self.parties]
                    self.wire.observer.dealt(one.box.value, parts, (one.inputs, other.inputs))
                return replies
            case _:
                raise CompilerBug("the parties' protocols don't fit one another")

    def _made(self, transfers: Mapping[Pair, Sequence[Transfer]]) -> dict[Link, list[Packet]]:
        """Take the OTs of each pair's transfers; return the messages that generate them.

        The first OTs set up all links at once.
        """
        taken = {
            link: count
            for pair, requests in transfers.items()
            for link, count in zip(pair.links, _ots(requests), strict=True)
        }
        if not any(taken.values()):
            return {}
        if not all(stock.ready for stock in self.stocks.values()):
            set_up(tuple(self.stocks.values()), START_BYTES)
        return {
            self.stocks[link].made_over: self.stocks[link].take_all(count)
            for link, count in taken.items()
        }


def _between(pair: Pair, steps: Mapping[int, Step]) -> list[tuple[int, int]]:
    """Return the places of the requests of a pair to one another in their steps, in order."""
    first, second = (
        [n for n, request in enumerate(steps[own]) if request.peer == pair.other(own)]
        for own in pair
    )
    if len(first) != len(second):
        raise CompilerBug("the parties' protocols don't fit one another")
    return list(zip(first, second, strict=True))


def _ots(transfers: Sequence[Transfer]) -> tuple[int, int]:
    """Return the numbers of OTs in both directions, given the first party's requests."""
    return sum((transfer.ots for transfer in transfers), Amounts())


def _fitting(one: Request, other: Request) -> Transfer:
    """Return the first party's transfer, if the second one's fits it."""
    if not (isinstance(one, Transfer) and isinstance(other, Transfer)):
        raise CompilerBug("one party alone transfers")
    if one.lengths != other.lengths[::-1]:
        raise CompilerBug("the parties transfer different lengths")
    return one


def sent_by(request: Round) -> bytes:
    """Return the message of a round."""
    return b"".join(array.tobytes() for array in request.send)


def received(mine: Round, theirs: Round) -> Bytes:
    """Return what a party receives in a round."""
    if mine.receive != theirs.sent:
        raise CompilerBug(f"{mine.receive} bytes are awaited, and {theirs.sent} come")
    return np.frombuffer(bytearray(sent_by(theirs)), np.uint8)
